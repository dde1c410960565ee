package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"gonum.org/v1/plot/vg"

	"rwe301/analysis"
	"rwe301/reports"
)

// populationKind is a file of populations of EvoXBench, which holds fronts but no scores.
var populationKind = analysis.Kind{
	Name: "populations",
	Is:   analysis.IsPopulations,
	Open: func(_ context.Context, paths ...string) (*analysis.Results, error) {
		return nil, fmt.Errorf("%s: populations of EvoXBench hold fronts, and no scores of estimators: front, figure, table "+
			"and compare read them, show and complexity their architectures", paths[0])
	},
}

// allPopulations says whether all that is named are files of populations of EvoXBench.
func allPopulations(names []string) bool {
	return len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return !analysis.IsPopulations(name) })
}

// maxFrontFiles bounds how many files are compared.
const maxFrontFiles = 1000

func newFront(s streams) *cobra.Command {
	var paper paperOptions
	var objectives []string
	var ideal, nadir, reference, front, out string
	var runs bool
	cmd := with(&cobra.Command{
		Use:   "front FILE...",
		Short: "Judge fronts that others found",
		Long: `Judges fronts without the searches that found them. A FILE is of EvoXBench's populations (a JSON list of
{run, X, F, HV}), or a table of points, CSV or a JSON list of objects, with a column for each objective (error or
accuracy in percent, params, flops or macs, or those of --objectives), and perhaps run or seed, and method: such as
report/fronts.csv of a search of ours. All objectives are minimised.

Prints statistics over the runs of each file: hypervolume in a box of the objectives (default EvoXBench's for
the DARTS space), the one that the file itself says, and spacing; IGD+, epsilon and GD+ to a reference front,
which is what no point of several files with the same objectives dominates, or that of --front. A file whose own
hypervolume is not that of its points is named. Files with the same objectives are compared over their runs:
Mann-Whitney, Vargha and Delaney's A12, Holm. --runs prints a row for each run; --out draws fronts, attainment
surfaces and hypervolumes into a folder.`,
		Example: `  bench301 front c10mop8_nsga2.json
  bench301 front a.json b.json --objectives error,params --runs --csv
  bench301 front mine.csv --ideal 0.05,4e5 --nadir 0.3,2e6 --out figures
  bench301 front runs/my-search/report/fronts.csv --latex`,
		Args: someArgs(1, maxFrontFiles, "one to 1000 files of fronts"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := givenOptions(ideal, nadir, reference, front, objectives)
			if err != nil {
				return err
			}
			g, err := given(cmd.Context(), s, args, objectives, o)
			if err != nil {
				return err
			}
			tables := []reports.Table{g.Summary()}
			if runs {
				tables = []reports.Table{g.Runs()}
			} else if t, skipped := g.Contrasts(); len(t.Rows) > 0 {
				t.Notes = append(t.Notes, skipped...)
				tables = append(tables, t)
			} else {
				tables[0].Notes = append(tables[0].Notes, skipped...)
			}
			if err := paper.write(s, tables, g.Names()...); err != nil || out == "" {
				return err
			}
			paths, err := g.DrawInto(cmd.Context(), out, 0, []string{"pdf", "png"})
			for _, p := range paths {
				s.say("wrote %s", p)
			}
			return err
		},
	}, paper.AddFlags)
	f := cmd.Flags()
	f.StringSliceVar(&objectives, "objectives", nil, "judge in these alone, e.g. error,params (default: all of a file)")
	f.StringVar(&ideal, "ideal", "", "lower end of the box, a number for each objective, e.g. 0.0527,392426")
	f.StringVar(&nadir, "nadir", "", "upper end of the box")
	f.StringVar(&reference, "reference", "", "reference point of the hypervolume (default: the upper end of the box)")
	f.StringVar(&front, "front", "", "`FILE` with the reference front of IGD+, epsilon and GD+")
	f.BoolVar(&runs, "runs", false, "a row for each run")
	f.StringVarP(&out, "out", "o", "", "draw the figures into this folder")
	return cmd
}

