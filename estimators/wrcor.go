package estimators

import (
	"context"
	"math"
	"slices"

	"rwe301/bench301"
	"rwe301/estimators/internal/linear"
	"rwe301/estimators/internal/precision"
	"rwe301/network"
)

// The registry's entry.
var wrcorEntry = define(Info{
	Name: "wrcor", Measures: "correlation of ReLUs and gradients",
	Family: Gradients, Random: true, Needs: Needs{Data: true, Labels: true, Gradients: true},
	Direction: Higher, Unit: "nats", Cost: Seconds,
	Paper: "weighted response correlation, kunjing96/ZSNAS-WRCor", Cites: []string{"jing2025wrcor"},
	Formula: "ln |det K|, K = sum over ReLUs of 2^cell (|R(z)| + |R(dL/dz)|), R correlations between images",
	Mode:    gradMode,
	Caveats: "the authors' final method votes with synflow and a Jacobian score over a set of candidates; " +
		"this is the score alone",
}, plainProxy(64), func(s proxySettings) Estimator { return wrcor{s} })

// wrcor is ln |det K|, K = sum over ReLUs of 2^cell (|R(z)| + |R(dL/dz)|), R(z) being the correlations between images
// of a ReLU's inputs, and of the gradient that comes back through it (weighted response correlation, as the code of
// kunjing96/ZSNAS-WRCor computes it).
type wrcor struct{ proxySettings }

func (e wrcor) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	return precision.Either(e.Precision, wrcorOf[float32], wrcorOf[float64])(ctx, e.proxySettings, a, env)
}

func wrcorOf[T network.Real](ctx context.Context, s proxySettings, a bench301.Architecture, env *Env) (Score, error) {
	t, err := trialOf[T](s, a, env, func(p *network.Plan) network.Options {
		return network.Options{Gradients: true, Probes: wrcorProbes(p)}
	})
	if err != nil {
		return Score{}, err
	}
	if err := ctx.Err(); err != nil {
		return Score{}, err
	}
	k, err := weightedCorrelations(t.exec, t.theta, t.pixels, t.labels)
	if err != nil {
		return Score{}, err
	}
	value, err := logAbsDet(k, s.Batch)
	return Score{Value: value}, err
}

// wrcorProbes see the inputs of ReLUs, and what comes back through them.
func wrcorProbes(p *network.Plan) []network.Probe {
	var probes []network.Probe
	seen := map[int]bool{}
	for _, node := range p.NodesOf(bench301.ReLU) {
		probes = append(probes, network.Probe{Node: node, See: network.SeeGradient})
		if in := p.Graph().Nodes[node].Inputs[0]; !seen[in] {
			seen[in] = true
			probes = append(probes, network.Probe{Node: in, See: network.SeeOutput})
		}
	}
	return probes
}

// weightedCorrelations is K, n x n. A matrix with an undefined correlation is left out.
func weightedCorrelations[T network.Real](x network.Runner[T], theta, pixels []T, labels []int) ([]float64, error) {
	g := x.Plan().Graph()
	n := len(labels)
	weights := map[int]float64{} // of ReLUs
	for _, node := range x.Plan().NodesOf(bench301.ReLU) {
		cell := 0
		for cell < len(g.Cells)-1 && node > g.Cells[cell] {
			cell++
		}
		weights[node] = math.Exp2(float64(cell))
	}
	readers := map[int]float64{} // of each input, the weights of its ReLUs
	for node, w := range weights {
		readers[g.Nodes[node].Inputs[0]] += w
	}
	k := make([]float64, n*n)
	var through []T
	gate := [2]T{0, 1}
	x.Observe(network.Observer[T]{
		Output: func(node int, y []T) { addCorrelations(k, y, n, readers[node]) },
		Gradient: func(node int, y, dy []T) {
			through = slices.Grow(through[:0], len(dy))[:len(dy)]
			for i, v := range y { // a product, not a branch: signs cannot be predicted
				open := 0
				if v > 0 {
					open = 1
				}
				through[i] = gate[open] * dy[i]
			}
			addCorrelations(k, through, n, weights[node])
		},
	})
	defer x.Observe(network.Observer[T]{})
	return k, lossGradient(x, theta, pixels, labels, nil)
}

// addCorrelations adds weight times the absolute correlations between n rows, unless one is constant.
func addCorrelations[T network.Real](k []float64, rows []T, n int, weight float64) {
	size := len(rows) / n
	means, lengths := make([]float64, n), make([]float64, n)
	for i := range n {
		var square float64
		means[i], square = linear.Deviations(rows[i*size : (i+1)*size])
		if square == 0 {
			return
		}
		lengths[i] = math.Sqrt(square)
	}
	products := linear.RowGram(size, n, 1, func(p int, row []T) {
		for i, mean := range means {
			row[i] = T(float64(rows[i*size+p]) - mean)
		}
	})
	for i := range n {
		k[i*n+i] += weight
		for j := range i {
			c := float64(weight * min(1, math.Abs(products.At(i, j)/(lengths[i]*lengths[j]))))
			k[i*n+j] += c
			k[j*n+i] += c
		}
	}
}
