package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"gonum.org/v1/plot/vg"

	"rwe301/analysis"
	"rwe301/internal/printable"
	"rwe301/internal/suggest"
	"rwe301/plots"
	"rwe301/reports"
	"rwe301/search"
)

func newReport(s streams) *cobra.Command {
	var o analysisOptions
	var look styleOptions
	var cohorts cohortOptions
	var out string
	cmd := with(&cobra.Command{
		Use:   "report RUN...",
		Short: "Write the report of a run as one HTML file",
		Long: `Writes the report of a run as one HTML file, and prints its name. Figures lie inside, tables sort at a
click, and points of scatter plots say which architecture they are. It works without a network, and prints. A table or
figure that cannot be made is named on standard error and in its place on the page, the rest is written, and the exit
status is 1.

Of searches it also writes the folder RUN/report, unless --out is given: the fronts as CSV and JSON lines, the
indicators of each run, the summary as Markdown, LaTeX and CSV, and the figures. The report of a file lies beside it, as
scores-report.html of scores.jsonl.

` + runHelp + "\n\n" + styleHelp,
		Example: `  bench301 report runs/my-study
  bench301 report runs/my-search -o search.html
  bench301 report scores.jsonl
  bench301 report checklist runs/my-study --latex
  bench301 report bibtex runs/my-study > references.bib`,
		Args: someRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			style, err := look.read()
			if err != nil {
				return err
			}
			paths, err := report(cmd.Context(), s, args, out, o, style, cohorts)
			if out == "" && errors.Is(err, fs.ErrPermission) {
				err = fmt.Errorf("%w: the run folder cannot be written: --out names another file", err)
			}
			return errors.Join(printLines(s, paths...), err)
		},
	}, outFlag(&out, "file (default RUN/report.html, or FILE-report.html)"), o.AddFlags, look.AddFlags, cohorts.AddFlags,
		cohorts.referenceFlag)
	cmd.AddCommand(newChecklist(s), newBibTeX(s))
	return cmd
}

// report writes the report of a run and lists what it wrote.
func report(ctx context.Context, s streams, runs []string, out string, o analysisOptions, style *reports.Look,
	cohorts cohortOptions) (paths []string, err error) {
	if dir := searchIn(runs); dir != "" {
		r, err := fronts(ctx, dir)
		if err != nil {
			return nil, err
		}
		r.Look = style
		if r.Scores, err = cohortsOfSearch(ctx, s, o, style, cohorts, dir); err != nil {
			return nil, err
		}
		if out == "" {
			return searchReport(ctx, r, dir)
		}
		return savePage(ctx, r.Page, out)
	}
	if out == "" {
		if out, err = beside(runs, "report.html"); err != nil {
			return nil, err
		}
	}
	f, err := o.run(ctx, s, true, runs...)
	if err == nil {
		err = cohorts.ofReport(f.Results)
	}
	if err != nil {
		return nil, err
	}
	if f, err = style.Show(f); err != nil {
		return nil, err
	}
	tell, done := parts(s, "report")
	defer done()
	report := reports.Study{Findings: f, Progress: tell, Look: style, Cohorts: cohorts.CohortOptions}
	return savePage(ctx, report.Page, out)
}

// cohortsOfSearch are the scores of the architectures that searches evaluated, for the cohorts in their report; nil
// where there are no accuracies or populations.
func cohortsOfSearch(ctx context.Context, s streams, o analysisOptions, style *reports.Look, cohorts cohortOptions,
	dir string) (*reports.Study, error) {
	results, err := o.load(ctx, s, dir)
	if err == nil {
		err = cohorts.ofReport(results)
	}
	if err != nil || results.Truth == nil || len(results.Columns) == 0 || len(results.Populations) == 0 {
		return nil, err
	}
	f, err := o.compared(ctx, s, true, true, results)
	if err != nil {
		return nil, err
	}
	if f, err = style.Show(f); err != nil {
		return nil, err
	}
	return &reports.Study{Findings: f, Look: style, Cohorts: cohorts.CohortOptions}, nil
}

// parts reports how far the parts of a report are: those that are made, then those that are drawn.
func parts(s streams, what string) (tell reports.Progress, done func()) {
	m := newMeter(s.err, what, "parts")
	return func(done, total int, _ string) { m.count(done, total) }, m.close
}

