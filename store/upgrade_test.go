package store

import (
	"os"
	"path/filepath"
	"testing"
)

// TestEarlierFormat reads and goes on with a database that knows no processor seconds.
func TestEarlierFormat(t *testing.T) {
	old, err := os.ReadFile("../testdata/runs/study-partial/scores.db")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "scores.db")
	if err := os.WriteFile(path, old, 0o644); err != nil {
		t.Fatal(err)
	}
	read := func() []Record {
		s, err := ReadSQLite(path)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		records, err := Collect(s.All())
		if err != nil || len(records) == 0 {
			t.Fatal(len(records), err)
		}
		for row, err := range s.Rows() {
			if err != nil || row.CPUSeconds != 0 && row.CPUSeconds != 0.25 {
				t.Fatal(row, err)
			}
		}
		return records
	}
	before := read()
	for _, r := range before {
		if r.CPUSeconds != 0 || r.Cost() != r.Seconds {
			t.Errorf("%s: %v processor seconds, cost %v of %v s", r.ID, r.CPUSeconds, r.Cost(), r.Seconds)
		}
	}
	if now, _ := os.ReadFile(path); string(now) != string(old) {
		t.Error("reading changed the file")
	}
	s, err := ReopenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	fresh := before[0]
	fresh.Seed, fresh.Seconds, fresh.CPUSeconds = 999, 0.5, 0.25
	if err := s.Put(fresh); err != nil {
		t.Fatal(err)
	}
	got, ok, err := s.Get(fresh.Key())
	if err != nil || !ok || got.CPUSeconds != 0.25 || got.Cost() != 0.25 {
		t.Errorf("put %v, got %v, %v, %v", fresh, got, ok, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if after := read(); len(after) != len(before)+1 {
		t.Errorf("%d records, then %d", len(before), len(after))
	}
}
