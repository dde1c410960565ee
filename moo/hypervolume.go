package moo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Hypervolume is the volume that points dominate below a reference point, all objectives minimised: exact, in O(n log
// n) for two objectives, by a sweep along the last one for three (O(n^2)) and by slicing for more. Points that are not
// better than the reference in every objective add nothing. It returns an error if a point has another dimension.
func Hypervolume(points [][]float64, reference []float64) (float64, error) {
	return HypervolumeWithin(context.Background(), points, reference)
}

// HypervolumeWithin is Hypervolume that ends with the error of ctx when ctx does.
func HypervolumeWithin(ctx context.Context, points [][]float64, reference []float64) (float64, error) {
	inside := make([][]float64, 0, len(points))
	for i, p := range points {
		if len(p) != len(reference) {
			return 0, fmt.Errorf("moo: point %d has %d objectives, the reference point %d", i, len(p), len(reference))
		}
		if strictlyBetter(p, reference) {
			inside = append(inside, p)
		}
	}
	return volume(ctx, inside, reference)
}

func strictlyBetter(a, b []float64) bool {
	for i := range a {
		if !(a[i] < b[i]) { // NaN is not better
			return false
		}
	}
	return true
}

// volume sorts points by the last objective and adds up slices of it, each with the volume that the points so far
// dominate in the other objectives.
func volume(ctx context.Context, points [][]float64, reference []float64) (float64, error) {
	if len(points) == 0 {
		return 0, ctx.Err()
	}
	last := len(reference) - 1
	slices.SortFunc(points, func(a, b []float64) int { return cmp.Compare(a[last], b[last]) })
	if last == 0 {
		return reference[0] - points[0][0], ctx.Err()
	}
	upper := func(i int) float64 {
		if i+1 < len(points) {
			return points[i+1][last]
		}
		return reference[last]
	}
	total := 0.0
	switch last {
	case 1:
		best := reference[0]
		for _, p := range points {
			if p[0] < best {
				total += float64((best - p[0]) * (reference[1] - p[1]))
				best = p[0]
			}
		}
	case 2:
		var front stairs
		for i, p := range points {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			front.add(p[0], p[1])
			if depth := upper(i) - p[2]; depth > 0 {
				total += float64(depth * front.area(reference[0], reference[1]))
			}
		}
	default:
		var seen [][]float64
		for i, p := range points {
			seen = append(seen, p[:last])
			if depth := upper(i) - p[last]; depth > 0 {
				slice, err := volume(ctx, slices.Clone(seen), reference[:last])
				if err != nil {
					return 0, err
				}
				total += float64(depth * slice)
			}
		}
	}
	return total, ctx.Err()
}

// stairs is a front of two objectives: x ascending, y descending.
type stairs struct{ x, y []float64 }

// add inserts a point unless it is dominated, and removes those that it dominates.
func (s *stairs) add(x, y float64) {
	at, _ := slices.BinarySearch(s.x, x)
	if at > 0 && s.y[at-1] <= y || at < len(s.x) && s.x[at] == x && s.y[at] <= y {
		return
	}
	end := at
	for end < len(s.x) && s.y[end] >= y {
		end++
	}
	s.x = slices.Replace(s.x, at, end, x)
	s.y = slices.Replace(s.y, at, end, y)
}

// area is what the front dominates below (rx, ry).
func (s *stairs) area(rx, ry float64) float64 {
	a, right := 0.0, rx
	for i := len(s.x) - 1; i >= 0; i-- {
		a += float64((right - s.x[i]) * (ry - s.y[i]))
		right = s.x[i]
	}
	return a
}