// pageIn is where the HTML file of a run lies.
func pageIn(dir string) string { return filepath.Join(dir, "report.html") }

// savePage writes an HTML file and lists it. The error may say what is missing in it.
func savePage(ctx context.Context, page func(context.Context) (reports.Document, error), out string) ([]string, error) {
	document, err := page(ctx)
	if err != nil {
		return nil, err
	}
	err = document.Save(ctx, out)
	if err != nil && !errors.As(err, new(*reports.Undrawn)) {
		return nil, err
	}
	return []string{out}, err
}

// searchReport writes the HTML file and the folder of a report of searches.
func searchReport(ctx context.Context, r reports.Search, dir string) ([]string, error) {
	paths, missing := savePage(ctx, r.Page, pageIn(dir))
	if missing != nil && len(paths) == 0 {
		return nil, missing
	}
	more, err := r.Save(ctx, filepath.Join(dir, "report"))
	return append(paths, more...), cmp.Or(err, missing)
}

// fronts opens a folder of searches for as long as it takes to judge them.
func fronts(ctx context.Context, dir string) (r reports.Search, err error) {
	s, err := search.Open(ctx, dir)
	if err != nil {
		return r, err
	}
	r.Fronts, err = s.Report(ctx)
	return r, errors.Join(err, s.Close())
}

func newChecklist(s streams) *cobra.Command {
	var o sourceOptions
	var paper paperOptions
	cmd := with(&cobra.Command{
		Use:   "checklist RUN...",
		Short: "Fill in the best practices checklist as far as the run knows",
		Long: `Prints the items of the best practices checklist of neural architecture search (Lindauer and Hutter 2020)
with the answers that follow from the run folder, and "not known from the run" where none does.`,
		Example: "  bench301 report checklist runs/my-study\n  bench301 report checklist runs/my-study --latex",
		Args:    someRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := ofRun(cmd.Context(), s, o, args, func(r *analysis.Results) reports.Table {
				return reports.Study{Findings: &analysis.Findings{Results: r}}.Checklist()
			}, reports.Search.Checklist)
			if err != nil {
				return err
			}
			return paper.write(s, []reports.Table{t})
		},
	}, paper.AddFlags, o.AddFlags)
	// nothing here is resampled: what once took them still may
	for _, name := range []string{"resamples", "resampling-seed"} {
		cmd.Flags().Uint(name, 0, "")
		cmd.Flags().Lookup(name).Hidden = true
	}
	return cmd
}

// ofRun is what a run says of itself, be it of a study or of searches.
func ofRun[T any](
	ctx context.Context, s streams, o sourceOptions, runs []string, study func(*analysis.Results) T,
	searches func(reports.Search) T,
) (said T, err error) {
	if dir := searchIn(runs); dir != "" {
		r, err := fronts(ctx, dir)
		if err != nil {
			return said, err
		}
		return searches(r), nil
	}
	results, err := o.load(ctx, s, runs...)
	if err != nil {
		return said, err
	}
	return study(results), nil
}

func newBibTeX(s streams) *cobra.Command {
	var o sourceOptions
	return with(&cobra.Command{
		Use:     "bibtex RUN...",
		Short:   "Print the papers behind a run as BibTeX",
		Long:    "Prints the papers of the benchmark, the search algorithms and every estimator that a run uses, as BibTeX.",
		Example: "  bench301 report bibtex runs/my-study > references.bib",
		Args:    someRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := ofRun(cmd.Context(), s, o, args, reports.BibTeX, reports.Search.BibTeX)
			if err != nil {
				return err
			}
			_, err = io.WriteString(s.out, text)
			return err
		},
	}, o.AddFlags)
}

