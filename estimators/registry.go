package estimators

import (
	"rwe301/bench301"
	"rwe301/network"
)

// The defaults of the families.
var (
	frozen = Frozen{
		Channels: 8, Layers: 8, Variant: bench301.VariantNASLib, Resolution: 32, Init: network.Default, Fan: network.FanIn,
		Norm: NormBatch, Batch: 100, TrainImages: 1000, Readout: "last", Pooling: PoolMean, Seeds: 1,
	}
	rwe = RWE{
		Frozen: frozen, ValImages: 1000, ValSplit: "train", Standardise: true,
		Head: HeadSGD, Epochs: 30, HeadBatch: 100, LearningRate: 0.025, Momentum: 0.9, Lambda: 0.1, Measure: ValAccuracy,
	}
	mapEffDimDefaults = EffDim{Frozen: mapFeatures(), Lambda: 0.1}
)

// mapFeatures are the settings with which map-effdim was found.
func mapFeatures() Frozen {
	f := frozen
	f.Variant, f.Resolution, f.TrainImages, f.Pooling = bench301.VariantDARTS, 16, 400, PoolNone
	return f
}

// with returns settings changed by f.
func with[S any](s S, f func(*S)) S {
	f(&s)
	return s
}

const (
	rwePaper   = "Hu et al., Random-Weight Evaluation, Complex & Intelligent Systems 2023, arXiv 2110.05242"
	suitePaper = "Krishnakumar et al. 2022, NAS-Bench-Suite-Zero, arXiv 2210.03230"
	ours       = "found in this project's first study"
)

const (
	frozenMode = "train images once through the random network, batch statistics (setting norm), no gradient"
	headMode   = frozenMode + "; then a linear layer is trained on the features"
)

// registry is the list of estimators.
var registry = []definition{
	define(Info{
		Name: "params", Family: Baseline, Trivial: true, Direction: Higher, Unit: "parameters", Cost: Instant, Paper: suitePaper,
		Formula: "number of trainable parameters, in closed form (NASLib's column is this / 1e6)",
		Caveats: "ignores everything about the wiring that costs no parameter",
	}, suite(), func(s Size) Estimator {
		return count{s, func(c bench301.Complexity) int64 { return c.Params }}
	}),
	define(Info{
		Name: "macs", Family: Baseline, Trivial: true, Direction: Higher, Unit: "multiply-accumulates", Cost: Instant,
		Paper:   "the usual definition",
		Formula: "multiply-accumulates of convolutions and the classifier for one image, in closed form",
	}, suite(), func(s Size) Estimator { return count{s, func(c bench301.Complexity) int64 { return c.MACs }} }),
	define(Info{
		Name: "flops", Family: Baseline, Trivial: true, Direction: Higher, Unit: "operations", Cost: Instant, Paper: suitePaper,
		Formula: "macs plus element-wise operations of normalisation, ReLU and pooling as tensorwatch 0.9.1 counts them (NASLib's column is this / 1e6)",
		Caveats: "multiply-accumulates are not doubled; the global average is counted as (H+1)(W+1) a channel",
	}, suite(), func(s Size) Estimator { return count{s, func(c bench301.Complexity) int64 { return c.FLOPs }} }),
	define(Info{
		Name: "pool-count", Aliases: []string{"pool_count"}, Family: Baseline, Trivial: true, Direction: Higher, Unit: "operations",
		Cost: Instant, Paper: ours,
		Formula: "minus the number of pooling operations in the normal cell",
		Caveats: "takes nine values at most, so most pairs are ties; defined for DARTS cells only",
	}, none{}, func(none) Estimator { return poolCount{} }),
	define(Info{
		Name: "l2_norm", Aliases: []string{"l2-norm"}, Family: Baseline, Trivial: true, Direction: Higher, Unit: "norm", Cost: Instant, Paper: suitePaper,
		Formula: "sum over the weights W of convolutions and classifier of ||W||_2, at initialisation",
		Mode:    "random weights; no image",
		Caveats: "at the default initialisation it is sum sqrt(outputs/3) up to noise: a count of layers weighted by width",
	}, Initial{Size: suite(), Init: network.Default, Fan: network.FanIn}, func(s Initial) Estimator { return l2Norm{s} }),

	define(Info{
		Name: "rwe", Family: RWEFamily, Needs: Needs{Data: true, Labels: true}, Direction: Higher, Unit: "percent", Cost: Seconds,
		Paper: rwePaper, Formula: "validation accuracy of a linear layer trained by gradient descent on the features of the frozen random network", Mode: headMode,
		Caveats: "on randomly sampled architectures its correlation with accuracy is negative: convolutions with random weights scramble features that pools pass on",
	}, rwe, func(s RWE) Estimator { return s }),
	define(Info{
		Name: "rwe-ridge", Family: RWEFamily, Needs: Needs{Data: true, Labels: true}, Direction: Higher, Unit: "percent", Cost: Seconds,
		Paper: rwePaper, Formula: "rwe with the layer fitted in closed form: W = (Z'Z/n + lambda I)^-1 Z'Y/n", Mode: headMode,
		Caveats: "as rwe",
	}, with(rwe, func(s *RWE) { s.Head = HeadRidge }), func(s RWE) Estimator { return s }),
	define(Info{
		Name: "rwe-train", Family: RWEFamily, Needs: Needs{Data: true, Labels: true}, Direction: Higher, Unit: "percent", Cost: Seconds,
		Paper: rwePaper, Formula: "training accuracy of rwe's layer", Mode: headMode,
		Caveats: "with few images and many features it is 100 for every architecture",
	}, with(rwe, func(s *RWE) { s.Measure = TrainAccuracy }), func(s RWE) Estimator { return s }),
	define(Info{
		Name: "random-label", Family: RWEFamily, Needs: Needs{Data: true}, Direction: Higher, Unit: "percent", Cost: Seconds,
		Paper: ours, Formula: "training accuracy of rwe's layer on labels drawn at random", Mode: headMode,
		Caveats: "measures how much the features can fit, not what they mean",
	}, with(rwe, func(s *RWE) { s.Measure = RandomLabelAccuracy }), func(s RWE) Estimator { return s }),
	define(Info{
		Name: "featstd", Family: Features, Needs: Needs{Data: true}, Direction: Higher, Unit: "deviation", Cost: Cheap,
		Paper: ours, Formula: "minus the mean over features of their standard deviation over images", Mode: frozenMode,
	}, frozen, func(s Frozen) Estimator { return featStd{s} }),
	define(Info{
		Name: "effdim", Family: Features, Needs: Needs{Data: true}, Direction: Higher, Unit: "dimensions", Cost: Cheap,
		Paper: ours, Formula: "sum of w/(w + lambda) over the eigenvalues w of the correlation matrix of the features", Mode: frozenMode,
	}, EffDim{Frozen: frozen, Lambda: 0.3}, func(s EffDim) Estimator { return effDim{s} }),
	define(Info{
		Name: "map-effdim", Aliases: []string{"grid_ed"}, Family: Features, Needs: Needs{Data: true}, Direction: Higher, Unit: "dimensions", Cost: Cheap,
		Paper: ours, Mode: frozenMode,
		Formula: "sum of w/(w + lambda mean(w)) over the eigenvalues w of K = ZZ'/d, Z the standardised values (n images x d) of the last cell's map",
	}, mapEffDimDefaults, func(s EffDim) Estimator { return mapEffDim{s} }),
}
