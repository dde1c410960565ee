package kernels

import "fmt"

// Product is the matrix product C = A*B, or C += A*B: a 1x1 convolution, its gradients, a full convolution, a linear
// layer. The rows of A and C are the pixels of a map, Rows x Width of them; the terms of the sum come in Segments (0
// means 1) of Terms.
//
//   - A(y, x, segment s, term k) is A[y*ARow + x*APixel + s*ASegment + k*ATerm];
//   - B(t, 16j+c), with t = s*Terms + k, is B[j*BBlock + t*BTerm + c];
//   - C is a map of Blocks blocks of columns.
//
// Terms are summed from zero in order of t, then added to C if Accumulate is set. With Stats (2 x 16 x Blocks values)
// the sums over the pixels of the final C, and after them the sums of squares, are added to Stats: float32 in row-major
// order over all pixels of the call, so a call should have 256 pixels or fewer, and float64 from there.
//
// Some uses: a convolution has ATerm 1 and B from [Pack]. A k x k convolution on an image with a border has Segments k,
// Terms k*channels, ASegment the image's row. The weight gradient has pixels as terms: ATerm the pixel stride of the
// layer's input, APixel 1, B the output's gradient in rows (BBlock 16, BTerm its pixel stride), Accumulate.
type Product struct {
	Rows, Width, Blocks int

	Segments, Terms               int
	A                             []float32
	ARow, APixel, ASegment, ATerm int
	B                             []float32
	BBlock, BTerm                 int
	C                             Map
	Accumulate                    bool
	Stats                         []float64
}

// productArgs is what the assembly reads; strides are in bytes.
type productArgs struct {
	a, b, c                       *float32
	stats                         *float64
	rows, width, blocks, total    int
	segments, terms               int
	aRow, aPixel, aSegment, aTerm int
	bBlock, bTerm                 int
	cRow, cPixel, cBlock          int
	accumulate                    int
}

// Run computes the product.
func (p *Product) Run() {
	s := Shape{p.Rows, p.Width, p.Blocks}
	segments := max(p.Segments, 1)
	if s.empty() {
		return
	}
	if p.Terms < 1 {
		panic(fmt.Sprintf("kernels: product of %d terms", p.Terms))
	}
	if min(p.ARow, p.APixel, p.ASegment, p.ATerm, p.BBlock, p.BTerm) < 0 {
		panic("kernels: product with negative strides")
	}
	need("A", p.A, (p.Rows-1)*p.ARow+(p.Width-1)*p.APixel+(segments-1)*p.ASegment+(p.Terms-1)*p.ATerm+1)
	need("B", p.B, (p.Blocks-1)*p.BBlock+(segments*p.Terms-1)*p.BTerm+Block)
	p.C.check("C", s)
	if p.Stats != nil {
		need("stats", p.Stats, 2*s.channels())
	}
	if active == Portable {
		p.portable(s, segments)
		return
	}
	args := productArgs{
		a: &p.A[0], b: &p.B[0], c: &p.C.Data[0],
		rows: p.Rows, width: p.Width, blocks: p.Blocks, total: p.Blocks, segments: segments, terms: p.Terms,
		aRow: 4 * p.ARow, aPixel: 4 * p.APixel, aSegment: 4 * p.ASegment, aTerm: 4 * p.ATerm,
		bBlock: 4 * p.BBlock, bTerm: 4 * p.BTerm,
		cRow: 4 * p.C.Row, cPixel: 4 * p.C.Pixel, cBlock: 4 * p.C.Block,
	}
	if p.Stats != nil {
		args.stats = &p.Stats[0]
	}
	if p.Accumulate {
		args.accumulate = 1
	}
	productSIMD(&args)
}

func (p *Product) portable(s Shape, segments int) {
	for j := range s.Blocks {
		var sum, squares [Block]float32
		for y := range s.Rows {
			for x := range s.Width {
				var acc [Block]float32
				for seg := range segments {
					a := p.A[y*p.ARow+x*p.APixel+seg*p.ASegment:]
					b := p.B[j*p.BBlock+seg*p.Terms*p.BTerm:]
					for k := range p.Terms {
						axpy(&acc, a[k*p.ATerm], (*[Block]float32)(b[k*p.BTerm:]))
					}
				}
				c := p.C.block(y, x, j)
				if p.Accumulate {
					for i := range acc {
						acc[i] += c[i]
					}
				}
				*c = acc
				if p.Stats != nil {
					for i, v := range acc {
						sum[i] += v
					}
					multiplyAdd(&squares, &acc, &acc)
				}
			}
		}
		if p.Stats != nil {
			flush(p.Stats, &sum, &squares, j, s.Blocks)
		}
	}
}

// flush adds the sums of block j to stats, which holds first and second sums of all blocks.
func flush(stats []float64, first, second *[Block]float32, j, blocks int) {
	for i := range Block {
		stats[j*Block+i] += float64(first[i])
		stats[(blocks+j)*Block+i] += float64(second[i])
	}
	*first, *second = [Block]float32{}, [Block]float32{}
}
