package study_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"rwe301/analysis"
	"rwe301/reports"
	"rwe301/scoring"
	"rwe301/store"
	"rwe301/study"
	"rwe301/study/studytest"
)

// TestLargeStudies analyses a study of many architectures: 5000, or 100 000 with BENCH301_LARGE=1, which must then
// take less than ten seconds (on a machine that has nothing else to do) and 500 MB.
func TestLargeStudies(t *testing.T) {
	large := os.Getenv("BENCH301_LARGE") != ""
	n := 5000
	if large {
		n = 100_000
	}
	dir := filepath.Join(t.TempDir(), "run")
	d, err := study.Parse("large.yaml", fmt.Appendf(nil,
		"name: large\nseed: 1\narchitectures: {sample: %d}\naccuracy: none\nestimators: [pool-count]\n", n))
	if err != nil {
		t.Fatal(err)
	}
	p, err := study.Prepare(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	p.Truth = &scoring.Truth{Name: "drawn"}
	p.Questions = []*scoring.Question{{Question: store.Question{Label: scoring.AccuracyName,
		Estimator: scoring.AccuracyName, Seeds: []uint64{0}, Accuracy: true}}}
	for e := range 8 {
		p.Questions = append(p.Questions, &scoring.Question{Question: store.Question{
			Label: fmt.Sprint("e", e), Estimator: fmt.Sprint("e", e), SettingsHash: "h", Seeds: []uint64{0},
		}})
	}
	r := studytest.Create(t, dir, p, study.Shard{})
	rng := rand.New(rand.NewPCG(1, 1))
	for from := 0; from < n; from += 1000 {
		var batch []store.Record
		for _, a := range p.Architectures[from : from+1000] {
			truth := rng.NormFloat64()
			for e, q := range p.Questions {
				score := truth + float64(e)*rng.NormFloat64()
				batch = append(batch, store.Record{
					Arch: a.String(), ID: a.ID(), Estimator: q.Estimator, SettingsHash: q.SettingsHash, Score: &score, Seconds: 0.5,
					Status: store.OK,
				})
			}
		}
		if err := r.Store.Put(batch...); err != nil {
			t.Fatal(err)
		}
	}
	p.Architectures = nil
	start := time.Now()
	results, err := r.Load()
	if err != nil {
		t.Fatal(err)
	}
	f, err := analysis.Analyse(t.Context(), results, analysis.Options{Compare: true})
	if err != nil {
		t.Fatal(err)
	}
	table, err := reports.Study{Findings: f}.Table("estimators")
	if err != nil || len(table.Rows) != 8 {
		t.Fatalf("%d rows, %v", len(table.Rows), err)
	}
	took := time.Since(start)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d architectures, 8 estimators: analysed in %v, %d MB from the system", n, took, m.Sys>>20)
	if m.Sys > 500<<20 {
		t.Errorf("%d MB from the system, want less than 500", m.Sys>>20)
	}
	if large && took > 10*time.Second {
		t.Errorf("analysed in %v, want less than 10 s", took)
	}
	// truth + k noise has Pearson's r = 1/sqrt(1+k^2), and tau = 2/pi asin r for normal variables
	for i, r := range f.Rows {
		k := float64(i + 1)
		want := 2 / math.Pi * math.Asin(1/math.Sqrt(1+k*k))
		if r.N != n || r.Tau.High <= r.Tau.Value || math.Abs(r.Tau.Value-want) > 2*(r.Tau.High-r.Tau.Value) {
			t.Errorf("%s: n %d, tau %+v, want %v", r.Estimator, r.N, r.Tau, want)
		}
	}
}
