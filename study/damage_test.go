package study_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/study"
	"rwe301/study/studytest"
)

// finished is a run folder of six architectures without accuracies.
func finished(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	p := studytest.Prepare(t, studytest.Write(t, t.TempDir(), "study.yaml",
		"name: x\narchitectures: {sample: 6}\naccuracy: none\nestimators: [params, pool-count]\n"))
	r := studytest.Create(t, dir, p, study.Shard{})
	if err := errors.Join(r.Do(t.Context(), p, studytest.Machine, study.Options{Workers: 2}), r.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Every file of a run folder that is not as a run writes it is named, with what is wrong about it.
func TestDamagedFilesAreNamed(t *testing.T) {
	dir := finished(t)
	for name, c := range map[string]struct{ file, old, new, want string }{
		"key twice":       {"manifest.json", `"name": "x",`, `"name": "x", "name": "y",`, `"name" stands twice`},
		"other case":      {"manifest.json", `"digest"`, `"Digest"`, `"Digest" is written "digest"`},
		"case within":     {"manifest.json", `"settings_hash"`, `"Settings_Hash"`, `is written "settings_hash"`},
		"number of text":  {"manifest.json", `"cores": `, `"cores": 1.5e`, "cores"},
		"no shard":        {"manifest.json", `"index": 0`, `"index": 3`, "shard: 3 of 0"},
		"below 0":         {"manifest.json", `"architectures": 6`, `"architectures": -6`, "must be at least 1"},
		"other number":    {"manifest.json", `"architectures": 6`, `"architectures": 7`, "the manifest says 7"},
		"no seeds":        {"manifest.json", "\"seeds\": [\n        0\n      ]", `"seeds": []`, "questions[0]"},
		"seed twice":      {"manifest.json", "\"seeds\": [\n        0\n      ]", `"seeds": [0, 0]`, "stands twice"},
		"no question":     {"manifest.json", `"questions": [`, `"questions": [null,`, "questions[0]"},
		"NaN":             {"manifest.json", `"architectures": 6`, `"architectures": NaN`, "NaN"},
		"cut":             {"manifest.json", `"questions"`, "\x00", "byte"},
		"id of another":   {"architectures.csv", "\n", "\n0", "architectures.csv:2: the id 0"},
		"other text":      {"architectures.csv", "(0, ", "(1, ", "architectures.csv:2: the id"},
		"no architecture": {"architectures.csv", "id,arch", "arch,id\nid,arch", "architectures.csv:2"},
	} {
		path := filepath.Join(dir, c.file)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(whole, []byte(c.old)) {
			t.Fatalf("%s: no %s in\n%s", name, c.old, whole)
		}
		if err := os.WriteFile(path, bytes.Replace(whole, []byte(c.old), []byte(c.new), 1), 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := study.Open(dir)
		if err == nil {
			_, err = r.Load()
			r.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v, want %s of %s", name, err, c.want, dir)
		}
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A run whose scores are gone is explained, to those who read it and to those who go on with it, and nothing is made
// in their place.
func TestScoresThatAreGone(t *testing.T) {
	dir := finished(t)
	scores := filepath.Join(dir, "scores.db")
	for _, c := range []struct {
		name string
		lose func() error
	}{
		{"empty", func() error { return os.Truncate(scores, 0) }},
		{"absent", func() error { return os.Remove(scores) }}, // last: what is absent cannot be empty
	} {
		name := c.name
		if err := c.lose(); err != nil {
			t.Fatal(err)
		}
		for _, open := range []func(string) (*study.Run, error){study.Open, study.OpenForWriting} {
			if _, err := open(dir); err == nil || !strings.Contains(err.Error(), scores) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if info, err := os.Stat(scores); err == nil && info.Size() > 0 {
			t.Errorf("%s: a new database", name)
		}
	}
}

// What killed processes left half written in a run is gone once somebody goes on with it, and not before.
func TestLeftoversOfKilledProcesses(t *testing.T) {
	dir := finished(t)
	left := filepath.Join(dir, ".report.html.123")
	if err := os.WriteFile(left, []byte("<html>"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		open func(string) (*study.Run, error)
		gone bool
	}{{study.Open, false}, {study.OpenForWriting, true}} {
		r, err := c.open(dir)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		if _, err := os.Stat(left); (err != nil) != c.gone {
			t.Errorf("gone: %v, want %v", err != nil, c.gone)
		}
	}
}

// Merge says how far it has come, ends when it is told to, and removes what a killed one left.
func TestMergeProgress(t *testing.T) {
	base := t.TempDir()
	path := studytest.Write(t, base, "study.yaml",
		"name: x\narchitectures: {sample: 8}\naccuracy: none\nestimators: [{name: params, settings: {channels: 1..40}}]\n")
	var shards []string
	for i := range 2 {
		p := studytest.Prepare(t, path)
		r := studytest.Create(t, filepath.Join(base, string(rune('a'+i))), p, study.Shard{Index: i + 1, Count: 2})
		if err := errors.Join(r.Do(t.Context(), p, studytest.Machine, study.Options{}), r.Close()); err != nil {
			t.Fatal(err)
		}
		shards = append(shards, r.Dir)
	}
	out := filepath.Join(base, "out")
	killed := filepath.Join(base, ".out.42")
	if err := os.CopyFS(killed, os.DirFS(shards[0])); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := study.Merge(ctx, out, shards, study.MergeOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a merge that was ended left a folder")
	}
	var last [2]int
	missing, err := study.Merge(t.Context(), out, shards, study.MergeOptions{
		Progress: func(done, total int) { last = [2]int{done, total} }})
	if err != nil || missing != 0 || last != [2]int{320, 320} {
		t.Errorf("%d missing, %v of 320, %v", missing, last, err)
	}
	if left, _ := filepath.Glob(filepath.Join(base, ".*")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
