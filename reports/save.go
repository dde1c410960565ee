package reports

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"rwe301/internal/atomicfile"
	"rwe301/plots"
)

// file is a part of a report that is saved on its own.
type file struct {
	name  string
	write func(io.Writer) error
}

// saveFiles writes files into a folder, which is made when it does not exist, and lists their paths.
func saveFiles(dir string, files ...file) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := atomicfile.Write(path, f.write); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, tidy(dir, nil, saved(paths))
}

// pictures are the formats of the figures of a report.
var pictures = []string{"png", "svg", "pdf"}

// saveFigures draws figures into a folder, which is made when it does not exist, and lists the files. The width is that
// of every figure, the height following, or 0 for each its own. What cannot be drawn is the error, an Undrawn each; the
// others are saved all the same.
func saveFigures(ctx context.Context, dir string, figures []Figure, width vg.Length, style *Look, tell Progress,
	formats ...string) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	var failed []error
	for k, f := range figures {
		tell.tell(k, len(figures), "figure "+f.Name)
		drawn, err := attempt(ctx, "figure "+f.Name, func() (plots.Drawn, error) {
			return plots.Draw(f.Figure, cmp.Or(width, f.wide(style)), style.style(), formats...)
		})
		if ctx.Err() != nil {
			return paths, ctx.Err()
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		saved, err := drawn.Save(dir, f.Name)
		if paths = append(paths, saved...); err != nil {
			return paths, err
		}
	}
	return paths, errors.Join(failed...)
}

// tidy removes what earlier reports left in a folder: the figures with the names gone, in every format, and what the
// writing of a file named kept or gone, whatever its ending, left unfinished. All else is the user's.
func tidy(dir string, gone, kept []string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	endings := append(plots.Formats(), "csv", plots.Script)
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		name, remove := e.Name(), os.Remove
		of, part := atomicfile.Leftover(name)
		if part {
			name, remove = of, atomicfile.RemoveLeftover
		}
		ending := filepath.Ext(name)
		name = strings.TrimSuffix(name, ending)
		stale := slices.Contains(gone, name) && slices.Contains(endings, strings.TrimPrefix(ending, "."))
		if !stale && (!part || !slices.Contains(kept, name)) {
			continue
		}
		if err := remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// saved are the names of files without their endings.
func saved(paths []string) (names []string) {
	for _, p := range paths {
		base := filepath.Base(p)
		names = append(names, strings.TrimSuffix(base, filepath.Ext(base)))
	}
	return names
}

// without are the names that are not among others.
func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(others, n) })
}

// possible lists the names of all figures of the given kinds that a report of the run may have.
func (f Study) possible(kinds []string) (names []string) {
	for _, kind := range kinds {
		switch kind {
		case "ablation":
			for _, name := range f.fileNames() {
				names = append(names, "ablation-"+name)
			}
			for _, c := range f.Columns { // what is varied may have been another setting before
				names = append(names, "ablation-"+fileName(c.Question.Estimator))
			}
			for _, setting := range f.varied() { // as earlier versions called them
				names = append(names, "ablation-"+setting)
			}
		case "importance":
			names = append(names, kind)
			for _, c := range f.Columns {
				names = append(names, "importance-"+fileName(c.Question.Estimator))
			}
		case "grid":
			for _, down := range f.varied() {
				for _, across := range f.varied() {
					names = append(names, "grid-"+down+"-"+across)
				}
			}
		case "cells":
			names = append(names, "cells-best", "cells-worst")
		case CohortsKind:
			for _, of := range f.groupings() {
				names = append(names, cohortFile(of))
			}
		default:
			names = append(names, kind)
		}
	}
	return names
}

