package store

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// benchmarkScores are three scores of each of n architectures, batch by batch.
func benchmarkScores(b *testing.B, n int, put func(...Record) error) {
	b.Helper()
	for from := 0; from < n; from += 1000 {
		var batch []Record
		for i := from; i < from+1000; i++ {
			for e := range 3 {
				r := record(fmt.Sprintf("[[(0, 5), (1, 0), (0, 5), (2, 4), (0, 3)]] %d", i), math.Sin(float64(3*i+e)))
				r.Estimator = []string{"params", "flops", "pool-count"}[e]
				batch = append(batch, r)
			}
		}
		if err := put(batch...); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads the scores of 20 000 architectures in every way that there is.
func BenchmarkRead(b *testing.B) {
	const n = 20_000
	dir := b.TempDir()
	db, err := OpenSQLite(filepath.Join(dir, "scores.db"))
	if err != nil {
		b.Fatal(err)
	}
	lines, err := OpenJSONL(filepath.Join(dir, "scores.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range []Store{db, lines} {
		benchmarkScores(b, n, s.Put)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	reader, err := ReadSQLite(filepath.Join(dir, "scores.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer reader.Close()
	for _, c := range []struct {
		name string
		read func() error
	}{
		{"rows of sqlite", func() (err error) {
			for _, e := range reader.Rows() {
				err = e
			}
			return err
		}},
		{"records of sqlite", func() error { return Export(io.Discard, FormatCSV, reader.All(), true) }},
		{"records of jsonl", func() error {
			return Export(io.Discard, FormatCSV, ReadAll(nil, filepath.Join(dir, "scores.jsonl")), true)
		}},
		{"resume of jsonl", func() error {
			s, err := OpenJSONL(filepath.Join(dir, "scores.jsonl"))
			if err != nil {
				return err
			}
			return s.Close()
		}},
		{"resume of sqlite", func() error {
			s, err := OpenSQLite(filepath.Join(dir, "scores.db"))
			if err != nil {
				return err
			}
			return s.Close()
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if err := c.read(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/(3*n), "us/score")
		})
	}
}

// BenchmarkPut adds 3 000 scores at a time.
func BenchmarkPut(b *testing.B) {
	for name, open := range map[string]func(path string) (Store, error){
		"jsonl":  func(path string) (Store, error) { return OpenJSONL(path) },
		"sqlite": func(path string) (Store, error) { return OpenSQLite(path) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				path := filepath.Join(b.TempDir(), "scores")
				s, err := open(path)
				if err != nil {
					b.Fatal(err)
				}
				benchmarkScores(b, 10_000, s.Put)
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				_ = os.Remove(path)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/30_000, "us/score")
		})
	}
}
