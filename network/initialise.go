package network

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"rwe301/bench301"
)

// Distribution is the shape of the random weights of convolutions and linear layers.
type Distribution string

// FanMode says which side of a layer sets the scale of its weights.
type FanMode string

// The distributions and fan modes.
const (
	Default    Distribution = "default"    // PyTorch's: uniform in +-1/sqrt(fan_in), biases too
	Uniform    Distribution = "uniform"    // Kaiming uniform: variance gain^2/fan
	Normal     Distribution = "normal"     // Kaiming normal: variance gain^2/fan
	Xavier     Distribution = "xavier"     // uniform, variance 2*gain^2/(fan_in+fan_out)
	Orthogonal Distribution = "orthogonal" // orthonormal rows or columns, whichever are fewer, times gain

	FanIn  FanMode = "in"
	FanOut FanMode = "out"
)

// Scheme is a way to draw parameters. The zero value is PyTorch's default.
type Scheme struct {
	Distribution Distribution // "" means Default
	Fan          FanMode      // of Uniform and Normal; "" means FanIn
	Gain         float64      // 0 means sqrt(2) for Uniform and Normal, 1 for Xavier and Orthogonal; Default has none
}

// Distributions lists the distributions of a Scheme.
func Distributions() []Distribution {
	return []Distribution{Default, Uniform, Normal, Xavier, Orthogonal}
}

// Initialise draws theta. Normalisations start at weight 1 and bias 0; linear biases are drawn by Default and zero
// otherwise. Every tensor has a stream of its own, derived from the seed and its place in the plan.
func Initialise(p *Plan, theta []float32, s Scheme, seed uint64) error {
	if len(theta) != p.NumParams() {
		return fmt.Errorf("network: theta has %d values: this network has %d parameters", len(theta), p.NumParams())
	}
	if err := s.Validate(); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	if s.Distribution == "" {
		s.Distribution = Default
	}
	for i, v := range p.Views() {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		s.fill(theta[v.Offset:v.Offset+v.Size], v, rng)
	}
	return nil
}

// Validate says which field is out of range.
func (s Scheme) Validate() error {
	switch {
	case s.Distribution != "" && !slices.Contains(Distributions(), s.Distribution):
		return fmt.Errorf("initialisation %q: must be one of %v", s.Distribution, Distributions())
	case s.Fan != "" && s.Fan != FanIn && s.Fan != FanOut:
		return fmt.Errorf("fan mode %q: must be %q or %q", s.Fan, FanIn, FanOut)
	case !(s.Gain >= 0) || math.IsInf(s.Gain, 0):
		return fmt.Errorf("gain %v: must be a positive number, or 0 for the initialisation's own", s.Gain)
	}
	return nil
}

// fill draws one tensor.
func (s Scheme) fill(out []float32, v View, rng *rand.Rand) {
	switch v.Kind {
	case bench301.NormWeight:
		for i := range out {
			out[i] = 1
		}
		return
	case bench301.NormBias:
		clear(out)
		return
	case bench301.LinearBias:
		if s.Distribution != Default {
			clear(out)
			return
		}
	}
	rows := v.Shape[0]
	columns := v.Size / rows
	fan := float64(v.FanIn)
	fanOut := float64(rows * v.FanIn / columns)
	if len(v.Shape) == 4 {
		fanOut = float64(rows * v.Shape[2] * v.Shape[3])
	}
	gain := s.Gain
	if gain == 0 {
		gain = 1
		if s.Distribution == Uniform || s.Distribution == Normal {
			gain = math.Sqrt2
		}
	}
	if s.Fan == FanOut {
		fan = fanOut
	}
	switch s.Distribution {
	case Default:
		uniform(out, 1/math.Sqrt(float64(v.FanIn)), rng)
	case Uniform:
		uniform(out, gain*math.Sqrt(3/fan), rng)
	case Xavier:
		uniform(out, gain*math.Sqrt(6/(float64(v.FanIn)+fanOut)), rng)
	case Normal:
		for i := range out {
			out[i] = float32(gain / math.Sqrt(fan) * rng.NormFloat64())
		}
	case Orthogonal:
		orthogonal(out, rows, columns, gain, rng)
	}
}

func uniform(out []float32, bound float64, rng *rand.Rand) {
	for i := range out {
		out[i] = float32(bound * (float64(2*float64(rng.Float64())) - 1))
	}
}

// orthogonal fills a rows x columns matrix with orthonormal rows, or columns if there are more rows than columns, by
// the modified Gram-Schmidt process on normal draws (Saxe et al. 2014, arXiv 1312.6120).
func orthogonal(out []float32, rows, columns int, gain float64, rng *rand.Rand) {
	count, length := rows, columns
	at := func(vector, k int) int { return vector*columns + k }
	if rows > columns {
		count, length = columns, rows
		at = func(vector, k int) int { return k*columns + vector }
	}
	basis := make([][]float64, count)
	for i := range basis {
		v := make([]float64, length)
		for norm := 0.0; norm < 1e-6; { // a draw in the span of the others is as good as impossible; draw again
			for k := range v {
				v[k] = rng.NormFloat64()
			}
			for _, b := range basis[:i] {
				project := 0.0
				for k := range v {
					project += float64(v[k] * b[k])
				}
				for k := range v {
					v[k] -= float64(project * b[k])
				}
			}
			norm = 0
			for _, x := range v {
				norm += float64(x * x)
			}
			norm = math.Sqrt(norm)
			for k := range v {
				v[k] /= norm
			}
		}
		basis[i] = v
		for k := range v {
			out[at(i, k)] = float32(gain * v[k])
		}
	}
}
