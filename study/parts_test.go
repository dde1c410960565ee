package study_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rwe301/store"
	"rwe301/study"
	"rwe301/study/studytest"
)

// parts makes runs of a study in three shards, of which the third is not begun.
func parts(t *testing.T) (p *study.Plan, dir string, shards []string) {
	dir = filepath.Join(t.TempDir(), "my [runs]") // no pattern
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	path := studytest.Write(t, dir, "x.yaml", "name: x\narchitectures: {sample: 7}\naccuracy: none\n"+
		"estimators: [params, macs]\n")
	for i := range 3 {
		part := study.Shard{Index: i + 1, Count: 3}
		shards = append(shards, study.PartFolder(filepath.Join(dir, "x"), part))
	}
	finishPart(t, path, shards[0], 1)
	finishPart(t, path, shards[1], 2)
	return studytest.Prepare(t, path), dir, shards
}

func finishPart(t *testing.T, path, dir string, i int) {
	t.Helper()
	p := studytest.Prepare(t, path)
	r := studytest.Create(t, dir, p, study.Shard{Index: i, Count: 3})
	if err := errors.Join(r.Do(t.Context(), p, studytest.Machine, study.Options{}), r.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestMergeComplete merges only what is complete, and says what is not.
func TestMergeComplete(t *testing.T) {
	_, dir, shards := parts(t)
	out := filepath.Join(dir, "x")
	_, err := study.Merge(t.Context(), out, shards, study.MergeOptions{Complete: true})
	if want := shards[2] + ": has not begun"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
	_, err = study.Merge(t.Context(), out, shards[:2], study.MergeOptions{Complete: true})
	if err == nil || !strings.Contains(err.Error(), "4 scores are in none of the runs") {
		t.Errorf("%v", err)
	}
	begun := studytest.Create(t, shards[2], studytest.Prepare(t, filepath.Join(dir, "x.yaml")), study.Shard{3, 3})
	if err := begun.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = study.Merge(t.Context(), out, shards, study.MergeOptions{Complete: true})
	if want := shards[2] + ": lacks 4 of 4 scores"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a merge that was refused left a folder")
	}
}

// TestMergeUpdate adds to a merged run what it lacked, and to nothing else.
func TestMergeUpdate(t *testing.T) {
	_, dir, shards := parts(t)
	path, out := filepath.Join(dir, "x.yaml"), filepath.Join(dir, "x")
	update := study.MergeOptions{Update: true}
	if missing, err := study.Merge(t.Context(), out, shards[:2], update); err != nil || missing != 4 {
		t.Fatalf("%d missing, %v", missing, err)
	}
	studytest.Write(t, out, "table.md", "made of it")
	finishPart(t, path, shards[2], 3)
	for range 2 { // the second adds nothing
		if missing, err := study.Merge(t.Context(), out, shards, update); err != nil || missing != 0 {
			t.Fatalf("%d missing, %v", missing, err)
		}
	}
	if _, err := os.Stat(filepath.Join(out, "table.md")); err != nil {
		t.Error(err)
	}
	whole := studytest.Create(t, filepath.Join(dir, "whole"), studytest.Prepare(t, path), study.Shard{})
	if err := whole.Do(t.Context(), studytest.Prepare(t, path), studytest.Machine, study.Options{}); err != nil {
		t.Fatal(err)
	}
	merged, err := study.OpenForWriting(out)
	if err != nil {
		t.Fatal(err)
	}
	if exported(t, merged) != exported(t, whole) {
		t.Errorf("another export:\n%s\nwant\n%s", exported(t, merged), exported(t, whole))
	}

	// A failed score gives way to one that is none, and a score to nothing.
	records, err := store.Collect(merged.Store.All())
	if err := errors.Join(err, merged.Close()); err != nil {
		t.Fatal(err)
	}
	failed, other := records[0], records[1]
	failed.Status, failed.Score, failed.Error = store.Failed, nil, "out of luck"
	holding := func(name string, r store.Record) string {
		run := studytest.Create(t, filepath.Join(dir, name), studytest.Prepare(t, path), study.Shard{})
		if err := errors.Join(run.Store.Put(r), run.Close()); err != nil {
			t.Fatal(err)
		}
		return run.Dir
	}
	again := holding("failed", failed)
	if _, err := study.Merge(t.Context(), again, shards, update); err != nil {
		t.Fatal(err)
	}
	if merged, err = study.Open(again); err != nil {
		t.Fatal(err)
	}
	defer merged.Close()
	if exported(t, merged) != exported(t, whole) {
		t.Error("a failed score stayed")
	}
	score := *other.Score + 1
	other.Score = &score
	refused := func(out string, want string) {
		t.Helper()
		if _, err := study.Merge(t.Context(), out, shards, update); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	refused(holding("other", other), fmt.Sprintf("%s of %s (seed 0) differs", other.Estimator, other.ID))
	refused(shards[0], "shard 1/3 of the study, no merged run")
	refused(dir, "not empty")
	another := studytest.Prepare(t, studytest.Write(t, dir, "y.yaml", "name: y\narchitectures: {sample: 7}\n"+
		"accuracy: none\nestimators: [params]\n"))
	r := studytest.Create(t, filepath.Join(dir, "y"), another, study.Shard{})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	refused(r.Dir, "a run of another study")
}

// TestStanding says how far parts of a study have come, and which are not of it.
func TestStanding(t *testing.T) {
	p, dir, shards := parts(t)
	const code = "test"
	for i, want := range []study.Standing{{Begun: true, Asked: 6}, {Begun: true, Asked: 4}, {}} {
		part := study.Shard{Index: i + 1, Count: 3}
		if got, err := p.Standing(shards[i], part, code); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", shards[i], got, err, want)
		}
	}
	begun := studytest.Create(t, shards[2], p, study.Shard{3, 3})
	if err := begun.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir, code, want string
		part            study.Shard
	}{
		{shards[2], "another", "begun by version test, this is another", study.Shard{3, 3}},
		{shards[0], code, "not shard 2/3 of the study", study.Shard{2, 3}},
		{shards[0], code, "not the whole of the study", study.Shard{}},
		{dir, code, "not empty", study.Shard{}},
	} {
		if _, err := p.Standing(c.dir, c.part, c.code); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	if got := study.Parted(filepath.Join(dir, "x")); !reflect.DeepEqual(got, []int{3}) {
		t.Errorf("parted into %v", got)
	}
	if got := study.Parted(filepath.Join(dir, "y")); got != nil {
		t.Errorf("y parted into %v", got)
	}
}
