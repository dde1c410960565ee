package study

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"rwe301/estimators"
	"rwe301/store"
)

func series(label string, direction estimators.Direction, scores ...float64) Series {
	s := Series{Label: label, Direction: direction}
	for i, v := range scores {
		r := store.Record{ID: string(rune('a' + i)), Arch: "x", Estimator: label, Status: store.OK, Score: &v, Seconds: 1}
		if math.IsNaN(v) {
			r.Score, r.Status, r.Error = nil, store.Failed, "none"
		}
		s.Records = append(s.Records, r)
	}
	return s
}

func TestCombine(t *testing.T) {
	all := []Series{
		series("up", estimators.Higher, 10, 20, 20, 40, math.NaN()),
		series("down", estimators.Lower, 1, 5, 2, 3, 4),
	}
	for text, want := range map[string][]float64{
		"rank:up":         {0.25, 0.625, 0.625, 1},
		"rank:up+down":    {(1 + 4) / 8.0, (2.5 + 1) / 8, (2.5 + 3) / 8, (4 + 2) / 8.0},
		"logrank:up+down": {math.Log(1.0/4) + math.Log(1), math.Log(2.5/4) + math.Log(0.25), math.Log(2.5/4) + math.Log(0.75), math.Log(1) + math.Log(0.5)},
		"zscore:up":       {-12.5 / math.Sqrt(118.75), -2.5 / math.Sqrt(118.75), -2.5 / math.Sqrt(118.75), 17.5 / math.Sqrt(118.75)},
	} {
		c, labels, err := ParseCombination(text)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Combine(c, labels, all, nil)
		if err != nil {
			t.Fatal(err)
		}
		if s.Label != text || len(s.Records) != len(want) {
			t.Fatalf("%s: %d records", s.Label, len(s.Records))
		}
		for i, w := range want {
			r := s.Records[i]
			if math.Abs(*r.Score-w) > 1e-14 || r.Seconds != float64(len(labels)) {
				t.Errorf("%s: record %d: %v after %v s, want %v", text, i, *r.Score, r.Seconds, w)
			}
		}
	}
	for text, want := range map[string]string{"mean:up": "must be one of", "rank": "must be one of", "rank:sideways": `no scores of "sideways": there are up, down`, "linear:up": "at least 2 are needed"} {
		c, labels, err := ParseCombination(text)
		if err == nil {
			_, err = Combine(c, labels, all, nil)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want an error with %q", text, err, want)
		}
	}
}

// The closed form must agree with fitting again and again, and its label says that it has seen accuracies.
func TestLinearLeavesOneOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const n = 12
	x, y := make([]float64, n), make([]float64, n)
	accuracy := map[string]float64{}
	for i := range n {
		x[i] = rng.NormFloat64()
		y[i] = 3*x[i] + rng.NormFloat64()
		accuracy[string(rune('a'+i))] = y[i]
	}
	s, err := Combine(Linear, []string{"x", "same"}, []Series{series("x", estimators.Higher, x...), series("same", estimators.Lower, x...)}, accuracy)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(s.Label, "(fitted to accuracies)") {
		t.Errorf("label %s", s.Label)
	}
	for i := range n {
		var sx, sy, sxx, sxy float64
		for j := range n {
			if j != i {
				sx, sy, sxx, sxy = sx+x[j], sy+y[j], sxx+x[j]*x[j], sxy+x[j]*y[j]
			}
		}
		m := float64(n - 1)
		slope := (m*sxy - sx*sy) / (m*sxx - sx*sx)
		if want := slope*x[i] + (sy-slope*sx)/m; math.Abs(*s.Records[i].Score-want) > 1e-12 {
			t.Errorf("architecture %d: %v, want %v", i, *s.Records[i].Score, want)
		}
	}
}