// givenOptions reads the flags of `front`.
func givenOptions(ideal, nadir, reference, front string, objectives []string) (o analysis.GivenOptions, err error) {
	for _, f := range []struct {
		flag, text string
		into       *[]float64
	}{{"ideal", ideal, &o.Ideal}, {"nadir", nadir, &o.Nadir}, {"reference", reference, &o.Reference}} {
		if f.text == "" {
			continue
		}
		for _, part := range strings.Split(f.text, ",") {
			v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
			if err != nil || v-v != 0 {
				return o, usagef("--%s %s: must be numbers between commas, one for each objective", f.flag, f.text)
			}
			*f.into = append(*f.into, v)
		}
	}
	if front == "" {
		return o, nil
	}
	files, err := analysis.ReadFronts(front, objectives)
	if err != nil {
		return o, err
	}
	for _, f := range files {
		for _, r := range f.Runs {
			o.Front = append(o.Front, r.Points...)
		}
	}
	o.FrontName = "that of " + front
	return o, nil
}

// given reads and judges files of fronts.
func given(ctx context.Context, s streams, paths, objectives []string, o analysis.GivenOptions) (reports.Given, error) {
	g := reports.Given{Say: func(note string) { s.say("%s", note) }}
	var files []analysis.GivenFile
	for i, path := range paths {
		if slices.Contains(paths[:i], path) {
			return g, usagef("%s: named twice", path)
		}
		more, err := analysis.ReadFronts(path, objectives)
		if err != nil {
			return g, err
		}
		files = append(files, more...)
	}
	var err error
	g.Given, err = analysis.JudgeFronts(ctx, files, o)
	return g, err
}

// compareFronts compares two files of populations in the objectives that they share.
func compareFronts(ctx context.Context, s streams, paths []string) (t reports.Table, names []string, err error) {
	g, err := given(ctx, s, paths, nil, analysis.GivenOptions{})
	if err != nil {
		return t, nil, err
	}
	if len(g.Files) < 2 {
		return t, nil, usagef("%s: a file of fronts is compared with another one: name it", paths[0])
	}
	shared, err := analysis.Shared(g.Files[0].Objectives, g.Files[1].Objectives)
	if err != nil {
		return t, nil, err
	}
	if g, err = given(ctx, s, paths, shared, analysis.GivenOptions{}); err != nil {
		return t, nil, err
	}
	t, skipped := g.Contrasts()
	if len(t.Rows) == 0 {
		return t, nil, errors.New(strings.Join(skipped, "; "))
	}
	t.Notes = append(append(t.Notes, skipped...), "In the objectives that both have: "+strings.Join(shared, ", ")+".")
	t.Notes = append(t.Notes, g.Summary().Notes[1:]...)
	return t, g.Names(), nil
}

// tableOfFronts makes the tables of files of populations that --only names.
func tableOfFronts(ctx context.Context, s streams, paths []string, only string) ([]reports.Table, []string, error) {
	g, err := given(ctx, s, paths, nil, analysis.GivenOptions{})
	if err != nil {
		return nil, nil, err
	}
	switch only {
	case "":
		return []reports.Table{g.Summary()}, g.Names(), nil
	case reports.AllTables:
		return []reports.Table{g.Summary(), g.Runs()}, g.Names(), nil
	}
	return nil, nil, usagef("--only %s: %s holds fronts, and no scores of estimators: "+
		"front --runs prints a row for each run", only,
		paths[0])
}

// figuresOfFronts draws files of populations.
func figuresOfFronts(ctx context.Context, s streams, paths, only []string, style *reports.Look, formats []string,
	dir string, own bool, width vg.Length) ([]string, error) {
	g, err := given(ctx, s, paths, nil, analysis.GivenOptions{})
	if err != nil {
		return nil, err
	}
	if g.Look = style; own {
		return g.SaveFigures(ctx, dir, width, formats, only...)
	}
	return g.DrawInto(ctx, dir, width, formats, only...)
}
