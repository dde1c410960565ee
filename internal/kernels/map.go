package kernels

import "fmt"

// Block is the number of channels that belong together.
const Block = 16

// RoundUp is the number of channels stored for c channels.
func RoundUp(c int) int { return (c + Block - 1) / Block * Block }

// Shape is what a kernel works on: Rows x Width pixels of 16*Blocks channels.
type Shape struct{ Rows, Width, Blocks int }

// Map places the values of a feature map: (row y, pixel x, channel 16b+c) is Data[y*Row + x*Pixel + b*Block + c].
// Strides count float32 values. A nil or short Data panics in the kernel.
type Map struct {
	Data              []float32
	Row, Pixel, Block int
}

// Dense is a map of rows of width pixels whose channels lie side by side; ld is the number of values from pixel to
// pixel.
func Dense(data []float32, width, ld int) Map { return Map{data, width * ld, ld, Block} }

// Planes is a map of planes of 16 channels: height x width pixels with a border of pad pixels around. At(pad, pad) is
// the first pixel inside.
func Planes(data []float32, height, width, pad int) Map {
	row := (width + 2*pad) * Block
	return Map{data, row, Block, (height + 2*pad) * row}
}

// PlanesSize is the number of values of [Planes].
func PlanesSize(height, width, pad, blocks int) int {
	return (height + 2*pad) * (width + 2*pad) * blocks * Block
}

// At is the part of m that begins at pixel x of row y.
func (m Map) At(y, x int) Map {
	m.Data = m.Data[y*m.Row+x*m.Pixel:]
	return m
}

// Every is m reduced to every step-th pixel of every step-th row.
func (m Map) Every(step int) Map {
	m.Row *= step
	m.Pixel *= step
	return m
}

// From is m from the given block of channels on.
func (m Map) From(block int) Map {
	m.Data = m.Data[block*m.Block:]
	return m
}

// block is the vector of 16 channels of block b at (y, x).
func (m Map) block(y, x, b int) *[Block]float32 {
	return (*[Block]float32)(m.Data[y*m.Row+x*m.Pixel+b*m.Block:])
}

// check panics unless every value of shape s lies in m.
func (m Map) check(name string, s Shape) {
	if m.Row < 0 || m.Pixel < 0 || m.Block < 0 {
		panic(fmt.Sprintf("kernels: %s has negative strides", name))
	}
	need := (s.Rows-1)*m.Row + (s.Width-1)*m.Pixel + (s.Blocks-1)*m.Block + Block
	if len(m.Data) < need {
		panic(fmt.Sprintf("kernels: %s has %d values, needs %d", name, len(m.Data), need))
	}
}

// empty reports whether there is nothing to do.
func (s Shape) empty() bool { return s.Rows <= 0 || s.Width <= 0 || s.Blocks <= 0 }

// channels is the number of values of a per-channel vector.
func (s Shape) channels() int { return s.Blocks * Block }

// need panics unless a per-channel or other vector has at least n values.
func need[T any](name string, v []T, n int) {
	if len(v) < n {
		panic(fmt.Sprintf("kernels: %s has %d values, needs %d", name, len(v), n))
	}
}
