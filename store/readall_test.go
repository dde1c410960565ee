package store

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadAll reads files one after the other: of two answers to one question a score counts, and of two failures the
// later one; two scores must be the same.
func TestReadAll(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, records ...Record) string {
		path := filepath.Join(dir, name)
		var text []byte
		for _, r := range records {
			line, err := Line(r)
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, line...)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	failed := func(arch, reason string) Record {
		r := record(arch, 0)
		r.Score, r.Status, r.Error = nil, Failed, reason
		return r
	}
	a := write("a", record("x", 1), failed("y", "first"), failed("z", "first"))
	b := write("b", record("x", 1), record("y", 2), failed("z", "second"), record("w", 4))
	for _, paths := range [][]string{{a, b}, {b, a}, {a, write("empty"), b}} {
		got, err := Collect(ReadAll(nil, paths...))
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]string{}
		for _, r := range got {
			if said[r.Arch] = r.Error; r.Score != nil {
				said[r.Arch] = fmt.Sprint(*r.Score)
			}
		}
		want := map[string]string{"x": "1", "y": "2", "z": "second", "w": "4"}
		if paths[0] == b {
			want["z"] = "first"
		}
		if !maps.Equal(said, want) {
			t.Errorf("%v: %v, want %v", paths, said, want)
		}
	}
	empty, other := filepath.Join(dir, "empty"), write("other", record("v", 0), record("x", 3))
	if _, err := Collect(ReadAll(nil, empty)); err == nil || err.Error() != empty+": no scores in it" {
		t.Errorf("%v", err)
	}
	for _, paths := range [][]string{{a, other}, {other, b}} {
		_, err := Collect(ReadAll(nil, paths...))
		for _, part := range []string{"/other:2", paths[0], paths[1] + ":", "score"} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%v: %v, want %s in it", paths, err, part)
			}
		}
	}
	twice := write("twice", record("x", 1), record("y", 1), record("x", 2))
	if _, err := OpenJSONL(twice); err == nil || !strings.Contains(err.Error(), "twice:3: ") ||
		!strings.Contains(err.Error(), "line 1") {
		t.Errorf("two scores in one file: %v", err)
	}
}

// TestReadAllTellsAndStops hears of all bytes that were read, counts what stands twice once, and reads no further than
// it is asked to.
func TestReadAllTellsAndStops(t *testing.T) {
	var text []byte
	for i := range 3 * toldEvery {
		line, err := Line(record(fmt.Sprint("architecture ", i%(2*toldEvery)), 1))
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, line...)
	}
	path := filepath.Join(t.TempDir(), "scores.jsonl")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	var heard []int64
	n := 0
	for _, err := range ReadAll(func(read, total int64) {
		if heard = append(heard, read); total != int64(2*len(text)) {
			t.Fatalf("%d bytes in all, want %d", total, 2*len(text))
		}
	}, path, path) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 2*toldEvery || len(heard) != 6 || heard[2] != int64(len(text)) || heard[5] != 2*heard[2] {
		t.Errorf("%d records, heard of %d", n, heard)
	}
	n = 0
	for range ReadAll(nil, path) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d records after the second", n)
	}
	for _, err := range ReadAll(nil, path, filepath.Join(t.TempDir(), "absent")) {
		if err != nil && !strings.Contains(err.Error(), "absent") {
			t.Error(err)
		}
	}
}
