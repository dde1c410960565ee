package plots

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// fewer are ticks that can do with less room; nil where they cannot.
type fewer interface {
	plot.Ticker
	fewer() plot.Ticker
}

// minus writes a number with the sign that is as wide as a plus.
func minus(s string) string { return strings.ReplaceAll(s, "-", "−") }

// ticks places about n labelled ticks at round numbers, written without needless digits.
type ticks int

// Ticks implements plot.Ticker.
func (n ticks) Ticks(low, high float64) []plot.Tick {
	if !(high > low) {
		return []plot.Tick{{Value: low, Label: minus(strconv.FormatFloat(low, 'g', 4, 64))}}
	}
	step := roundStep(high/float64(n) - low/float64(n))
	first := math.Ceil(low / step)
	if !(step > 0) || math.IsInf(step, 0) || math.Abs(first) > 1e12 { // no round numbers can be told apart here
		return []plot.Tick{{Value: low, Label: minus(number(low))}, {Value: high, Label: minus(number(high))}}
	}
	var out []plot.Tick
	for k := first; k*step-high <= step*1e-9; k++ {
		v := k*step + 0 // no negative zero
		out = append(out, plot.Tick{Value: v, Label: tickLabel(v, step)})
	}
	return out
}

func (n ticks) fewer() plot.Ticker {
	if n <= 1 {
		return nil
	}
	return n - 1
}

// Ticks places about n labelled ticks at round numbers in [low, high].
func Ticks(n int, low, high float64) []plot.Tick { return ticks(n).Ticks(low, high) }

// roundStep is the smallest of 1, 2, 5 times a power of ten that is not below x.
func roundStep(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= x*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// tickLabel writes v with the digits that steps of that size need, large numbers with k or M.
func tickLabel(v, step float64) string {
	for _, u := range []struct {
		size   float64
		suffix string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= u.size && step >= u.size/100 && step < 1e12 {
			return minus(strconv.FormatFloat(v/u.size, 'f', digits(step/u.size), 64) + u.suffix)
		}
	}
	if step < 1e-3 || step >= 1e12 {
		return minus(power(v, step))
	}
	return minus(strconv.FormatFloat(v, 'f', digits(step), 64))
}

// power writes v with a power of ten: 2e13.
func power(v, step float64) string {
	if v == 0 {
		return "0"
	}
	e := math.Floor(math.Log10(math.Abs(v)))
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', digits(step/math.Pow(10, e)), 64), "e")
	n, _ := strconv.Atoi(exponent)
	return mantissa + "e" + strconv.Itoa(n)
}

// digits is the number of decimals that tell multiples of step apart.
func digits(step float64) int {
	return max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
}

// wholeTicks places about n labelled ticks at whole numbers.
type wholeTicks int

// Ticks implements plot.Ticker.
func (n wholeTicks) Ticks(low, high float64) []plot.Tick {
	step := max(1, roundStep((high-low)/float64(n)))
	var out []plot.Tick
	for v := math.Ceil(low/step) * step; v <= high+step*1e-9 && len(out) <= 2*int(n); v += step {
		out = append(out, plot.Tick{Value: v, Label: minus(strconv.FormatFloat(v+0, 'f', 0, 64))})
	}
	return out
}

func (n wholeTicks) fewer() plot.Ticker {
	if n <= 1 {
		return nil
	}
	return n - 1
}

// levelTicks places a tick at each of some values, the levels of a setting.
type levelTicks []plot.Tick

// Ticks implements plot.Ticker.
func (l levelTicks) Ticks(low, high float64) (out []plot.Tick) {
	for _, t := range l {
		if t.Value >= low && t.Value <= high {
			out = append(out, t)
		}
	}
	return out
}

// ticksAt are ticks at some values.
func ticksAt(values []float64) (out levelTicks) {
	for _, v := range values {
		out = append(out, plot.Tick{Value: v, Label: minus(number(v))})
	}
	return out
}

// logTicks labels powers of ten, or 1, 2 and 5 times them where they are few.
type logTicks struct{}

// Ticks implements plot.Ticker.
func (logTicks) Ticks(low, high float64) []plot.Tick {
	if !(low > 0 && high > low) {
		return []plot.Tick{{Value: low, Label: minus(number(low))}}
	}
	var out []plot.Tick
	decades := math.Log10(high / low)
	dense, every := decades < 2.5, max(1, int(math.Ceil(decades/7)))
	for e := math.Floor(math.Log10(low)); e <= math.Log10(high)+1e-9; e++ {
		for m := 1.0; m < 10; m++ {
			v := m * math.Pow(10, e)
			if v < low*(1-1e-9) || v > high*(1+1e-9) {
				continue
			}
			t := plot.Tick{Value: v}
			switch labelled := m == 1 && int(math.Abs(e))%every == 0; {
			case labelled && (v < 1e-3 || v >= 1e12):
				t.Label = minus("1e" + strconv.Itoa(int(e)))
			case labelled || dense && (m == 2 || m == 5):
				t.Label = tickLabel(v, v)
			case every > 1 && m > 1:
				continue // so many decades need no ticks between
			}
			out = append(out, t)
		}
	}
	return out
}
