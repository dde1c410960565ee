package reference

import (
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// Observe implements [pass.Runner].
func (m *Executor[T]) Observe(o pass.Observer[T]) { m.state.Observer = o }

// look shows node i's output to the observer.
func (m *Executor[T]) look(i int) {
	see, y := m.steps[i].see, m.output(i, 0, m.state.N)
	if see&plan.SeeOutput != 0 && m.state.Observer.Output != nil {
		m.state.Observer.Output(i, y)
	}
	if see&plan.SeeSigns != 0 && m.state.Observer.Signs != nil {
		words := m.state.Plan.SignWords(i)
		signs := m.signs[:m.state.N*words]
		for image := range m.state.N {
			packSigns(signs[image*words:][:words], m.output(i, image, image+1))
		}
		m.state.Observer.Signs(i, signs)
	}
}

// packSigns sets bit k of signs to whether y[k] is positive.
func packSigns[T pass.Real](signs []uint64, y []T) {
	clear(signs)
	for k, v := range y {
		if v > 0 {
			signs[k/64] |= 1 << (k % 64)
		}
	}
}
