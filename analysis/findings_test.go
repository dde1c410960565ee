package analysis_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/internal/oracle"
	"rwe301/reports"
	"rwe301/study"
	"rwe301/study/studytest"
)

func TestFindings(t *testing.T) {
	_, f := studytest.MadeUp(t, t.TempDir(), 60, 1)
	rows := map[string]*analysis.Finding{}
	for _, r := range f.Rows {
		rows[r.Estimator] = r
	}
	good, close := rows["good"], rows["close"]
	want, err := correlation.Kendall(good.Scores, good.Truth)
	if err != nil || good.Tau.Value != want || good.Tau.Low >= want || good.Tau.High <= want {
		t.Errorf("good: %+v, want %v", good.Tau, want)
	}
	if rows["reverse"].Tau.Value != want {
		t.Errorf("lower is better: tau %v, want %v", rows["reverse"].Tau.Value, want)
	}
	if marks := good.Mark + close.Mark; marks != "best~" && marks != "~best" {
		t.Errorf("good %q, close %q: one is the best, the other not distinguishable", good.Mark, close.Mark)
	}
	if rows["noise"].Mark != "-" || *rows["noise"].P > 0.05 {
		t.Errorf("noise: %q p %v, want -", rows["noise"].Mark, *rows["noise"].P)
	}
	if p := rows["poor"]; p.N != 48 || p.Asked != 60 || p.Coverage() != 0.8 ||
		!strings.Contains(p.Reason, "12 of 60 scores missing (12 undefined") {
		t.Errorf("poor: %+v", p.Association)
	}
	if c := rows["constant"]; c.Tau != nil || c.Mark != "" || !strings.Contains(c.Reason, "constant") {
		t.Errorf("constant: %+v, want undefined", c.Association)
	}
	rendered := reports.Study{Findings: f}
	rendered.Cohorts.Of = analysis.BySize // those that need no search
	for _, name := range reports.TableNames() {
		table, err := rendered.Table(name)
		if err != nil {
			t.Fatal(err)
		}
		if empty := len(table.Rows) == 0; empty != (name == "ablation" || name == "grid" || name == "importance" ||
			name == "seeds" ||
			name == "budget") { // one seed, and a table without times
			t.Errorf("table %s has %d rows", name, len(table.Rows))
		}
		if len(table.Columns) == 0 {
			continue
		}
		for _, as := range reports.Formats() {
			if err := table.Write(&bytes.Buffer{}, as); err != nil {
				t.Errorf("%s as %s: %v", name, as, err)
			}
		}
	}
	if _, err := rendered.Table("ablatoin"); err == nil || !strings.Contains(err.Error(), "did you mean ablation") {
		t.Errorf("unknown table: %v", err)
	}
}

func TestAblation(t *testing.T) {
	dir := t.TempDir()
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 12))
	path := studytest.Write(t, dir, "study.yaml", `architectures: {table: table.csv}
accuracy: table
seeds: [0, 1]
estimators:
  - name: featstd
    settings: {train_images: 20, batch: 20, channels: 2, layers: 3, resolution: 16}
    vary: {channels: [4, 2, 3], norm: [batch, none]}
`)
	_, f := studytest.Analyse(t, path, filepath.Join(dir, "run"))
	ablations, err := f.Ablations()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range ablations {
		line := a.Setting
		for _, l := range a.Levels {
			line += " " + l.Value
			if l.Finding == a.Base {
				line += "*"
			} else if l.Versus == nil || l.Versus.Difference != l.Tau.Value-a.Base.Tau.Value {
				t.Errorf("%s %s: %+v", a.Setting, l.Value, l.Versus)
			}
		}
		got = append(got, line)
	}
	if want := "channels 2* 3 4; norm batch* none"; strings.Join(got, "; ") != want {
		t.Errorf("%s, want %s", strings.Join(got, "; "), want)
	}
	rendered := reports.Study{Findings: f}
	for name, rows := range map[string]int{"ablation": 5, "seeds": 4, "estimators": 4} {
		table, err := rendered.Table(name)
		if err != nil || len(table.Rows) != rows {
			t.Errorf("table %s: %d rows, %v; want %d", name, len(table.Rows), err, rows)
		}
		for _, c := range table.Columns {
			if name == "ablation" && strings.Contains(c.Name, ".") {
				t.Errorf("table %s: column %q", name, c.Name)
			}
		}
	}
	// The score of an architecture is its mean over the seeds.
	c := f.Rows[0].Column
	for i, m := range c.Mean() {
		if want := (c.BySeed[0][i] + c.BySeed[1][i]) / 2; math.Abs(m-want) > 1e-12*math.Abs(want) {
			t.Errorf("mean %v, want %v", m, want)
		}
	}
}

