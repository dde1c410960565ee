# Writes testdata with NATS-Bench's own classes; the numbers are made up.
import collections, pickle, sys
sys.path.insert(0,'.') # a checkout of github.com/D-X-Y/NATS-Bench
from nats_bench.api_utils import ArchResults, ResultsCount, pickle_save
out='./'
EVAL={'cifar10-valid':['x-valid','ori-test'],'cifar10':['ori-test'],'cifar100':['ori-test','x-valid','x-test'],'ImageNet16-120':['ori-test','x-valid','x-test']}
archs=[(0,'|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|',[777,888]),
       (11,'|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|',[777,888,999]),
       (284,'|skip_connect~0|+|skip_connect~0|skip_connect~1|+|none~0|nor_conv_1x1~1|none~2|',[888])]
def value(i,name,ev,seed,epochs):
    base={'cifar10-valid':80,'cifar10':85,'cifar100':50,'ImageNet16-120':30}[name]
    return base+i/100+{'x-valid':0,'ori-test':1,'x-test':2}[ev]+(seed-777)/1000+(0 if epochs==200 else -20)
for i,text,seeds in archs:
    both=collections.OrderedDict()
    for hp,epochs in (('12',12),('200',200)):
        r=ArchResults(i,text)
        for name in EVAL:
            for seed in (seeds if epochs==200 else [777]):
                c=ResultsCount(name,None,{},{},1.0,2.0,{'channel':16,'num_cells':5,'arch_str':text,'class_num':10},seed,epochs,None)
                c.train_acc1es={e:50.0 for e in range(epochs)}
                for ev in EVAL[name]:
                    accs={'%s@%d'%(ev,e):10.0 for e in range(epochs)}
                    accs['%s@%d'%(ev,epochs-1)]=value(i,name,ev,seed,epochs)
                    c.update_eval(accs,{k:1.0 for k in accs},{k:0.5 for k in accs})
                r.update(name,seed,c)
        both[hp]=r.state_dict()
    pickle_save(both,out+'nats/%06d.pickle'%i)
    import nats_bench.api_utils as u
    a=u.ArchResults.create_from_state_dict(both['200'])
    print(i,[(d,s,repr(a.get_metrics(d,s)['accuracy'])) for d,s in (('cifar10-valid','x-valid'),('cifar100','x-valid'),('ImageNet16-120','x-valid'),('cifar10','ori-test'),('cifar100','x-test'))])
pickle_save({'meta_archs':[a[1] for a in archs],'total_archs':3,'arch2infos':None,'evaluated_indexes':set()},out+'nats/meta.pickle')
# NASLib's dictionary, as its get_dataset_api reads and its create_dummy_api writes it
d={}
for k,(i,text,_) in enumerate(archs):
    d[text]={'cifar10-valid':{'train_losses':[1.0]*200,'eval_losses':[1.0]*200,'train_acc1es':[50.0]*200,'eval_acc1es':[10.0]*199+[80.12+k],'cost_info':{'flops':15.6,'params':0.1,'latency':0.01,'train_time':7.2}},
             'ninapro':{'eval_acc1es':[1.0]*200}}
pickle.dump(d,open(out+'nb201_cifar10_full_training.pickle','wb'))
