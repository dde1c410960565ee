package surrogate

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"sync"

	"rwe301/bench301"
	"rwe301/bench301/surrogate/internal/trees"
)

// Ensemble is a published surrogate: several models of one kind whose mean is the answer.
type Ensemble struct {
	info    Info
	members []Member
	models  []*model
	answer  predictor
}

var _ Surrogate = (*Ensemble)(nil)

// predictor answers for up to a block of architectures: it fills Members, which has room for all, and sets Mean and
// Std.
type predictor interface {
	predict(g []bench301.Genotype, out []Prediction)
}

// newEnsemble joins models of one kind.
func newEnsemble(name, unit string, models []*model) (*Ensemble, error) {
	if len(models) == 0 {
		return nil, fmt.Errorf("an ensemble without members")
	}
	kind := models[0].kind()
	e := &Ensemble{info: Info{Name: name, Kind: kind, Unit: unit, Members: len(models)}, models: models}
	for _, m := range models {
		if m.kind() != kind {
			return nil, fmt.Errorf("member %s is of kind %s, member %s of kind %s: want one kind", models[0].member.Name, kind,
				m.member.Name, m.kind())
		}
		e.members = append(e.members, m.member)
	}
	switch kind {
	case KindXGB:
		e.answer = newForests(models, func(m *model) *trees.Forest[float32] { return m.xgb })
	case KindLGB:
		e.answer = newForests(models, func(m *model) *trees.Forest[float64] { return m.lgb })
	case KindGIN:
		e.answer = networks(models)
	}
	return e, nil
}

// Info says what the ensemble is.
func (e *Ensemble) Info() Info { return e.info }

// Members describes the members in the order of Prediction.Members.
func (e *Ensemble) Members() []Member { return e.members }

// SplitsOnTraining reports whether a tree splits on a hyperparameter of the training pipeline, of which Predict takes
// the value that NAS-Bench-301 fixes. In data where it is constant no tree can.
func (e *Ensemble) SplitsOnTraining() bool {
	for _, m := range e.models {
		if splitsOnTraining(m.xgb) || splitsOnTraining(m.lgb) {
			return true
		}
	}
	return false
}

func splitsOnTraining[T trees.Real](f *trees.Forest[T]) bool {
	if f == nil {
		return false
	}
	for _, n := range f.Nodes {
		if !n.Leaf() && !ofArchitecture[n.Feature()] {
			return true
		}
	}
	return false
}

// Predict answers for one architecture. XGBoost's numbers are float32, and so are the mean and the standard deviation.
func (e *Ensemble) Predict(g bench301.Genotype) Prediction {
	p := [1]Prediction{{Members: make([]float64, len(e.models))}}
	e.answer.predict([]bench301.Genotype{g}, p[:])
	p[0].InRange = resembles(&g)
	return p[0]
}

// block is how many architectures are answered together: their rows fit the first-level cache.
const block = 64

// PredictBatch answers for many on all processors. The answers do not depend on how many there are.
func (e *Ensemble) PredictBatch(genotypes []bench301.Genotype, out []Prediction) {
	if len(genotypes) != len(out) {
		panic(fmt.Sprintf("surrogate: %d genotypes, room for %d predictions", len(genotypes), len(out)))
	}
	n := len(e.models)
	all := make([]float64, n*len(out))
	for i := range out {
		out[i] = Prediction{Members: all[i*n : (i+1)*n : (i+1)*n]}
	}
	var wait sync.WaitGroup
	next := make(chan int)
	work := func(i int) {
		end := min(i+block, len(out))
		e.answer.predict(genotypes[i:end], out[i:end])
		for k := i; k < end; k++ {
			out[k].InRange = resembles(&genotypes[k])
		}
	}
	if len(out) <= block {
		work(0)
		return
	}
	for range min(runtime.GOMAXPROCS(0), (len(out)+block-1)/block) {
		wait.Go(func() {
			for i := range next {
				work(i)
			}
		})
	}
	for i := 0; i < len(out); i += block {
		next <- i
	}
	close(next)
	wait.Wait()
}

// Noisy adds to the mean a normal draw of the ensemble's standard deviation, as NAS-Bench-301 does when it is asked for
// noise. The draw is a function of the seed and the architecture.
func (p Prediction) Noisy(g bench301.Genotype, seed uint64) float64 {
	h := fnv.New64a()
	h.Write([]byte("surrogate noise " + g.ID()))
	return p.Mean + float64(p.Std*rand.New(rand.NewPCG(seed, h.Sum64())).NormFloat64())
}

// forests are the tree models of an ensemble.
type forests[T trees.Real] struct {
	list     []*trees.Forest[T]
	template trees.Row[T] // the row of no architecture: the fixed columns
	pool     sync.Pool
}

// forestScratch is the memory of one call.
type forestScratch[T trees.Real] struct {
	rows   []trees.Row[T]
	leaves []T
	values []T // of a block, member by member
	column []T // of an architecture
}

func newForests[T trees.Real](models []*model, of func(*model) *trees.Forest[T]) *forests[T] {
	f := new(forests[T])
	var fixed [Features]T
	for i, v := range fixedVector {
		fixed[i] = T(v)
	}
	f.template = trees.NewRow(fixed)
	for _, m := range models {
		f.list = append(f.list, of(m))
	}
	return f
}

func (f *forests[T]) scratch() *forestScratch[T] {
	if s, ok := f.pool.Get().(*forestScratch[T]); ok {
		return s
	}
	most := 0
	for _, forest := range f.list {
		most = max(most, forest.Trees())
	}
	s := &forestScratch[T]{rows: make([]trees.Row[T], block), leaves: make([]T, most),
		values: make([]T, block*len(f.list)), column: make([]T, len(f.list))}
	for i := range s.rows {
		s.rows[i] = f.template
	}
	return s
}

func (f *forests[T]) predict(g []bench301.Genotype, out []Prediction) {
	s := f.scratch()
	defer f.pool.Put(s)
	n := len(g)
	for i := range g {
		encode(s.rows[i][:], &g[i])
	}
	for m, forest := range f.list {
		if n < trees.Lanes {
			for i := range g {
				s.values[m*n+i] = forest.Predict(&s.rows[i], s.leaves)
			}
			continue
		}
		forest.PredictBatch(s.rows[:n], s.values[m*n:(m+1)*n])
	}
	for i := range out {
		for m := range f.list {
			v := s.values[m*n+i]
			s.column[m] = v
			out[i].Members[m] = float64(v)
		}
		mean, std := meanStd(s.column)
		out[i].Mean, out[i].Std = float64(mean), float64(std)
	}
}

// networks are the graph networks of an ensemble.
type networks []*model

func (f networks) predict(g []bench301.Genotype, out []Prediction) {
	for i := range g {
		for m, model := range f {
			out[i].Members[m] = model.gin.net.Predict(g[i])
		}
		out[i].Mean, out[i].Std = meanStd(out[i].Members)
	}
}
