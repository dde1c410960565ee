package study

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/bench301/surrogate"
	"rwe301/correlation"
	"rwe301/estimators"
	"rwe301/store"
)

// An interrupted demo keeps its scores; the figures and tables of its full number are drawn from scores made up here.
func TestDemo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	d := Demo{Dir: filepath.Join(t.TempDir(), "runs", "demo"), Surrogate: surrogate.NewMini(), Code: "test", CPU: "test", Progress: func(done, total int) {
		if total != 60 {
			t.Errorf("%d architectures", total)
		}
		cancel()
	}}
	if _, err := d.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	kept, err := store.ReadJSONL(filepath.Join(d.Dir, "scores.jsonl"))
	if err != nil || len(kept) < len(demoEstimators) {
		t.Fatalf("%d scores kept, %v", len(kept), err)
	}

	var records []store.Record
	accuracy := map[string]float64{}
	for i := range demoArchitectures {
		for k := range demoEstimators {
			r := kept[k]
			r.ID, r.Arch = string(rune('A'+i)), "["+string(rune('A'+i))+"]"
			value := float64((i*(k+3))%17) + 0.25*float64(i)
			if k == 1 {
				value = 5
			}
			r.Score = &value
			if k == 5 && i%10 == 0 {
				r.Score, r.Status, r.Error = nil, store.Failed, "made up"
			}
			records = append(records, r)
		}
		accuracy[records[len(records)-1].ID] = 90 + float64(i%7)
	}
	r := &DemoResult{}
	if err := d.report(r, records, accuracy); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := r.Table.Write(&b, "terminal"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"mini (approximation of NB301 XGB v1.0), 60 architectures of seed 301",
		"flops       60  undefined",
		"RWE         54",
		"RWE: 6 without a score, most because: made up",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, b.String())
		}
	}
	for _, name := range []string{"bars.png", "bars.svg", "bars.pdf", "bars.csv", "scatter.png", "scatter-RWE.svg", "table.txt", "table.md", "table.tex", "table.csv", "table.json", "scores.csv"} {
		if info, err := os.Stat(filepath.Join(d.Dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, e := range demoEstimators {
		if _, err := estimators.Parse(e.spec); err != nil {
			t.Error(err)
		}
	}
}

// Scores of which lower is better are turned round; one series a seed.
func TestAssociate(t *testing.T) {
	var records []store.Record
	accuracy := map[string]float64{}
	for i := range 20 {
		id := string(rune('a' + i))
		accuracy[id] = float64(i)
		for _, seed := range []uint64{0, 1} {
			value := float64(i * i)
			records = append(records, store.Record{Arch: id, ID: id, Estimator: "params", Seed: seed, Score: &value, Status: store.OK, Seconds: float64(i)})
		}
	}
	all := Split(records)
	if len(all) != 2 || all[0].Label != "params seed 0" || all[1].Label != "params seed 1" || !all[0].Trivial {
		t.Fatalf("%+v", all)
	}
	for direction, want := range map[estimators.Direction]float64{estimators.Higher: 1, estimators.Lower: -1} {
		all[0].Direction = direction
		a, err := all[0].Associate(accuracy, 25, correlation.Options{Resamples: 50})
		if err != nil {
			t.Fatal(err)
		}
		if a.Tau.Value != want || a.Rho.Value != want || a.N != 20 || a.Coverage() != 0.8 || a.Seconds != 9.5 {
			t.Errorf("%s: %+v", direction, a)
		}
	}
}
