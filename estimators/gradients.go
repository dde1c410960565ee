package estimators

import (
	"context"
	"math"

	"rwe301/bench301"
	"rwe301/network"
)

// The registry's entries.
var (
	gradNormEntry = define(Info{
		Name: "grad_norm", Measures: "norms of the gradient",
		Aliases: []string{"grad-norm"}, Family: Gradients, Random: true,
		Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: "norm", Cost: Cheap,
		Paper: suitePaper, Cites: []string{"krishnakumar2022suite"},
		Formula: "sum over the weights W of convolutions and classifier of ||dL/dW||_2",
		Mode:    gradMode,
	}, proxy, layered(gradNormLayers[float32], gradNormLayers[float64], nil))
	snipEntry = define(Info{
		Name: "snip", Measures: "|weight x gradient|",
		Family: Gradients, Random: true, Needs: Needs{Data: true, Labels: true, Gradients: true},
		Direction: Higher, Unit: "saliency", Cost: Cheap,
		Paper:   "Lee, Ajanthan, Torr 2019, arXiv 1810.02340; as NASLib computes it",
		Cites:   []string{"lee2019snip", "krishnakumar2022suite"},
		Formula: "sum over layers of sum |W * dL/dW|",
		Mode:    gradMode,
	}, proxy, layered(snipLayers[float32], snipLayers[float64], nil))
	plainEntry = define(Info{
		Name: "plain", Measures: "weight x gradient, signed",
		Family: Gradients, Random: true, Needs: Needs{Data: true, Labels: true, Gradients: true},
		Direction: Higher, Unit: "saliency", Cost: Cheap,
		Paper: suitePaper, Cites: []string{"krishnakumar2022suite"},
		Formula: "sum over layers of sum W * dL/dW, with sign",
		Mode:    gradMode,
		Caveats: "behind every convolution stands a normalisation, which makes the convolution's term zero: the " +
			"score is the classifier's term",
	}, proxy, layered(plainLayers[float32], plainLayers[float64], nil))
	graspEntry = define(Info{
		Name: "grasp", Measures: "weight x Hessian x gradient",
		Family: Gradients, Random: true, Needs: Needs{Data: true, Labels: true, Gradients: true},
		Direction: Higher, Unit: "saliency", Cost: Seconds,
		Paper:   "Wang, Zhang, Grosse 2020, arXiv 2002.07376; as NASLib computes it",
		Cites:   []string{"wang2020grasp", "krishnakumar2022suite"},
		Formula: "-sum over layers of sum W * (H g), g = dL/dW, H the Hessian of L on the same batch",
		Mode:    gradMode + ", and its exact Hessian",
		Caveats: "a small difference of large terms: a convolution's term is +||g||^2, the classifier's about " +
			"minus their sum",
	}, proxy, layered(graspLayers[float32], graspLayers[float64], func(s proxySettings) any { return wantsHessian{s} }))
	fisherEntry = define(Info{
		Name: "fisher", Measures: "squared activation x gradient",
		Family: Gradients, Random: true, Needs: Needs{Data: true, Labels: true, Gradients: true},
		Direction: Higher, Unit: "information", Cost: Cheap,
		Paper: "Theis et al. 2018, arXiv 1801.05787; as NASLib computes it",
		Cites: []string{"theis2018fisher", "krishnakumar2022suite"},
		Formula: "sum over layers of n sum_c 1/2 mean_images (sum_pixels a * dL/da)^2, a the layer's output " +
			"before normalisation, n the values of a filter",
		Mode:    gradMode,
		Caveats: "scales like 1 / batch^2",
	}, proxy, layered(fisherLayers[float32], fisherLayers[float64], func(s proxySettings) any { return wantsParts{s} }))
)

// gradNormLayers are ||dL/dW||_2, a layer each.
func gradNormLayers[T network.Real](ctx context.Context, s proxySettings, a bench301.Architecture,
	env *Env) ([]float64, error) {
	g, err := gradientOf[T](ctx, s, a, env, false)
	if err != nil {
		return nil, err
	}
	return layerNorms(g.plan, g.g), nil
}

// snipLayers are sum |W * dL/dW|, a layer each (Lee et al. 2019, arXiv 1810.02340).
func snipLayers[T network.Real](ctx context.Context, s proxySettings, a bench301.Architecture,
	env *Env) ([]float64, error) {
	g, err := gradientOf[T](ctx, s, a, env, false)
	if err != nil {
		return nil, err
	}
	_, sizes := layerProducts(g.plan, g.theta, g.g)
	return sizes, nil
}