func newTable(s streams) *cobra.Command {
	var o analysisOptions
	var paper paperOptions
	var cohorts cohortOptions
	var only string
	cmd := with(&cobra.Command{
		Use:   "table RUN...",
		Short: "Print the tables of a run",
		Long: `Prints a table of a run, or all of them. Of searches it is that of their fronts; --only names one of the
estimators that steered them, where there are accuracies, and --only all prints both.

CSV and JSON are for programs: one value a cell, all digits, a column for each end of an interval. LaTeX is for papers:
booktabs, the notes below the table, nothing shrunk; what is wider than --width is broken, moved to a note or set
below. In Markdown, LaTeX and HTML bold is what is best or not distinguishable from it, where it is significantly above
the trivial baselines.

` + cohortsHelp + ` The table cohorts-values has a row a cohort and seed, for programs.

` + runHelp,
		Example: `  bench301 table runs/my-study
  bench301 table runs/my-study --only pairwise
  bench301 table runs/my-study --only ablation --latex --width 3.25in --label tab:ablation > ablation.tex
  bench301 table runs/my-study --columns estimator,tau_b,tau_b_ci,seconds --rename names.yaml --digits 2 --latex
  bench301 table runs/my-study:rwe scores.jsonl
  bench301 table their-table.csv runs/my-study --surrogate mini
  bench301 table runs/my-search --only cohorts --generations 1..2
  bench301 table runs/my-study --only cohorts --cohorts accuracy --quantiles 2 --given params`,
		Args: someRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, as, chosen := cmd.Context(), paper.as(), cmd.Flags().Changed("only")
			if allPopulations(args) {
				if !chosen {
					only = ""
				}
				made, known, err := tableOfFronts(ctx, s, args, only)
				if err != nil {
					return err
				}
				return paper.write(s, made, known...)
			}
			dir := searchIn(args)
			if dir != "" && (!chosen || only == reports.AllTables) {
				r, err := fronts(ctx, dir)
				if err == nil {
					err = paper.write(s, []reports.Table{r.Table()})
				}
				if err != nil || !chosen {
					return err
				}
			}
			results, err := o.load(ctx, s, args...)
			if err != nil {
				return err
			}
			if dir != "" && only == reports.AllTables {
				if results.Truth == nil {
					return nil // the fronts are all that there is
				}
				if as != reports.JSON {
					fmt.Fprintln(s.out)
				}
			}
			return o.write(ctx, s, &paper, only, true, cohorts.CohortOptions, results)
		},
	}, onlyFlag(&only, &paper), paper.AddFlags, o.AddFlags, cohorts.AddFlags)
	before(cmd, func() error { return cohorts.ofTable(only) })
	return cmd
}

func newCompare(s streams) *cobra.Command {
	var o analysisOptions
	var paper paperOptions
	var names []string
	cmd := with(&cobra.Command{
		Use:   "compare RUN [RUN]",
		Short: "Compare the estimators of two runs, or of one",
		Long: `Compares the tau-b of every estimator that two runs share, pair by pair where they have architectures in
common. An estimator that each run has once is compared whatever its settings, and so are the only two, as of
compare runs/a:rwe runs/a:params. Of one run, compares the estimators that -e names, every two of them on the same
architectures. ~ marks differences that may be chance.

` + runHelp,
		Example: `  bench301 compare runs/before runs/after
  bench301 compare runs/he runs/orthogonal --csv
  bench301 compare runs/my-study -e rwe -e map-effdim
  bench301 compare runs/my-study:rwe runs/my-study:params`,
		Args: someArgs(1, 2, "one or two runs"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if allPopulations(args) {
				if names != nil {
					return usagef("-e %s: %s holds fronts, and no scores of estimators", names[0], args[0])
				}
				t, known, err := compareFronts(cmd.Context(), s, args)
				if err != nil {
					return err
				}
				return paper.write(s, []reports.Table{t}, known...)
			}
			if len(args) == 1 && len(names) < 2 {
				return usagef("%s: name another run, or two of its estimators: -e A -e B", args[0])
			}
			runs, err := o.sides(cmd.Context(), s, args)
			if err != nil {
				return err
			}
			t, err := compareTable(cmd.Context(), runs, names)
			if err != nil {
				return err
			}
			var known []string
			for _, f := range runs {
				known = append(known, reports.Study{Findings: f}.Names()...)
			}
			return paper.write(s, []reports.Table{t}, known...)
		},
	}, paper.AddFlags, o.AddFlags)
	cmd.Flags().StringArrayVarP(&names, "estimator", "e", nil, "compare these estimators alone, by label or name; repeat "+
		"for several")
	return cmd
}

