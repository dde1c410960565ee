package estimators

import (
	"slices"

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
	suiteInitial = Initial{Size: suite(), Init: network.Default, Fan: network.FanIn}
	proxy        = Proxy{Initial: suiteInitial, Batch: 32, Augment: true, Precision: Single}

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
	trainMode  = "random weights, one batch of training images, batch statistics"
	gradMode   = trainMode + ", gradient of the mean cross-entropy"
	evalMode   = "random weights, one batch of training images, normalisations with mean 0 and variance 1"
)

// registry is the list of estimators.
var registry = slices.Concat(classic, newer, trained)

// classic are counts, Random-Weight Evaluation and its kin, and the scores of NAS-Bench-Suite-Zero.
var classic = []definition{
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
	}, suiteInitial, func(s Initial) Estimator { return l2Norm{s} }),

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

	define(Info{
		Name: "grad_norm", Aliases: []string{"grad-norm"}, Family: Gradients, Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher,
		Unit: "norm", Cost: Cheap, Paper: suitePaper, Mode: gradMode, Formula: "sum over the weights W of convolutions and classifier of ||dL/dW||_2",
	}, proxy, layered(gradNormLayers[float32], gradNormLayers[float64], nil)),
	define(Info{
		Name: "snip", Family: Gradients, Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: "saliency", Cost: Cheap,
		Paper: "Lee, Ajanthan, Torr 2019, arXiv 1810.02340; as NASLib computes it", Mode: gradMode, Formula: "sum over layers of sum |W * dL/dW|",
	}, proxy, layered(snipLayers[float32], snipLayers[float64], nil)),
	define(Info{
		Name: "plain", Family: Gradients, Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: "saliency", Cost: Cheap,
		Paper: suitePaper, Mode: gradMode, Formula: "sum over layers of sum W * dL/dW, with sign",
		Caveats: "behind every convolution stands a normalisation, which makes the convolution's term zero: the score is the classifier's term",
	}, proxy, layered(plainLayers[float32], plainLayers[float64], nil)),
	define(Info{
		Name: "grasp", Family: Gradients, Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: "saliency", Cost: Seconds,
		Paper: "Wang, Zhang, Grosse 2020, arXiv 2002.07376; as NASLib computes it", Mode: gradMode + ", and its exact Hessian",
		Formula: "-sum over layers of sum W * (H g), g = dL/dW, H the Hessian of L on the same batch",
		Caveats: "a small difference of large terms: a convolution's term is +||g||^2, the classifier's about minus their sum",
	}, proxy, layered(graspLayers[float32], graspLayers[float64], func(s Proxy) any { return wantsHessian{s} })),
	define(Info{
		Name: "fisher", Family: Gradients, Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: "information", Cost: Cheap,
		Paper: "Theis et al. 2018, arXiv 1801.05787; as NASLib computes it", Mode: gradMode,
		Formula: "sum over layers of n sum_c 1/2 mean_images (sum_pixels a * dL/da)^2, a the layer's output before normalisation, n the values of a filter",
		Caveats: "scales like 1 / batch^2",
	}, proxy, layered(fisherLayers[float32], fisherLayers[float64], func(s Proxy) any { return wantsParts{s} })),
	define(Info{
		Name: "synflow", Family: Gradients, Needs: Needs{Gradients: true}, Direction: Higher, Unit: "nats", Cost: Cheap,
		Paper:   "Tanaka et al. 2020, arXiv 2006.05467; as NASLib computes it",
		Mode:    "absolute values of random weights, one image of ones, no normalisation, values kept in range by exact powers of two",
		Formula: "ln of sum over layers of sum |W * dR/dW|, R the sum of the logits",
		Caveats: "grows with depth and width before anything else",
	}, SynFlow{suiteInitial, Single}, func(s SynFlow) Estimator { return synflow{s} }),
	define(Info{
		Name: "nwot", Aliases: []string{"naswot"}, Family: Codes, Needs: Needs{Data: true}, Direction: Higher, Unit: "nats", Cost: Cheap,
		Paper: "Mellor et al. 2021, arXiv 2006.04647; as NASLib computes it", Mode: trainMode,
		Formula: "ln |det K|, K_ij the number of ReLU inputs that are positive in both images i and j or in neither",
		Caveats: "grows with the number of ReLUs",
	}, proxy, func(s Proxy) Estimator { return nwot{s} }),
	define(Info{
		Name: "jacov", Family: Gradients, Needs: Needs{Data: true, Gradients: true}, Direction: Higher, Unit: "nats", Cost: Cheap,
		Paper: "Mellor et al. 2020, arXiv 2006.04647v1; as NASLib computes it", Mode: trainMode + ", gradient of the sum of the logits by the images",
		Formula: "-sum ln(v + 1e-5) + 1/(v + 1e-5) over the eigenvalues v of the correlation matrix of the images' gradients",
		Noise:   noise,
	}, proxy, ofJacobian(stateTrain, jacov)),
	define(Info{
		Name: "epe_nas", Aliases: []string{"epe-nas"}, Family: Gradients, Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: "nats", Cost: Cheap,
		Paper: "Lopes, Alirezazadeh, Alexandre 2021, arXiv 2102.08099; as NASLib computes it", Mode: trainMode + ", gradient of the sum of the logits by the images",
		Formula: "sum over classes of |sum ln(|R| + 1e-5)|, R the correlation matrix of the gradients of the class's images",
		Caveats: "a class with one image counts as nothing", Noise: noise,
	}, proxy, ofJacobian(stateTrain, epeNAS)),
	define(Info{
		Name: "jacov-eval", Family: Gradients, Needs: Needs{Data: true, Gradients: true}, Direction: Higher, Unit: "nats", Cost: Cheap,
		Paper: "jacov, made well conditioned", Mode: evalMode + ", gradient of the sum of the logits by the images",
		Formula: "jacov with normalisations that do not look at the batch",
	}, proxy, ofJacobian(stateEval, jacov)),
	define(Info{
		Name: "epe_nas-eval", Aliases: []string{"epe-nas-eval"}, Family: Gradients, Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: "nats", Cost: Cheap,
		Paper: "epe_nas, made well conditioned", Mode: evalMode + ", gradient of the sum of the logits by the images",
		Formula: "epe_nas with normalisations that do not look at the batch", Caveats: "a class with one image counts as nothing",
	}, proxy, ofJacobian(stateEval, epeNAS)),
	define(Info{
		Name: "zen", Aliases: []string{"zen-score"}, Family: Codes, Direction: Higher, Unit: "nats", Cost: Cheap,
		Paper: "Lin et al. 2021, arXiv 2102.01063; as NASLib computes it", Mode: "weights and images from N(0, 1), batch statistics, no gradient",
		Formula: "ln mean_images sum |f(x1) - f(x1 + 0.01 x2)| + sum over normalisations of ln sqrt(mean running variance), f the last cell's map",
		Caveats: "no column of NAS-Bench-Suite-Zero's NB301 table",
	}, Zen{Size: suite(), Batch: 32}, func(s Zen) Estimator { return zen{s} }),
}

// layered builds an estimator that adds up a score a layer.
func layered(single, double layerFunc, wants func(Proxy) any) func(Proxy) Estimator {
	return func(s Proxy) Estimator { return layerScores{s, single, double, wants} }
}

// ofJacobian builds an estimator that scores the images' gradients.
func ofJacobian(state string, of func(j []float64, labels []int) (float64, error)) func(Proxy) Estimator {
	return func(s Proxy) Estimator { return jacobianScore{s, state, of} }
}