// plainLayers are sum W * dL/dW with sign, a layer each.
func plainLayers[T network.Real](ctx context.Context, s proxySettings, a bench301.Architecture,
	env *Env) ([]float64, error) {
	g, err := gradientOf[T](ctx, s, a, env, false)
	if err != nil {
		return nil, err
	}
	sums, _ := layerProducts(g.plan, g.theta, g.g)
	return sums, nil
}

// layerProducts are sum v*w and sum |v*w| over each layer of weights, for vectors v and w laid out like theta.
func layerProducts[T network.Real](p *network.Plan, v, w []T) (sums, sizes []float64) {
	for _, l := range p.Layers() {
		sum, size := 0.0, 0.0
		other := w[l.Weight.Offset:][:l.Weight.Size]
		for i, x := range v[l.Weight.Offset:][:l.Weight.Size] {
			product := float64(float64(x) * float64(other[i]))
			sum += product
			size += math.Abs(product)
		}
		sums, sizes = append(sums, sum), append(sizes, size)
	}
	return sums, sizes
}

// fisherLayers are sum_c 1/2 mean_n (sum_hw a * dL/da)^2 times the size of a filter, a layer each, a being the layer's
// output before normalisation (Theis et al. 2018, arXiv 1801.05787, as NASLib computes it).
func fisherLayers[T network.Real](ctx context.Context, s proxySettings, a bench301.Architecture,
	env *Env) ([]float64, error) {
	g, err := gradientOf[T](ctx, s, a, env, true)
	if err != nil {
		return nil, err
	}
	return g.fisher, nil
}

// fisher adds up the parts of fisherLayers. A convolution's output is linear in its weights, so that for channel c of
// an image sum_hw a_c * dL/da_c = W_c . dL/dW_c, the image's own part of the gradient taken (Euler): the outputs
// themselves need not be kept.
type fisher[T network.Real] struct {
	*passes[T]
	index map[int]int // of layers by node
	sums  []float64   // a layer: of squares
}

func newFisher[T network.Real](p *passes[T]) *fisher[T] {
	f := &fisher[T]{passes: p, index: map[int]int{}, sums: make([]float64, len(p.weights))}
	for k, l := range p.weights {
		f.index[l.Node] = k
	}
	return f
}

// part takes an image's products of weights and their gradients, an output channel each.
func (f *fisher[T]) part(node, _ int, products []float64) {
	k := f.index[node]
	if f.weights[k].Weight.Kind == bench301.LinearWeight {
		return // its output has a bias, too
	}
	for _, p := range products {
		f.sums[k] += float64(p * p)
	}
}

// layers are the sums made scores. The last layer's are those of the logits and their gradients.
func (f *fisher[T]) layers(logits, gradient []T) []float64 {
	out := make([]float64, len(f.sums))
	for k, l := range f.weights {
		if l.Node == f.plan.Graph().Logits {
			for i, z := range logits {
				product := float64(z) * float64(gradient[i])
				f.sums[k] += float64(product * product)
			}
		}
		out[k] = f.sums[k] / float64(2*f.images.Len()) * float64(l.Weight.FanIn)
	}
	return out
}

// graspLayers are -sum W * (H g), a layer each: g is the gradient with respect to the weights of the layers, H the
// Hessian of the same loss on the same batch (Wang et al. 2020, arXiv 2002.07376).
func graspLayers[T network.Real](ctx context.Context, s proxySettings, a bench301.Architecture,
	env *Env) ([]float64, error) {
	g, err := gradientOf[T](ctx, s, a, env, false)
	if err != nil {
		return nil, err
	}
	p, err := passesOf[T](s, a, env, true)
	if err != nil {
		return nil, err
	}
	if err := p.forward(ctx, stateTrain, false); err != nil {
		return nil, err
	}
	v, hv := make([]T, len(g.g)), make([]T, len(g.g))
	for _, l := range p.weights {
		for i := l.Weight.Offset; i < l.Weight.Offset+l.Weight.Size; i++ {
			v[i] = g.g[i]
		}
	}
	if err := p.exec.HessianVector(p.images.Labels, v, hv); err != nil {
		return nil, err
	}
	sums, _ := layerProducts(p.plan, g.theta, hv)
	for i := range sums {
		sums[i] = -sums[i]
	}
	return sums, nil
}
