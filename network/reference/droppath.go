package reference

import (
	"rwe301/network/pass"
)

// SetDropPath makes every following pass with batch statistics drop each branch of each image with the given
// probability, and scale the others by 1/(1-rate). The draws come from the seed alone; a pass after SetDropPath(rate,
// seed) repeats itself exactly. Rate 0, the initial state, drops nothing.
func (m *Executor[T]) SetDropPath(rate float64, seed uint64) error {
	return m.state.Drops.Set(rate, pass.Seeded(rate, seed))
}

// SetDropMask is SetDropPath with the draws given: keep says whether drop-path node number path (in node order) keeps
// its branch for an image.
func (m *Executor[T]) SetDropMask(rate float64, keep func(path, image int) bool) error {
	return m.state.Drops.Set(rate, keep)
}
