package reports

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gofrs/flock"

	"rwe301/plots"
	"rwe301/study/studytest"
)

// bad is a figure that a library panics over.
type bad struct{}

func (bad) Draw(draw.Canvas, plots.Style)           { panic("no such letter") }
func (bad) Height(vg.Length, plots.Style) vg.Length { return vg.Inch }

func (bad) Data() ([]string, [][]string) { return []string{"x"}, [][]string{{"1"}} }

// replaceFigure makes one kind of figure by another function for as long as the test runs.
func replaceFigure(t *testing.T, kind string, make func(Study) ([]Figure, error)) {
	t.Helper()
	for i := range figures {
		if figures[i].name == kind {
			before := figures[i].make
			figures[i].make = make
			t.Cleanup(func() { figures[i].make = before })
			return
		}
	}
	t.Fatalf("no figure %s", kind)
}

// TestUndrawn makes figures fail in every way: the others are drawn, and those that fail are named.
func TestUndrawn(t *testing.T) {
	run, found := studytest.MadeUp(t, t.TempDir(), 60, 1)
	f := Study{Findings: found}
	for _, c := range []struct {
		name, want string
		make       func(Study) ([]Figure, error)
	}{
		{"error", "figure bars: mean rank 0", func(Study) ([]Figure, error) { return nil, errors.New("mean rank 0") }},
		{"panic", "figure bars: index (an error of bench301)", func(Study) ([]Figure, error) { panic("index") }},
		{"drawing", "no such letter", func(Study) ([]Figure, error) {
			return []Figure{{Name: "bars", Figure: bad{}, Width: plots.SingleColumn}}, nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			replaceFigure(t, "bars", c.make)
			dir := filepath.Join(run.Dir, c.name)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			studytest.Write(t, dir, "bars.png", "of an older report")
			paths, err := f.SaveFigures(t.Context(), dir, 0, []string{"svg"}, "bars", "precision")
			var names []string
			for _, p := range paths {
				names = append(names, filepath.Base(p))
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, new(*Undrawn)) {
				t.Errorf("error %v, want %s", err, c.want)
			}
			if !slices.Equal(names, []string{"precision.svg", "precision.csv"}) {
				t.Errorf("drew %v", names)
			}
			if _, err := os.Stat(filepath.Join(dir, "bars.png")); err == nil {
				t.Error("an older figure stands for the one that failed")
			}
			d, err := f.Page(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "report.html")
			if err := d.Save(t.Context(), file); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
			page, err := os.ReadFile(file)
			if err != nil || !strings.Contains(string(page), "The figure bars could not be made") ||
				strings.Count(string(page), "<svg") < 5 {
				t.Errorf("the page does not say what is missing, or lacks more (%v)", err)
			}
		})
	}
}

// TestInterruptedReport ends what takes for ever.
func TestInterruptedReport(t *testing.T) {
	_, found := studytest.MadeUp(t, t.TempDir(), 20, 1)
	f := Study{Findings: found}
	end := make(chan struct{})
	defer close(end)
	replaceFigure(t, "bars", func(Study) ([]Figure, error) { <-end; return nil, nil })
	for name, work := range map[string]func(context.Context) error{
		"page": func(ctx context.Context) error { _, err := f.Page(ctx); return err },
		"figures": func(ctx context.Context) error {
			_, err := f.DrawInto(ctx, t.TempDir(), 0, pictures, "bars")
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := work(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTidy removes what reports left behind and nothing else.
func TestTidy(t *testing.T) {
	dir := t.TempDir()
	stale := []string{"cells-knee.pdf", "cells-knee.csv", "cells-knee.eps", ".fronts.pdf.123", ".cells-knee.svg.9", ".fronts.csv.4"}
	kept := []string{"fronts.pdf", "fronts.tex", "cells-knee.txt", "cells-knee-mine.pdf", "mine.pdf", ".mine.pdf.123",
		".fronts.pdf.swp", "notes", "cells-smallest.pdf", ".cells-knee.pdf", "knee.pdf"}
	for _, name := range slices.Concat(stale, kept) {
		studytest.Write(t, dir, name, "x")
	}
	if err := os.Mkdir(filepath.Join(dir, "cells-knee.png"), 0o755); err != nil {
		t.Fatal(err)
	}
	alive := flock.New(filepath.Join(dir, ".fronts.png.77")) // that another process writes
	if held, err := alive.TryLock(); err != nil || !held {
		t.Fatal(held, err)
	}
	defer alive.Close()
	if err := tidy(dir, []string{"cells-knee"}, []string{"fronts", "cells-smallest"}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	want := slices.Sorted(slices.Values(append(kept, "cells-knee.png", ".fronts.png.77")))
	if !slices.Equal(left, want) {
		t.Errorf("left %v, want %v", left, want)
	}
}

// TestSearchFigureNames lists every figure that a report of searches has a caption for.
func TestSearchFigureNames(t *testing.T) {
	names := Search{}.possible(SearchFigureNames())
	for _, want := range []string{"fronts", "generations", "hypervolume", "best-so-far", "cells-knee", "cells-smallest"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s among %v", want, names)
		}
	}
}
