// Package precision lets code that is written once run in single or double precision.
package precision

import (
	"fmt"

	"rwe301/network"
)

// Name is the arithmetic of the passes. Weights and images are float32 numbers in either.
type Name string

// The precisions.
const (
	Float32 Name = "float32"
	Float64 Name = "float64" // several times slower; tells rounding from signal
)

// Validate refuses what is neither.
func (p Name) Validate() error {
	if p != Float32 && p != Float64 {
		return fmt.Errorf("precision: %q: must be %q or %q", p, Float32, Float64)
	}
	return nil
}

// Either picks the form of a function that is written for both precisions.
func Either[F any](p Name, single, double F) F {
	if p == Float64 {
		return double
	}
	return single
}

// NewRunner returns an executor of either precision.
func NewRunner[T network.Real](p *network.Plan, o network.Options) (network.Runner[T], error) {
	var e any
	var err error
	switch any(T(0)).(type) {
	case float64:
		e, err = network.NewExecutor64(p, o)
	default:
		e, err = network.NewExecutor(p, o)
	}
	if err != nil {
		return nil, err
	}
	return e.(network.Runner[T]), nil
}

// Convert changes the type of numbers. Numbers that have the type already are not copied.
func Convert[T, U network.Real](x []U) []T {
	if same, ok := any(x).([]T); ok {
		return same
	}
	out := make([]T, len(x))
	for i, v := range x {
		out[i] = T(v)
	}
	return out
}
