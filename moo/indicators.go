package moo

import (
	"errors"
	"math"
)

// ErrEmpty is returned by indicators that need a point and have none.
var ErrEmpty = errors.New("moo: an indicator needs at least one point on each side")

func euclid(a, b []float64) float64 {
	s := 0.0
	for i := range a {
		s += float64((a[i] - b[i]) * (a[i] - b[i]))
	}
	return math.Sqrt(s)
}

// nearest is the mean over points of a function of the distance to the nearest member of others.
func nearest(points, others [][]float64, distance func(p, o []float64) float64) (float64, error) {
	if len(points) == 0 || len(others) == 0 {
		return 0, ErrEmpty
	}
	sum := 0.0
	for _, p := range points {
		least := math.Inf(1)
		for _, o := range others {
			least = min(least, distance(p, o))
		}
		sum += least
	}
	return sum / float64(len(points)), nil
}

// GD is the generational distance: the mean Euclidean distance from the points of a front to a reference front.
func GD(front, reference [][]float64) (float64, error) { return nearest(front, reference, euclid) }

// IGD is the inverted generational distance: the mean Euclidean distance from the reference front to a front.
func IGD(front, reference [][]float64) (float64, error) { return nearest(reference, front, euclid) }

// plus is the distance by which a point a falls short of z (Ishibuchi, Masuda, Tanigaki and Nojima 2015).
func plus(a, z []float64) float64 {
	s := 0.0
	for i := range a {
		d := max(a[i]-z[i], 0)
		s += float64(d * d)
	}
	return math.Sqrt(s)
}

// GDPlus is GD with the distance max(a-z, 0) in every objective.
func GDPlus(front, reference [][]float64) (float64, error) { return nearest(front, reference, plus) }

// IGDPlus is IGD with the distance max(a-z, 0) in every objective; unlike IGD it never prefers a dominated front.
func IGDPlus(front, reference [][]float64) (float64, error) {
	return nearest(reference, front, func(z, a []float64) float64 { return plus(a, z) })
}

// EpsilonAdditive is the smallest amount by which a front must be shifted to weakly dominate the reference front
// (Zitzler, Thiele, Laumanns, Fonseca and Grunert da Fonseca 2003).
func EpsilonAdditive(front, reference [][]float64) (float64, error) {
	if len(front) == 0 || len(reference) == 0 {
		return 0, ErrEmpty
	}
	worst := math.Inf(-1)
	for _, z := range reference {
		least := math.Inf(1)
		for _, a := range front {
			shift := math.Inf(-1)
			for i := range a {
				shift = max(shift, a[i]-z[i])
			}
			least = min(least, shift)
		}
		worst = max(worst, least)
	}
	return worst, nil
}

// Spacing is the standard deviation of the city-block distances from each point of a front to its nearest other
// (Schott 1995), with pymoo's divisor n. A front needs two points.
func Spacing(front [][]float64) (float64, error) {
	n := len(front)
	if n < 2 {
		return 0, errors.New("moo: spacing needs at least two points")
	}
	distance := make([]float64, n)
	mean := 0.0
	for i, a := range front {
		distance[i] = math.Inf(1)
		for j, b := range front {
			if i == j {
				continue
			}
			d := 0.0
			for k := range a {
				d += math.Abs(a[k] - b[k])
			}
			distance[i] = min(distance[i], d)
		}
		mean += distance[i] / float64(n)
	}
	s := 0.0
	for _, d := range distance {
		s += float64((d - mean) * (d - mean))
	}
	return math.Sqrt(s / float64(n)), nil
}

// Coverage is the share of others that some point of a front weakly dominates (Zitzler and Thiele 1999).
func Coverage(front, others [][]float64) (float64, error) {
	if len(front) == 0 || len(others) == 0 {
		return 0, ErrEmpty
	}
	covered := 0
	for _, o := range others {
		for _, a := range front {
			if WeaklyDominates(a, o) {
				covered++
				break
			}
		}
	}
	return float64(covered) / float64(len(others)), nil
}

// WeaklyDominates reports whether no objective of a is larger than that of b.
func WeaklyDominates(a, b []float64) bool {
	for i := range a {
		if a[i] > b[i] {
			return false
		}
	}
	return true
}

// Box is the span of objective values that a front is measured in.
type Box struct {
	Low  []float64 `json:"low"`  // becomes 0
	High []float64 `json:"high"` // becomes 1
}

// BoxOf is the smallest box around all points.
func BoxOf(points [][]float64) (Box, error) {
	if len(points) == 0 {
		return Box{}, ErrEmpty
	}
	m := len(points[0])
	b := Box{Low: make([]float64, m), High: make([]float64, m)}
	for k := range m {
		b.Low[k], b.High[k] = math.Inf(1), math.Inf(-1)
		for _, p := range points {
			b.Low[k], b.High[k] = min(b.Low[k], p[k]), max(b.High[k], p[k])
		}
	}
	return b, nil
}

// Scale maps the box to the unit cube. Values outside are not clipped; an objective of no extent becomes 0.
func (b Box) Scale(points [][]float64) [][]float64 {
	out := make([][]float64, len(points))
	for i, p := range points {
		out[i] = make([]float64, len(p))
		for k := range p {
			if extent := b.High[k] - b.Low[k]; extent != 0 {
				out[i][k] = (p[k] - b.Low[k]) / extent
			}
		}
	}
	return out
}
