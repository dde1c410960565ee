package linear

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"rwe301/internal/kernels"
)

// piece is how many rows are multiplied at once: float32 sums run over so many products, float64 ones from there.
const piece = 256

// RowGram is scale * Z'Z, d x d, of n rows of d values, which fill writes one by one, from the first to the last, over
// zeros or another row. Single precision takes the kernels, whose sums run over 256 products.
func RowGram[T float32 | float64](n, d int, scale float64, fill func(i int, row []T)) *mat.SymDense {
	total := NewMatrix(d, d)
	each(n, func(lo, hi int, z rows[T]) {
		for i := lo; i < hi; i++ {
			fill(i, z.row(i-lo))
		}
		z.addProduct(total, z, hi-lo, true)
	}, d)
	s := mat.NewSymDense(d, total.Values)
	s.ScaleSym(scale, s)
	return s
}

// RowProduct is scale * X'Y, dx x dy, of n rows of dx and dy values, which fill writes as that of RowGram does.
func RowProduct[T float32 | float64](n, dx, dy int, scale float64, fill func(i int, x, y []T)) Matrix {
	total := NewMatrix(dx, dy)
	y := newRows[T](dy)
	each(n, func(lo, hi int, x rows[T]) {
		for i := lo; i < hi; i++ {
			fill(i, x.row(i-lo), y.row(i-lo))
		}
		x.addProduct(total, y, hi-lo, false)
	}, dx)
	for i := range total.Values {
		total.Values[i] *= scale
	}
	return total
}

// each calls f for n rows of d values, a piece of them at a time.
func each[T float32 | float64](n int, f func(lo, hi int, z rows[T]), d int) {
	z := newRows[T](d)
	for lo := 0; lo < n; lo += piece {
		f(lo, min(lo+piece, n), z)
	}
}

// rows are a piece of rows of d values, which lie stride values apart.
type rows[T float32 | float64] struct {
	d, stride int
	values    []T
}

func newRows[T float32 | float64](d int) rows[T] {
	stride := kernels.RoundUp(d)
	z := rows[T]{d, stride, nil}
	switch v := any(&z.values).(type) {
	case *[]float32:
		*v = kernels.Aligned(piece * stride)
	case *[]float64:
		*v = make([]float64, piece*stride)
	}
	return z
}

func (z rows[T]) row(i int) []T { return z.values[i*z.stride:][:z.d] }

// addProduct adds X'Y of the first n rows to total, or what of it lies on and above the diagonal.
func (z rows[T]) addProduct(total Matrix, y rows[T], n int, symmetric bool) {
	switch x := any(z.values).(type) {
	case []float64:
		general := func(z rows[T], values []float64) blas64.General {
			return blas64.General{Rows: n, Cols: z.d, Stride: z.stride, Data: values}
		}
		if symmetric {
			blas64.Syrk(blas.Trans, 1, general(z, x), 1,
				blas64.Symmetric{Uplo: blas.Upper, N: z.d, Stride: total.D, Data: total.Values})
			return
		}
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, general(z, x), general(y, any(y.values).([]float64)), 1,
			blas64.General{Rows: z.d, Cols: y.d, Stride: total.D, Data: total.Values})
	case []float32:
		addSingle(total, x, z.stride, any(y.values).([]float32), y.stride, n, symmetric)
	}
}

// addSingle is addProduct in single precision, some blocks of columns at a time.
func addSingle(total Matrix, x []float32, xStride int, y []float32, yStride, n int, symmetric bool) {
	const width = 4 * kernels.Block // columns, whose rows of Y are packed to lie side by side
	packed := kernels.Aligned(piece * width)
	c := kernels.Aligned(xStride * width)
	for j := 0; j < yStride; j += width {
		blocks := min(width, yStride-j) / kernels.Block
		for b := range blocks {
			for i := range n {
				copy(packed[(b*piece+i)*kernels.Block:][:kernels.Block], y[i*yStride+j+b*kernels.Block:])
			}
		}
		upTo := xStride
		if symmetric {
			upTo = min(xStride, j+width)
		}
		(&kernels.Product{
			Rows: 1, Width: upTo, Blocks: blocks, Terms: n,
			A: x, APixel: 1, ATerm: xStride,
			B: packed, BBlock: piece * kernels.Block, BTerm: kernels.Block,
			C: kernels.Map{Data: c, Pixel: width, Block: kernels.Block},
		}).Run()
		for i := range min(upTo, total.N) {
			to := total.Row(i)[j:min(j+width, total.D)]
			for k, v := range c[i*width:][:len(to)] {
				to[k] += float64(v)
			}
		}
	}
}

// Deviations are the mean of some values and the sum of the squares of their distances from it.
func Deviations[T float32 | float64](x []T) (mean, squares float64) {
	whole := len(x) / 4 * 4
	var a, b, c, d float64 // four sums do not wait for each other
	for k := 0; k < whole; k += 4 {
		v := x[k : k+4 : k+4]
		a, b, c, d = a+float64(v[0]), b+float64(v[1]), c+float64(v[2]), d+float64(v[3])
	}
	for _, v := range x[whole:] {
		a += float64(v)
	}
	mean = (a + b + c + d) / float64(len(x))
	a, b, c, d = 0, 0, 0, 0
	for k := 0; k < whole; k += 4 {
		v := x[k : k+4 : k+4]
		e, f, g, h := float64(v[0])-mean, float64(v[1])-mean, float64(v[2])-mean, float64(v[3])-mean
		a, b, c, d = a+float64(e*e), b+float64(f*f), c+float64(g*g), d+float64(h*h)
	}
	for _, v := range x[whole:] {
		e := float64(v) - mean
		a += float64(e * e)
	}
	return mean, a + b + c + d
}
