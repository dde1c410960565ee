package curve

import (
	"math"
	"testing"

	"rwe301/internal/oracle"
)

// TestOracleExtrapolation compares fits with scipy's (tools/oracles/extrapolation.py): no worse an error, and the same
// value where the accuracies determine it.
func TestOracleExtrapolation(t *testing.T) {
	oracle.Each(t, "network", "extrapolation*.json*", func(t *testing.T, path string) int {
		var file struct {
			Cases []struct {
				Name       string
				Accuracies []float64
				Final      float64
				Fits       map[string]struct {
					Error, Value float64
					Sharp        bool
				}
			}
		}
		oracle.Read(t, path, &file)
		n := 0
		for _, one := range file.Cases {
			for name, f := range map[string]Family{"power": PowerLaw, "logpower": LogPower} {
				want := one.Fits[name]
				r, err := f.Fit(one.Accuracies)
				if err != nil {
					t.Errorf("%s, %s: %v", one.Name, name, err)
					continue
				}
				n++
				if r.Error > want.Error*(1+1e-6)+1e-12 {
					t.Errorf("%s, %s: error %g, scipy finds %g", one.Name, name, r.Error, want.Error)
				}
				if want.Sharp {
					n++
					if got := r.At(one.Final); !(math.Abs(got-want.Value) <= 1e-4) {
						t.Errorf("%s, %s: %v, want %v", one.Name, name, got, want.Value)
					}
				}
			}
		}
		return n
	})
}

// Curves of known parameters are found again from their first points.
func TestExtrapolationOfKnownCurves(t *testing.T) {
	for _, c := range []struct {
		name  string
		f     Family
		other Family
		y     func(t float64) float64
	}{
		{"power law", PowerLaw, LogPower, func(t float64) float64 { return 0.93 - 0.55*math.Pow(t, -0.7) }},
		{"slow power law", PowerLaw, LogPower, func(t float64) float64 { return 0.7 - 0.4*math.Pow(t, -0.3) }},
		{"log power", LogPower, PowerLaw, func(t float64) float64 { return 0.9 / (1 + math.Pow(t/math.Exp(0.8), -1.2)) }},
		{"early log power", LogPower, PowerLaw, func(t float64) float64 {
			return 0.65 / (1 +
				math.Pow(t/math.Exp(-0.5), -0.6))
		}},
	} {
		for _, points := range []int{5, 12} {
			var y []float64
			for k := range points {
				y = append(y, c.y(float64(k+1)))
			}
			r, err := c.f.Fit(y)
			if err != nil {
				t.Fatal(err)
			}
			if want := c.y(100); math.Abs(r.At(100)-want) > 1e-4 {
				t.Errorf("%s from %d points: %v at 100, want %v; error %g", c.name, points, r.At(100), want, r.Error)
			}
		}
		// The ensemble follows the Family that fits.
		var y []float64
		for k := range 30 {
			y = append(y, c.y(float64(k+1)))
		}
		got, err := Extrapolate(y, 100, c.other, c.f)
		if want := c.y(100); err != nil || math.Abs(got-want) > 2e-3 {
			t.Errorf("%s: the ensemble says %v, %v; want %v", c.name, got, err, want)
		}
	}
}

// Values outside of what curves can do still have a nearest curve, between 0 and 1.
func TestExtrapolationOfOddCurves(t *testing.T) {
	for _, y := range [][]float64{{0.1, 0.1, 0.1, 0.1}, {0, 0, 0, 0}, {1, 1, 1, 1}, {0.9, 0.7, 0.5, 0.2},
		{0.1, 0.8, 0.1, 0.8, 0.1}, {0, 0, 0.1, 0.9}} {
		got, err := Extrapolate(y, 100, PowerLaw, LogPower)
		if err != nil || !(got > -1e-3 && got < 1.001) {
			t.Errorf("%v goes on to %v, %v", y, got, err)
		}
	}
	y := []float64{0.31, 0.42, 0.48, 0.53, 0.55, 0.58}
	a, _ := Extrapolate(y, 100, PowerLaw, LogPower)
	if b, _ := Extrapolate(y, 100, PowerLaw, LogPower); a != b {
		t.Errorf("%v, then %v", a, b)
	}
	p, _ := Extrapolate(y, 100, PowerLaw)
	l, _ := Extrapolate(y, 100, LogPower)
	if a < min(p, l) || a > max(p, l) || p < 0.58 || l < 0.58 {
		t.Errorf("power law %v, log-power %v, ensemble %v", p, l, a)
	}
}
