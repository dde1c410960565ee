package estimators

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/mat"

	"rwe301/bench301"
	"rwe301/estimators/internal/linear"
	"rwe301/estimators/internal/precision"
	"rwe301/network"
)

// The registry's entries.
var (
	jacovEntry = define(Info{
		Name: "jacov", Measures: "how gradients of images differ",
		Family: Gradients, Random: true, Needs: Needs{Data: true, Gradients: true}, Direction: Higher,
		Unit: "nats", Cost: Cheap,
		Paper: "Mellor et al. 2020, arXiv 2006.04647v1; as NASLib computes it",
		Cites: []string{"mellor2021naswot", "krishnakumar2022suite"},
		Formula: "-sum ln(v + 1e-5) + 1/(v + 1e-5) over the eigenvalues v of the correlation matrix of the " +
			"images' gradients",
		Mode:  trainMode + ", gradient of the sum of the logits by the images",
		Noise: noise,
	}, proxy, ofJacobian(stateTrain, jacov))
	epeNASEntry = define(Info{
		Name: "epe_nas", Measures: "jacov within classes",
		Aliases: []string{"epe-nas"}, Family: Gradients, Random: true,
		Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: "nats", Cost: Cheap,
		Paper: "Lopes, Alirezazadeh, Alexandre 2021, arXiv 2102.08099; as NASLib computes it",
		Cites: []string{"lopes2021epenas", "krishnakumar2022suite"},
		Formula: "sum over classes of |sum ln(|R| + 1e-5)|, R the correlation matrix of the gradients of the " +
			"class's images",
		Mode:    trainMode + ", gradient of the sum of the logits by the images",
		Caveats: "a class with one image counts as nothing",
		Noise:   noise,
	}, proxy, ofJacobian(stateTrain, epeNAS))
	jacovEvalEntry = define(Info{
		Name: "jacov-eval", Measures: "jacov without batch statistics",
		Family: Gradients, Random: true, Needs: Needs{Data: true, Gradients: true},
		Direction: Higher, Unit: "nats", Cost: Cheap,
		Paper: "jacov, made well conditioned", Cites: []string{"mellor2021naswot"},
		Formula: "jacov with normalisations that do not look at the batch",
		Mode:    evalMode + ", gradient of the sum of the logits by the images",
	}, proxy, ofJacobian(stateEval, jacov))
	epeNASEvalEntry = define(Info{
		Name: "epe_nas-eval", Measures: "epe_nas without batch statistics",
		Aliases: []string{"epe-nas-eval"}, Family: Gradients, Random: true,
		Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: "nats", Cost: Cheap,
		Paper: "epe_nas, made well conditioned", Cites: []string{"lopes2021epenas"},
		Formula: "epe_nas with normalisations that do not look at the batch",
		Mode:    evalMode + ", gradient of the sum of the logits by the images",
		Caveats: "a class with one image counts as nothing",
	}, proxy, ofJacobian(stateEval, epeNAS))
)

// jacobian is the derivative of the sum of all logits with respect to each image, n x values, with the labels.
func (s proxySettings) jacobian(ctx context.Context, a bench301.Architecture, env *Env,
	state string) (j []float64, labels []int, err error) {
	return precision.Either(s.Precision, jacobianOf[float32], jacobianOf[float64])(ctx, s, a, env, state)
}

func jacobianOf[T network.Real](ctx context.Context, s proxySettings, a bench301.Architecture, env *Env,
	state string) ([]float64, []int, error) {
	p, err := passesOf[T](s, a, env, false)
	if err != nil {
		return nil, nil, err
	}
	if state == stateTrain {
		if err := p.train(ctx, s, env, false); err != nil {
			return nil, nil, err
		}
	}
	type key struct {
		proxySettings
		state string
	}
	j, err := share(env, key{s, state}, func() ([]float64, error) {
		if err := p.forward(ctx, state, false); err != nil {
			return nil, err
		}
		j := make([]T, len(p.pixels))
		err := p.exec.Backward(network.Cotangents[T]{Logits: ones[T](len(p.exec.Logits()))}, nil, j)
		return precision.Convert[float64](j), err
	})
	return j, p.images.Labels, err
}

// jacobianScore is a score of the Jacobian's rows and the labels.
type jacobianScore struct {
	proxySettings
	state string
	of    func(j []float64, labels []int) (float64, error)
}

// noise is the warning of scores that are nothing but rounding on these networks.
const noise = "rounding noise on networks whose last cell ends in normalisations: in train mode the Jacobian " +
	"is zero there; use the form that ends in -eval"

func (e jacobianScore) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	j, labels, err := e.jacobian(ctx, a, env, e.state)
	if err != nil {
		return Score{}, err
	}
	value, err := e.of(j, labels)
	s := Score{Value: value}
	if e.state == stateTrain {
		s.Warnings = append(s.Warnings, noise)
	}
	return s, err
}

// jacov is -sum ln(v + k) + 1/(v + k) over the eigenvalues v of the correlation matrix of the rows, k = 1e-5 (Mellor et
// al. 2020, version 1 of arXiv 2006.04647).
func jacov(j []float64, labels []int) (float64, error) {
	const k = 1e-5
	r, err := correlations(j, len(labels))
	if err != nil {
		return 0, err
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(r, false) {
		return 0, errors.New("the eigenvalues of the correlation matrix were not found")
	}
	score := 0.0
	for _, v := range eigen.Values(nil) {
		score -= math.Log(v+k) + 1/(v+k)
	}
	return score, nil
}

// epeNAS is sum over the classes of |sum ln(|R| + k)| over all entries of the correlation matrix R of the class's
// rows, k = 1e-5 (Lopes et al. 2021, arXiv 2102.08099; the form for at most 100 classes).
func epeNAS(j []float64, labels []int) (float64, error) {
	const k = 1e-5
	size := len(j) / len(labels)
	classes := map[int][]float64{}
	top := 0
	for i, l := range labels {
		classes[l] = append(classes[l], j[i*size:(i+1)*size]...)
		top = max(top, l)
	}
	score := 0.0
	for l := range top + 1 {
		rows := classes[l]
		n := len(rows) / size
		switch n {
		case 0:
			continue
		case 1:
			score += math.Abs(math.Log(1 + k))
			continue
		}
		r, err := correlations(rows, n)
		if err != nil {
			return 0, fmt.Errorf("class %d: %w", l, err)
		}
		total := 0.0
		for a := range n {
			for b := range n {
				total += math.Log(math.Abs(r.At(a, b)) + k)
			}
		}
		score += math.Abs(total)
	}
	return score, nil
}

// correlations is the matrix of Pearson's correlations between n rows, clipped to [-1, 1], in float64. A constant row
// has none.
func correlations(rows []float64, n int) (*mat.SymDense, error) {
	size := len(rows) / n
	z := linear.NewMatrix(n, size)
	copy(z.Values, rows)
	if i := linear.CentreRows(z); i >= 0 {
		return nil, fmt.Errorf("row %d of the Jacobian is constant: it correlates with nothing: %w", i, ErrUndefined)
	}
	r := linear.Gram(blas.NoTrans, z, 1)
	for i := range n {
		for k := range i + 1 {
			r.SetSym(i, k, max(-1, min(1, r.At(i, k))))
		}
	}
	return r, nil
}

// ofJacobian builds an estimator that scores the images' gradients.
func ofJacobian(state string, of func(j []float64, labels []int) (float64, error)) func(proxySettings) Estimator {
	return func(s proxySettings) Estimator { return jacobianScore{s, state, of} }
}
