package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/internal/printable"
	"rwe301/search"
	"rwe301/store"
	"rwe301/studies"
	"rwe301/study"
)

// listed is a run as `runs` lists it.
type listed struct {
	Name          string     `json:"name"` // a path that every command takes
	Kind          string     `json:"kind"` // study, search, demo, table or scores; "" where it is no run
	When          *time.Time `json:"when"` // it began, or the file was written; null where that is not known
	Architectures int        `json:"architectures"`
	Asked         int        `json:"asked"` // scores; of searches evaluations
	Done          int        `json:"done"`
	Failed        int        `json:"failed"` // or undefined
	Best          *best      `json:"best"`   // null without accuracies
	Size          int64      `json:"bytes"`
	Problem       string     `json:"problem,omitempty"`
}

// best is the estimator with the highest tau-b of a run, or the most accurate architecture that searches evaluated.
type best struct {
	Estimator string   `json:"estimator,omitempty"`
	TauB      *float64 `json:"tau_b,omitempty"`
	ID        string   `json:"id,omitempty"`
	Accuracy  *float64 `json:"accuracy,omitempty"`
}

// widestBest is the number of characters that a list shows of the name of an estimator.
const widestBest = 24

func (b *best) String() string {
	switch {
	case b == nil:
		return ""
	case b.TauB != nil:
		return fmt.Sprintf("%s %+.3f", printable.Cut(b.Estimator, widestBest), *b.TauB)
	}
	return fmt.Sprintf("%s %.2f %%", b.ID, *b.Accuracy)
}

func newRuns(s streams) *cobra.Command {
	var f recordOptions
	return with(&cobra.Command{
		Use:   "runs [DIR]",
		Short: "List the runs in a folder",
		Long: `Lists what is in the folder DIR (default runs) and below it: run folders of studies, of searches, of the demo
and of tables that were replayed, and files of scores. done counts scores, of searches evaluations; failed counts those
that are no number; best is the estimator with the highest tau-b, of searches the most accurate architecture that they
evaluated, each by the accuracies that the run comes with, of files of scores by the mini surrogate. Runs that are
damaged or not finished are listed with what is wrong; other folders, as of figures, are named on standard error.

Commands put a new run into runs/NAME, where that is taken into runs/NAME-2, and so on, and say so as they begin; NAME
is that of the study, the search or the table, or demo. Parts of a study, which belong together, are
runs/NAME-3-of-16.`,
		Example: `  bench301 runs
  bench301 runs experiments --json`,
		Args: someArgs(0, 1, "one folder at most"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "runs"
			if len(args) > 0 {
				dir = args[0]
			}
			all, foreign, err := list(cmd.Context(), s, dir)
			if err != nil {
				return err
			}
			if foreign != nil {
				s.say("no run in %s", printable.Cut(strings.Join(foreign, ", "), 300))
			}
			if len(all) == 0 {
				s.say("%s: no runs in it", dir)
			}
			columns := "name,kind,when,>n,>done,>failed,best,>size"
			if f.csv {
				columns += ",problem"
			}
			p := newPrinter(s, f, columns, listed.cells)
			p.width = terminalWidth(s.out)
			for _, l := range all {
				if l.Problem != "" {
					p.table.Notes = append(p.table.Notes, l.Name+": "+l.Problem)
				}
			}
			return p.printAll(all)
		},
	}, f.AddFlags)
}

func (l listed) cells() []any {
	when, n, done, failed := "", "", "", ""
	if l.When != nil {
		when = l.When.Format("2006-01-02 15:04")
	}
	if l.Architectures > 0 { // else it could not be opened
		n, failed = strconv.Itoa(l.Architectures), strconv.Itoa(l.Failed)
	}
	if l.Asked > 0 {
		done = fmt.Sprintf("%d/%d", l.Done, l.Asked)
	}
	return []any{l.Name, l.Kind, when, n, done, failed, l.Best, bytesText(l.Size), l.Problem}
}

// bytesText writes a size with the unit that fits.
func bytesText(n int64) string {
	v, units := float64(n), []string{"B", "kB", "MB", "GB", "TB"}
	k := 0
	for ; v >= 1000 && k < len(units)-1; k++ {
		v /= 1000
	}
	if k == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.3g %s", v, units[k])
}

// list looks at all runs in a folder, several at a time, in order of their names. foreign are folders in it without
// one.
func list(ctx context.Context, s streams, dir string) (runs []listed, foreign []string, err error) {
	paths, foreign, err := runsIn(dir, true)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s: no such folder: runs go there by default; another one is an argument", dir)
	}
	if errors.Is(err, syscall.ENOTDIR) {
		return nil, nil, fmt.Errorf("%s: neither a folder nor a file of scores", dir)
	}
	if err != nil {
		return nil, nil, err
	}
	out := make([]listed, len(paths))
	count, end := s.steps("looking at runs", "runs")
	defer end()
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(len(paths), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range next {
				out[i] = look(ctx, paths[i])
			}
		})
	}
	for i := range paths {
		count(i, len(paths))
		next <- i
	}
	close(next)
	wg.Wait()
	return out, foreign, ctx.Err()
}

