package study_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/store"
	"rwe301/study"
	"rwe301/study/studytest"
)

func exported(t *testing.T, r *study.Run) string {
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
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 9))
	path := studytest.Write(t, dir, "study.yaml", small)
	run := func(name string, workers int, shard study.Shard, stopAfter int) *study.Run {
		p := studytest.Prepare(t, path)
		r := studytest.Create(t, filepath.Join(dir, name), p, shard)
		for {
			ctx, stop := context.WithCancel(t.Context())
			seen := 0
			err := r.Do(ctx, p, studytest.Machine, study.Options{Workers: workers, Progress: func(done, total int) {
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
	whole := run("one", 1, study.Shard{}, 0)
	want := exported(t, whole)
	if lines := strings.Count(want, "\n"); lines != 1+9*(1+1+2+1) {
		t.Errorf("%d lines:\n%s", lines, want)
	}
	for name, r := range map[string]*study.Run{"eight workers": run("eight", 8, study.Shard{}, 0),
		"interrupted": run("stopped", 2, study.Shard{}, 2)} {
		if got := exported(t, r); got != want {
			t.Errorf("%s: another export:\n%s\nwant\n%s", name, got, want)
		}
	}
	var shards []string
	for i := range 4 {
		r := run(fmt.Sprint("shard", i), 2, study.Shard{i + 1, 4}, 0)
		shards = append(shards, r.Dir)
	}
	merged := filepath.Join(dir, "merged")
	if missing, err := study.Merge(t.Context(), merged, shards, study.MergeOptions{}); err != nil || missing != 0 {
		t.Fatalf("%d missing, %v", missing, err)
	}
	r, err := study.Open(merged)
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
	part := filepath.Join(dir, "part")
	if missing, err := study.Merge(t.Context(), part, shards[1:], study.MergeOptions{}); err != nil || missing != 3*5 {
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
		_, err := study.Merge(t.Context(), out, c.runs, study.MergeOptions{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
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
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 6))
	p := studytest.Prepare(t, studytest.Write(t, dir, "study.yaml", small))
	r := studytest.Create(t, filepath.Join(dir, "run"), p, study.Shard{})
	status := func() string {
		s, err := r.Status()
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, p := range s {
			out = append(out, fmt.Sprint(p.Label[:min(5, len(p.Label))], " ", p.Asked, p.OK, p.Undefined, p.Failed, p.Missing,
				" ", p.Reason))
		}
		return strings.Join(out, "; ")
	}
	if got, want := status(), "accur 6 0 0 0 6 ; param 6 0 0 0 6 ; feats 12 0 0 0 12 ; proxy 6 0 0 0 6 "; got != want {
		t.Errorf("before: %s, want %s", got, want)
	}
	if err := r.Do(t.Context(), p, studytest.Machine, study.Options{}); err != nil {
		t.Fatal(err)
	}
	if got, want := status(),
		"accur 6 6 0 0 0 ; param 6 6 0 0 0 ; feats 12 12 0 0 0 ; proxy 6 5 1 0 0 no value in proxy"; got != want {
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
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 10))
	p := studytest.Prepare(t, studytest.Write(t, dir, "study.yaml", small))
	f := &flaky{fail: true}
	p.Questions[1].Source = f
	r := studytest.Create(t, filepath.Join(dir, "run"), p, study.Shard{})
	do := func(retry bool) study.Progress {
		t.Helper()
		if err := r.Do(t.Context(), p, studytest.Machine, study.Options{Retry: retry}); err != nil {
			t.Fatal(err)
		}
		s, err := r.Status()
		if err != nil {
			t.Fatal(err)
		}
		return s[1]
	}
	first := do(false)
	if first.Failed == 0 || first.OK == 0 || first.Failed+first.OK != 10 ||
		first.Reason != "the estimator broke: index out of range" {
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
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 4))
	path := studytest.Write(t, dir, "study.yaml", small)
	p := studytest.Prepare(t, path)
	run := filepath.Join(dir, "run")
	r := studytest.Create(t, run, p, study.Shard{})
	wants := func(what string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", what, err, want)
		}
	}
	_, err := study.OpenForWriting(run)
	wants("second process", err, "another process")
	_, err = study.Create(run, p, nil, study.Shard{}, studytest.Machine)
	wants("second run", err, "a run already")
	_, err = study.Create(dir, p, nil, study.Shard{}, studytest.Machine)
	wants("folder in use", err, "not empty")
	_, err = study.Open(dir)
	wants("no run", err, "no run folder")
	studytest.Write(t, dir, "study.yaml", strings.Replace(small, "params", "macs", 1))
	wants("changed definition", r.Do(t.Context(), studytest.Prepare(t, path), studytest.Machine, study.Options{}),
		"has changed")
	manifest, _ := os.ReadFile(filepath.Join(run, "manifest.json"))
	studytest.Write(t, run, "manifest.json", strings.Replace(string(manifest), `"format": 1`, `"format": 7`, 1))
	_, err = study.Open(run)
	wants("newer format", err, "format 7")
	studytest.Write(t, run, "manifest.json", string(manifest[:len(manifest)/2]))
	_, err = study.Open(run)
	wants("cut manifest", err, "damaged")
}
