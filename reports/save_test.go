package reports_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/reports"
	"rwe301/store"
	"rwe301/studies"
	"rwe301/study"
	"rwe301/study/studytest"
)

// The study inside the binary has its figures and tables drawn, of scores made up here: a constant one, and one with
// holes.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	p := studytest.Prepare(t, studytest.Write(t, dir, "quick.yaml", string(studies.Quick)))
	run := studytest.Create(t, filepath.Join(dir, "runs", "demo"), p, study.Shard{})
	var records []store.Record
	for i, a := range p.Architectures {
		for k, q := range p.Questions {
			value := float64((i*(k+2))%17) + 0.25*float64(i)
			r := store.Record{
				Arch: a.String(), ID: a.ID(), Estimator: q.Estimator, Settings: q.Settings, SettingsHash: q.SettingsHash,
				Dataset: q.Dataset,
				Score:   &value, Seconds: 0.1, Status: store.OK,
			}
			switch {
			case q.Accuracy:
				value = 90 + float64(i%7)
			case q.Label == "flops":
				value = 5
			case q.Label == "RWE" && i%10 == 0:
				r.Score, r.Status, r.Error = nil, store.Failed, "made up"
			}
			records = append(records, r)
		}
	}
	if err := run.Store.Put(records...); err != nil {
		t.Fatal(err)
	}
	results, err := run.Load()
	if err != nil {
		t.Fatal(err)
	}
	f, err := analysis.Analyse(t.Context(), results, analysis.Options{})
	if err != nil {
		t.Fatal(err)
	}
	report := reports.Study{Findings: f}
	var b strings.Builder
	if err := report.InOrder().Write(&b, reports.Terminal); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"mini (approximation of NB301 XGB v1.0), 60 architectures drawn uniformly with seed 301",
		"flops 60 undefined",
		"RWE 54",
		"RWE: 6 of 60 scores missing (0 undefined, 6 failed, 0 not yet made): made up",
	} {
		if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), want) { // however lines are broken
			t.Errorf("the table lacks %q:\n%s", want, b.String())
		}
	}
	files, err := report.Save(t.Context(), run.Dir, "scatter", "bars")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"bars.png", "bars.svg", "bars.pdf", "bars.csv", "scatter.png", "scatter.svg", "table.txt", "table.md", "table.tex",
		"table.csv", "table.json",
		"scores.csv",
	} {
		if info, err := os.Stat(filepath.Join(run.Dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, path := range files {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	// All scores stand beside the accuracies, empty where there is none.
	scores, err := os.ReadFile(filepath.Join(run.Dir, "scores.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(scores)), "\n")
	if len(lines) != 61 || lines[0] != "arch,id,accuracy,params,flops,pool-count,l2_norm,map-effdim,RWE" ||
		!strings.HasSuffix(lines[1], ",90,0,5,0,0,0,") {
		t.Errorf("%d lines of scores: %s\n%s", len(lines), lines[0], lines[1])
	}
}
