package head

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Ridge fits one-hot labels by least squares with an L2 penalty on centred features X (n x d):
//
//	W = (X'X/n + lambda I)^-1 X'(Y - mean Y)/n,  b = mean Y - mean(x) W
//
// The intercept is not penalised. Lambda must be positive.
func Ridge(x []float64, labels []int, classes int, lambda float64) (*Linear, error) {
	if err := check(x, labels, classes); err != nil {
		return nil, err
	}
	if !(lambda > 0) {
		return nil, fmt.Errorf("head: lambda %v: must be positive", lambda)
	}
	n := len(labels)
	d := len(x) / n
	means := columnMeans(x, d)
	z := make([]float64, len(x))
	for i := range z {
		z[i] = x[i] - means[i%d]
	}
	prior := make([]float64, classes)
	for _, l := range labels {
		prior[l] += 1 / float64(n)
	}
	y := make([]float64, n*classes) // centred one-hot labels over n
	for i, l := range labels {
		for k, p := range prior {
			y[i*classes+k] = -p / float64(n)
		}
		y[i*classes+l] += 1 / float64(n)
	}
	w := make([]float64, d*classes)
	zm, ym, wm := general(n, d, z), general(n, classes, y), general(d, classes, w)
	if d <= n {
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, zm, ym, 0, wm)
		if err := solve(gram(blas.Trans, zm, d, 1/float64(n), lambda), wm); err != nil {
			return nil, err
		}
	} else { // the same by the n x n system: (X'X/n + lambda I)^-1 X' = X' (XX'/n + lambda I)^-1
		if err := solve(gram(blas.NoTrans, zm, n, 1/float64(n), lambda), ym); err != nil {
			return nil, err
		}
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, zm, ym, 0, wm)
	}
	l := &Linear{In: d, Out: classes, W: w, B: prior, Regression: true}
	blas64.Gemm(blas.NoTrans, blas.NoTrans, -1, general(1, d, means), wm, 1, general(1, classes, l.B))
	return l, nil
}

// gram returns scale * Z'Z (trans) or scale * ZZ' with lambda added to the diagonal.
func gram(trans blas.Transpose, z blas64.General, size int, scale, lambda float64) *mat.SymDense {
	s := mat.NewSymDense(size, nil)
	blas64.Syrk(trans, scale, z, 0, s.RawSymmetric())
	for i := range size {
		s.SetSym(i, i, s.At(i, i)+lambda)
	}
	return s
}

// solve replaces b by s^-1 b.
func solve(s *mat.SymDense, b blas64.General) error {
	var c mat.Cholesky
	if !c.Factorize(s) {
		return fmt.Errorf("head: the features are too large or lambda too small for a stable solution")
	}
	m := mat.NewDense(b.Rows, b.Cols, b.Data)
	return c.SolveTo(m, m)
}

func columnMeans(x []float64, d int) []float64 {
	means := make([]float64, d)
	for i, v := range x {
		means[i%d] += v
	}
	for k := range means {
		means[k] /= float64(len(x) / d)
	}
	return means
}