// compareTable compares estimators of one run with each other, or those of two runs; no names are all.
func compareTable(ctx context.Context, runs []*analysis.Findings, names []string) (t reports.Table, err error) {
	var rows []*analysis.Finding
	for _, f := range runs {
		some, err := f.Select(names...)
		if err != nil {
			return t, usageError{err}
		}
		rows = append(rows, some...)
	}
	f := runs[0]
	if len(runs) == 1 {
		pairs, err := f.Pairs(rows)
		title := fmt.Sprintf("Estimators of %s, accuracy by %s, %d architectures", f.From.Dir, f.From.Truth,
			len(f.Architectures))
		return reports.PairTable(f, title, pairs), err
	}
	contrasts, err := analysis.Compare(ctx, f, runs[1], rows...)
	return reports.CompareTable(f, runs[1], contrasts), err
}

// sides analyses a run, or two. Scores that come without accuracies are compared with those of the other side.
func (o *analysisOptions) sides(ctx context.Context, s streams, names []string) (found []*analysis.Findings,
	err error) {
	from := o.sources(s)
	results := make([]*analysis.Results, len(names))
	for i, name := range names {
		if results[i], err = analysis.Open(ctx, kinds(from), name); err != nil {
			return nil, err
		}
	}
	results[0].TakeTruth(results[len(names)-1])
	results[len(names)-1].TakeTruth(results[0])
	for _, r := range results {
		if err := from.Judge(ctx, r); err != nil {
			return nil, unknownSurrogate(err)
		}
		f, err := o.compared(ctx, s, false, false, r)
		if err != nil {
			return nil, err
		}
		found = append(found, f)
	}
	return found, nil
}

func newFigure(s streams) *cobra.Command {
	var o analysisOptions
	var only, formats []string
	var look styleOptions
	var cohorts cohortOptions
	var out, width, script string
	cmd := with(&cobra.Command{
		Use:   "figure RUN...",
		Short: "Draw the figures of a run",
		Long: `Draws the figures of a run, with the numbers of each as CSV beside it, and prints the files. A figure that
cannot be drawn is named on standard error, the others are drawn, and the exit status is 1. In RUN/figures, files of
figures that the run has no more are removed; figures of a file go into a folder beside it, as scores-figures of
scores.jsonl. Kinds:
` + strings.Join(reports.FigureNames(), ", ") + `; those that the run has no data for are
left out. Searches have ` + strings.Join(reports.SearchFigureNames(), ", ") + `; the others of their estimators, where
there are accuracies, if --only names them.
Formats: ` + strings.Join(plots.Formats(), ", ") + `. A TeX figure is \input, and set in the fonts of the paper.
--script matplotlib writes a Python script beside each figure that draws it again from its CSV, to be changed as you
like; drawings of cells have none.

` + cohortsHelp + ` The figure cohorts shows them; of searches it is drawn where --only names it.

` + runHelp + "\n\n" + styleHelp,
		Example: `  bench301 figure runs/my-study
  bench301 figure runs/my-study --only scatter,ablation --format pdf,tex
  bench301 figure runs/my-study --only bars --width 6.75in --out paper/figures
  bench301 figure runs/my-study --only scatter -e rwe -e params --dpi 600 --style paper.yaml
  bench301 figure runs/my-study --only bars --script matplotlib
  bench301 figure runs/my-search --only cohorts --reference published --width 3.25in`,
		Args: someRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			known := reports.FigureNames()
			searched, ofPopulations := searchIn(args), allPopulations(args)
			if ofPopulations {
				known = reports.GivenFigureNames()
			} else if searched != "" {
				known = slices.Concat(reports.SearchFigureNames(), known)
			}
			for _, o := range only {
				if kind, of, found := strings.Cut(o, ":"); found && slices.Contains(known, kind) {
					return usagef("--only %s: names kinds alone: use --only %s -e %s", o, kind, of)
				}
			}
			if err := cmp.Or(among("only", only, known), among("format", formats, plots.Formats()), cohorts.only(
				searched == "" && len(only) == 0 || slices.Contains(only, reports.CohortsKind), "--only "+reports.CohortsKind),
			); err != nil {
				return err
			}
			ofFronts := len(only) == 0 || slices.ContainsFunc(only, func(kind string) bool {
				return slices.Contains(reports.SearchFigureNames(), kind)
			})
			if searched != "" && ofFronts && look.estimators != nil {
				return usagef("-e %s: figures of searches show methods; --only names kinds that show estimators, as scatter",
					look.estimators[0])
			}
			style, err := look.read()
			if err != nil {
				return err
			}
			var fixed vg.Length
			if width != "" {
				if fixed, err = reports.ParseWidth(width); err != nil {
					return usagef("--width %w", err)
				}
			}
			if script != "" {
				formats = append(formats, plots.Script)
			}
			dir, own := out, out == ""
			if own {
				if dir, err = beside(args, "figures"); err != nil {
					return err
				}
			}
			drawn := func(d drawer, kinds []string) ([]string, error) {
				if own {
					return d.SaveFigures(cmd.Context(), dir, fixed, formats, kinds...)
				}
				return d.DrawInto(cmd.Context(), dir, fixed, formats, kinds...)
			}
			if ofPopulations {
				paths, err := figuresOfFronts(cmd.Context(), s, args, only, style, formats, dir, own, fixed)
				return errors.Join(printLines(s, paths...), err)
			}
			paths, err := figures(cmd.Context(), s, o, style, cohorts, args, only, drawn)
			if len(paths) == 0 && err == nil {
				err = errors.New("the run has no data for these figures")
			}
			if script != "" {
				tellUnscripted(s, paths)
			}
			return errors.Join(printLines(s, paths...), err)
		},
	}, outFlag(&out, "folder (default RUN/figures, or FILE-figures)"), o.AddFlags, look.AddFlags, cohorts.AddFlags,
		cohorts.referenceFlag)
	cmd.Flags().StringSliceVar(&only, "only", nil, "kinds of figures (default: all)")
	cmd.Flags().StringSliceVar(&formats, "format", []string{"pdf", "png"}, "file formats")
	cmd.Flags().StringVar(&width, "width", "", "width of every figure, e.g. 3.25in (default: as fits a two-column paper)")
	cmd.Flags().StringVar(&script, "script", "", "write scripts that draw the figures again; for matplotlib")
	before(cmd, func() error {
		if script != "" {
			return oneOf("--script", script, []string{"matplotlib"})
		}
		return nil
	})
	return cmd
}