// varied lists the settings of all estimators that are varied.
func (f Study) varied() []string {
	all := map[string]bool{}
	for _, c := range f.Columns {
		for setting := range c.Levels() {
			all[setting] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// how a run is drawn.
type how struct {
	progress Progress
	say      func(string)
	look     *Look
}

// drawable is a run with kinds of figures.
type drawable interface {
	Figures(ctx context.Context, kinds ...string) ([]Figure, error)
	kinds() []string
	possible(kinds []string) []string // names of all figures of some kinds that the run may have, or had
	reason(kind string) string        // why the run has no figure of a kind; may be empty
	how() how
}

// SaveFigures draws the kinds of figures named, all for none, into a folder of the run's own, and lists the files. The
// width is that of every figure, or 0 for each its own. Figures of these kinds that the run has no more are removed;
// what cannot be drawn is the error, an Undrawn each.
func (f Study) SaveFigures(ctx context.Context, dir string, width vg.Length, formats []string, kinds ...string) (
	[]string, error) {
	return saveKinds(ctx, f, dir, width, formats, kinds)
}

// DrawInto is SaveFigures into a folder that may hold more than the figures of this run: nothing is removed.
func (f Study) DrawInto(ctx context.Context, dir string, width vg.Length, formats []string, kinds ...string) (
	[]string, error) {
	return drawKinds(ctx, f, dir, width, formats, kinds)
}

func (f Study) kinds() []string { return FigureNames() }
func (f Study) how() how        { return how{f.Progress, f.Say, f.Look} }

// reason says why there is no figure of a kind.
func (f Study) reason(kind string) string {
	switch kind {
	case CohortsKind, CohortValues:
		if f.groupings() == nil {
			return NoCohorts
		}
		return ""
	case "grid", "importance":
	default:
		return ""
	}
	if _, lacking := f.Importances(); len(lacking) > 0 {
		return strings.Join(lacking, "; ")
	}
	return "no two settings of an estimator are varied together"
}

func saveKinds(ctx context.Context, d drawable, dir string, width vg.Length, formats, kinds []string) (
	[]string, error) {
	paths, err := drawKinds(ctx, d, dir, width, formats, kinds)
	if ctx.Err() != nil {
		return paths, ctx.Err()
	}
	if len(kinds) == 0 {
		kinds = d.kinds()
	}
	made := saved(paths)
	return paths, errors.Join(err, tidy(dir, without(d.possible(kinds), made), made))
}

func drawKinds(ctx context.Context, d drawable, dir string, width vg.Length, formats, kinds []string) (
	[]string, error) {
	made, failed := d.Figures(ctx, kinds...)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if failed == nil {
		failed = lacking(d, made, kinds)
	}
	h := d.how()
	for _, m := range made {
		if m.Note != "" && h.say != nil {
			h.say("figure " + m.Name + ": " + m.Note)
		}
	}
	paths, err := saveFigures(ctx, dir, made, width, h.look, h.progress, formats...)
	if ctx.Err() != nil {
		return paths, ctx.Err()
	}
	return paths, errors.Join(failed, err)
}

// lacking says why there is nothing of the kinds that were asked for, where that is known.
func lacking(d drawable, made []Figure, kinds []string) error {
	var errs []error
	for _, kind := range kinds {
		names := d.possible([]string{kind})
		if slices.ContainsFunc(made, func(f Figure) bool { return slices.Contains(names, f.Name) }) {
			continue
		}
		if why := d.reason(kind); why != "" {
			errs = append(errs, &Undrawn{"figure " + kind, errors.New(why)})
		}
	}
	return errors.Join(errs...)
}

// files are those of a table that is saved: as the endings of files name them.
func (t Table) files(name string, formats map[string]Format) (out []file) {
	for _, ending := range []string{"txt", "md", "tex", "csv"} {
		if f, ok := formats[ending]; ok {
			out = append(out, file{name + "." + ending, func(w io.Writer) error { return t.Write(w, f) }})
		}
	}
	return out
}

// Save writes the table of InOrder in every format, all scores beside the accuracies, and figures of the given kinds,
// and lists their paths.
func (f Study) Save(ctx context.Context, dir string, figures ...string) ([]string, error) {
	t := f.InOrder()
	files := append(t.files("table", map[string]Format{"txt": Terminal, "md": Markdown, "tex": LaTeX, "csv": CSV}),
		file{"table.json", func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(rowsOf(f.Rows))
		}},
		file{"scores.csv", f.writeScores})
	paths, err := saveFiles(dir, files...)
	if err != nil {
		return paths, err
	}
	drawn, err := f.SaveFigures(ctx, dir, 0, pictures, figures...)
	return append(paths, drawn...), err
}

// writeScores writes a row an architecture: text, id, accuracy, and the mean score of every estimator as it was made;
// empty where there is none.
func (f Study) writeScores(w io.Writer) error {
	header := []string{"arch", "id", "accuracy"}
	for _, c := range f.Columns {
		header = append(header, c.Label)
	}
	rows := [][]string{header}
	cell := func(v float64, negated bool) string {
		switch {
		case math.IsNaN(v):
			return ""
		case negated:
			v = -v
		}
		return number(v)
	}
	for i, a := range f.Architectures {
		row := []string{a.Arch, a.ID, cell(f.Results.Truth[i], false)}
		for _, c := range f.Columns {
			row = append(row, cell(c.Mean()[i], c.Lower))
		}
		rows = append(rows, row)
	}
	return csv.NewWriter(w).WriteAll(rows)
}
