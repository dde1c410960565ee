package search_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/reports"
	"rwe301/scoring"
	"rwe301/search"
	"rwe301/study/studytest"
)

// reportOf runs a definition and judges its fronts.
func reportOf(t *testing.T, text string) (*analysis.Fronts, error) {
	t.Helper()
	d, err := search.Parse("search.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	s, err := search.Create(t.Context(), filepath.Join(t.TempDir(), "run"), d, studytest.Machine)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.Run(t.Context(), 1, nil); err != nil {
		return nil, err
	}
	return s.Report(t.Context())
}

const small = "population: 6\ngenerations: 3\n"

// methodOf is a definition of one method.
func methodOf(algorithm, objectives string) string {
	return fmt.Sprintf("%smethods: [{name: a, algorithm: %s, objectives: [%s]}]\n", small, algorithm, objectives)
}

func table(t *testing.T, f *analysis.Fronts) string {
	t.Helper()
	var b strings.Builder
	if err := (reports.Search{Fronts: f}).Table().Write(&b, reports.Terminal); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestBudgets compares what reports say of budgets on every kind of objective with the counts of the architectures.
func TestBudgets(t *testing.T) {
	complexity := func(a bench301.Architecture) bench301.Complexity {
		c, err := a.Complexity(bench301.DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for budget, value := range map[string]func(bench301.Architecture, analysis.Found) float64{
		"macs":   func(a bench301.Architecture, _ analysis.Found) float64 { return float64(complexity(a).MACs) },
		"params": func(a bench301.Architecture, _ analysis.Found) float64 { return float64(complexity(a).Params) },
		"flops":  func(a bench301.Architecture, _ analysis.Found) float64 { return float64(complexity(a).FLOPs) },
		"pool-count": func(a bench301.Architecture, _ analysis.Found) float64 {
			return float64(a.(bench301.PoolCounter).Pools())
		},
		"depth": func(a bench301.Architecture, _ analysis.Found) float64 {
			return float64(a.(bench301.OperationCounter).CountOperations().Depth)
		},
		"sepconv-count": func(a bench301.Architecture, _ analysis.Found) float64 {
			return float64(a.(bench301.OperationCounter).CountOperations().Separable)
		},
		"accuracy":       func(_ bench301.Architecture, f analysis.Found) float64 { return 100 - f.Accuracy },
		"surrogate:mini": func(_ bench301.Architecture, f analysis.Found) float64 { return 100 - f.Accuracy },
		"l2_norm":        func(_ bench301.Architecture, f analysis.Found) float64 { return f.Estimates[1] },
	} {
		base, err := reportOf(t, methodOf("nsga2", "accuracy, l2_norm"))
		if err != nil {
			t.Fatal(err)
		}
		bounds := []float64{-1e12, 1e12}
		best := map[float64]float64{}
		for _, f := range base.Found {
			a, _, err := base.Space.Parse(f.Arch)
			if err != nil {
				t.Fatal(err)
			}
			bounds = append(bounds, value(a, f))
		}
		var text []string
		for _, b := range bounds {
			if strings.Contains("macs params flops pool-count depth sepconv-count", budget) && b < 0 {
				b = 0
			}
			if s := fmt.Sprintf("%.17g", b); !strings.Contains(strings.Join(text, " ")+" ", s+" ") {
				text = append(text, s)
			}
			best[b] = math.NaN()
			for _, f := range base.Found {
				a, _, _ := base.Space.Parse(f.Arch)
				if value(a, f) <= b && !(f.Accuracy <= best[b]) {
					best[b] = f.Accuracy
				}
			}
		}
		r, err := reportOf(t, methodOf("nsga2", "accuracy, l2_norm")+
			fmt.Sprintf("budgets: {%q: [%s]}\n", budget, strings.Join(text, ", ")))
		if err != nil {
			t.Errorf("%s: %v", budget, err)
			continue
		}
		for i, b := range r.Setup.Budgets {
			got, want := r.Rows[0].BestUnder[i], best[b.Max]
			if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
				t.Errorf("%s: the best is %v, want %v", b, got, want)
			}
			note := "No front has an architecture with " + b.String()
			if unreached := math.IsNaN(want); strings.Contains(table(t, r), note) != unreached {
				t.Errorf("%s: nothing reaches it: %v; the table says otherwise:\n%s", b, unreached, table(t, r))
			}
		}
	}
}

// TestLimits sees that limits on every kind of count hold for all that is found.
func TestLimits(t *testing.T) {
	for limit, of := range map[string]func(bench301.Architecture) float64{
		"pool-count: 3": func(a bench301.Architecture) float64 { return float64(a.(bench301.PoolCounter).Pools()) - 3 },
		"sepconv-count: 6": func(a bench301.Architecture) float64 {
			return float64(a.(bench301.OperationCounter).CountOperations().Separable) - 6
		},
		"flops: 0.16G": func(a bench301.Architecture) float64 {
			c, err := a.Complexity(bench301.DefaultConfig())
			if err != nil {
				t.Fatal(err)
			}
			return float64(c.FLOPs) - 0.16e9
		},
	} {
		r, err := reportOf(t, strings.Replace(methodOf("nsga2", "accuracy, params"), "generations: 3", "generations: 12", 1)+
			"limits: {"+limit+"}\n")
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Found) == 0 {
			t.Errorf("%s: nothing is found", limit)
		}
		for _, f := range r.Found {
			if a, _, err := r.Space.Parse(f.Arch); err != nil || of(a) > 0 {
				t.Errorf("%s: %s: %v over it (%v)", limit, f.ID, of(a), err)
			}
		}
	}
}

// TestRefusedBounds are limits and budgets that cannot be evaluated.
func TestRefusedBounds(t *testing.T) {
	two := small + "methods: [{name: a, algorithm: nsga2, objectives: [params, l2_norm]}, " +
		"{name: b, algorithm: random, objectives: [params, macs]}]\n"
	for text, want := range map[string]string{
		two + "budgets: {l2_norm: 30}":                                          "method b does not minimise it",
		two + "budgets: {flop: 30}":                                             `search.yaml:4: budgets.flop: .*did you mean flops`,
		two + "limits: {macs: [1M, 2M]}":                                        "macs is bounded twice",
		two + "limits: {macs: -1}":                                              "below 0",
		two + "budgets: {macs: 100MB}":                                          `"100MB" is no number`,
		two + "budgets: {macs: 1e308G}":                                         "is no number",
		two + "space: nasbench201\naccuracy: none\nbudgets: {sepconv-count: 1}": "cannot be evaluated in the space nasbench201",
		two + "accuracy: none\nbudgets: {accuracy: 5}":                          "there is no accuracy source",
		two + "space: nasbench201":                                              "accuracy: cannot be evaluated in the space",
		two + "seeds: [1, 1]":                                                   "seed 1 is given twice",
		methodOf("nsga2", "macs, macs"):                                         "the same objective twice",
		methodOf("nsga2", `macs, "macs:channels=32"`):                           "are the same objective",
		methodOf("nsga", "macs, params"):                                        "did you mean nsga2",
		methodOf("nsga2", "macs, parms"):                                        "did you mean params",
		small + "methods:\n  - {algorithm: nsga2, objectives: []}":              `search.yaml:4: methods.0.: method nsga2: 0 objectives`,
		methodOf("nsga2", "macs, params, flops, depth"):                         "4 objectives: a search has one to three",
		methodOf("moead", "macs"):                                               "with one, take nsga2, aging, local or random",
		small + "methods: [{name: a, algorithm: nsga2, objectives: [macs, params]}, " +
			"{name: a, algorithm: random, objectives: [macs, params]}]": "the name is given twice",
	} {
		if _, err := reportOf(t, text); err == nil || !matches(want, err.Error()) {
			t.Errorf("%s\n%v, want %q", text, err, want)
		}
	}
}

// TestAccuraciesOfTable judges by a table without a named column, which lacks some of what is found.
func TestAccuraciesOfTable(t *testing.T) {
	whole, err := reportOf(t, methodOf("nsga2", "params, l2_norm"))
	if err != nil || len(whole.Found) < 2 {
		t.Fatal(len(whole.Found), err)
	}
	dir := t.TempDir()
	rows := fmt.Sprintf("arch,val_accuracy\n%q,91.5\n", whole.Found[0].Arch)
	d, err := search.Parse(filepath.Join(dir, "search.yaml"), []byte(methodOf("nsga2", "params, l2_norm")+
		"accuracy: {source: table, file: t.csv}\n"))
	if err := errors.Join(err, os.WriteFile(filepath.Join(dir, "t.csv"), []byte(rows), 0o644)); err != nil {
		t.Fatal(err)
	}
	s, err := search.Create(t.Context(), filepath.Join(dir, "run"), d, studytest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Run(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	r, err := s.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := len(whole.Found)
	if len(r.Found) != 1 || r.Found[0].Accuracy != 91.5 || len(r.Unjudged) != n-1 || r.Rows[0].Unjudged != n-1 {
		t.Errorf("%d found, %d without an accuracy, of %d", len(r.Found), len(r.Unjudged), n)
	}
	want := fmt.Sprintf("%d of %d members of the fronts have no accuracy", n-1, n)
	if text := table(t, r); !strings.Contains(text, want) {
		t.Errorf("want %q in\n%s", want, text)
	}
	var out strings.Builder
	if err := (reports.Search{Fronts: r}).Print(&out, true, reports.TableOptions{}); err != nil ||
		strings.Count(out.String(), `"accuracy":null`) != n-1 {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// TestMixedVersions resumes with another version, which stands beside what it made.
func TestMixedVersions(t *testing.T) {
	d, err := search.Parse("search.yaml", []byte(methodOf("random", "params, accuracy")))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	first := scoring.Machine{Code: "v1", CPU: "one"}
	s, err := search.Create(t.Context(), dir, d, first)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := stopAfter(t, 1)
	if err := s.Run(ctx, 1, stop); err == nil {
		t.Fatal("not interrupted")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = search.OpenForWriting(t.Context(), dir, scoring.Machine{Code: "v2", CPU: "two"}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if done, err := s.Finished(t.Context()); done || err != nil || s.Begun() != first {
		t.Errorf("finished %v, %v, begun by %v", done, err, s.Begun())
	}
	if err := s.Run(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	codes := map[string]int{}
	for r, err := range s.Store.All() {
		if err != nil {
			t.Fatal(err)
		}
		codes[r.Code+" "+r.CPU]++
	}
	if codes["v1 one"] != 12 || codes["v2 two"] != 24 {
		t.Errorf("scores by what made them: %v", codes)
	}
	r, err := s.Report(t.Context())
	if done, doneErr := s.Finished(t.Context()); err != nil || doneErr != nil || !done {
		t.Fatal(err, doneErr, done)
	}
	if r.From.Code != "v1, v2" || r.From.CPU != "one, two" || !strings.Contains(table(t, r), "bench301 v2 on two") {
		t.Errorf("%+v\n%s", r.From, table(t, r))
	}
}