func TestCompareRuns(t *testing.T) {
	dir := t.TempDir()
	sub := func(name string) string {
		d := filepath.Join(dir, name)
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		return d
	}
	_, a := studytest.MadeUp(t, sub("a"), 60, 1)
	same, err := analysis.Compare(t.Context(), a, a)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range same {
		if c.Label == "constant" {
			if c.Comparison != nil {
				t.Errorf("constant: %+v", c.Comparison)
			}
			continue
		}
		if !c.Paired || c.Difference != 0 || c.Mark() != "~" {
			t.Errorf("a run against itself, %s: %+v", c.Label, c.Comparison)
		}
	}
	table := reports.CompareTable(a, a, same)
	if len(table.Rows) != 6 {
		t.Errorf("%d rows", len(table.Rows))
	}
	_, b := studytest.MadeUp(t, sub("b"), 60, 1)
	b.From.Truth = "another"
	if _, err := analysis.Compare(t.Context(), a, b); err == nil || !strings.Contains(err.Error(), "not comparable") {
		t.Errorf("other accuracies: %v", err)
	}
	// Without architectures in common each run is resampled on its own.
	_, c := studytest.MadeUp(t, sub("c"), 60, 2)
	for i := range c.Architectures {
		c.Architectures[i].ID = fmt.Sprint("other", i)
	}
	apart, err := analysis.Compare(t.Context(), a, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range apart {
		if p.Comparison == nil {
			continue
		}
		if want := p.B.Tau.Value - p.A.Tau.Value; p.Paired || math.Abs(p.Difference-want) > 1e-12 ||
			!p.Interval.Contains(p.Difference) {
			t.Errorf("%s: %+v, want a difference of %v", p.Label, p.Comparison, want)
		}
	}
}

// TestReplayOfThePublishedTable analyses NAS-Bench-Suite-Zero's scores of 919 architectures. The coefficients are those
// that scipy gives for the columns.
func TestReplayOfThePublishedTable(t *testing.T) {
	path := oracle.Shared(t, "data/nb301/architectures.csv")
	definition, _, err := study.Replay{Table: path}.Definition()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, f := studytest.Analyse(t, studytest.Write(t, dir, "study.yaml", string(definition)), filepath.Join(dir, "run"))
	got := map[string]string{}
	for _, r := range f.Rows {
		got[r.Estimator] = fmt.Sprintf("%.3f", r.Rho.Value)
	}
	for name, want := range map[string]string{"nwot": "0.555", "params": "0.513", "l2_norm": "0.511", "flops": "0.472"} {
		if got[name] != want {
			t.Errorf("Spearman of %s: %s, want %s", name, got[name], want)
		}
	}
	if len(f.Rows) != 12 || len(f.Architectures) != 919 {
		t.Errorf("%d columns, %d architectures", len(f.Rows), len(f.Architectures))
	}
	bare := studytest.Write(t, dir, "archs.txt", studytest.Architectures(t, 1)[0].String())
	for want, r := range map[string]study.Replay{
		"no column \"acc\"":          {Table: path, Accuracy: "acc"},
		"no column \"nwott\"":        {Table: path, Columns: []string{"nwott"}},
		"no such file or directory":  {Table: path + "x"},
		"no column \"val_accuracy\"": {Table: bare},
	} {
		if _, _, err := r.Definition(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
