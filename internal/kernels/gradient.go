package kernels

// Combine computes dst = a*dz + (b*y + c): the gradient through a batch normalisation z of y. With n values a channel,
// r = 1/sqrt(variance + epsilon), gain g, S = sum of dz and T = sum of dz*y (from [Rectify] or [Sums]) it has
//
//	a = g*r,  b = -g*r*r*r*(T - mean*S)/n,  c = -g*r*S/n - b*mean.
func Combine(s Shape, dst, dz, y Map, a, b, c []float32) {
	if s.empty() {
		return
	}
	dst.check("dst", s)
	dz.check("dz", s)
	y.check("y", s)
	for _, v := range [...][]float32{a, b, c} {
		need("a, b or c", v, s.channels())
	}
	if active != Portable {
		args := newElementwiseArgs(s, dst, dz, y)
		args.u, args.v, args.w = &a[0], &b[0], &c[0]
		combineSIMD(&args)
		return
	}
	for row := range s.Rows {
		for p := range s.Width {
			for k := range s.Blocks {
				d, f, g, ch := dst.block(row, p, k), dz.block(row, p, k), y.block(row, p, k), k*Block
				for i := range d {
					d[i] = fma(f[i], a[ch+i], fma(g[i], b[ch+i], c[ch+i]))
				}
			}
		}
	}
}

// Rectify takes a gradient du back through ReLU(scale*x + shift): du where that is positive, else zero; added to dz if
// accumulate is set, else stored there. With stats (2 x 16 x Blocks values) the sums of the final dz over the pixels,
// and after them the sums of dz*x, are added to stats: what [Combine] needs for the normalisation that x went through.
// Sums run in float32 over a row of s.Width pixels and in float64 from there.
func Rectify(s Shape, dz, du, x Map, scale, shift []float32, accumulate bool, stats []float64) {
	if s.empty() {
		return
	}
	dz.check("dz", s)
	du.check("du", s)
	x.check("x", s)
	need("scale", scale, s.channels())
	need("shift", shift, s.channels())
	if stats != nil {
		need("stats", stats, 2*s.channels())
	}
	if active != Portable {
		a := newElementwiseArgs(s, dz, x, du)
		a.u, a.v = &scale[0], &shift[0]
		if accumulate {
			a.flag = 1
		}
		if stats != nil {
			a.stats = &stats[0]
			rectifySumsSIMD(&a)
		} else {
			rectifySIMD(&a)
		}
		return
	}
	for b := range s.Blocks {
		var first, second [Block]float32
		for row := range s.Rows {
			for p := range s.Width {
				d, f, g := dz.block(row, p, b), du.block(row, p, b), x.block(row, p, b)
				for i := range d {
					var v float32
					if fma(g[i], scale[b*Block+i], shift[b*Block+i]) > 0 {
						v = f[i]
					}
					if accumulate {
						v += d[i]
					}
					d[i] = v
					first[i] += v
					second[i] = fma(v, g[i], second[i])
				}
			}
			if stats != nil {
				flush(stats, &first, &second, b, s.Blocks)
			}
		}
	}
}

// Sums adds to stats the sums of x over the pixels and, after them, the sums of x*y. They run in float32 over a row of
// s.Width pixels and in float64 from there. With y = x these are the statistics of a normalisation, or the first half
// a global average.
func Sums(s Shape, stats []float64, x, y Map) {
	if s.empty() {
		return
	}
	x.check("x", s)
	y.check("y", s)
	need("stats", stats, 2*s.channels())
	if active != Portable {
		a := newElementwiseArgs(s, Map{}, x, y)
		a.stats = &stats[0]
		sumsSIMD(&a)
		return
	}
	for b := range s.Blocks {
		var first, second [Block]float32
		for row := range s.Rows {
			for p := range s.Width {
				f := x.block(row, p, b)
				for i, v := range f {
					first[i] += v
				}
				multiplyAdd(&second, f, y.block(row, p, b))
			}
			flush(stats, &first, &second, b, s.Blocks)
		}
	}
}

// totalsArgs is what the assembly of Totals takes.
type totalsArgs struct {
	data                  *float32
	blocks, stride, count int
}

// Totals replaces the first n values of data, a multiple of 16, by the sums of count vectors of n values that begin
// stride values apart. They add up in float64, from the first to the last.
func Totals(data []float32, n, stride, count int) {
	if n == 0 {
		return
	}
	if n%Block != 0 || count < 1 {
		panic("kernels: Totals: n must be a multiple of 16, count positive")
	}
	need("data", data, (count-1)*stride+n)
	if active != Portable {
		totalsSIMD(&totalsArgs{&data[0], n / Block, 4 * stride, count})
		return
	}
	for i := range n {
		total := 0.0
		for k := range count {
			total += float64(data[k*stride+i])
		}
		data[i] = float32(total)
	}
}
