package search_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"rwe301/analysis"
	"rwe301/search"
	"rwe301/study/studytest"
)

// TestInterruptedAnywhere interrupts searches with every algorithm again and again, between and within the scores of an
// architecture, and goes on with other numbers of workers. They end as if nobody had disturbed them.
func TestInterruptedAnywhere(t *testing.T) {
	const slow = `"featstd:train_images=20,batch=20,channels=4,layers=3,resolution=8"`
	text := "population: 5\ngenerations: 3\nseeds: [3]\nlimits: {pool-count: 9}\nbudgets: {flops: 150M, " + slow + ": 0}\n" +
		"weights: fresh\nmethods:\n"
	for _, a := range search.Algorithms() {
		text += "  - {name: " + a + ", algorithm: " + a + ", objectives: [macs, " + slow + ", accuracy]}\n"
	}
	d, err := search.Parse("search.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	whole, err := search.Create(t.Context(), filepath.Join(dir, "whole"), d, studytest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	if err := whole.Run(t.Context(), 2, nil); err != nil {
		t.Fatal(err)
	}
	want := frontsOf(t, whole)
	s, err := search.Create(t.Context(), filepath.Join(dir, "parts"), d, studytest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	patience := time.Millisecond
	for turn := 1; ; turn++ {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err := s.Run(ctx, 1+turn%3, nil)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		patience += patience / 8 // in the end one turn is enough
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = search.OpenForWriting(t.Context(), s.Dir, studytest.Machine); err != nil {
			t.Fatal(err)
		}
	}
	defer s.Close()
	if got := frontsOf(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("interrupted searches found\n%+v\nothers\n%+v", got, want)
	}
}

// frontsOf is what is found, with what is measured of it.
func frontsOf(t *testing.T, s *search.Searches) []any {
	t.Helper()
	r, err := s.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]analysis.SearchRow, len(r.Rows))
	for i, row := range r.Rows {
		for k, v := range row.BestUnder {
			if v != v { // equal only to itself by another name
				row.BestUnder[k] = -1
			}
		}
		rows[i] = row
	}
	return []any{r.Found, rows, r.Curves}
}