// runsIn lists the paths of run folders and files of scores in a folder, and of its own folders in which there are
// none. top says that it is the one that was named; foreign are its own folders without a run.
func runsIn(dir string, top bool) (paths, foreign []string, err error) {
	kind, begun := runFolder(dir)
	if kind != "" || store.IsRecords(dir) {
		return []string{dir}, nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			below, _, err := runsIn(path, false)
			switch {
			case err != nil:
				below = []string{path}
			case top && len(below) == 0:
				foreign = append(foreign, path)
			}
			paths = append(paths, below...)
		case e.Type().IsRegular() && filepath.Ext(path) == ".jsonl" && store.IsRecords(path):
			paths = append(paths, path)
		}
	}
	if begun && !top && len(paths) == 0 {
		paths = []string{dir}
	}
	return paths, foreign, nil
}

// runFolder tells the kind of a folder that is a run, or whether one was begun in it.
func runFolder(dir string) (kind string, begun bool) {
	for _, mark := range []struct{ file, kind string }{
		{"search.json", "search"}, {"manifest.json", "study"}, {"searching.json", "study"}, {"study.yaml", ""},
		{"scores.db", ""},
	} {
		if info, err := os.Stat(filepath.Join(dir, mark.file)); err == nil && info.Mode().IsRegular() {
			return mark.kind, true
		}
	}
	return "", false
}

// look opens a run to see what is in it.
func look(ctx context.Context, path string) listed {
	l := listed{Name: path, Size: sizeOf(path)}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		kind, begun := runFolder(path)
		l.Kind = kind
		if kind == "" {
			l.Problem = "no run folder: it has neither manifest.json nor search.json"
			if begun {
				l.Problem += ": the program was ended as it began"
			}
			return l
		}
	} else if l.Kind = "scores"; err == nil {
		l.When = moment(info.ModTime())
	}
	if err == nil {
		err = l.fill(ctx)
	}
	if err != nil {
		l.Problem = strings.TrimPrefix(strings.TrimPrefix(err.Error(), path+": "), path+string(filepath.Separator))
	}
	return l
}

// moment is a time to the second, nil for none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

// fill counts what a run has. A panic, of a damaged file, is an error as any other.
func (l *listed) fill(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged: %v", p)
		}
	}()
	if study.IsSearching(l.Name) {
		l.Problem = fmt.Sprintf("not finished, its searches come first: bench301 study resume %s", shellWord(l.Name))
		return l.searching(ctx)
	}
	from := new(sourceOptions).sources(silent)
	r, err := analysis.Open(ctx, kinds(from), l.Name)
	if err != nil {
		return err
	}
	if l.When == nil {
		l.When = moment(r.From.Created)
	}
	l.Architectures = len(r.Architectures)
	for _, c := range r.Columns {
		l.Asked, l.Done, l.Failed = l.Asked+c.Asked, l.Done+c.Scored(), l.Failed+c.Undefined+c.Failed
	}
	resume := "study"
	switch l.Kind {
	case "search":
		resume = l.Kind
		if err := l.stages(ctx, l.Name); err != nil {
			return err
		}
	case "study":
		l.Kind = studyKind(r)
	}
	if l.Done+l.Failed < l.Asked && l.Kind != "scores" {
		l.Problem = fmt.Sprintf("not finished: bench301 %s resume %s", resume, shellWord(l.Name))
	}
	if err := from.Judge(ctx, r); err != nil {
		return nil // scores of another space have no accuracies here
	}
	if l.Kind == "search" {
		l.Best = mostAccurate(r)
	} else {
		l.Best = highestTau(r)
	}
	return nil
}

// searching counts the evaluations of the searches that a study begins with.
func (l *listed) searching(ctx context.Context) error {
	folder := study.SearchFolder(l.Name)
	if !search.Is(folder) {
		return nil
	}
	s, err := search.Open(ctx, folder)
	if err != nil {
		return err
	}
	l.When = moment(s.Created())
	if err := s.Close(); err != nil {
		return err
	}
	return l.stages(ctx, folder)
}

// stages counts the evaluations of the searches in a folder.
func (l *listed) stages(ctx context.Context, folder string) error {
	all, err := searchStatus(ctx, folder)
	l.Asked, l.Done, l.Failed = 0, 0, 0
	for _, g := range all {
		l.Asked, l.Done, l.Failed = l.Asked+g.Asked, l.Done+g.Evaluations, l.Failed+g.Failed
	}
	l.Done -= l.Failed
	return err
}

