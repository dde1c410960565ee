package estimators

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"gonum.org/v1/gonum/mat"

	"rwe301/bench301"
	"rwe301/estimators/internal/linear"
	"rwe301/estimators/internal/precision"
	"rwe301/network"
)

// The registry's entries.
var (
	gradSignEntry = define(Info{
		Name: "gradsign-eval", Measures: "agreement of gradients in sign",
		Aliases: []string{"gradsign"}, Family: Gradients, Random: true,
		Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: "votes", Cost: Seconds,
		Paper: "Zhang, Jia 2022, GradSign, arXiv 2110.08616; " + evalForm, Cites: []string{"zhang2022gradsign"},
		Formula: "sum over weights of |sum over images of sign(dL_n/dw)|",
		Mode:    evalMode + ", gradient of each image's own loss",
		Caveats: "grows with the number of weights",
	}, plainProxy(32), func(s proxySettings) Estimator { return gradSign{s} })
	ntkEntry = define(Info{
		Name: "ntk-eval", Measures: "kernel condition: lower is better",
		Aliases: []string{"te-nas-ntk"}, Family: Gradients, Random: true,
		Needs: Needs{Data: true, Gradients: true}, Direction: Lower, Unit: "condition", Cost: Seconds,
		Paper: "Chen, Gong, Wang 2021, TE-NAS, arXiv 2102.11535; " + evalForm, Cites: []string{"chen2021tenas"},
		Formula: "largest over smallest eigenvalue of G G', a row of G the gradient of an image",
		Mode:    evalMode + ", gradient of the sum of each image's logits by all weights",
		Caveats: "TE-NAS's other score, linear regions, is the number of images for every architecture of this " +
			"space and is not offered",
	}, proxySettings{initialSettings: kaiming, Batch: 32, Precision: precision.Float32},
		func(s proxySettings) Estimator { return ntk{s} })
	vkdnwEntry = define(Info{
		Name: "vkdnw", Measures: "entropy of Fisher eigenvalues",
		Family: Gradients, Random: true, Needs: Needs{Gradients: true}, Direction: Higher,
		Unit: "nats", Cost: Seconds,
		Paper: "Tybl, Neumann 2025, VKDNW, arXiv 2502.04975", Cites: []string{"tybl2025vkdnw"},
		Formula: "entropy of the deciles of the Fisher information's eigenvalues, of the first weight of each " +
			"of the first 128 parameter tensors",
		Mode: "Kaiming normal weights, N(0, 1) images, normalisations at mean 0 and variance 1",
		Caveats: "at most ln 9; with few images the lower deciles are rounding; the authors add the number of " +
			"tensors, depth does that here",
	}, noiseSettings{kaiming, 16}, func(s noiseSettings) Estimator { return vkdnw{s} })
)

// gradSign is sum over weights |sum over images sign(dL_n/dw)|, L_n being the loss of image n alone (Zhang and Jia
// 2022, arXiv 2110.08616), with normalisations that do not look at the batch: in train mode one image has no gradient
// on these networks but rounding.
type gradSign struct{ proxySettings }

func (e gradSign) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	return precision.Either(e.Precision, gradSignOf[float32], gradSignOf[float64])(ctx, e.proxySettings, a, env)
}

func gradSignOf[T network.Real](ctx context.Context, s proxySettings, a bench301.Architecture,
	env *Env) (Score, error) {
	t, err := trialOf[T](s, a, env, imageByImage)
	if err != nil {
		return Score{}, err
	}
	perLayer, err := gradSignLayers(ctx, t.exec, t.theta, t.pixels, t.labels)
	return Score{Value: linear.Sum(perLayer)}, err
}

// imageByImage are the options of an executor that takes the gradient of one image at a time.
func imageByImage(*network.Plan) network.Options { return network.Options{Batch: 1, Gradients: true} }

