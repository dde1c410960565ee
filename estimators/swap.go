package estimators

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"rwe301/bench301"
	"rwe301/estimators/inputs"
	"rwe301/network"
)

var swapDefault = swapSettings{sizeSettings: suite(), Batch: 16, Draws: 32}

// The registry's entries.
var (
	swapEntry = define(Info{
		Name: "swap", Measures: "distinct ReLU patterns",
		Family: Codes, Random: true, Needs: Needs{Data: true}, Direction: Higher, Unit: "codes",
		Cost:  Seconds,
		Paper: "Peng et al. 2024, SWAP, arXiv 2403.04161", Cites: []string{"peng2024swap"},
		Formula: "number of distinct codes of ReLU inputs, a code saying in which images of the batch an input " +
			"is positive",
		Mode: "weights from N(0, 1), drawn anew for a mean of many draws, batch statistics, no gradient",
		Caveats: "cannot exceed 2^batch, and is constant where it reaches that; the authors score one cell of " +
			"three channels, this the whole network",
	}, swapDefault, func(s swapSettings) Estimator { return swap{s} })
	regSwapEntry = define(Info{
		Name: "regswap", Measures: "swap near a preferred size",
		Aliases: []string{"reg-swap"}, Family: Codes, Random: true, Needs: Needs{Data: true},
		Direction: Higher, Unit: "codes", Cost: Seconds,
		Paper: "Peng et al. 2024, SWAP, arXiv 2403.04161", Cites: []string{"peng2024swap"},
		Formula: "swap times exp(-(P - mu)^2 / sigma), P thousands of parameters",
		Mode:    "as swap",
		Caveats: "mu and sigma have no default: the authors tune them to a space and publish none for this one; " +
			"far from mu the factor is zero",
	}, regSwapSettings{swapSettings: swapDefault}, func(s regSwapSettings) Estimator { return regSwap{s} })
)

// swapSettings are the settings of sample-wise activation patterns.
type swapSettings struct {
	sizeSettings
	Batch int `json:"batch"` // images
	Draws int `json:"draws"` // of the weights, over which the score is averaged
}

func (s swapSettings) validate() error {
	switch {
	case s.Batch < 2 || s.Batch > 64:
		return fmt.Errorf("batch: %d: must lie in [2, 64]", s.Batch)
	case s.Draws < 1 || s.Draws > 1000:
		return fmt.Errorf("draws: %d: must lie in [1, 1000]", s.Draws)
	}
	return s.sizeSettings.validate()
}

func (s swapSettings) reads() []inputs.Span { return []inputs.Span{{Drawn: true, To: s.Batch}} }

func (s swapSettings) side() int { return s.Resolution }

// swap is the number of distinct codes of ReLU inputs over the images of a batch, a code saying in which images an
// input is positive; weights from N(0, 1) (Peng et al. 2024, arXiv 2403.04161).
type swap struct{ swapSettings }

func (e swap) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	t, err := bareTrial(e.sizeSettings, e.Batch, a, env,
		func(p *network.Plan) network.Options { return network.Options{Probes: signProbes(p)} })
	if err != nil {
		return Score{}, err
	}
	var s Score
	theta := make([]float32, t.plan.NumParams())
	for draw := range e.Draws {
		if err := ctx.Err(); err != nil {
			return Score{}, err
		}
		standard(theta, t.plan, env.Inputs.Rand("swap weights", a.ID(), draw))
		distinct, neurons, err := distinctCodes(t.exec, theta, t.pixels, e.Batch)
		if err != nil {
			return Score{}, err
		}
		s.Value += float64(distinct) / float64(e.Draws)
		if limit := math.Exp2(float64(e.Batch)); draw == 0 && (float64(distinct) == limit || float64(neurons) < limit) {
			s.Warnings = append(s.Warnings, fmt.Sprintf(
				"%d codes of %d inputs, %v possible: the score is saturated; change batch", distinct, neurons, limit))
		}
	}
	return s, nil
}