// studyKind tells a study from the demo and from a table that was replayed.
func studyKind(r *analysis.Results) string {
	text, err := os.ReadFile(filepath.Join(r.From.Dir, "study.yaml"))
	switch {
	case err == nil && string(text) == string(studies.Quick):
		return "demo"
	case len(r.Columns) > 0 && !slices.ContainsFunc(r.Columns, func(c *analysis.Column) bool {
		return c.Levels()["column"] == ""
	}):
		return "table"
	}
	return "study"
}

// fewest is the number of architectures from which a list shows a correlation: two always agree or disagree.
const fewest = 5

func highestTau(r *analysis.Results) *best {
	var b *best
	for _, c := range r.Columns {
		if r.Truth == nil {
			return nil
		}
		_, kept := analysis.Common(c.Mean(), r.Truth)
		if len(kept[0]) < fewest {
			continue
		}
		if tau, err := correlation.Kendall(kept[0], kept[1]); err == nil && (b == nil || tau > *b.TauB) {
			b = &best{Estimator: c.Label, TauB: &tau}
		}
	}
	return b
}

func mostAccurate(r *analysis.Results) *best {
	var b *best
	for i, v := range r.Truth {
		if !math.IsNaN(v) && (b == nil || v > *b.Accuracy) {
			b = &best{ID: r.Architectures[i].ID, Accuracy: &v}
		}
	}
	return b
}

// sizeOf is the size of a file, or of all files in a folder.
func sizeOf(path string) (n int64) {
	_ = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil // what cannot be read has no size that can be said
	})
	return n
}

func newStatus(s streams) *cobra.Command {
	var f recordOptions
	var o sourceOptions
	var watch watchOptions
	return with(&cobra.Command{
		Use:   "status RUN...",
		Short: "Say how far a run has come",
		Long: `Says how far a run has come: of a study, a file of scores or a table, estimator by estimator; of searches,
search by search.

` + aboutWatch + "\n\n" + runHelp,
		Example: `  bench301 status runs/my-study
  bench301 status runs/my-search --watch
  bench301 status runs/my-search --json
  bench301 status scores.jsonl`,
		Args: someRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case watch.watch && len(args) > 1:
				return usagef("--watch: of one run, not %d", len(args))
			case watch.watch:
				return watch.run(cmd.Context(), s, f.json, args[0])
			case len(args) == 1:
				sayWorkers(s, args[0])
			}
			if dir := searchIn(args); dir != "" {
				return printStages(cmd.Context(), s, f, dir)
			}
			if len(args) == 1 && study.IsSearching(args[0]) {
				return searchingStatus(cmd.Context(), s, f, args[0])
			}
			from := o.sources(s)
			if len(args) == 1 {
				r, err := analysis.Refer(kinds(from), args[0])
				if err != nil {
					return err
				}
				if r.Kind.Name == "study" && r.Estimator == "" {
					return withRun(r.Path, func(r *study.Run) error { return printStatus(s, f, r) })
				}
			}
			r, err := analysis.Open(cmd.Context(), kinds(from), args...)
			if err != nil {
				return err
			}
			return printProgress(s, f, progressOf(r))
		},
	}, f.AddFlags, watch.AddFlags, o.AddFlags)
}

// printStages prints how far the searches in a folder have come.
func printStages(ctx context.Context, s streams, f recordOptions, dir string) error {
	all, err := searchStatus(ctx, dir)
	if err != nil {
		return err
	}
	return newPrinter(s, f, "method,>seed,>generation,>evaluations,>asked,>architectures,>failed",
		func(g search.Stage) []any {
			return []any{g.Method, g.Seed, g.Generation, g.Evaluations, g.Asked, g.Distinct, g.Failed}
		}).printAll(all)
}

// searchStatus says how far the searches in a folder have come.
func searchStatus(ctx context.Context, dir string) ([]search.Stage, error) {
	s, err := search.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	all, err := s.Status(ctx)
	return all, errors.Join(err, s.Close())
}

// progressOf sums up the scores that there are.
func progressOf(r *analysis.Results) []study.Progress {
	var out []study.Progress
	for _, c := range r.Columns {
		p := study.Progress{
			Label: c.Label, Asked: c.Asked, OK: c.Scored(), Undefined: c.Undefined, Failed: c.Failed, Missing: c.Missing,
			Reason: c.Reason,
		}
		for _, times := range c.Times {
			for _, t := range times {
				if !math.IsNaN(t) {
					p.Seconds += t
				}
			}
		}
		out = append(out, p)
	}
	return out
}
