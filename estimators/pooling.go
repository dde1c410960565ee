package estimators

import (
	"math"

	"rwe301/estimators/internal/linear"
)

// poolingName is how a cell's output, h x w x c values an image, becomes features.
type poolingName string

// The poolings.
const (
	poolMean     poolingName = "mean"      // global average
	poolReLUMean poolingName = "relu-mean" // global average of max(x, 0)
	poolMax      poolingName = "max"       // global maximum
	poolStd      poolingName = "std"       // standard deviation over the positions
	poolGrid     poolingName = "grid"      // average over each quarter of the map
	poolReLUGrid poolingName = "relu-grid" // the same of max(x, 0)
	poolNone     poolingName = "none"      // every value of the map
)

// poolings are what the names stand for.
var poolings = map[poolingName]*pooling{
	poolMean:     {parts: 1, value: linear.Mean},
	poolReLUMean: {parts: 1, value: reluMean},
	poolMax:      {parts: 1, value: maximum},
	poolStd:      {parts: 1, value: deviation},
	poolGrid:     {parts: 2, value: linear.Mean},
	poolReLUGrid: {parts: 2, value: reluMean},
	poolNone:     {},
}

// pooling reduces each of parts x parts regions of the map to a value a channel; without parts it keeps all values.
type pooling struct {
	parts int
	value func(region []float64) float64
}

// features is the number of features of a map.
func (p *pooling) features(h, w, c int) int {
	if p.parts == 0 {
		return h * w * c
	}
	return p.parts * p.parts * c
}

// read fills out with the features of one image's map. A map of odd side gives the middle to the later regions.
func (p *pooling) read(out []float64, x []float32, h, w, c int) {
	if p.parts == 0 {
		for i, v := range x {
			out[i] = float64(v)
		}
		return
	}
	region := make([]float64, 0, h*w)
	for i := range p.parts * p.parts {
		y0, y1 := i/p.parts*h/p.parts, (i/p.parts+1)*h/p.parts
		x0, x1 := i%p.parts*w/p.parts, (i%p.parts+1)*w/p.parts
		for k := range c {
			region = region[:0]
			for y := y0; y < y1; y++ {
				for j := x0; j < x1; j++ {
					region = append(region, float64(x[(y*w+j)*c+k]))
				}
			}
			out[i*c+k] = p.value(region)
		}
	}
}

func reluMean(x []float64) float64 {
	for i, v := range x {
		x[i] = max(v, 0)
	}
	return linear.Mean(x)
}

func maximum(x []float64) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, v)
	}
	return top
}

// deviation is the population standard deviation.
func deviation(x []float64) float64 {
	m, square := linear.Mean(x), 0.0
	for _, v := range x {
		square += float64((v - m) * (v - m))
	}
	return math.Sqrt(square / float64(len(x)))
}
