package kernels

// Axis is one dimension of a weight matrix: Size entries, Stride values apart. Entries come in groups of Group (0 means
// one group), each stored from a multiple of 16 on: so are the channels of a concatenation.
type Axis struct{ Size, Stride, Group int }

// Stored is the number of entries with those that fill up the groups.
func (a Axis) Stored() int {
	if a.Size == 0 {
		return 0
	}
	g := a.group()
	return (a.Size-1)/g*RoundUp(g) + RoundUp(a.Size-(a.Size-1)/g*g)
}

func (a Axis) group() int {
	if a.Group == 0 {
		return a.Size
	}
	return a.Group
}

// place is where entry i is stored.
func (a Axis) place(i int) int { return i/a.group()*RoundUp(a.group()) + i%a.group() }

// Pack writes a matrix as B of a [Product]: terms.Stored() terms of columns.Stored() columns, BBlock 16*terms.Stored(),
// BTerm 16. Entry (t, c) is src[t*terms.Stride + c*columns.Stride]; what fills up the groups becomes zero.
//
// A 1x1 convolution of weight [out][in] has terms {in, 1, group} and columns {out, in, 0}; for its input gradient swap
// the two.
func Pack(dst, src []float32, terms, columns Axis) {
	stored := terms.Stored()
	dst = dst[:stored*columns.Stored()]
	clear(dst)
	switch plain := terms.plain() && columns.plain(); {
	case plain && columns.Stride == 1:
		packRows(dst, src, stored, terms, columns.Size)
		return
	case plain && terms.Stride == 1:
		packColumns(dst, src, stored, terms.Size, columns)
		return
	}
	for c := range columns.Size {
		at := columns.place(c)
		panel := dst[at/Block*stored*Block+at%Block:]
		for t := range terms.Size {
			panel[terms.place(t)*Block] = src[t*terms.Stride+c*columns.Stride]
		}
	}
}

// plain reports whether all entries lie in one group.
func (a Axis) plain() bool { return a.group() >= a.Size }

// packRows is Pack where the columns of a term follow each other.
func packRows(dst, src []float32, stored int, terms Axis, columns int) {
	for t := range terms.Size {
		row := src[t*terms.Stride:][:columns]
		for at := t * Block; len(row) > 0; at += stored * Block {
			row = row[copy(dst[at:at+Block], row):]
		}
	}
}

// packColumns is Pack where the terms of a column follow each other: four columns at a time, which lie in one block.
func packColumns(dst, src []float32, stored, terms int, columns Axis) {
	c := 0
	for ; c+4 <= columns.Size; c += 4 {
		panel := dst[c/Block*stored*Block+c%Block:]
		column := func(k int) []float32 { return src[(c+k)*columns.Stride:][:terms] }
		c0, c1, c2, c3 := column(0), column(1), column(2), column(3)
		for t, v := range c0 {
			to := panel[t*Block:][:4]
			to[0], to[1], to[2], to[3] = v, c1[t], c2[t], c3[t]
		}
	}
	for ; c < columns.Size; c++ {
		panel := dst[c/Block*stored*Block+c%Block:]
		for t, v := range src[c*columns.Stride:][:terms] {
			panel[t*Block] = v
		}
	}
}

// Unpack adds the gradient of a matrix that [Pack] packs to dst. It is the C of a weight gradient: rows of
// columns.Stored() values, a row a term.
func Unpack(dst, c []float32, terms, columns Axis) {
	row := columns.Stored()
	if terms.Stride == 1 && columns.plain() {
		for t := 0; t < terms.Size; t += terms.group() {
			n := min(terms.group(), terms.Size-t)
			unpackColumns(dst[t:], c[terms.place(t)*row:], row, n, columns)
		}
		return
	}
	for t := range terms.Size {
		from := c[terms.place(t)*row:][:row]
		for k := range columns.Size {
			dst[t*terms.Stride+k*columns.Stride] += from[columns.place(k)]
		}
	}
}

// Lay writes a matrix as [Unpack] reads its gradient: rows of columns.Stored() values, a row a term. What fills up
// groups stays as it is.
func Lay(dst, src []float32, terms, columns Axis) {
	row := columns.Stored()
	for t := range terms.Size {
		to := dst[terms.place(t)*row:][:row]
		for k := range columns.Size {
			to[columns.place(k)] = src[t*terms.Stride+k*columns.Stride]
		}
	}
}

// unpackColumns is Unpack where the terms of a column follow each other: four columns at a time.
func unpackColumns(dst, c []float32, row, terms int, columns Axis) {
	column := func(k int) []float32 { return dst[k*columns.Stride:][:terms] }
	k := 0
	for ; k+4 <= columns.Size; k += 4 {
		d0, d1, d2, d3 := column(k), column(k+1), column(k+2), column(k+3)
		d1, d2, d3 = d1[:len(d0)], d2[:len(d0)], d3[:len(d0)]
		for t := range d0 {
			from := (*[4]float32)(c[t*row+k:])
			d0[t] += from[0]
			d1[t] += from[1]
			d2[t] += from[2]
			d3[t] += from[3]
		}
	}
	for ; k < columns.Size; k++ {
		for t, d := 0, column(k); t < terms; t++ {
			d[t] += c[t*row+k]
		}
	}
}

// PackDepthwise writes the weights [channels][window] of a depthwise convolution as [block][window][16], what fills up
// the last block zero. Flipped turns every window by half a turn, as the input gradient needs it.
func PackDepthwise(dst, src []float32, channels, window int, flipped bool) {
	dst = dst[:RoundUp(channels)*window]
	clear(dst)
	for c := range channels {
		for t := range window {
			from := t
			if flipped {
				from = window - 1 - t
			}
			dst[(c/Block*window+t)*Block+c%Block] = src[c*window+from]
		}
	}
}

// UnpackDepthwise adds a gradient of [Depthwise.WeightGradient] to dst, laid out as the src of [PackDepthwise].
func UnpackDepthwise(dst, w []float32, channels, window int) {
	for c := range channels {
		for t := range window {
			dst[c*window+t] += w[(c/Block*window+t)*Block+c%Block]
		}
	}
}
