package fused

import (
	"rwe301/internal/kernels"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// task is work in parts that do not depend on each other; whose memory does a part changes no result.
type task interface{ part(h *worker, k int) }

// workers are the goroutines of an executor and their memory.
type workers struct {
	each []worker
	pool *pass.Pool // nil for a single one, which is the caller
	task task
}

func newWorkers(d *plan.Design) *workers {
	w := &workers{}
	for range max(1, d.Options.Workers) {
		w.each = append(w.each, newWorker(d))
	}
	if len(w.each) > 1 {
		w.pool = pass.NewPool(len(w.each), d.Options.Meter)
	}
	return w
}

// share runs the parts of a task, on all workers.
func (w *workers) share(t task, parts int) {
	if w.pool == nil {
		for k := range parts {
			t.part(&w.each[0], k)
		}
		return
	}
	w.task = t
	w.pool.Do(w, parts)
}

// Part implements [pass.Task].
func (w *workers) Part(worker, k int) { w.task.part(&w.each[worker], k) }

// worker is the memory of a worker.
type worker struct {
	scratch  []float32                      // images with borders
	tile     []float32                      // between the halves of a unit
	second   []float32                      // another one
	gradient []float32                      // of some rows of a unit's output
	argmax   []uint8                        // of some rows of a pool
	bits     []uint16                       // of a row of signs
	vectors  [plan.ScratchVectors][]float32 // scales and shifts of images whose path may be dropped
	sums     []float64                      // of an average
	bordered any                            // the stage whose borders are in scratch
	tangent  *worker                        // for tangents; nil without a Hessian
}

func newWorker(d *plan.Design) worker {
	h := worker{
		scratch: kernels.Aligned(d.Scratch), tile: kernels.Aligned(d.Tile),
		sums: make([]float64, 2*d.Widest), bits: make([]uint16, d.Bits),
	}
	if d.Back != nil {
		h.second, h.gradient, h.argmax = kernels.Aligned(d.Tile), kernels.Aligned(d.Tile), make([]uint8, d.Tile)
	}
	for k := range h.vectors {
		h.vectors[k] = kernels.Aligned(d.Widest)
	}
	if d.Options.Hessian {
		h.tangent = &worker{
			scratch: kernels.Aligned(d.Scratch), tile: kernels.Aligned(d.Tile),
			second: kernels.Aligned(d.Tile), gradient: kernels.Aligned(d.Tile),
		}
	}
	return h
}
