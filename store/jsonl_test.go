package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// idOf is the id of an architecture's canonical text.
func idOf(arch string) string {
	sum := sha256.Sum256([]byte(arch))
	return hex.EncodeToString(sum[:8])
}

func record(arch string, score float64) Record {
	return Record{
		Arch: arch, ID: idOf(arch), Estimator: "rwe", Settings: []byte(`{"channels":8}`), SettingsHash: "h",
		Dataset: "cifar10", Seed: 1, Score: &score, Seconds: 0.5, Status: OK, Code: "test", CPU: "test",
	}
}

// all are the records of a store.
func all(t *testing.T, s Store) (out []Record) {
	t.Helper()
	for r, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func open(t *testing.T, path string) *JSONL {
	t.Helper()
	s, err := OpenJSONL(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestResumeAfterATornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.jsonl")
	s := open(t, path)
	for i, id := range []string{"a", "b"} {
		if err := s.Put(record(id, float64(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	torn := append(append([]byte(nil), whole...), `{"arch":"c","id":"2e7d2c03a9507ae2","est`...)
	if err := os.WriteFile(path, torn, 0o644); err != nil {
		t.Fatal(err)
	}

	s = open(t, path)
	if got := all(t, s); len(got) != 2 || got[0].Arch != "a" || *got[1].Score != 1 {
		t.Fatalf("records after a torn line: %+v", got)
	}
	if _, ok, err := s.Get(record("b", 0).Key()); !ok || err != nil {
		t.Error("b is lost")
	}
	if err := s.Put(record("c", 2)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	recs, err := Collect(ReadAll(nil, path))
	if err != nil || len(recs) != 3 {
		t.Fatalf("%d records, %v; want 3", len(recs), err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestFailedRecordsAreReplacedAndScoresAreNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.jsonl")
	s := open(t, path)
	defer s.Close()
	failed := record("a", 0)
	failed.Score, failed.Status, failed.Error = nil, Failed, "one class only"
	for _, r := range []Record{failed, record("a", 3)} {
		if err := s.Put(r); err != nil {
			t.Fatal(err)
		}
	}
	if got := all(t, s); len(got) != 1 || got[0].Status != OK {
		t.Errorf("records: %+v; want the score alone", got)
	}
	if err := s.Put(record("a", 4)); err == nil {
		t.Error("a score was overwritten")
	}
}

func TestSecondWriterIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.jsonl")
	s := open(t, path)
	defer s.Close()
	if _, err := OpenJSONL(path); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("second writer: %v", err)
	}
}

func TestDamageIsNamed(t *testing.T) {
	good, err := Line(record("a", 1))
	if err != nil {
		t.Fatal(err)
	}
	other, err := Line(record("b", 1))
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, new string) string { return strings.Replace(string(other), old, new, 1) }
	for name, bad := range map[string]string{
		"key twice":        with(`"score":1`, `"score":1,"score":2`),
		"key twice, equal": with(`"score":1`, `"score":1,"score":1`),
		"other case":       with(`"score":1`, `"score":1,"Score":2`),
		"only other case":  with(`"seconds"`, `"SECONDS"`),
		"in the settings":  with(`{"channels":8}`, `{"channels":8,"channels":9}`),
		"id of another":    with(`"arch":"b"`, `"arch":"a"`),
		"id upper case":    with(idOf("b"), strings.ToUpper(idOf("b"))),
		"negative seconds": with(`"seconds":0.5`, `"seconds":-0.5`),
		"endless seconds":  with(`"seconds":0.5`, `"seconds":1e999`),
		"NaN":              with(`"score":1`, `"score":NaN`),
		"Infinity":         with(`"score":1`, `"score":-Infinity`),
		"too large":        with(`"score":1`, `"score":1e400`),
		"score as text":    with(`"score":1`, `"score":"1"`),
		"seed below 0":     with(`"seed":1`, `"seed":-1`),
		"seed in parts":    with(`"seed":1`, `"seed":1.5`),
		"two values":       with("}\n", "}{}\n"),
		"array":            "[]\n",
		"blank":            "\n",
		"not json":         "hello\n",
		"no id":            `{"arch":"x","estimator":"rwe","status":"failed"}` + "\n",
		"no score":         `{"arch":"x","id":"x","estimator":"rwe","status":"ok"}` + "\n",
		"unknown state":    `{"arch":"x","id":"x","estimator":"rwe","status":"fine"}` + "\n",
	} {
		path := filepath.Join(t.TempDir(), "records.jsonl")
		if err := os.WriteFile(path, append(append([]byte(nil), good...), bad...), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenJSONL(path); err == nil || !strings.Contains(err.Error(), "records.jsonl:2:") {
			t.Errorf("%s: %v; want an error at line 2", name, err)
		}
		after, _ := os.ReadFile(path)
		if string(after) != string(good)+bad {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

// A last line that is whole but for its end counts, and gets it.
func TestLastLineWithoutEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.jsonl")
	a, _ := Line(record("a", 1))
	b, _ := Line(record("b", 2))
	if err := os.WriteFile(path, append(a, bytes.TrimSpace(b)...), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := Collect(ReadAll(nil, path)); err != nil || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	s := open(t, path)
	defer s.Close()
	if err := s.Put(record("c", 3)); err != nil {
		t.Fatal(err)
	}
	if got := all(t, s); len(got) != 3 || got[1].Arch != "b" || got[2].Arch != "c" {
		t.Errorf("%v", got)
	}
}

// Both stores find every record by its key, and no other.
func TestRecordsByKey(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "scores.db"))
	defer db.Close()
	for name, s := range map[string]Store{"jsonl": open(t, filepath.Join(t.TempDir(), "scores.jsonl")), "sqlite": db} {
		records := mixed(60)
		if err := s.Put(records...); err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			got, ok, err := s.Get(r.Key())
			want, _ := Line(r)
			if have, _ := Line(got); err != nil || !ok || !bytes.Equal(have, want) {
				t.Fatalf("%s: %s %v %v\nwant %s", name, have, ok, err, want)
			}
			for _, other := range []Key{
				{"nobody", r.Estimator, r.SettingsHash, r.Dataset, r.Seed}, {r.ID, "x", r.SettingsHash, r.Dataset, r.Seed},
				{r.ID, r.Estimator, "x", r.Dataset, r.Seed}, {r.ID, r.Estimator, r.SettingsHash, "x", r.Seed},
				{r.ID, r.Estimator, r.SettingsHash, r.Dataset, 77},
			} {
				if got, ok, err := s.Get(other); err != nil || ok {
					t.Errorf("%s: %v of %v, %v", name, got, other, err)
				}
			}
		}
	}
}

// TestFilesOfOthersAreKept names files that no run wrote as the file for scores: they must not be taken for one that a
// crash cut short.
func TestFilesOfOthersAreKept(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"text":             {"my only notes", ":1: not a record"},
		"architecture":     {"[[(0, 1), (1, 2)", ":1: not a record"},
		"another object":   {`{"precious": 1}`, ":1: not a record"},
		"a longer one":     {`{"precious": [1, `, ":1: not a record"},
		"whole, no record": {`{"arch":"a"}`, ":1: not a record"},
		"number":           {"5", ":1: not a record"},
		"database":         {"SQLite format 3\x00 and more", "a SQLite database"},
		"cut short":        {`{"arch":"[[(0, 1), (1, 2)`, ""},
		"just begun":       {`{"a`, ""},
		"never written":    {"\x00\x00\x00", ""},
		"half written":     {"{\"arch\":\"[[\x00\x00", ""},
	} {
		path := filepath.Join(t.TempDir(), "scores.jsonl")
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Collect(ReadAll(nil, path))
		if want := cmp.Or(c.want, "no scores in it"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: read: %v, want %q", name, err, want)
		}
		s, err := OpenJSONL(path)
		if err == nil {
			err = s.Close()
		}
		kept, _ := os.ReadFile(path)
		switch {
		case c.want == "" && (err != nil || len(kept) > 0):
			t.Errorf("%s: %v, %q", name, err, kept)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || string(kept) != c.text):
			t.Errorf("%s: %v, %q, want %q", name, err, kept, c.want)
		}
	}
}
