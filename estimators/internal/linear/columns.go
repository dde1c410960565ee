package linear

import "math"

// Affine maps features column by column: (x - mean) * scale.
type Affine struct{ mean, scale []float64 }

// Identity changes none of d columns.
func Identity(d int) Affine {
	a := Affine{make([]float64, d), make([]float64, d)}
	for k := range d {
		a.scale[k] = 1
	}
	return a
}

// constant is the deviation, in units of the root mean square, below which a column holds nothing but rounding.
const constant = 1e-6

// Standardiser gives every column of m mean 0 and population deviation 1; constant columns become 0.
func Standardiser(m Matrix) Affine {
	mean, deviation := Moments(m)
	a := Affine{mean, make([]float64, m.D)}
	for k, s := range deviation {
		if s > constant*math.Hypot(mean[k], s) {
			a.scale[k] = 1 / s
		}
	}
	return a
}

// Apply returns the mapped features.
func (a Affine) Apply(m Matrix) Matrix {
	out := NewMatrix(m.N, m.D)
	for i := range m.N {
		row, to := m.Row(i), out.Row(i)
		for k, v := range row {
			to[k] = (v - a.mean[k]) * a.scale[k]
		}
	}
	return out
}

// Moments are the mean and population standard deviation of each column, in two passes.
func Moments(m Matrix) (mean, deviation []float64) {
	mean, deviation = make([]float64, m.D), make([]float64, m.D)
	for i := range m.N {
		for k, v := range m.Row(i) {
			mean[k] += v
		}
	}
	for k := range mean {
		mean[k] /= float64(m.N)
	}
	for i := range m.N {
		for k, v := range m.Row(i) {
			e := v - mean[k]
			deviation[k] += float64(e * e)
		}
	}
	for k := range deviation {
		deviation[k] = math.Sqrt(deviation[k] / float64(m.N))
	}
	return mean, deviation
}
