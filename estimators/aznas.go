package estimators

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/mat"

	"rwe301/bench301"
	"rwe301/estimators/inputs"
	"rwe301/estimators/internal/linear"
	"rwe301/network"
)

var azDefault = noiseSettings{kaiming, 64}

// azInfo describes one of AZ-NAS's parts.
func azInfo(name, measures, formula string) Info {
	return Info{
		Name: name, Measures: measures,
		Family: Features, Random: true, Needs: Needs{Gradients: true}, Direction: Higher, Unit: "score",
		Cost:  Seconds,
		Paper: "Lee, Ham 2024, AZ-NAS, arXiv 2403.19232", Cites: []string{"lee2024aznas"}, Formula: formula,
		Mode: "Kaiming normal weights, N(0, 1) images, batch statistics",
		Caveats: "one of four parts, the fourth being flops; AZ-NAS ranks candidates by the sum of the logarithms of their " +
			"four ranks, which depends on the set of candidates",
	}
}

// The registry's entries.
var (
	azExpressivityEntry = define(azInfo("az-expressivity", "entropy of the channels' spectrum",
		"sum over stem and cells of the entropy of the spectrum of the "+
			"channels' covariance"),
		azDefault, func(s noiseSettings) Estimator {
			return azScore{s, func(p azParts) float64 { return p.expressivity }}
		})
	azProgressivityEntry = define(azInfo("az-progressivity", "growth of az-expressivity by cell",
		"smallest increase of that entropy from one cell to the next"),
		azDefault, func(s noiseSettings) Estimator {
			return azScore{s, func(p azParts) float64 { return p.progressivity }}
		})
	azTrainabilityEntry = define(azInfo("az-trainability", "singular values near 1, by cell",
		"mean over cells of -s - 1/s + 2, s the largest singular value of "+
			"the cell's Jacobian, estimated with random signs"),
		azDefault, func(s noiseSettings) Estimator {
			return azScore{s, func(p azParts) float64 { return p.trainability }}
		})
)

// noiseSettings are the settings of scores of one batch of N(0, 1) images.
type noiseSettings struct {
	initialSettings
	Batch int `json:"batch"` // images
}

func (s noiseSettings) validate() error {
	if s.Batch < 2 || s.Batch > 1<<16 {
		return fmt.Errorf("batch: %d: must lie in [2, %d]", s.Batch, 1<<16)
	}
	return s.initialSettings.validate()
}

// images are drawn from N(0, 1), the same for every architecture.
func (s noiseSettings) images(env *Env, p *network.Plan) []float32 {
	in := p.Graph().Nodes[0]
	x := make([]float32, s.Batch*in.H*in.W*in.C)
	normals(x, env.Inputs.Rand("noise images"))
	return x
}

// imageBytes is what these images take.
func (s noiseSettings) imageBytes(p *network.Plan) int64 {
	return 4 * int64(s.Batch) * int64(p.ValuesOf(0))
}

// azParts are AZ-NAS's scores of a network (Lee and Ham 2024, arXiv 2403.19232): over the features F_0, the stem's
// output, and F_i, that of cell i. Expressivity is the sum of the entropies of the spectra of their covariances,
// progressivity the smallest increase from one to the next, trainability the mean of -s - 1/s + 2, s being the largest
// singular value of the Jacobian from one to the next, estimated with random signs.
type azParts struct {
	expressivity, progressivity, trainability float64
	entropies, sigmas                         []float64 // first to last feature; last to first cell
}

// azScore is one of the parts. Its fourth, complexity, is flops; the method ranks candidates by the sum of the
// logarithms of the four ranks, which LogRankSum combines.
type azScore struct {
	noiseSettings
	of func(azParts) float64
}

func (e azScore) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	type key struct{ noiseSettings }
	parts, err := share(env, key{e.noiseSettings}, func() (azParts, error) {
		m, err := e.model(a, env, 0)
		if err != nil {
			return azParts{}, err
		}
		features, err := azFeatures(m.plan)
		if err != nil {
			return azParts{}, err
		}
		o := network.Options{Batch: e.Batch, Gradients: true, Keep: features, KeepGradients: features}
		if err := room(m.plan, o, e.imageBytes(m.plan)+azBytes(m.plan, features, e.Batch), e.Batch); err != nil {
			return azParts{}, err
		}
		x, err := executor[float32](env, m.plan, o)
		if err != nil {
			return azParts{}, err
		}
		defer x.Close()
		return azNAS(ctx, x, m.theta, e.images(env, m.plan), e.Batch, features, env.Inputs.Rand("az-nas signs", a.ID()))
	})
	return Score{Value: e.of(parts)}, err
}

