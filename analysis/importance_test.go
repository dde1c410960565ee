package analysis

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"rwe301/store"
)

// TestImportanceOracle compares shares with Sobol indices of numpy: tools/oracles/importance.py.
func TestImportanceOracle(t *testing.T) {
	data, err := os.ReadFile("../testdata/oracles/analysis/importance.json")
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct {
		Cases []struct {
			Shape    []int
			Y        []float64
			Variance float64
			Shares   map[string]float64
		}
	}
	if err := json.Unmarshal(data, &oracle); err != nil || len(oracle.Cases) == 0 {
		t.Fatal(err)
	}
	for _, c := range oracle.Cases {
		m := Importance{}
		for i, n := range c.Shape {
			m.Settings, m.Levels = append(m.Settings, "abcd"[i:i+1]), append(m.Levels, make([]string, n))
		}
		m.decompose(c.Y)
		near := func(what string, got, want float64) {
			if math.Abs(got-want) > 1e-12 {
				t.Errorf("%v: %s: %v, want %v", c.Shape, what, got, want)
			}
		}
		near("variance", m.Variance, c.Variance)
		rest := 0.0
		for name, v := range c.Shares {
			if strings.Count(name, ",") > 1 {
				rest += v
			}
		}
		near("rest", m.Rest, rest)
		for i, s := range m.Shares {
			near(s.Name(), s.Value, c.Shares[strings.Join(s.Settings, ",")])
			if i > 0 && s.Value > m.Shares[i-1].Value {
				t.Errorf("%v: shares %v are not in order", c.Shape, m.Shares)
			}
		}
	}
}

// TestImportanceByHand decomposes a 3 by 3 grid: y = a + b + ab with a, b in -1, 0, 1.
func TestImportanceByHand(t *testing.T) {
	m := Importance{Settings: []string{"a", "b"}, Levels: [][]string{make([]string, 3), make([]string, 3)}}
	var y []float64
	for a := -1.0; a <= 1; a++ {
		for b := -1.0; b <= 1; b++ {
			y = append(y, a+b+a*b)
		}
	}
	m.decompose(y) // variances 2/3, 2/3 and 4/9 of 16/9
	got := fmt.Sprintf("%.4f", m.Variance)
	for _, s := range m.Shares {
		got += fmt.Sprintf(", %s %.4f", s.Name(), s.Value)
	}
	if want := "1.7778, a 0.3750, b 0.3750, a × b 0.2500"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestImportances says which estimators have a full grid, and why others have none.
func TestImportances(t *testing.T) {
	finding := func(settings string, tau float64) *Finding {
		q := &store.Question{Estimator: "e", Settings: json.RawMessage(settings), SettingsHash: settings}
		f := &Finding{Column: &Column{Question: q}}
		f.Association = Association{Estimator: settings, Tau: &Interval{Value: tau}, Reason: "a constant score"}
		if math.IsNaN(tau) {
			f.Tau = nil
		}
		return f
	}
	full := []*Finding{finding(`{"a":1,"b":"x"}`, 0.1), finding(`{"a":1,"b":"y"}`, 0.2), finding(`{"a":2,"b":"x"}`, 0.3),
		finding(`{"a":2,"b":"y"}`, 0.5)}
	vary := finding(`{"a":4,"b":"x"}`, 0.9)
	vary.Column.Varied = []store.Variation{{Setting: "a", Base: full[0].Column.SettingsHash}}
	for name, c := range map[string]struct {
		rows       []*Finding
		grids      int
		why, first string
	}{
		"full":          {full, 1, "", "a"},
		"with a level":  {append([]*Finding{vary}, full...), 1, "", "a"},
		"one setting":   {[]*Finding{full[0], full[2]}, 0, "", ""},
		"one at a time": {full[:3], 0, "e: a and b are varied one at a time", ""},
		"partial": {[]*Finding{full[0], full[3], finding(`{"a":3,"b":"z"}`, 0.1)}, 0,
			"e: the grid of a and b has 3 of 9 combinations", ""},
		"constant": {append([]*Finding{finding(`{"a":2,"b":"y"}`, math.NaN())}, full[:3]...), 0, "a constant score", ""},
		"all equal": {[]*Finding{full[0], finding(`{"a":1,"b":"y"}`, 0.1), finding(`{"a":2,"b":"x"}`, 0.1),
			finding(`{"a":2,"b":"y"}`, 0.1)}, 0, "the same for all combinations", ""},
	} {
		got, lacking := (&Findings{Rows: c.rows}).Importances()
		if len(got) != c.grids || !strings.Contains(strings.Join(lacking, "\n"), c.why) || c.why == "" && lacking != nil {
			t.Errorf("%s: %d grids, %q", name, len(got), lacking)
			continue
		}
		if c.grids > 0 && (got[0].Shares[0].Name() != c.first || got[0].Combinations() != 4) {
			t.Errorf("%s: %+v", name, got[0])
		}
	}
}
