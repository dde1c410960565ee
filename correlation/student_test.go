package correlation

import (
	"errors"
	"math"
	"slices"
	"testing"

	"rwe301/internal/oracle"
)

// TestStudentOracle compares with scipy: tools/oracles/student.py.
func TestStudentOracle(t *testing.T) {
	oracle.Each(t, "correlation", "student*.json", func(t *testing.T, path string) (n int) {
		var file struct {
			Cases []struct {
				X, Y      []float64
				T, P      float64
				Greater   float64 `json:"p_greater"`
				Less      float64 `json:"p_less"`
				Mean, SD  float64
				Low, High float64
			}
		}
		oracle.Read(t, path, &file)
		near := func(what string, got, want float64) {
			t.Helper()
			if !(math.Abs(got-want) <= 1e-9*(1+math.Abs(want))) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
			n++
		}
		for _, c := range file.Cases {
			for alternative, want := range map[Alternative]float64{TwoSided: c.P, Greater: c.Greater, Less: c.Less} {
				test, err := PairedT(c.X, c.Y, alternative)
				if err != nil {
					t.Fatal(err)
				}
				near("t", test.Statistic, c.T)
				near("p", test.P, want)
			}
			mean, sd, i, err := MeanInterval(c.X, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			near("mean", mean, c.Mean)
			near("sd", sd, c.SD)
			near("low", i.Low, c.Low)
			near("high", i.High, c.High)
		}
		return n
	})
}

// TestStudentUndefined is about samples too small or without spread.
func TestStudentUndefined(t *testing.T) {
	for _, pair := range [][2][]float64{{{}, {}}, {{1}, {2}}, {{1, 2, 3}, {2, 3, 4}}} {
		if test, err := PairedT(pair[0], pair[1], TwoSided); !errors.Is(err, ErrUndefined) {
			t.Errorf("%v: %+v, %v", pair, test, err)
		}
	}
	if _, _, _, err := MeanInterval(nil, 0.95); !errors.Is(err, ErrUndefined) {
		t.Errorf("mean of nothing: %v", err)
	}
	if _, _, _, err := MeanInterval([]float64{1, math.NaN()}, 0.95); !errors.Is(err, ErrNaN) {
		t.Errorf("mean with NaN: %v", err)
	}
	if mean, sd, i, err := MeanInterval([]float64{3}, 0.95); err != nil || mean != 3 || !math.IsNaN(sd) ||
		i.Method != None {
		t.Errorf("mean of one: %v %v %+v %v", mean, sd, i, err)
	}
}

// TestDrawnRows gives the resamples that would have been drawn.
func TestDrawnRows(t *testing.T) {
	x := []float64{3, 1, 4, 1, 5, 9}
	mean := func(v [][]float64) (float64, error) { return v[0][0] + 10*v[0][1], nil }
	o := Options{Resamples: 50, Seed: 7}
	want, err := BootstrapFunc([][]float64{x}, true, mean, o)
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := o.Drawn(len(x))
	if err != nil {
		t.Fatal(err)
	}
	got, err := BootstrapFunc([][]float64{x}, true, mean, drawn)
	if err != nil || !slices.Equal(got.Replicates, want.Replicates) {
		t.Errorf("%v %v, want %v", err, got.Replicates, want.Replicates)
	}
}
