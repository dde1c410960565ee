package estimators

import "rwe301/network"

// Defaults of the scores published since 2022, with their authors' batches.
var (
	kaiming     = Initial{Size: suite(), Init: network.Normal, Fan: network.FanIn}
	singleImage = SingleImage{suiteInitial}
	swapDefault = SWAP{Size: suite(), Batch: 16, Draws: 32}
)

// plainProxy is a proxy of images as they are.
func plainProxy(batch int) Proxy {
	p := proxy
	p.Batch, p.Augment = batch, false
	return p
}

const evalForm = "with normalisations that do not look at the batch, because in train mode the score is rounding noise on these networks"

// newer are the scores published since 2022.
var newer = []definition{
	define(Info{
		Name: "zico", Family: Gradients, Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: "nats", Cost: Seconds,
		Paper: "Li, Yang, Bhardwaj, Marculescu 2023, ZiCo, arXiv 2301.11300", Mode: gradMode + ", several batches",
		Formula: "sum over layers of ln sum over weights of mean_b |g_b| / std_b(g_b), g_b the gradient of batch b",
		Caveats: "heavy-tailed: a weight whose gradients nearly agree moves its whole layer; float32 and float64 differ by up to 1e-3",
	}, ZiCo{plainProxy(128), 2}, func(s ZiCo) Estimator { return zico{s} }),
	define(Info{
		Name: "meco", Family: Features, Needs: Needs{Data: true}, Direction: Higher, Unit: "eigenvalue", Cost: Cheap,
		Paper: "Jiang, Wang, Bie 2023, MeCo, NeurIPS", Mode: "one training image, random weights, batch statistics, no gradient",
		Formula: "sum over modules of the smallest eigenvalue of the correlation matrix of the channels of the module's output",
		Caveats: "modules with more channels than pixels count as 0, which late cells of small images have; the authors' hooks count containers again, this does not",
	}, singleImage, func(s SingleImage) Estimator { return meco{s, false} }),
	define(Info{
		Name: "meco_opt", Aliases: []string{"meco-opt"}, Family: Features, Needs: Needs{Data: true}, Direction: Higher, Unit: "eigenvalue", Cost: Cheap,
		Paper: "Jiang, Wang, Bie 2023, MeCo, NeurIPS", Mode: "one training image, random weights, batch statistics, no gradient",
		Formula: "meco of eight channels drawn from each module, times channels / 8",
		Caveats: "modules of at most eight channels are taken whole, where the authors' code fails",
	}, singleImage, func(s SingleImage) Estimator { return meco{s, true} }),
	define(Info{
		Name: "swap", Family: Codes, Needs: Needs{Data: true}, Direction: Higher, Unit: "codes", Cost: Seconds,
		Paper: "Peng et al. 2024, SWAP, arXiv 2403.04161", Mode: "weights from N(0, 1), drawn anew for a mean of many draws, batch statistics, no gradient",
		Formula: "number of distinct codes of ReLU inputs, a code saying in which images of the batch an input is positive",
		Caveats: "cannot exceed 2^batch, and is constant where it reaches that; the authors score one cell of three channels, this the whole network",
	}, swapDefault, func(s SWAP) Estimator { return swap{s} }),
	define(Info{
		Name: "regswap", Aliases: []string{"reg-swap"}, Family: Codes, Needs: Needs{Data: true}, Direction: Higher, Unit: "codes", Cost: Seconds,
		Paper: "Peng et al. 2024, SWAP, arXiv 2403.04161", Mode: "as swap",
		Formula: "swap times exp(-(P - mu)^2 / sigma), P thousands of parameters",
		Caveats: "mu and sigma have no default: the authors tune them to a space and publish none for this one; far from mu the factor is zero",
	}, RegSWAP{SWAP: swapDefault}, func(s RegSWAP) Estimator { return regSwap{s} }),
	define(azInfo("az-expressivity", "sum over stem and cells of the entropy of the spectrum of the channels' covariance"),
		azDefault, func(s Noise) Estimator { return azScore{s, func(p azParts) float64 { return p.expressivity }} }),
	define(azInfo("az-progressivity", "smallest increase of that entropy from one cell to the next"),
		azDefault, func(s Noise) Estimator { return azScore{s, func(p azParts) float64 { return p.progressivity }} }),
	define(azInfo("az-trainability", "mean over cells of -s - 1/s + 2, s the largest singular value of the cell's Jacobian, estimated with random signs"),
		azDefault, func(s Noise) Estimator { return azScore{s, func(p azParts) float64 { return p.trainability }} }),
	define(Info{
		Name: "near", Family: Features, Needs: Needs{Data: true}, Direction: Higher, Unit: "rank", Cost: Seconds,
		Paper: "Husistein, Reiher, Eckhoff 2024, NEAR, arXiv 2408.08776", Mode: trainMode,
		Formula: "sum over convolutions, normalisations, classifier and ReLUs of exp(-sum p ln p), p the singular values of a square window of the output (pixels x channels) over their sum",
		Caveats: "grows with the number of layers and channels before anything else",
	}, plainProxy(32), func(s Proxy) Estimator { return nearScore{s} }),
	define(Info{
		Name: "gradsign-eval", Aliases: []string{"gradsign"}, Family: Gradients, Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: "votes", Cost: Seconds,
		Paper: "Zhang, Jia 2022, GradSign, arXiv 2110.08616; " + evalForm, Mode: evalMode + ", gradient of each image's own loss",
		Formula: "sum over weights of |sum over images of sign(dL_n/dw)|",
		Caveats: "grows with the number of weights",
	}, plainProxy(32), func(s Proxy) Estimator { return gradSign{s} }),
	define(Info{
		Name: "ntk-eval", Aliases: []string{"te-nas-ntk"}, Family: Gradients, Needs: Needs{Data: true, Gradients: true}, Direction: Lower, Unit: "condition", Cost: Seconds,
		Paper: "Chen, Gong, Wang 2021, TE-NAS, arXiv 2102.11535; " + evalForm, Mode: evalMode + ", gradient of the sum of each image's logits by all weights",
		Formula: "largest over smallest eigenvalue of G G', a row of G the gradient of an image",
		Caveats: "TE-NAS's other score, linear regions, is the number of images for every architecture of this space and is not offered",
	}, Proxy{Initial: kaiming, Batch: 32, Precision: proxy.Precision}, func(s Proxy) Estimator { return ntk{s} }),
	define(Info{
		Name: "epsinas", Family: Features, Needs: Needs{Data: true}, Direction: Higher, Unit: "ratio", Cost: Cheap,
		Paper: "Gracheva 2023, arXiv 2302.04406", Mode: "all weights one constant, then another, biases 0, batch statistics, no gradient",
		Formula: "mean |v1 - v2| / mean(v1, v2), v one logit an image, scaled to [0, 1]",
		Caveats: "the pair of constants for this space is not published; 1e-4 and 10 are those of NAS-Bench-101, with which float32 does not underflow here",
	}, Epsilon{suite(), 256, 1e-4, 10}, func(s Epsilon) Estimator { return epsinas{s} }),
	define(Info{
		Name: "dextr-eval", Aliases: []string{"dextr"}, Family: Features, Needs: Needs{Data: true, Gradients: true}, Direction: Higher, Unit: "nats", Cost: Cheap,
		Paper: "Asthana et al. 2025, Dextr, arXiv 2508.12977; " + evalForm, Mode: evalMode + ", one image",
		Formula: "ab/(a+b), a = ln(1 + sum over modules of smallest/largest singular value), b = ln(1 + curvature of ten logits along a circle of inputs)",
		Caveats: "the curvature is so large that a decides",
	}, singleImage, func(s SingleImage) Estimator { return dextr{s} }),
	define(Info{
		Name: "wrcor", Family: Gradients, Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: "nats", Cost: Seconds,
		Paper: "weighted response correlation, kunjing96/ZSNAS-WRCor", Mode: gradMode,
		Formula: "ln |det K|, K = sum over ReLUs of 2^cell (|R(z)| + |R(dL/dz)|), R correlations between images",
		Caveats: "the authors' final method votes with synflow and a Jacobian score over a set of candidates; this is the score alone",
	}, plainProxy(64), func(s Proxy) Estimator { return wrcor{s} }),
	define(Info{
		Name: "vkdnw", Family: Gradients, Needs: Needs{Gradients: true}, Direction: Higher, Unit: "nats", Cost: Seconds,
		Paper: "Tybl, Neumann 2025, VKDNW, arXiv 2502.04975", Mode: "Kaiming normal weights, N(0, 1) images, normalisations at mean 0 and variance 1",
		Formula: "entropy of the deciles of the Fisher information's eigenvalues, of the first weight of each of the first 128 parameter tensors",
		Caveats: "at most ln 9; with few images the lower deciles are rounding; the authors add the number of tensors, depth does that here",
	}, Noise{kaiming, 16}, func(s Noise) Estimator { return vkdnw{s} }),
	define(Info{
		Name: "sepconv-count", Aliases: []string{"sepconv_count"}, Family: Baseline, Trivial: true, Direction: Higher, Unit: "operations", Cost: Instant,
		Paper: "a plain count that studies of NAS-Bench-301 report", Formula: "number of separable convolutions in both cells",
		Caveats: "takes seventeen values at most; defined for DARTS cells only",
	}, none{}, func(none) Estimator { return operations{count: separable} }),
	define(Info{
		Name: "depth", Family: Baseline, Trivial: true, Direction: Higher, Unit: "edges", Cost: Instant,
		Paper: "a plain count that studies of NAS-Bench-301 report", Formula: "edges on the longest path through the normal cell",
		Caveats: "takes four values; defined for DARTS cells only",
	}, none{}, func(none) Estimator { return operations{count: cellDepth} }),
}

var azDefault = Noise{kaiming, 64}

// azInfo describes one of AZ-NAS's parts.
func azInfo(name, formula string) Info {
	return Info{
		Name: name, Family: Features, Needs: Needs{Gradients: true}, Direction: Higher, Unit: "score", Cost: Seconds,
		Paper: "Lee, Ham 2024, AZ-NAS, arXiv 2403.19232", Formula: formula,
		Mode:    "Kaiming normal weights, N(0, 1) images, batch statistics",
		Caveats: "one of four parts, the fourth being flops; AZ-NAS ranks candidates by the sum of the logarithms of their four ranks, which depends on the set of candidates",
	}
}
