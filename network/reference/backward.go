package reference

import (
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// backward is what a machine needs for backward passes.
type backward[T pass.Real] struct {
	slots  [lanes][]T // weight gradients of the current step, one packed tensor a part of the batch
	size   int        // of a slot
	live   []bool     // whether the scalar depends on a node's output
	theta  []T        // where the parameter gradients go (HessianVector: their tangents); nil if not wanted
	input  []T        // the gradient of the images; nil if not wanted
	loss   [lanes][]T // gradient of the cross-entropy with respect to the logits
	inject [lanes]pass.Cotangents[T]
	dual   bool // whether the pass works in the lane of tangents too
	done   bool
}

func newBackward[T pass.Real](m *Executor[T]) *backward[T] {
	b := &backward[T]{size: m.layout.Tensor, live: make([]bool, len(m.steps))}
	for l := range m.lanes(m.state.Options.Hessian) {
		b.slots[l] = make([]T, plan.PartsOf(m.state.Options, m.state.Options.Batch)*b.size)
		if m.state.Options.Hessian {
			b.loss[l] = make([]T, m.state.Options.Batch*m.state.Plan.Classes())
		}
	}
	return b
}

// Backward implements [pass.Runner].
func (m *Executor[T]) Backward(c pass.Cotangents[T], gTheta, gInput []T) error {
	if err := m.state.CheckBackward(c, gTheta, gInput); err != nil {
		return err
	}
	m.back.inject[value] = c
	m.back.theta, m.back.input = gTheta, gInput
	m.backpropagate(false)
	return nil
}

// Gradient implements [pass.Runner].
func (m *Executor[T]) Gradient(node int) (data []T, h, w, c int) {
	n := m.state.Plan.Graph().Nodes[node]
	if m.back == nil || !m.back.done || node == 0 {
		return nil, n.H, n.W, n.C
	}
	return m.gradients(value, node, 0, m.state.N), n.H, n.W, n.C
}

// gradients is a lane of the gradient of node i's output for images lo to hi; nil if nobody wants it.
func (m *Executor[T]) gradients(lane, i, lo, hi int) []T {
	v := m.steps[i].out
	if i == 0 {
		if lane == tangent || m.back.input == nil {
			return nil
		}
		return m.back.input[lo*v : hi*v]
	}
	at := m.layout.Gradient[i] * m.state.Options.Batch
	return m.arena[lane][at+lo*v : at+hi*v]
}

// backpropagate runs all steps backwards, in both lanes if dual.
func (m *Executor[T]) backpropagate(dual bool) {
	b := m.back
	b.done, b.dual = false, dual
	clear(b.live)
	clear(b.theta)
	for i := len(m.steps) - 1; i > 0; i-- {
		for _, x := range m.layout.Starts[i] {
			m.start(x, dual)
		}
		if !b.live[i] {
			continue
		}
		if !dual && m.steps[i].see&plan.SeeGradient != 0 && m.state.Observer.Gradient != nil {
			m.state.Observer.Gradient(i, m.output(i, 0, m.state.N), m.gradients(value, i, 0, m.state.N))
		}
		m.stepBack(i, dual)
		for _, x := range m.steps[i].node.Inputs {
			b.live[x] = true
		}
	}
	b.done = true
}

// start sets the gradient of node i's output to the cotangents that the caller gave for it.
func (m *Executor[T]) start(i int, dual bool) {
	for lane := range m.lanes(dual) {
		gradient := m.gradients(lane, i, 0, m.state.N)
		clear(gradient)
		for _, given := range m.state.Given(&m.back.inject[lane], i) {
			m.back.live[i] = m.back.live[i] || given != nil
			for k, v := range given {
				gradient[k] += v
			}
		}
	}
}

// lanes is how many lanes a pass works in.
func (m *Executor[T]) lanes(dual bool) int {
	if dual {
		return lanes
	}
	return 1
}

// stepBack adds what node i's output gradient makes of the gradients of its inputs and parameters.
func (m *Executor[T]) stepBack(i int, dual bool) {
	s := &m.steps[i]
	if s.stats != nil {
		m.normaliseBackward(i, dual)
		return
	}
	f := s.backward
	if dual {
		f = s.dual
	}
	if s.loop.apply == nil {
		m.parallel(f, i, m.state.N)
		return
	}
	m.parallel(f, i, m.state.Parts())
	if m.back.theta != nil && s.loop.weight != nil {
		if !dual {
			m.showParts(i)
		}
		m.reduce(i, m.lanes(dual)-1)
	}
}

// slot is where a part of the batch adds up its weight gradients of step i, set to zero; nil if nobody wants them.
func (m *Executor[T]) slot(lane, i, part int) []T {
	if m.back.theta == nil || m.back.dual != (lane == tangent) || m.steps[i].loop.weight == nil {
		return nil
	}
	slot := m.back.slots[lane][part*m.back.size:][:len(m.steps[i].weights[value])]
	clear(slot)
	return slot
}

// showParts tells the observer the products of the weights of step i and each image's part of their gradient.
func (m *Executor[T]) showParts(i int) {
	if !m.state.Options.PerImage || m.state.Observer.WeightProducts == nil {
		return
	}
	s := &m.steps[i]
	weights := s.weights[value]
	window := max(1, s.node.Kernel*s.node.Kernel)
	inputs := len(weights) / window / s.node.C // of an output channel at a position of the window
	products := make([]float64, s.node.C)
	for image := range m.state.N {
		slot := m.back.slots[value][image*m.back.size:][:len(weights)]
		clear(products)
		for k, w := range weights {
			products[k/inputs%s.node.C] += float64(float64(w) * float64(slot[k]))
		}
		m.state.Observer.WeightProducts(i, image, products)
	}
}

// reduce adds up the slots of step i, in the order of the slices, into the parameter gradients.
func (m *Executor[T]) reduce(i, lane int) {
	s := &m.steps[i]
	v := m.state.Plan.Views()[s.node.Params[0]]
	gradient := m.back.theta[v.Offset : v.Offset+v.Size]
	window := max(1, s.node.Kernel*s.node.Kernel)
	rows := v.Size / window
	for r := range rows {
		for k := range window {
			sum := 0.0
			for part := range m.state.Parts() {
				sum += float64(m.back.slots[lane][part*m.back.size+k*rows+r])
			}
			gradient[r*window+k] = T(sum)
		}
	}
	if len(s.node.Params) < 2 {
		return
	}
	bias := m.back.theta[m.state.Plan.Views()[s.node.Params[1]].Offset:][:s.node.C]
	gy := m.gradients(lane, i, 0, m.state.N)
	for c := range bias {
		sum := 0.0
		for k := c; k < len(gy); k += len(bias) {
			sum += float64(gy[k])
		}
		bias[c] = T(sum)
	}
}
