package reference

import (
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// Observe sets who receives what Options.Probes ask for, from the next pass on.
func (m *Executor[T]) Observe(o pass.Observer[T]) { m.observer = o }

// look shows node i's output to the observer.
func (m *Executor[T]) look(i int) {
	see, y := m.steps[i].see, m.output(i, 0, m.n)
	if see&plan.SeeOutput != 0 && m.observer.Output != nil {
		m.observer.Output(i, y)
	}
	if see&plan.SeeSigns != 0 && m.observer.Signs != nil {
		words := m.plan.SignWords(i)
		signs := m.signs[:m.n*words]
		for image := range m.n {
			packSigns(signs[image*words:][:words], m.output(i, image, image+1))
		}
		m.observer.Signs(i, signs)
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