// gradSignLayers are the sums over the weights of each layer.
func gradSignLayers[T network.Real](ctx context.Context, x network.Runner[T], theta, pixels []T,
	labels []int) ([]float64, error) {
	votes := make([]int32, len(theta))
	g := make([]T, len(theta))
	x.ResetRunning()
	err := network.PerSample(x, theta, pixels, labels, network.RunningNorm, g, func(int) error {
		for i, v := range g {
			switch {
			case v > 0:
				votes[i]++
			case v < 0:
				votes[i]--
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	var out []float64
	for _, l := range x.Plan().Layers() {
		total := int64(0)
		for _, v := range votes[l.Weight.Offset : l.Weight.Offset+l.Weight.Size] {
			total += int64(max(v, -v))
		}
		out = append(out, float64(total))
	}
	return out, nil
}

// ntk is the condition number of the neural tangent kernel G G', a row of G being the gradient of the sum of an image's
// logits with respect to all weights (Chen, Gong and Wang 2021, TE-NAS, arXiv 2102.11535), with normalisations
// that do not look at the batch: in train mode the kernel is singular on these networks.
type ntk struct{ proxySettings }

func (e ntk) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	return precision.Either(e.Precision, ntkOf[float32], ntkOf[float64])(ctx, e.proxySettings, a, env)
}

func ntkOf[T network.Real](ctx context.Context, s proxySettings, a bench301.Architecture, env *Env) (Score, error) {
	t, err := trialOf[T](s, a, env, imageByImage)
	if err != nil {
		return Score{}, err
	}
	gradients := int64(unsafe.Sizeof(T(0))) * int64(s.Batch) * int64(len(t.theta))
	kernels := 3 * 8 * int64(s.Batch) * int64(s.Batch) // the kernel and what its spectrum takes
	if err := network.CheckMemory(gradients+kernels, s.Batch); err != nil {
		return Score{}, err
	}
	values, err := tangentSpectrum(ctx, t.exec, t.theta, t.pixels, s.Batch, network.RunningNorm)
	if err != nil {
		return Score{}, err
	}
	if !(values[0] > 0) {
		return Score{}, fmt.Errorf("the smallest eigenvalue of the kernel is %v: %w", values[0], ErrUndefined)
	}
	return Score{Value: values[len(values)-1] / values[0]}, nil
}

// tangentSpectrum are the eigenvalues of the kernel of n images, ascending. In eval mode an image is run at a time, in
// train mode one forward pass of all serves.
func tangentSpectrum[T network.Real](ctx context.Context, x network.Runner[T], theta, pixels []T, n int,
	norm network.Norm) ([]float64, error) {
	size, classes := len(pixels)/n, x.Plan().Classes()
	x.ResetRunning()
	if norm == network.BatchNorm {
		if err := x.Forward(theta, pixels, n, norm); err != nil {
			return nil, err
		}
	}
	rows := make([][]T, n)
	for i := range n {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var cotangent []T
		if norm == network.BatchNorm {
			cotangent = make([]T, n*classes)
			copy(cotangent[i*classes:], ones[T](classes))
		} else {
			cotangent = ones[T](classes)
			if err := x.Forward(theta, pixels[i*size:(i+1)*size], 1, norm); err != nil {
				return nil, err
			}
		}
		rows[i] = make([]T, len(theta))
		if err := x.Backward(network.Cotangents[T]{Logits: cotangent}, rows[i], nil); err != nil {
			return nil, err
		}
		for _, v := range x.Plan().Views() {
			if v.Kind == bench301.LinearBias || v.Kind == bench301.NormBias {
				clear(rows[i][v.Offset : v.Offset+v.Size])
			}
		}
	}
	kernel := mat.NewSymDense(n, nil)
	for i := range n {
		for k := range i + 1 {
			total := 0.0
			for j, v := range rows[i] {
				total += float64(float64(v) * float64(rows[k][j]))
			}
			kernel.SetSym(i, k, total)
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(kernel, false) {
		return nil, errors.New("the eigenvalues of the kernel were not found")
	}
	return eigen.Values(nil), nil
}

// vkdnw is the entropy of the quantiles of the Fisher information's eigenvalues, of one weight a parameter tensor
// (Tybl and Neumann 2025, arXiv 2502.04975; as the authors' code computes it).
type vkdnw struct{ noiseSettings }

func (e vkdnw) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	m, err := e.model(a, env, 0)
	if err != nil {
		return Score{}, err
	}
	o := network.Options{Batch: 1, Gradients: true}
	if err := room(m.plan, o, e.imageBytes(m.plan), e.Batch); err != nil {
		return Score{}, err
	}
	x, err := executor[float32](env, m.plan, o)
	if err != nil {
		return Score{}, err
	}
	value, err := fisherEntropy(ctx, x, m.theta, e.images(env, m.plan), e.Batch)
	return Score{Value: value}, err
}

// Constants of vkdnw: the tensors that count, and the smoothing of the class probabilities, 0.95 and 0.005 rounded to
// half precision.
const (
	vkdnwTensors = 128
	vkdnwScale   = 0.9501953125
	vkdnwShift   = 0.00499725341796875
)

// fisherEntropy is vkdnw of n images in eval mode.
func fisherEntropy[T network.Real](ctx context.Context, x network.Runner[T], theta, pixels []T,
	n int) (float64, error) {
	p := x.Plan()
	views := p.Views()[:min(vkdnwTensors, len(p.Views()))]
	classes, size := p.Classes(), len(pixels)/n
	x.ResetRunning()
	fisher := mat.NewSymDense(len(views), nil)
	g := make([]T, len(theta))
	for i := range n {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := x.Forward(theta, pixels[i*size:(i+1)*size], 1, network.RunningNorm); err != nil {
			return 0, err
		}
		logits := make([]float64, classes)
		for c, v := range x.Logits() {
			logits[c] = float64(v)
		}
		j := mat.NewDense(classes, len(views), nil)
		for c := range classes {
			cotangent := make([]T, classes)
			cotangent[c] = 1
			if err := x.Backward(network.Cotangents[T]{Logits: cotangent}, g, nil); err != nil {
				return 0, err
			}
			for k, v := range views {
				j.Set(c, k, float64(g[v.Offset]))
			}
		}
		var lj mat.Dense
		lj.Mul(covarianceRoot(logits), j)
		for a := range len(views) {
			for b := range a + 1 {
				total := 0.0
				for c := range classes {
					total += float64(lj.At(c, a) * lj.At(c, b))
				}
				fisher.SetSym(a, b, fisher.At(a, b)+total/float64(n))
			}
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(fisher, false) {
		return 0, errors.New("the eigenvalues of the Fisher information were not found")
	}
	return quantileEntropy(eigen.Values(nil)), nil
}

// covarianceRoot is the Cholesky factor of diag(p) - pp' for the smoothed softmax p of logits.
func covarianceRoot(logits []float64) *mat.Dense {
	n := len(logits)
	p := make([]float64, n)
	top, total := slices.Max(logits), 0.0
	for i, v := range logits {
		p[i] = math.Exp(v - top)
		total += p[i]
	}
	l := mat.NewDense(n, n, nil)
	before := 1.0
	for j := range n {
		p[j] = float64(p[j]/total*vkdnwScale) + vkdnwShift
	}
	for j := range n {
		rest := before - p[j]
		if j == n-1 {
			rest = 0
		}
		d := math.Sqrt(max(0, p[j]*rest/before))
		l.Set(j, j, d)
		for i := j + 1; i < n; i++ {
			l.Set(i, j, -p[i]/rest*d)
		}
		before = rest
	}
	return l
}

// quantileEntropy is the entropy of the deciles of the absolute eigenvalues, scaled to a sum of one.
func quantileEntropy(values []float64) float64 {
	for i, v := range values {
		values[i] = math.Abs(v)
	}
	slices.Sort(values)
	var q []float64
	for k := 1; k <= 9; k++ {
		at := float64(float64(k) / 10 * float64(len(values)-1))
		i := min(int(at), len(values)-2)
		q = append(q, values[i]+float64((at-float64(i))*(values[i+1]-values[i])))
	}
	total, entropy := linear.Sum(q)+1e-10, 0.0
	for _, v := range q {
		entropy -= float64(v / total * math.Log(v/total+1e-10))
	}
	return entropy
}
