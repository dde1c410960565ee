package fused

import (
	"math"

	"rwe301/internal/kernels"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// normalisation is the state of one batch normalisation. Per-channel vectors of float32 have stored channels.
type normalisation struct {
	plan.Normalisation
	on         *plan.Tensor
	gain, bias int // where its parameters lie in theta; -1 without
	running    struct{ mean, variance []float64 }
	mean       []float64 // of the current pass
	inverse    []float64 // 1 / sqrt(variance + epsilon) of the current pass
	scale      []float32 // what readers do: scale*x + shift
	shift      []float32
	a, b, c    []float32 // what the backward pass does: see normaliseBackward

	// With a Hessian: tangents of the above, and the sums of normaliseBackward.
	tangentMean, tangentInverse  []float64
	first, second                []float64
	tangentScale, tangentShift   []float32
	tangentA, tangentB, tangentC []float32
}

func newNormalisation(p *plan.Program, n plan.Normalisation, o plan.Options) normalisation {
	t := &p.Tensors[n.Tensor]
	s := normalisation{Normalisation: n, on: t, gain: -1, bias: -1}
	s.mean, s.inverse = make([]float64, t.C), make([]float64, t.C)
	s.running.mean, s.running.variance = make([]float64, t.C), make([]float64, t.C)
	s.scale, s.shift = kernels.Aligned(t.Width), kernels.Aligned(t.Width)
	if o.Gradients {
		s.a, s.b, s.c = kernels.Aligned(t.Width), kernels.Aligned(t.Width), kernels.Aligned(t.Width)
	}
	if o.Hessian {
		for _, v := range [...]*[]float64{&s.tangentMean, &s.tangentInverse, &s.first, &s.second} {
			*v = make([]float64, t.C)
		}
		for _, v := range [...]*[]float32{&s.tangentScale, &s.tangentShift, &s.tangentA, &s.tangentB, &s.tangentC} {
			*v = kernels.Aligned(t.Width)
		}
	}
	if params := p.Plan.Graph().Nodes[n.Node].Params; len(params) > 0 {
		s.gain, s.bias = p.Plan.Views()[params[0]].Offset, p.Plan.Views()[params[1]].Offset
	}
	return s
}

func (s *normalisation) reset() {
	for c := range s.running.mean {
		s.running.mean[c], s.running.variance[c] = 0, 1
	}
}

// run makes s normalise by its running statistics.
func (s *normalisation) run(theta []float32) {
	for c := range s.mean {
		s.set(theta, c, s.running.mean[c], s.running.variance[c])
	}
}

// set makes channel c normalise by a mean and a variance.
func (s *normalisation) set(theta []float32, c int, mean, variance float64) {
	s.mean[c], s.inverse[c] = mean, 1/math.Sqrt(variance+pass.Epsilon)
	gain, bias := s.parameters(theta, c)
	at := s.on.Place(c)
	scale := float32(gain * s.inverse[c])
	s.scale[at], s.shift[at] = scale, float32(bias-float64(float64(scale)*mean))
}

func (s *normalisation) parameters(theta []float32, c int) (gain, bias float64) {
	if s.gain < 0 {
		return 1, 0
	}
	return float64(theta[s.gain+c]), float64(theta[s.bias+c])
}

// statistics finds the means and variances by which batch normalisations normalise.
type statistics struct {
	*data
	byName    map[string]int // index into norms
	momentum  float64
	updates   int
	partial   []float64 // per image: sums of the current stage
	totals    []float64 // partial added up over the images
	means     []float64 // of what is being normalised
	variances []float64
	pivots    []float32 // what is added to values before they are summed up
	centred   *unit     // whose values are summed up again
}

func newStatistics(d *data) *statistics {
	design := d.design
	st := &statistics{data: d, byName: map[string]int{}, momentum: pass.DefaultMomentum}
	st.partial = make([]float64, d.Options.Batch*design.Sums)
	st.totals = make([]float64, design.SumsOfChannel()*design.Widest)
	st.means, st.variances = make([]float64, design.Widest), make([]float64, design.Widest)
	st.pivots = kernels.Aligned(design.Widest)
	for i, n := range d.Plan.Graph().Nodes {
		if k := design.NormOf[i]; k >= 0 {
			st.byName[n.Name] = k
		}
	}
	st.reset()
	return st
}

// reset sets the running statistics to mean 0 and variance 1.
func (st *statistics) reset() {
	st.updates = 0
	for k := range st.norms {
		st.norms[k].reset()
	}
}

// running is the running statistics of a batch normalisation, nil if there is none of that name.
func (st *statistics) running(name string) (mean, variance []float64) {
	k, ok := st.byName[name]
	if !ok {
		return nil, nil
	}
	return st.norms[k].running.mean, st.norms[k].running.variance
}

// begin prepares a forward pass.
func (st *statistics) begin() {
	switch st.Norm {
	case pass.BatchNorm:
		st.updates++
	case pass.RunningNorm:
		for k := range st.norms {
			st.norms[k].run(st.Theta)
		}
	}
}

// normalise turns the sums of unit u's output into the statistics by which it is normalised in this pass, and updates
// the running ones.
func (st *statistics) normalise(u *unit) {
	norm, first, _ := st.design.Summed(u.Out)
	s := &st.norms[norm]
	width := u.Out.Width
	totals := st.add64(st.partial[u.Sums:], st.design.Sums, 2*width)
	count := float64(st.N * u.Out.H * u.Out.W)
	weight := st.momentum
	if weight <= 0 {
		weight = 1 / float64(st.updates)
	}
	far := false
	for c := range u.Out.C {
		at := u.Out.Place(c)
		mean := totals[at] / count
		variance := max(0, totals[width+at]/count-float64(mean*mean))
		far = far || mean*mean > cancellation*variance
		st.means[at], st.variances[at] = mean, variance
	}
	if far {
		st.centre(u, count)
	}
	for c := range u.Out.C {
		at := u.Out.Place(c)
		st.observe(s, first+c, st.means[at], st.variances[at], count, weight)
	}
}

// add64 adds up the first size values of every image's sums, which are stride apart, in the order of the images.
func (st *statistics) add64(partial []float64, stride, size int) []float64 {
	totals := st.totals[:size]
	clear(totals)
	for image := range st.N {
		for k, v := range partial[image*stride:][:size] {
			totals[k] += v
		}
	}
	return totals
}

// cancellation is the ratio of squared mean to variance beyond which both are found again about the mean: the
// difference of the mean square and the squared mean would lose more than a decimal digit.
const cancellation = 16

// centre finds mean and variance of unit u's output from the sums about the means that it replaces.
func (st *statistics) centre(u *unit, count float64) {
	width := u.Out.Width
	pivots := st.pivots[:width]
	clear(pivots)
	for c := range u.Out.C {
		at := u.Out.Place(c)
		pivots[at] = -float32(st.means[at])
	}
	st.centred = u
	st.workers.share((*centring)(st), st.N)
	totals := st.add64(st.partial[u.Sums:], st.design.Sums, 2*width)
	for c := range u.Out.C {
		at := u.Out.Place(c)
		mean := totals[at] / count
		st.means[at] = mean - float64(pivots[at])
		st.variances[at] = max(0, totals[width+at]/count-float64(mean*mean))
	}
}

// centring sums up the values of the unit that is centred, an image a part.
type centring statistics

func (c *centring) part(h *worker, image int) { (*statistics)(c).centredSums(h, c.centred, image) }

// centredSums sums up an image of unit u's output less the pivots.
func (st *statistics) centredSums(h *worker, u *unit, image int) {
	stats := st.partial[image*st.design.Sums+u.Sums:][:2*u.Out.Width]
	clear(stats)
	y := st.view(u.Writes, image)
	tile := kernels.Dense(h.tile, u.Out.W, u.Out.Width)
	for step, lo := plan.TileRows(u.Out.W), 0; lo < u.Out.H; lo += step {
		s := u.Out.Shape(lo, min(lo+step, u.Out.H))
		kernels.Affine(s, tile, y.At(lo, 0), st.ones, st.pivots, false, 0)
		kernels.Sums(s, stats, tile, tile)
	}
}

// observe makes channel c of s normalise by the statistics of the batch and counts them among the running ones.
func (st *statistics) observe(s *normalisation, c int, mean, variance, count, weight float64) {
	s.set(st.Theta, c, mean, variance)
	if count > 1 {
		variance *= count / (count - 1)
	}
	s.running.mean[c] += float64(weight * (mean - s.running.mean[c]))
	s.running.variance[c] += float64(weight * (variance - s.running.variance[c]))
}
