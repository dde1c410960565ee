package estimators

import (
	"rwe301/bench301/dataset"
	"rwe301/estimators/inputs"
	"rwe301/internal/process"
	"rwe301/network"
)

// Env is what estimates have in common: inputs, and work already done for the architecture at hand. One Env serves one
// goroutine; Fork makes another.
type Env struct {
	Data   *dataset.Set  // nil where no estimator needs images
	Seed   uint64        // of weights, batches and whatever else is drawn
	Inputs inputs.Source // what estimates are made from: drawn from Data under Seed by NewEnv

	Workers     int    // goroutines of one estimate where it can use several; no score depends on it; 0 means 1
	Checkpoints string // folder in which trainings are kept epoch by epoch, to be resumed; "" keeps nothing

	memory network.Memory // of executors
	meter  process.Meter  // of the running estimate
	asked  map[any]bool   // what the estimators of this run ask for beyond the rest
	work   work
}

// NewEnv returns an environment. data may be nil.
func NewEnv(data *dataset.Set, seed uint64) *Env {
	return &Env{Data: data, Seed: seed, Inputs: inputs.New(data, seed)}
}

// Fork returns an environment for another goroutine. Images that were prepared for one serve all.
func (e *Env) Fork() *Env {
	return &Env{Data: e.Data, Seed: e.Seed, Inputs: e.Inputs, Workers: e.Workers, Checkpoints: e.Checkpoints}
}

// Announce says which estimators will score each architecture, so that their passes can be shared.
func (e *Env) Announce(list ...*Configured) {
	for _, c := range list {
		e.ask(c.Estimator)
	}
}

// ask notes what an estimator will ask for. One that was not announced before others ran may find work to do again.
func (e *Env) ask(x Estimator) {
	if a, ok := x.(asking); ok {
		if e.asked == nil {
			e.asked = map[any]bool{}
		}
		e.asked[a.asks()] = true
	}
}

// batch returns batch number k of n drawn training images, the same for every architecture.
func (e *Env) batch(n, k, side int, augment bool) (dataset.Images, error) {
	return e.Inputs.Images(inputs.Span{Drawn: true, From: k * n, To: (k + 1) * n}, side, augment)
}

// work is what has been computed for one architecture, by what it is.
type work struct {
	arch   string
	items  map[any]*item
	shared []func()       // close what shared work holds open
	own    []func()       // and what the running estimate does
	open   []*item        // being made, innermost last
	paid   map[*item]bool // whose time is in the running estimate's, as its own or credit
	credit process.Took   // time that the running estimate was spared
	untold bool           // part of it is not known in processor time
}

// item is a piece of shared work.
type item struct {
	value  any
	own    process.Took // time without that of its parts
	inside process.Took // time of the items made while it was made
	before process.Took // time that went into it in an earlier process
	untold bool         // the processor time of that is not known
	parts  []*item      // items it is made from
}

// begin starts an estimate of an architecture, and forgets another architecture's work.
func (w *work) begin(arch string) {
	if w.arch != arch || w.items == nil {
		closeAll(&w.shared)
		w.arch, w.items = arch, map[any]*item{}
	}
	w.open, w.paid, w.credit, w.untold = nil, map[*item]bool{}, process.Took{}, false
}

// end closes what the running estimate holds open.
func (w *work) end() { closeAll(&w.own) }

// closeLater has something closed when nothing uses it any more.
func (w *work) closeLater(f func()) {
	if len(w.open) > 0 {
		w.shared = append(w.shared, f)
	} else {
		w.own = append(w.own, f)
	}
}

func closeAll(list *[]func()) {
	for _, f := range *list {
		f()
	}
	*list = nil
}

// share returns what build returns, built once an architecture and key. The key must determine the value, together
// with architecture, images and seed. Nobody may change the value; a failure is not remembered.
func share[K comparable, V any](e *Env, key K, build func() (V, error)) (V, error) {
	w := &e.work
	if it, ok := w.items[key]; ok {
		w.use(it)
		w.charge(it)
		return it.value.(V), nil
	}
	it := &item{}
	w.open = append(w.open, it)
	start := e.meter.Now()
	value, err := build()
	took := e.meter.Now().Sub(start)
	w.open = w.open[:len(w.open)-1]
	if n := len(w.open); n > 0 {
		w.open[n-1].inside = w.open[n-1].inside.Add(took)
	}
	if err != nil {
		return value, err
	}
	it.value, it.own = value, took.Sub(it.inside).Add(it.before)
	w.credit, w.untold = w.credit.Add(it.before), w.untold || it.untold
	w.items[key], w.paid[it] = it, true
	w.use(it)
	return value, nil
}

// resumed notes that the item being made was in part made in an earlier process, whose processor time may not be told.
func (w *work) resumed(took process.Took, told bool) {
	it := w.open[len(w.open)-1]
	it.before, it.untold = it.before.Add(took), it.untold || !told
}

// use notes that the item being made, if any, is made from it.
func (w *work) use(it *item) {
	if n := len(w.open); n > 0 {
		w.open[n-1].parts = append(w.open[n-1].parts, it)
	}
}

// charge credits the running estimate with the time of an item and its parts, each once.
func (w *work) charge(it *item) {
	if w.paid[it] {
		return
	}
	w.paid[it] = true
	w.credit, w.untold = w.credit.Add(it.own), w.untold || it.untold
	for _, p := range it.parts {
		w.charge(p)
	}
}
