// Package linear does the linear algebra that estimators have in common: products and spectra of a [Matrix], whose rows
// are images, channels or pixels.
package linear

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Matrix are n x d values, row by row: features of images, say.
type Matrix struct {
	N, D   int
	Values []float64
}

// NewMatrix returns n x d zeros.
func NewMatrix(n, d int) Matrix { return Matrix{n, d, make([]float64, n*d)} }

// Row is row i, not a copy.
func (m Matrix) Row(i int) []float64 { return m.Values[i*m.D : (i+1)*m.D] }

// CentreRows centres each row and scales it to length 1, so that products of rows are correlations. A constant row
// becomes zero; the first such row is returned, or -1.
func CentreRows(m Matrix) (constant int) {
	constant = -1
	for i := m.N - 1; i >= 0; i-- {
		row := m.Row(i)
		middle, square := Mean(row), 0.0
		for k := range row {
			row[k] -= middle
			square += float64(row[k] * row[k])
		}
		if square == 0 {
			constant = i
			continue
		}
		for k := range row {
			row[k] /= math.Sqrt(square)
		}
	}
	return constant
}

// ChannelRows is image 0 of a map as c rows of h*w values.
func ChannelRows[T float32 | float64](data []T, h, w, c int) Matrix {
	m := NewMatrix(c, h*w)
	for p := range h * w {
		for k := range c {
			m.Values[k*h*w+p] = float64(data[p*c+k])
		}
	}
	return m
}

// Pick is the matrix of some rows.
func Pick(m Matrix, rows []int) Matrix {
	out := Matrix{len(rows), m.D, make([]float64, 0, len(rows)*m.D)}
	for _, r := range rows {
		out.Values = append(out.Values, m.Row(r)...)
	}
	return out
}

// Gram is scale * Z'Z (trans) or scale * ZZ'.
func Gram(trans blas.Transpose, z Matrix, scale float64) *mat.SymDense {
	size := z.N
	if trans == blas.Trans {
		size = z.D
	}
	s := mat.NewSymDense(size, nil)
	step := max(1, gramPiece/size)
	for lo := 0; lo < z.N*z.D/size; lo += step { // all of Z would leave the cache once for every row of the product
		piece := blas64.General{Rows: z.N, Cols: min(step, z.D-lo), Stride: z.D, Data: z.Values[lo:]}
		if trans == blas.Trans {
			piece = blas64.General{Rows: min(step, z.N-lo), Cols: z.D, Stride: z.D, Data: z.Values[lo*z.D:]}
		}
		blas64.Syrk(trans, scale, piece, 1, s.RawSymmetric())
	}
	return s
}

// gramPiece is the number of values of Z, 256 KB, that are multiplied at once.
const gramPiece = 1 << 15

// EffectiveRank is exp(-sum p ln p), p being the singular values divided by their sum (Roy and Vetterli 2007); 0 for a
// matrix of zeros.
func EffectiveRank(m Matrix) (float64, error) {
	var svd mat.SVD
	if !svd.Factorize(mat.NewDense(m.N, m.D, m.Values), mat.SVDNone) {
		return 0, fmt.Errorf("the singular values of a %d x %d matrix were not found", m.N, m.D)
	}
	values := svd.Values(nil)
	total, entropy := Sum(values), 0.0
	if total == 0 {
		return 0, nil
	}
	for _, v := range values {
		if p := v / total; p > 0 {
			entropy -= float64(p * math.Log(p))
		}
	}
	return math.Exp(entropy), nil
}

// SmallestEigenvalue is that of the correlation matrix of the rows, in which a constant row correlates with nothing,
// not even itself. It centres and scales m.
func SmallestEigenvalue(m Matrix) float64 {
	if m.N >= m.D {
		return 0 // centred rows span one dimension less than they have values
	}
	CentreRows(m)
	var eigen mat.EigenSym
	if !eigen.Factorize(Gram(blas.NoTrans, m, 1), false) {
		return 0
	}
	return eigen.Values(nil)[0]
}

// Sum adds up.
func Sum(x []float64) float64 {
	total := 0.0
	for _, v := range x {
		total += v
	}
	return total
}

// Mean is the mean, 0 of no values.
func Mean(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	return Sum(x) / float64(len(x))
}
