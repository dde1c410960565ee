package estimators

import (
	"context"
	"fmt"

	"rwe301/bench301"
	"rwe301/estimators/internal/linear"
	"rwe301/estimators/internal/precision"
	"rwe301/network"
)

// The registry's entry.
var nearEntry = define(Info{
	Name: "near", Measures: "rank of the layers' outputs",
	Family: Features, Random: true, Needs: Needs{Data: true}, Direction: Higher, Unit: "rank",
	Cost:  Seconds,
	Paper: "Husistein, Reiher, Eckhoff 2024, NEAR, arXiv 2408.08776", Cites: []string{"husistein2025near"},
	Formula: "sum over convolutions, normalisations, classifier and ReLUs of exp(-sum p ln p), p the " +
		"singular values of a square window of the output (pixels x channels) over their sum",
	Mode:    trainMode,
	Caveats: "grows with the number of layers and channels before anything else",
}, plainProxy(32), func(s proxySettings) Estimator { return nearScore{s} })

// nearScore is the sum of the effective ranks of the outputs of convolutions, normalisations, the classifier and
// ReLUs: the exponential of the entropy of the singular values of a square window of each, rows being pixels of images
// and columns channels (Husistein, Reiher and Eckhoff 2024, arXiv 2408.08776).
type nearScore struct{ proxySettings }

// nearModules lists the nodes that count, in the order in which they run.
func nearModules(p *network.Plan) []int {
	var out []int
	for i, n := range p.Graph().Nodes {
		switch n.Kind {
		case bench301.Conv, bench301.BatchNorm, bench301.Linear, bench301.ReLU:
			out = append(out, i)
		}
	}
	return out
}

func (e nearScore) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	return precision.Either(e.Precision, nearOf[float32], nearOf[float64])(ctx, e.proxySettings, a, env)
}

func nearOf[T network.Real](ctx context.Context, s proxySettings, a bench301.Architecture, env *Env) (Score, error) {
	t, err := trialOf[T](s, a, env, func(p *network.Plan) network.Options {
		var probes []network.Probe
		for _, n := range nearModules(p) {
			probes = append(probes, network.Probe{Node: n, See: network.SeeOutput})
		}
		return network.Options{Probes: probes}
	})
	if err != nil {
		return Score{}, err
	}
	rng := env.Inputs.Rand("near windows", a.ID())
	ranks, err := nearRanks(ctx, t.exec, t.theta, s.Batch, nearModules(t.plan), func(k int) ([]T, error) {
		images, err := env.batch(s.Batch, k, s.Resolution, s.Augment)
		return precision.Convert[T](images.Pixels), err
	}, func(bound int) int { return rng.IntN(bound) })
	return Score{Value: linear.Sum(ranks)}, err
}

// window is what near looks at of a node's output over as many batches as have a row for each channel: rows first to
// last-1.
type window struct {
	linear.Matrix
	first, last int
	batches     int
}

// nearRanks are the effective ranks of the nodes. batch hands out batches of n images, of which as many are run as the
// widest output needs rows; start draws a number below its bound, once a node that has pixels to choose from. Rows are
// the pixels of an image, column by column, then those of the next.
func nearRanks[T network.Real](ctx context.Context, x network.Runner[T], theta []T, n int, nodes []int,
	batch func(k int) ([]T, error), start func(bound int) int) ([]float64, error) {
	g := x.Plan().Graph()
	windows := map[int]*window{}
	most := 0
	for _, node := range nodes {
		at := g.Nodes[node]
		rows := n * at.H * at.W
		w := &window{batches: (at.C + rows - 1) / rows}
		if at.Kind != bench301.Linear {
			if bound := w.batches*rows/at.W - 1; bound > 0 { // the last block is never chosen
				w.first = start(bound) * at.W
			}
		}
		w.last = min(w.batches*rows, w.first+at.C) // a window may run past the end, and then has fewer rows
		w.Matrix = linear.NewMatrix(w.last-w.first, at.C)
		windows[node], most = w, max(most, w.batches)
	}
	for k := range most {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		images, err := batch(k)
		if err != nil {
			return nil, fmt.Errorf("batch %d, which the widest layer needs: %w", k, err)
		}
		x.Observe(network.Observer[T]{Output: func(node int, y []T) {
			at, w := g.Nodes[node], windows[node]
			if w == nil || k >= w.batches {
				return
			}
			before := k * n * at.H * at.W // rows of earlier batches
			for r := max(w.first, before); r < min(w.last, before+n*at.H*at.W); r++ {
				image, pixel := (r-before)/(at.H*at.W), (r-before)%(at.H*at.W)
				from := ((image*at.H+pixel%at.H)*at.W + pixel/at.H) * at.C
				for c, v := range y[from : from+at.C] {
					w.Row(r - w.first)[c] = float64(v)
				}
			}
		}})
		err = x.Forward(theta, images, n, network.BatchNorm)
		x.Observe(network.Observer[T]{})
		if err != nil {
			return nil, err
		}
	}
	ranks := make([]float64, len(nodes))
	for i, node := range nodes {
		rank, err := linear.EffectiveRank(windows[node].Matrix)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", g.Nodes[node].Name, err)
		}
		ranks[i] = rank
	}
	return ranks, nil
}
