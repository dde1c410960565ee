package moo

import (
	"math"
	"slices"
)

// Archive is a set of mutually non-dominated individuals in the order in which they came. With Epsilon it keeps at most
// one a box of that size (epsilon dominance: Laumanns, Thiele, Deb and Zitzler 2002).
type Archive[T any] struct {
	Epsilon []float64 // box size of each objective; nil for plain dominance
	Members []Individual[T]
}

// Add offers an individual and reports whether it was taken. One that a member dominates or equals is not; one that is
// taken drives out the members that it dominates. Failed and infeasible individuals are never taken.
func (a *Archive[T]) Add(x Individual[T]) bool {
	if x.violation() > 0 {
		return false
	}
	if a.Epsilon != nil {
		return a.addBox(x)
	}
	for _, m := range a.Members {
		if dominates(m.Objectives, x.Objectives) || slices.Equal(m.Objectives, x.Objectives) {
			return false
		}
	}
	a.Members = slices.DeleteFunc(a.Members, func(m Individual[T]) bool { return dominates(x.Objectives, m.Objectives) })
	a.Members = append(a.Members, x)
	return true
}

// addBox compares boxes first; inside one box the dominating individual stays, else the one nearer to the box's lower
// corner.
func (a *Archive[T]) addBox(x Individual[T]) bool {
	box := a.box(x.Objectives)
	for i, m := range a.Members {
		other := a.box(m.Objectives)
		switch {
		case dominates(other, box):
			return false
		case !slices.Equal(other, box):
			continue
		case dominates(x.Objectives, m.Objectives),
			!dominates(m.Objectives, x.Objectives) && a.corner(x.Objectives, box) < a.corner(m.Objectives, box):
			a.Members = append(slices.Delete(a.Members, i, i+1), x)
			return true
		}
		return false
	}
	a.Members = slices.DeleteFunc(a.Members, func(m Individual[T]) bool { return dominates(box, a.box(m.Objectives)) })
	a.Members = append(a.Members, x)
	return true
}

func (a *Archive[T]) box(f []float64) []float64 {
	b := make([]float64, len(f))
	for i := range f {
		b[i] = math.Floor(f[i] / a.Epsilon[i])
	}
	return b
}

// corner is the squared distance from f to the lower corner of its box, in units of Epsilon.
func (a *Archive[T]) corner(f, box []float64) float64 {
	d := 0.0
	for i := range f {
		e := f[i]/a.Epsilon[i] - box[i]
		d += float64(e * e)
	}
	return d
}

// Front returns the individuals that no other of the set dominates, without repetitions of equal objectives, in order.
func Front[T any](set []Individual[T]) []Individual[T] {
	var a Archive[T]
	for _, x := range set {
		a.Add(x)
	}
	return a.Members
}