// azBytes is what azNAS takes at most: a feature and its gradient in float64, and signs.
func azBytes(p *network.Plan, features []int, batch int) int64 {
	most := 0
	for _, node := range features {
		most = max(most, p.ValuesOf(node))
	}
	return (8 + 8 + 4) * int64(batch) * int64(most)
}

func randomSigns[T network.Real](n int, rng inputs.Rand) []T {
	out := ones[T](n)
	for i := range out {
		if rng.Uint64()>>63 == 0 {
			out[i] = -1
		}
	}
	return out
}

// azFeatures lists the nodes of the features.
func azFeatures(p *network.Plan) ([]int, error) {
	for i, n := range p.Graph().Nodes {
		if n.Name == "stem.bn" {
			return append([]int{i}, p.Graph().Cells...), nil
		}
	}
	return nil, fmt.Errorf("the network has no stem: its features are not defined")
}

// azNAS computes the parts. Cotangents are drawn last cell first.
func azNAS[T network.Real](ctx context.Context, x network.Runner[T], theta, images []T, n int, features []int,
	rng inputs.Rand) (azParts, error) {
	var parts azParts
	if err := x.Forward(theta, images, n, network.BatchNorm); err != nil {
		return parts, err
	}
	parts.progressivity = math.Inf(1)
	for i, node := range features {
		data, _, _, c := x.Output(node)
		entropy, err := spectralEntropy(data, c)
		if err != nil {
			return parts, err
		}
		if i > 0 {
			parts.progressivity = min(parts.progressivity, entropy-parts.entropies[i-1])
		}
		parts.entropies = append(parts.entropies, entropy)
		parts.expressivity += entropy
	}
	for i := len(features) - 1; i > 0; i-- {
		if err := ctx.Err(); err != nil {
			return parts, err
		}
		_, h, w, c := x.Output(features[i])
		r := randomSigns[T](n*h*w*c, rng)
		from := network.Cotangents[T]{Nodes: map[int][]T{features[i]: r}, Until: features[i-1]}
		if err := x.Backward(from, nil, nil); err != nil {
			return parts, err
		}
		g, gh, gw, gc := x.Gradient(features[i-1])
		sigma, err := transferNorm(g, gh, gw, gc, r, h, w, c, n)
		if err != nil {
			return parts, err
		}
		parts.sigmas = append(parts.sigmas, sigma)
		parts.trainability += (-sigma - 1/(sigma+1e-6) + 2) / float64(len(features)-1)
	}
	return parts, nil
}

// spectralEntropy is the entropy of the spectrum of the covariance of c channels over images and pixels.
func spectralEntropy[T network.Real](data []T, c int) (float64, error) {
	n := len(data) / c
	means := make([]float64, c)
	for i := range n {
		for k, v := range data[i*c : (i+1)*c] {
			means[k] += float64(v)
		}
	}
	for k := range means {
		means[k] /= float64(n)
	}
	covariance := linear.RowGram(n, c, 1/float64(n), func(i int, row []T) {
		for k, v := range data[i*c : (i+1)*c] {
			row[k] = T(float64(v) - means[k])
		}
	})
	var eigen mat.EigenSym
	if !eigen.Factorize(covariance, false) {
		return 0, fmt.Errorf("the spectrum of %d channels was not found", c)
	}
	values := eigen.Values(nil)
	total := linear.Sum(values)
	if !(total > 0) {
		return 0, fmt.Errorf("all channels of a feature are constant: %w", ErrUndefined)
	}
	entropy := 0.0
	for _, v := range values {
		p := v / total
		entropy -= float64(p * math.Log(max(0, p)+1e-8)) // an eigenvalue below zero is rounding
	}
	return entropy, nil
}

// transferNorm is the largest singular value of the mean over images and output pixels of g r', g being the gradient
// at a feature's input; a larger input is folded, pixels of a block becoming channels.
func transferNorm[T network.Real](g []T, gh, gw, gc int, r []T, h, w, c, n int) (float64, error) {
	s := gh / h
	product := linear.RowProduct(n*h*w, gc*s*s, c, 1/float64(n*h*w), func(at int, left, right []T) {
		i, y, x := at/(h*w), at/w%h*s, at%w*s
		for dy := range s {
			for dx := range s {
				for k, v := range g[((i*gh+y+dy)*gw+x+dx)*gc:][:gc] {
					left[k*s*s+dy*s+dx] = v
				}
			}
		}
		copy(right, r[at*c:(at+1)*c])
	})
	var eigen mat.EigenSym
	if !eigen.Factorize(linear.Gram(blas.Trans, product, 1), false) {
		return 0, fmt.Errorf("the singular values of a %d x %d matrix were not found", product.N, c)
	}
	values := eigen.Values(nil)
	return math.Sqrt(max(0, values[len(values)-1])), nil
}
