package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go"
)

func openDB(t *testing.T, path string) *SQLite {
	t.Helper()
	s, err := OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mixed makes n records of several estimators, seeds and states, all of different keys.
func mixed(n int) []Record {
	states := []Status{OK, OK, OK, Undefined, Failed}
	var out []Record
	for i := range n {
		r := record(fmt.Sprint("architecture ", i/6), math.Sin(float64(i)))
		r.Estimator = []string{"rwe", "params", "nwot"}[i%3]
		r.Seed = uint64(i / 3 % 2)
		if r.Estimator == "params" {
			r.Dataset, r.Settings = "", nil
		}
		if r.Status = states[i%len(states)]; r.Status != OK {
			r.Score, r.Error = nil, "cell \"2\", all maps equal\nλ"
		}
		out = append(out, r)
	}
	return out
}

func export(t *testing.T, s *SQLite, f Format, times bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Export(&b, f, s.All(), times); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestStores runs one conversation with every implementation.
func TestStores(t *testing.T) {
	for name, open := range map[string]func(string) (Store, error){
		"jsonl":  func(p string) (Store, error) { return OpenJSONL(p) },
		"sqlite": func(p string) (Store, error) { return OpenSQLite(p) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a b%3f#?.store") // a name that an URI would mangle
			for round := range 2 {
				s, err := open(path)
				if err != nil {
					t.Fatal(err)
				}
				failed := record("a", 0)
				failed.Score, failed.Status, failed.Error = nil, Failed, "one class only"
				if round == 0 {
					for _, batch := range [][]Record{{failed, record("b", 0.30000000000000004)}, {record("a", 3)}} {
						if err := s.Put(batch...); err != nil {
							t.Fatal(err)
						}
					}
				}
				if err := s.Put(record("c", 1), record("a", 4)); err == nil || !strings.Contains(err.Error(), "scored already") {
					t.Errorf("a score was overwritten: %v", err)
				}
				bad := record("d", math.Inf(1))
				if err := s.Put(record("c", 1), bad); err == nil {
					t.Error("an infinite score was accepted")
				}
				var got []string
				for r, err := range s.All() {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, fmt.Sprint(r.Arch, *r.Score, r.Status, r.Error, string(r.Settings)))
				}
				slices.Sort(got)
				if want := `[a3ok{"channels":8} b0.30000000000000004ok{"channels":8}]`; fmt.Sprint(got) != want {
					t.Errorf("round %d: %v, want %v", round, got, want)
				}
				if r, ok, err := s.Get(record("b", 0).Key()); !ok || err != nil || *r.Score != 0.30000000000000004 {
					t.Errorf("b: %+v %v %v", r, ok, err)
				}
				if _, ok, err := s.Get(record("c", 0).Key()); ok || err != nil {
					t.Errorf("half a refused batch was kept: %v", err)
				}
				if _, err := open(path); err == nil || !strings.Contains(err.Error(), "another process") {
					t.Errorf("second writer: %v", err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestExportsDoNotDependOnTheWayIn(t *testing.T) {
	records := mixed(600)
	exports := func(order func(s *SQLite)) map[Format][]byte {
		s := openDB(t, filepath.Join(t.TempDir(), "scores.db"))
		defer s.Close()
		order(s)
		out := map[Format][]byte{}
		for _, f := range formats {
			out[f] = export(t, s, f, false)
		}
		return out
	}
	put := func(s *SQLite, rs ...Record) {
		if err := s.Put(rs...); err != nil {
			t.Error(err)
		}
	}
	want := exports(func(s *SQLite) { put(s, records...) })
	for name, order := range map[string]func(*SQLite){
		"backwards, other machine": func(s *SQLite) {
			for i := len(records) - 1; i >= 0; i-- {
				r := records[i]
				r.Seconds, r.CPU = float64(i), "another"
				put(s, r)
			}
		},
		"eight writers": func(s *SQLite) {
			var wg sync.WaitGroup
			for w := range 8 {
				wg.Go(func() {
					for i := w; i < len(records); i += 8 {
						put(s, records[i])
					}
				})
			}
			wg.Wait()
		},
		"failures first": func(s *SQLite) {
			for _, r := range records {
				failed := r
				failed.Score, failed.Status, failed.Error = nil, Failed, "killed"
				put(s, failed)
			}
			put(s, records...)
		},
	} {
		for f, got := range exports(order) {
			if !bytes.Equal(got, want[f]) {
				t.Errorf("%s: %s differs", name, f)
			}
		}
	}
}

func TestExportsHoldTheSame(t *testing.T) {
	s := openDB(t, filepath.Join(t.TempDir(), "scores.db"))
	defer s.Close()
	if err := s.Put(mixed(200)...); err != nil {
		t.Fatal(err)
	}
	var want []Record
	for r, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, r)
	}
	path := filepath.Join(t.TempDir(), "scores.jsonl")
	if err := os.WriteFile(path, export(t, s, FormatJSONL, true), 0o644); err != nil {
		t.Fatal(err)
	}
	lines, err := Collect(open(t, path).All())
	if err != nil {
		t.Fatal(err)
	}
	b := export(t, s, FormatParquet, true)
	rows, err := parquet.Read[parquetRow](bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != len(want) || len(rows) != len(want) {
		t.Fatalf("%d lines, %d rows, want %d", len(lines), len(rows), len(want))
	}
	for i, r := range want {
		line, _ := Line(r)
		if got, _ := Line(lines[i]); !bytes.Equal(got, line) {
			t.Errorf("JSON line %d: %s, want %s", i, got, line)
		}
		p := rows[i]
		same := p.ID == r.ID && p.Arch == r.Arch && p.Estimator == r.Estimator && p.Settings == string(r.Settings) &&
			p.Seed == int64(r.Seed) && p.Status == string(r.Status) && p.Error == r.Error && p.Seconds == r.Seconds &&
			(p.Score == nil) == (r.Score == nil)
		if !same || p.Score != nil && *p.Score != *r.Score {
			t.Errorf("Parquet row %d: %+v, want %+v", i, p, r)
		}
	}
	if err := Export(&bytes.Buffer{}, "xlsx", s.All(), true); err == nil {
		t.Error("xlsx was accepted")
	}
}

func TestBadDatabases(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	s := openDB(t, path("good"))
	if err := s.Put(mixed(3000)...); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path("good"))
	if err != nil {
		t.Fatal(err)
	}
	run := func(name, statement string) {
		db, err := sql.Open("sqlite", path(name))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name string, data []byte) {
		if err := os.WriteFile(path(name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("newer", good)
	run("newer", "PRAGMA user_version = 3")
	run("foreign", "CREATE TABLE t (x)")
	write("text", []byte(strings.Repeat("arch,score\n", 100)))
	write("cut", good[:len(good)/2])
	scratched := bytes.Clone(good)
	for i := 3*4096 + 8; i < len(scratched); i += 4096 {
		copy(scratched[i:], bytes.Repeat([]byte{0xff}, 64))
	}
	write("scratched", scratched)
	for name, want := range map[string]string{
		"newer": "format 3; this program reads formats 1 and 2", "foreign": "not one of bench301 scores", "text": "not a database",
		"cut": "damaged database", "scratched": "damaged database",
	} {
		before, _ := os.ReadFile(path(name))
		if s, err := OpenSQLite(path(name)); err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v; want %q", name, err, want)
			if err == nil {
				s.Close()
			}
		}
		if after, _ := os.ReadFile(path(name)); !bytes.Equal(before, after) {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if _, err := OpenSQLite(path("no/such/folder")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if _, err := ReadSQLite(path("missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading a missing file: %v", err)
	}
	if _, err := os.Stat(path("missing")); err == nil {
		t.Error("reading made a file")
	}
}

func TestReadingWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scores.db")
	s := openDB(t, path)
	defer s.Close()
	if err := s.Put(mixed(300)...); err != nil {
		t.Fatal(err)
	}
	reader, err := ReadSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	n := 0
	for _, err := range reader.All() {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 10 {
			if err := s.Put(record("zz", 1)); err != nil {
				t.Fatalf("a reader stopped the writer: %v", err)
			}
		}
	}
	if n != 300 {
		t.Errorf("read %d records, want the 300 there were when reading began", n)
	}
	if err := reader.Put(record("q", 1)); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("a reader wrote: %v", err)
	}
}

func TestFullDiskLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scores.db")
	s := openDB(t, path)
	if err := s.Put(record("a", 1)); err != nil {
		t.Fatal(err)
	}
	// A page limit is the full disk that a test can make.
	s.db.SetMaxOpenConns(1)
	if _, err := s.db.Exec("PRAGMA max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(mixed(5000)...); err == nil || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("full disk: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openDB(t, path)
	defer s.Close()
	if err := s.Put(mixed(5000)...); err != nil {
		t.Errorf("after freeing space: %v", err)
	}
	if _, ok, err := s.Get(record("a", 1).Key()); !ok || err != nil {
		t.Errorf("the first score is lost: %v", err)
	}
}

// TestLargeStudyStaysSmall streams many records through every export. BENCH301_LARGE=1 makes it 100 000 architectures
// of eight estimators.
func TestLargeStudyStaysSmall(t *testing.T) {
	architectures := 5000
	if os.Getenv("BENCH301_LARGE") != "" {
		architectures = 100000
	}
	s := openDB(t, filepath.Join(t.TempDir(), "scores.db"))
	defer s.Close()
	arch := strings.Repeat("(sep_conv_3x3,0)", 16)
	for from := 0; from < architectures; from += 1000 {
		var batch []Record
		for i := from; i < from+1000; i++ {
			for e := range 8 {
				r := record(fmt.Sprint(arch, i), float64(i*e))
				r.Estimator = fmt.Sprint("estimator", e)
				batch = append(batch, r)
			}
		}
		if err := s.Put(batch...); err != nil {
			t.Fatal(err)
		}
	}
	var m runtime.MemStats
	for _, f := range formats {
		var n counter
		peak := &n
		if err := Export(peak, f, s.All(), true); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&m)
		t.Logf("%s: %d bytes, heap %d MB, from the system %d MB", f, n, m.HeapAlloc>>20, m.Sys>>20)
	}
	rows := 0
	for _, err := range s.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows++
	}
	if rows != architectures*8 {
		t.Errorf("%d rows, want %d", rows, architectures*8)
	}
	if m.Sys > 500<<20 {
		t.Errorf("%d MB from the system, want less than 500", m.Sys>>20)
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

var formats = []Format{FormatCSV, FormatJSONL, FormatParquet}

// URLs are those of https://sqlite.org/uri.html.
func TestFileURL(t *testing.T) {
	for path, want := range map[string]string{
		"/home/me/a run/50%?.db": "file:///home/me/a%20run/50%25%3F.db?mode=rw",
		"C:/Users/me/a run.db":   "file:///C:/Users/me/a%20run.db?mode=rw",
		"//server/share/a.db":    "file:////server/share/a.db?mode=rw",
	} {
		if got := fileURL(path, url.Values{"mode": {"rw"}}); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
