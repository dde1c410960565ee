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
	z := newRows[T](d)
	p := product[T]{x: z, y: z, symmetric: true}
	total := p.of(n, scale, func(i, at int) { fill(i, z.row(at)) })
	return mat.NewSymDense(d, total.Values)
}

// RowProduct is scale * X'Y, dx x dy, of n rows of dx and dy values, which fill writes as that of RowGram does.
func RowProduct[T float32 | float64](n, dx, dy int, scale float64, fill func(i int, x, y []T)) Matrix {
	p := product[T]{x: newRows[T](dx), y: newRows[T](dy)}
	return p.of(n, scale, func(i, at int) { fill(i, p.x.row(at), p.y.row(at)) })
}

// product adds up X'Y a piece of rows at a time.
type product[T float32 | float64] struct {
	x, y      rows[T]
	symmetric bool      // X is Y: only what lies on and above the diagonal
	packed, c []float32 // of single precision: columns of Y side by side, and the product of a piece
}

// of is scale * X'Y of n rows; fill writes row i to place at of the piece.
func (p *product[T]) of(n int, scale float64, fill func(i, at int)) Matrix {
	total := NewMatrix(p.x.d, p.y.d)
	for lo := 0; lo < n; lo += piece {
		hi := min(lo+piece, n)
		for i := lo; i < hi; i++ {
			fill(i, i-lo)
		}
		p.add(total, hi-lo)
	}
	for i := range total.Values {
		total.Values[i] *= scale
	}
	return total
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

// add adds X'Y of the first n rows to total.
func (p *product[T]) add(total Matrix, n int) {
	switch x := any(p.x.values).(type) {
	case []float64:
		general := func(z rows[T], values []float64) blas64.General {
			return blas64.General{Rows: n, Cols: z.d, Stride: z.stride, Data: values}
		}
		if p.symmetric {
			blas64.Syrk(blas.Trans, 1, general(p.x, x), 1,
				blas64.Symmetric{Uplo: blas.Upper, N: p.x.d, Stride: total.D, Data: total.Values})
			return
		}
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, general(p.x, x), general(p.y, any(p.y.values).([]float64)), 1,
			blas64.General{Rows: p.x.d, Cols: p.y.d, Stride: total.D, Data: total.Values})
	case []float32:
		p.addSingle(total, x, any(p.y.values).([]float32), n)
	}
}

// addSingle is add in single precision, some blocks of columns at a time.
func (p *product[T]) addSingle(total Matrix, x, y []float32, n int) {
	const width = 4 * kernels.Block // columns, whose rows of Y are packed to lie side by side
	if p.c == nil {
		p.packed, p.c = kernels.Aligned(piece*width), kernels.Aligned(p.x.stride*width)
	}
	for j := 0; j < p.y.stride; j += width {
		blocks := min(width, p.y.stride-j) / kernels.Block
		for b := range blocks {
			for i := range n {
				copy(p.packed[(b*piece+i)*kernels.Block:][:kernels.Block], y[i*p.y.stride+j+b*kernels.Block:])
			}
		}
		upTo := p.x.stride
		if p.symmetric {
			upTo = min(upTo, j+width)
		}
		(&kernels.Product{
			Rows: 1, Width: upTo, Blocks: blocks, Terms: n,
			A: x, APixel: 1, ATerm: p.x.stride,
			B: p.packed, BBlock: piece * kernels.Block, BTerm: kernels.Block,
			C: kernels.Map{Data: p.c, Pixel: width, Block: kernels.Block},
		}).Run()
		for i := range min(upTo, total.N) {
			to := total.Row(i)[j:min(j+width, total.D)]
			for k, v := range p.c[i*width:][:len(to)] {
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
