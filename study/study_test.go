package study

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/store"
)

// write makes a file and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// sampled draws n architectures as a study of that seed does.
func sampled(t *testing.T, n int) []bench301.Architecture {
	t.Helper()
	p := Plan{Definition: &Definition{Seed: 1}, Space: bench301.DARTS{}}
	if err := p.sample(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	return p.Architectures
}

// tableCSV is a table of n architectures: accuracies, and a proxy with a hole in row 3 and a time.
func tableCSV(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("arch,val_accuracy,proxy,proxy seconds,source\n")
	for i, a := range sampled(t, n) {
		proxy := fmt.Sprint(i * i % 7)
		if i == 3 {
			proxy = ""
		}
		fmt.Fprintf(&b, "%q,%v,%s,0.25,x\n", a.String(), 90+float64(i)/8, proxy)
	}
	return b.String()
}

func prepare(t *testing.T, path string) *Plan {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(path, data)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Prepare(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

var testMachine = Machine{Code: "test", CPU: "test"}

func create2(t *testing.T, dir string, p *Plan, s Shard) *Run {
	t.Helper()
	r, err := Create(dir, p, []byte("name: x\n"), s, testMachine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func exported(t *testing.T, r *Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := store.Export(&b, store.FormatCSV, r.Store.All(), false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const small = `name: small
architectures: {table: table.csv}
accuracy: {source: table}
seeds: [3, 1]
estimators:
  - params
  - {name: featstd, settings: {train_images: 20, batch: 20, channels: 2, layers: 3, resolution: 16}}
  - {name: proxy, scores: table.csv, column: proxy}
`

// TestWorkersInterruptionsAndShardsLeaveNoTrace runs one study in several ways.
func TestWorkersInterruptionsAndShardsLeaveNoTrace(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "table.csv", tableCSV(t, 9))
	path := write(t, dir, "study.yaml", small)
	run := func(name string, workers int, shard Shard, stopAfter int) *Run {
		p := prepare(t, path)
		r := create2(t, filepath.Join(dir, name), p, shard)
		for {
			ctx, stop := context.WithCancel(t.Context())
			seen := 0
			err := r.Do(ctx, p, testMachine, Options{Workers: workers, Progress: func(done, total int) {
				if seen++; stopAfter > 0 && seen > stopAfter {
					stop()
				}
			}})
			stop()
			if err == nil {
				return r
			}
			if err != context.Canceled {
				t.Fatal(err)
			}
		}
	}
	whole := run("one", 1, Shard{}, 0)
	want := exported(t, whole)
	if lines := strings.Count(want, "\n"); lines != 1+9*(1+1+2+1) {
		t.Errorf("%d lines:\n%s", lines, want)
	}
	for name, r := range map[string]*Run{"eight workers": run("eight", 8, Shard{}, 0), "interrupted": run("stopped", 2, Shard{}, 2)} {
		if got := exported(t, r); got != want {
			t.Errorf("%s: another export:\n%s\nwant\n%s", name, got, want)
		}
	}
	var shards []string
	for i := range 4 {
		r := run(fmt.Sprint("shard", i), 2, Shard{i + 1, 4}, 0)
		shards = append(shards, r.Dir)
	}
	merged := filepath.Join(dir, "merged")
	if missing, err := Merge(t.Context(), merged, shards); err != nil || missing != 0 {
		t.Fatalf("%d missing, %v", missing, err)
	}
	r, err := Open(merged)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := exported(t, r); got != want {
		t.Errorf("merged shards: another export:\n%s\nwant\n%s", got, want)
	}
	if archs, err := r.Architectures(); err != nil || len(archs) != 9 {
		t.Errorf("%d architectures, %v", len(archs), err)
	}
	if missing, err := Merge(t.Context(), filepath.Join(dir, "part"), shards[1:]); err != nil || missing != 3*5 {
		t.Errorf("three of four shards: %d missing, %v; want 15", missing, err)
	}
	for name, c := range map[string]struct {
		runs []string
		want string
	}{
		"one run":        {shards[:1], "two runs"},
		"twice the same": {[]string{shards[0], shards[0]}, "the same shard twice"},
		"overlap":        {[]string{whole.Dir, shards[0]}, "the same shard twice"},
		"no run":         {[]string{shards[0], dir}, "no run folder"},
	} {
		out := filepath.Join(dir, "refused")
		if _, err := Merge(t.Context(), out, c.runs); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: left a folder", name)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestStatus(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "table.csv", tableCSV(t, 6))
	p := prepare(t, write(t, dir, "study.yaml", small))
	r := create2(t, filepath.Join(dir, "run"), p, Shard{})
	status := func() string {
		s, err := r.Status()
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, p := range s {
			out = append(out, fmt.Sprint(p.Label[:min(5, len(p.Label))], " ", p.Asked, p.OK, p.Undefined, p.Failed, p.Missing, " ", p.Reason))
		}
		return strings.Join(out, "; ")
	}
	if got, want := status(), "accur 6 0 0 0 6 ; param 6 0 0 0 6 ; feats 12 0 0 0 12 ; proxy 6 0 0 0 6 "; got != want {
		t.Errorf("before: %s, want %s", got, want)
	}
	if err := r.Do(t.Context(), p, testMachine, Options{}); err != nil {
		t.Fatal(err)
	}
	if got, want := status(), "accur 6 6 0 0 0 ; param 6 6 0 0 0 ; feats 12 12 0 0 0 ; proxy 6 5 1 0 0 no value in proxy"; got != want {
		t.Errorf("after: %s, want %s", got, want)
	}
}

// flaky fails, breaks or answers, as the test says.
type flaky struct {
	mu    sync.Mutex
	asked int
	fail  bool
}

func (f *flaky) Score(_ context.Context, a bench301.Architecture, _ *estimators.Env) (estimators.Score, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.fail && a.ID()[0]%2 == 0 {
		panic("index out of range")
	}
	return estimators.Score{Status: estimators.OK, Value: 1}, nil
}

func TestFailuresAreKeptAndRetriedOnRequest(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "table.csv", tableCSV(t, 10))
	p := prepare(t, write(t, dir, "study.yaml", small))
	f := &flaky{fail: true}
	p.Questions[1].scorer = f
	r := create2(t, filepath.Join(dir, "run"), p, Shard{})
	do := func(retry bool) Progress {
		t.Helper()
		if err := r.Do(t.Context(), p, testMachine, Options{Retry: retry}); err != nil {
			t.Fatal(err)
		}
		s, err := r.Status()
		if err != nil {
			t.Fatal(err)
		}
		return s[1]
	}
	first := do(false)
	if first.Failed == 0 || first.OK == 0 || first.Failed+first.OK != 10 || first.Reason != "the estimator broke: index out of range" {
		t.Fatalf("%+v", first)
	}
	f.fail = false
	if again := do(false); again != first || f.asked != 10 {
		t.Errorf("failures were retried without being asked to: %+v, asked %d times", again, f.asked)
	}
	if retried := do(true); retried.OK != 10 || f.asked != 10+first.Failed {
		t.Errorf("after a retry: %+v, asked %d times", retried, f.asked)
	}
}

func TestRunFoldersAreProtected(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "table.csv", tableCSV(t, 4))
	path := write(t, dir, "study.yaml", small)
	p := prepare(t, path)
	run := filepath.Join(dir, "run")
	r := create2(t, run, p, Shard{})
	wants := func(what string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", what, err, want)
		}
	}
	_, err := OpenForWriting(run)
	wants("second process", err, "another process")
	_, err = Create(run, p, nil, Shard{}, testMachine)
	wants("second run", err, "a run already")
	_, err = Create(dir, p, nil, Shard{}, testMachine)
	wants("folder in use", err, "not empty")
	_, err = Open(dir)
	wants("no run", err, "no run folder")
	write(t, dir, "study.yaml", strings.Replace(small, "params", "macs", 1))
	wants("changed definition", r.Do(t.Context(), prepare(t, path), testMachine, Options{}), "has changed")
	manifest, _ := os.ReadFile(filepath.Join(run, manifestFile))
	write(t, run, manifestFile, strings.Replace(string(manifest), `"format": 1`, `"format": 7`, 1))
	_, err = Open(run)
	wants("newer format", err, "format 7")
	write(t, run, manifestFile, string(manifest[:len(manifest)/2]))
	_, err = Open(run)
	wants("cut manifest", err, "damaged")
}

func TestShards(t *testing.T) {
	for text, ok := range map[string]bool{"1/1": true, "3/16": true, "16/16": true, "0/4": false, "5/4": false, "a/b": false, "1": false, "1/2/3": false, "-1/2": false, "": false} {
		if s, err := ParseShard(text); (err == nil) != ok || ok && s.String() != text {
			t.Errorf("%q: %v %v", text, s, err)
		}
	}
	for n := range 20 {
		for count := 1; count < 7; count++ {
			sum := 0
			for i := 1; i <= count; i++ {
				s := Shard{i, count}
				have := 0
				for k := range n {
					if s.has(k) {
						have++
					}
				}
				if have != s.size(n) {
					t.Fatalf("shard %v of %d has %d, size says %d", s, n, have, s.size(n))
				}
				sum += have
			}
			if sum != n {
				t.Fatalf("%d shards of %d hold %d", count, n, sum)
			}
		}
	}
}

func TestSuiteZeroTables(t *testing.T) {
	archs := sampled(t, 3)
	entries := map[string]any{}
	for i, a := range archs {
		entries[a.String()] = map[string]any{"nwot": map[string]float64{"score": float64(i), "time": 0.5}, "val_accuracy": 90 + i, "id": "x"}
	}
	data, _ := json.MarshalIndent(entries, "", " ")
	table, err := readTable(bench301.DARTS{}, write(t, t.TempDir(), "zc.json", string(data)))
	if err != nil || table.repeated != 0 || len(table.rows) != 3 {
		t.Fatalf("%+v %v", table, err)
	}
	if got := fmt.Sprint(table.numeric()); got != "[nwot val_accuracy]" {
		t.Errorf("columns %s", got)
	}
	l, err := newLookup(table, "nwot")
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range archs {
		if s, _ := l.Score(t.Context(), a, estimators.NewEnv(nil, 7)); s.Value != float64(i) || s.Seconds != 0.5 {
			t.Errorf("%d: %+v", i, s)
		}
	}
	if _, err := readTable(bench301.DARTS{}, write(t, t.TempDir(), "cut.json", string(data[:len(data)-30]))); err == nil {
		t.Error("a cut file was accepted")
	}
	// Below the name of a data set, and with bare numbers.
	flat := fmt.Sprintf(`{"cifar10": {%q: {"nwot": 7, "val_accuracy": 93.5}}}`, archs[0])
	table, err = readTable(bench301.DARTS{}, write(t, t.TempDir(), "flat.json", flat))
	if err != nil || len(table.rows) != 1 || fmt.Sprint(table.numeric()) != "[nwot val_accuracy]" {
		t.Errorf("%+v %v", table, err)
	}
	two := fmt.Sprintf(`{"cifar10": {%q: {"nwot": 7}}, "cifar100": {%q: {"nwot": 8}}}`, archs[0], archs[1])
	if _, err := readTable(bench301.DARTS{}, write(t, t.TempDir(), "two.json", two)); err == nil || !strings.Contains(err.Error(), "more than one data set") {
		t.Errorf("two data sets: %v", err)
	}
}
