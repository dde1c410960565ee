package estimators

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"rwe301/bench301"
	"rwe301/estimators/inputs"
	"rwe301/estimators/internal/linear"
	"rwe301/network"
)

// The registry's entry.
var dextrEntry = define(Info{
	Name: "dextr-eval", Measures: "rank of maps and curvature",
	Aliases: []string{"dextr"}, Family: Features, Random: true,
	Needs: Needs{Data: true, Gradients: true}, Direction: Higher, Unit: "nats", Cost: Cheap,
	Paper: "Asthana et al. 2025, Dextr, arXiv 2508.12977; " + evalForm, Cites: []string{"asthana2025dextr"},
	Formula: "ab/(a+b), a = ln(1 + sum over modules of smallest/largest singular value), b = ln(1 + " +
		"curvature of ten logits along a circle of inputs)",
	Mode:    evalMode + ", one image",
	Caveats: "the curvature is so large that a decides",
}, singleImage, func(s imageSettings) Estimator { return dextr{s} })

// dextr is ab/(a+b) with a = ln(1 + sum over modules of the smallest over the largest singular value of the channels
// of one image's output) and b = ln(1 + curvature of the logits along a circle of inputs) (Asthana et al. 2025, arXiv
// 2508.12977), with normalisations that do not look at the batch. As published, in train mode on one image, the
// curvature is rounding noise on these networks. There the network is piecewise linear: with the Jacobian J of ten
// logits, drawn with replacement, at the point u1 of the circle u1 cos t + u2 sin t, velocity and acceleration are J
// u2 and -J u1.
type dextr struct{ imageSettings }

func (e dextr) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	x, nodes, err := e.outputs(a, env, network.RunningNorm, func(g bench301.Graph) []int {
		return append(modules(g), containers(g)...)
	})
	if err != nil {
		return Score{}, err
	}
	expressive := math.Log(1 + conditionSum(x, nodes) + 1) // the network's own output counts as one
	if err := ctx.Err(); err != nil {
		return Score{}, err
	}
	m, err := e.model(a, env, 0)
	if err != nil {
		return Score{}, err
	}
	u, coordinates, err := circleOf(m.plan, env.Inputs.Rand("dextr", a.ID()))
	if err != nil {
		return Score{}, err
	}
	g, err := executor[float32](env, m.plan, network.Options{Batch: 1, Gradients: true})
	if err != nil {
		return Score{}, err
	}
	kappa, err := curvature(g, m.theta, u, coordinates)
	if err != nil {
		return Score{}, err
	}
	return Score{Value: harmonic(expressive, kappa)}, nil
}

// harmonic is ab/(a+b), b = ln(1+kappa); a alone where there is no curvature.
func harmonic(a, kappa float64) float64 {
	if math.IsNaN(kappa) {
		return a
	}
	b := math.Log(1 + kappa)
	return a * b / (a + b)
}

// conditionSum adds up the smallest over the largest singular value of each node's channels.
func conditionSum[T network.Real](x network.Runner[T], nodes []int) float64 {
	known := map[int]float64{}
	total := 0.0
	for _, node := range nodes {
		if _, ok := known[node]; !ok {
			data, h, w, c := x.Output(node)
			m := linear.ChannelRows(data, h, w, c)
			var svd mat.SVD
			if svd.Factorize(mat.NewDense(m.N, m.D, m.Values), mat.SVDNone) {
				if s := svd.Values(nil); s[0] > 0 {
					known[node] = s[len(s)-1] / s[0]
				}
			}
		}
		total += known[node]
	}
	return total
}

// circleOf draws a circle of images and the coordinates of ten logits.
func circleOf(p *network.Plan, rng inputs.Rand) (u [2][]float64, coordinates []int, err error) {
	in := p.Graph().Nodes[0]
	plane := make([]float64, 2*in.H*in.W*in.C)
	for i := range plane {
		plane[i] = rng.NormFloat64()
	}
	for range 10 {
		coordinates = append(coordinates, rng.IntN(p.Classes()))
	}
	u, err = circle(plane)
	return u, coordinates, err
}

// circle turns a size x 2 matrix into its left singular vectors, the one of the larger singular value first, each with
// the sign that makes its product with the first column positive.
func circle(plane []float64) (u [2][]float64, err error) {
	n := len(plane) / 2
	var aa, ab, bb float64
	for i := range n {
		a, b := plane[2*i], plane[2*i+1]
		aa, ab, bb = aa+float64(a*a), ab+float64(a*b), bb+float64(b*b)
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(2, []float64{aa, ab, ab, bb}), true) {
		return u, errors.New("the circle's plane is degenerate")
	}
	var v mat.Dense
	eigen.VectorsTo(&v)
	for k := range u {
		x, y := v.At(0, 1-k), v.At(1, 1-k) // eigenvalues ascend
		u[k] = make([]float64, n)
		norm, along := 0.0, 0.0
		for i := range n {
			u[k][i] = float64(plane[2*i]*x) + float64(plane[2*i+1]*y)
			norm += float64(u[k][i] * u[k][i])
			along += float64(u[k][i] * plane[2*i])
		}
		scale := math.Copysign(1/math.Sqrt(norm), along)
		for i := range n {
			u[k][i] *= scale
		}
	}
	return u, nil
}

// curvature is |v|^-3 sqrt(|v|^2 |w|^2 - (v w)^2) for v = J u2 and w = -J u1 at u1, in eval mode. u are images in h,
// w, c order.
func curvature[T network.Real](x network.Runner[T], theta []T, u [2][]float64, coordinates []int) (float64, error) {
	point := make([]T, len(u[0]))
	for i, v := range u[0] {
		point[i] = T(v)
	}
	x.ResetRunning()
	if err := x.Forward(theta, point, 1, network.RunningNorm); err != nil {
		return 0, err
	}
	rows := map[int][2]float64{}
	var vv, ww, vw float64
	for _, c := range coordinates {
		r, ok := rows[c]
		if !ok {
			g, cotangent := make([]T, len(point)), make([]T, x.Plan().Classes())
			cotangent[c] = 1
			if err := x.Backward(network.Cotangents[T]{Logits: cotangent}, nil, g); err != nil {
				return 0, err
			}
			for i, v := range g {
				r[0] += float64(float64(v) * u[1][i])
				r[1] -= float64(float64(v) * u[0][i])
			}
			rows[c] = r
		}
		vv, ww, vw = vv+float64(r[0]*r[0]), ww+float64(r[1]*r[1]), vw+float64(r[0]*r[1])
	}
	if vv == 0 {
		return 0, fmt.Errorf("the logits do not change along the circle: %w", ErrUndefined)
	}
	return math.Sqrt(max(0, float64(vv*ww)-float64(vw*vw))) / math.Pow(vv, 1.5), nil
}