// tellUnscripted names the figures that have no script.
func tellUnscripted(s streams, paths []string) {
	for _, p := range paths {
		if name, ok := strings.CutSuffix(p, ".csv"); ok && !slices.Contains(paths, name+"."+plots.Script) {
			fmt.Fprintf(s.err, "%s: no script: matplotlib has no figures of this kind\n", printable.Line(filepath.Base(name)))
		}
	}
}

// drawer draws figures into its own folder, or into any.
type drawer interface {
	SaveFigures(ctx context.Context, dir string, width vg.Length, formats []string, kinds ...string) ([]string, error)
	DrawInto(ctx context.Context, dir string, width vg.Length, formats []string, kinds ...string) ([]string, error)
}

// figures draws the kinds of figures named, all for none: of searches what they found, and if named, what their scores
// say; of all else the latter.
func figures(ctx context.Context, s streams, o analysisOptions, style *reports.Look, cohorts cohortOptions,
	runs, only []string, draw func(d drawer, kinds []string) ([]string, error)) (paths []string, err error) {
	tell, done := parts(s, "figure")
	defer done()
	say := func(note string) { s.say("%s", note) }
	ofScores := only
	var undrawn error
	if dir := searchIn(runs); dir != "" {
		var ofFronts []string
		ofScores = nil
		for _, kind := range only {
			if slices.Contains(reports.SearchFigureNames(), kind) {
				ofFronts = append(ofFronts, kind)
			} else {
				ofScores = append(ofScores, kind)
			}
		}
		if ofFronts != nil || only == nil {
			r, err := fronts(ctx, dir)
			if err != nil {
				return nil, err
			}
			r.Progress, r.Look, r.Say = tell, style, say
			paths, undrawn = draw(r, ofFronts)
		}
		if ofScores == nil {
			return paths, undrawn
		}
	}
	f, err := o.run(ctx, s, true, runs...)
	if err != nil {
		return paths, errors.Join(undrawn, err)
	}
	if f, err = style.Show(f); err != nil {
		return paths, errors.Join(undrawn, err)
	}
	more, err := draw(reports.Study{Findings: f, Progress: tell, Look: style, Say: say, Cohorts: cohorts.CohortOptions},
		ofScores)
	return append(paths, more...), errors.Join(undrawn, err)
}

// among refuses values of a flag that are not among those known.
func among(flag string, values, known []string) error {
	for _, v := range values {
		if !slices.Contains(known, v) {
			return usagef("--%s %s: unknown%s", flag, v, suggest.Nearest(v, known))
		}
	}
	return nil
}