func signProbes(p *network.Plan) []network.Probe {
	var probes []network.Probe
	for _, node := range p.NodesOf(bench301.ReLU) {
		probes = append(probes, network.Probe{Node: node, See: network.SeeSigns})
	}
	return probes
}

// distinctCodes runs n images in train mode and counts the codes of the ReLU inputs and the inputs themselves.
func distinctCodes[T network.Real](x network.Runner[T], theta, pixels []T, n int) (distinct, neurons int, err error) {
	var codes []uint64
	x.Observe(network.Observer[T]{Signs: func(node int, signs []uint64) {
		g := x.Plan().Graph().Nodes[node]
		codes = appendCodes(codes, signs, n, g.H*g.W*g.C)
	}})
	defer x.Observe(network.Observer[T]{})
	if err := x.Forward(theta, pixels, n, network.BatchNorm); err != nil {
		return 0, 0, err
	}
	neurons = len(codes)
	const small = 26 // 8 MB of bits
	if n <= small {
		seen := make([]uint64, (1<<n+63)/64)
		for _, c := range codes {
			if seen[c/64]>>(c%64)&1 == 0 {
				seen[c/64] |= 1 << (c % 64)
				distinct++
			}
		}
		return distinct, neurons, nil
	}
	slices.Sort(codes)
	return len(slices.Compact(codes)), neurons, nil
}

// appendCodes adds the codes of values whose signs are given image by image: bit i of a code belongs to image i, of at
// most 64.
func appendCodes(codes, signs []uint64, n, values int) []uint64 {
	words := len(signs) / n
	for w := range words {
		var bits [64]uint64 // one row an image, then one row a value
		for i := range n {
			bits[i] = signs[i*words+w]
		}
		transpose(&bits)
		codes = append(codes, bits[:min(64, values-64*w)]...)
	}
	return codes
}

// transpose makes bit k of row i bit i of row k: it swaps the two outer quarters of a square of bits, then those of its
// quarters, and so on (Warren, Hacker's Delight, 2nd edition 2012, section 7-3).
func transpose(rows *[64]uint64) {
	low := uint64(1)<<32 - 1 // the lower half of every stretch of 2*size bits
	for size := 32; size > 0; size, low = size/2, low^low<<(size/2) {
		for i := 0; i < 64; i++ {
			if i&size == 0 {
				swapped := (rows[i]>>size ^ rows[i+size]) & low
				rows[i] ^= swapped << size
				rows[i+size] ^= swapped
			}
		}
	}
}

// regSwapSettings are the settings of regularised SWAP. The method's authors tune mu and sigma to a space and do not
// publish them for this one, so neither has a default.
type regSwapSettings struct {
	swapSettings
	Mu    float64 `json:"mu"`    // thousands of parameters that are preferred
	Sigma float64 `json:"sigma"` // squared thousands
}

func (s regSwapSettings) validate() error {
	if s.Mu < 0 || s.Sigma < 0 || (s.Mu > 0) != (s.Sigma > 0) {
		return fmt.Errorf("mu, sigma: %v, %v: give both, above 0, in thousands of parameters and their square", s.Mu,
			s.Sigma)
	}
	return s.swapSettings.validate()
}

// regSwap is swap times exp(-(P-mu)^2/sigma), P being thousands of parameters (Peng et al. 2024).
type regSwap struct{ regSwapSettings }

func (e regSwap) lacks() error {
	if e.Sigma == 0 {
		return errors.New("give mu and sigma, as regswap:mu=800,sigma=40000: the method has no values for this space")
	}
	return nil
}

func (e regSwap) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	c, err := a.Complexity(e.config())
	if err != nil {
		return Score{}, err
	}
	factor := e.factor(c.Params)
	if factor == 0 {
		return Score{}, fmt.Errorf("%d parameters are so far from mu that the factor is zero: %w", c.Params,
			ErrUndefined)
	}
	s, err := swap{e.swapSettings}.Estimate(ctx, a, env)
	s.Value *= factor
	return s, err
}

func (s regSwapSettings) factor(params int64) float64 {
	d := float64(params)/1000 - s.Mu
	return math.Exp(-d * d / s.Sigma)
}
