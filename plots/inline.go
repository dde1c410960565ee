package plots

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// inLine divides a canvas among plots so that all data are equally large, and rows and columns of data are in line. It
// replaces plot.Align of gonum/plot 0.17, whose rows drift apart where some plots need more room around their data.
func inLine(plots [][]*plot.Plot, tiles draw.Tiles, c draw.Canvas) [][]draw.Canvas {
	out := make([][]draw.Canvas, tiles.Rows)
	for j := range out {
		out[j] = make([]draw.Canvas, tiles.Cols)
		for i := range out[j] {
			out[j][i] = tiles.At(c, i, j)
		}
	}
	for range 3 { // the room around data depends a little on their size
		left, right := make([]vg.Length, tiles.Cols), make([]vg.Length, tiles.Cols)
		top, bottom := make([]vg.Length, tiles.Rows), make([]vg.Length, tiles.Rows)
		around := make([][]vg.Rectangle, tiles.Rows) // room of each plot on the left and below, on the right and above
		for j, row := range plots {
			around[j] = make([]vg.Rectangle, tiles.Cols)
			for i, p := range row {
				if p == nil {
					continue
				}
				at := out[j][i]
				data := p.DataCanvas(at)
				need := vg.Rectangle{Min: data.Min.Sub(at.Min), Max: at.Max.Sub(data.Max)}
				around[j][i] = need
				left[i], right[i] = max(left[i], need.Min.X), max(right[i], need.Max.X)
				bottom[j], top[j] = max(bottom[j], need.Min.Y), max(top[j], need.Max.Y)
			}
		}
		size := c.Size()
		wide := size.X - tiles.PadX*vg.Length(tiles.Cols-1)
		high := size.Y - tiles.PadY*vg.Length(tiles.Rows-1)
		for i := range left {
			wide -= left[i] + right[i]
		}
		for j := range top {
			high -= top[j] + bottom[j]
		}
		wide, high = max(1, wide/vg.Length(tiles.Cols)), max(1, high/vg.Length(tiles.Rows))
		y := c.Max.Y
		for j, row := range plots {
			y -= top[j] + high
			x := c.Min.X
			for i, p := range row {
				x += left[i]
				if p != nil {
					need := around[j][i]
					out[j][i].Rectangle = vg.Rectangle{Min: vg.Point{X: x - need.Min.X, Y: y - need.Min.Y},
						Max: vg.Point{X: x + wide + need.Max.X, Y: y + high + need.Max.Y}}
				}
				x += wide + right[i] + tiles.PadX
			}
			y -= bottom[j] + tiles.PadY
		}
	}
	return out
}
