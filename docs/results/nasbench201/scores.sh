#!/bin/sh
# The scores of this folder: bench301 and nb201_val_accs.csv (columns net, val_accs) in the current one. About an hour
# and a half of a processor.
set -e
every() { awk -v n="$1" 'NR == 1 {print "arch,val_accs"} NR > 1 && NR % n == 2' nb201_val_accs.csv; }
every 19 > every19th.csv
every 114 > every114th.csv
every 228 > every228th.csv
head -31 every114th.csv > thirty.csv
score() { bench301 score --space nasbench201 --data cifar10 "$@"; }
small=resolution=16,train_images=400
score every19th.csv --out scores.jsonl -e params -e flops -e macs -e pool-count -e l2_norm -e map-effdim \
  -e grad_norm -e snip -e plain -e fisher -e synflow -e nwot -e jacov -e epe_nas -e jacov-eval -e epe_nas-eval -e zen \
  -e meco -e meco_opt -e near -e dextr-eval -e rwe -e rwe-ridge:$small,val_images=400 \
  -e rwe-train:$small,val_images=400 -e random-label:$small,val_images=400 -e featstd:$small -e effdim:$small
score every228th.csv --out slow.jsonl -e grasp -e zico -e swap -e az-expressivity -e az-progressivity \
  -e az-trainability -e gradsign-eval -e ntk-eval -e epsinas -e wrcor -e vkdnw
network=channels=16,layers=17
score every114th.csv --out theirs.jsonl -e params:$network -e flops:$network -e l2_norm:$network -e synflow:$network \
  -e nwot:$network,batch=64 -e jacov:$network,batch=64 -e epe_nas:$network,batch=64 -e zen:$network,batch=64 \
  -e grad_norm:$network,batch=64 -e snip:$network,batch=64 -e plain:$network,batch=64 -e fisher:$network,batch=64
score thirty.csv --out theirs.jsonl -e grasp:$network,batch=64
