// Package studytest makes small studies for the tests of other packages: files, architectures, and runs with a known
// relation between scores and accuracies.
package studytest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/correlation"
	"rwe301/scoring"
	"rwe301/store"
	"rwe301/study"
)

// Machine stands beside the scores of tests.
var Machine = scoring.Machine{Code: "test", CPU: "test"}

// Write makes a file and returns its path.
func Write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Architectures draws n architectures of DARTS as a study with seed 1 does.
func Architectures(t testing.TB, n int) []bench301.Architecture {
	t.Helper()
	d, err := study.Parse("study.yaml", fmt.Appendf(nil,
		"seed: 1\narchitectures: {sample: %d}\naccuracy: none\nestimators: [pool-count]\n", n))
	if err != nil {
		t.Fatal(err)
	}
	p, err := study.Prepare(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return p.Architectures
}

// Table is a table of n architectures: accuracies, and a proxy with a hole in row 3 and a time.
func Table(t testing.TB, n int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("arch,val_accuracy,proxy,proxy seconds,source\n")
	for i, a := range Architectures(t, n) {
		proxy := fmt.Sprint(i * i % 7)
		if i == 3 {
			proxy = ""
		}
		fmt.Fprintf(&b, "%q,%v,%s,0.25,x\n", a.String(), 90+float64(float64(i)/8), proxy)
	}
	return b.String()
}

// Prepare prepares the study in a file.
func Prepare(t testing.TB, path string) *study.Plan {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := study.Parse(path, data)
	if err != nil {
		t.Fatal(err)
	}
	p, err := study.Prepare(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// Create makes a run folder.
func Create(t testing.TB, dir string, p *study.Plan, s study.Shard) *study.Run {
	t.Helper()
	r, err := study.Create(dir, p, []byte("name: x\n"), s, Machine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// Analyse runs the study in a file and analyses it.
func Analyse(t testing.TB, path, out string) (*study.Run, *analysis.Findings) {
	t.Helper()
	p := Prepare(t, path)
	r := Create(t, out, p, study.Shard{})
	if err := r.Do(t.Context(), p, Machine, study.Options{}); err != nil {
		t.Fatal(err)
	}
	results, err := r.Load()
	if err != nil {
		t.Fatal(err)
	}
	f, err := analysis.Analyse(t.Context(), results,
		analysis.Options{Options: correlation.Options{Resamples: 400}, Compare: true})
	if err != nil {
		t.Fatal(err)
	}
	return r, f
}

// MadeUp analyses a study of n architectures whose estimators are columns with a known relation to the accuracy: good
// and close (almost the same), poor, noise, constant, and reverse, of which lower is better.
func MadeUp(t testing.TB, dir string, n int, draw uint64) (*study.Run, *analysis.Findings) {
	t.Helper()
	rng := rand.New(rand.NewPCG(draw, 0))
	var b strings.Builder
	b.WriteString("arch,val_accuracy,good,close,poor,noise,constant,reverse\n")
	for i, a := range Architectures(t, n) {
		truth := rng.NormFloat64()
		good := truth + float64(0.5*rng.NormFloat64())
		poor := fmt.Sprint(truth + float64(3*rng.NormFloat64()))
		if i%5 == 0 {
			poor = ""
		}
		fmt.Fprintf(&b, "%q,%v,%v,%v,%v,%v,1,%v\n", a.String(), 93+truth, good, good+float64(0.01*rng.NormFloat64()), poor,
			rng.NormFloat64(), -good)
	}
	Write(t, dir, "table.csv", b.String())
	text := "architectures: {table: table.csv}\naccuracy: table\nestimators:\n"
	for _, name := range []string{"good", "close", "poor", "noise", "constant"} {
		text += fmt.Sprintf("  - {name: %s, scores: table.csv, column: %s}\n", name, name)
	}
	text += "  - {name: reverse, scores: table.csv, column: reverse, direction: lower}\n"
	return Analyse(t, Write(t, dir, "study.yaml", text), filepath.Join(dir, "run"))
}

// Searched are the findings of a made-up study over the populations of searches: some estimators, of which the first is
// macs, under some methods with five seeds of twelve generations. Seed 3 of the first method ends after ten.
func Searched(t testing.TB, methods []string, estimators int, name func(i int) string) *analysis.Findings {
	t.Helper()
	const generations, size, seeds, n = 12, 10, 5, 160
	r := &analysis.Results{Space: bench301.Spaces()[0], From: analysis.Provenance{Dir: "run", Name: "made up",
		Space: "darts", Truth: "mini (approximation of NB301 XGB v1.0)"}}
	random := rand.New(rand.NewPCG(1, 2))
	for _, a := range Architectures(t, n) {
		r.Architectures = append(r.Architectures, store.Named{ID: a.ID(), Arch: a.String()})
		r.Truth = append(r.Truth, 90+float64(4*random.Float64()))
	}
	for k := range estimators {
		q := &store.Question{Label: name(k), Full: name(k), Estimator: name(k), Seeds: []uint64{0}}
		if k == 0 {
			q.Label, q.Full, q.Estimator = "macs", "macs", "macs"
		}
		c := analysis.NewColumn(q, n)
		for i := range n {
			v := r.Truth[i] + float64(float64(k+1)*random.NormFloat64())
			if k == 5 {
				v = 1
			}
			if err := c.Answer(i, 0, store.OK, v, 1, 1); err != nil {
				t.Fatal(err)
			}
		}
		c.Finish()
		r.Columns = append(r.Columns, c)
	}
	for m, method := range methods {
		for s := range uint64(seeds) {
			for g := 1; g <= generations && !(m == 0 && s == 3 && g > 10); g++ {
				p := analysis.Population{Method: method, Seed: s, Generation: g}
				p.Survived = random.Perm(min(n, 40+10*g))[:size]
				p.Born = p.Survived[:size-3]
				r.Populations = append(r.Populations, p)
			}
		}
	}
	f, err := analysis.Analyse(t.Context(), r, analysis.Options{Options: correlation.Options{Resamples: 100}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}
