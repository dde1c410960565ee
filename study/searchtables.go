package study

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"rwe301/bench301"
	"rwe301/correlation"
	"rwe301/internal/atomicfile"
	"rwe301/plots"
	"rwe301/reports"
)

// metric is an indicator of the summary table.
type metric struct {
	name   string
	lower  bool // smaller is better
	digits int
	value  func(SearchRow) float64
}

func (r *SearchReport) metrics() []metric {
	m := []metric{
		{"HV error, params", false, 4, func(r SearchRow) float64 { return r.ErrorParams }},
		{"HV error, MACs", false, 4, func(r SearchRow) float64 { return r.ErrorMACs }},
		{"HV all three", false, 4, func(r SearchRow) float64 { return r.All }},
		{"IGD+", true, 4, func(r SearchRow) float64 { return r.IGDPlus }},
		{"best accuracy", false, 2, func(r SearchRow) float64 { return r.Best }},
	}
	for i, b := range r.Manifest.Definition.Budgets {
		m = append(m, metric{"best, " + b.Objective + " <= " + short(b.Max), false, 2, func(r SearchRow) float64 { return r.BestUnder[i] }})
	}
	return m
}

// short writes a large number with k, M or G.
func short(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= u.size {
			return float(v/u.size) + u.name
		}
	}
	return float(v)
}

// values are one metric of the runs of a method, in the order of the seeds.
func (r *SearchReport) values(method string, m metric) (out []float64) {
	for _, row := range r.Rows {
		if row.Method == method {
			out = append(out, m.value(row))
		}
	}
	return out
}

// Table summarises the searches: median and quartiles over seeds, and where a method differs from the first one.
func (r *SearchReport) Table() reports.Table {
	d := r.Manifest.Definition
	t := reports.Table{
		Title:   fmt.Sprintf("Fronts re-evaluated by %s: median [quartiles] over %d seeds, %d evaluations a run", r.Manifest.Truth, len(d.Seeds), d.Population*d.Generations),
		Notes:   []string{r.boxNote()},
		Columns: []reports.Column{{Name: "method", Left: true}, {Name: "minimises", Left: true}},
	}
	if len(d.Methods) > 1 {
		t.Notes = append(t.Notes, fmt.Sprintf("+ and -: better or worse than %s (Wilcoxon signed-rank over seeds, Holm over methods, 0.05); ~: not distinguishable. With n seeds the smallest two-sided p is 2/2^n: five seeds cannot reach 0.05.", d.Methods[0].Name))
	}
	if r.Missing > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%d of %d searches are not finished.", r.Missing, len(d.Methods)*len(d.Seeds)))
	}
	marks := map[string][]string{}
	for _, m := range r.metrics() {
		t.Columns = append(t.Columns, reports.Column{Name: m.name})
		marks[m.name] = r.marks(m)
	}
	for i, method := range d.Methods {
		row := []string{method.Name, method.Algorithm + ": " + strings.Join(method.Objectives, ", ")}
		for _, m := range r.metrics() {
			row = append(row, spread(r.values(method.Name, m), m.digits)+marks[m.name][i])
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// spread writes median and quartiles.
func spread(v []float64, digits int) string {
	v = slices.DeleteFunc(slices.Clone(v), math.IsNaN)
	if len(v) == 0 {
		return "none"
	}
	text := func(p float64) string { return strconv.FormatFloat(correlation.Quantile(v, p), 'f', digits, 64) }
	if len(v) == 1 {
		return text(0.5)
	}
	return fmt.Sprintf("%s [%s, %s]", text(0.5), text(0.25), text(0.75))
}

// marks compares every method with the first.
func (r *SearchReport) marks(m metric) []string {
	methods := r.Manifest.Definition.Methods
	out := make([]string, len(methods))
	first := r.values(methods[0].Name, m)
	var p []float64
	var of []int
	for i, method := range methods[1:] {
		v := r.values(method.Name, m)
		if len(v) != len(first) || len(v) < 2 {
			continue
		}
		test, err := correlation.Wilcoxon(v, first, correlation.WilcoxonOptions{})
		if out[i+1] = " ~"; err == nil {
			p, of = append(p, test.P), append(of, i+1)
		}
	}
	for k, adjusted := range correlation.Holm(p) {
		if adjusted >= 0.05 {
			continue
		}
		i := of[k]
		better := correlation.Quantile(r.values(methods[i].Name, m), 0.5) > correlation.Quantile(first, 0.5)
		if out[i] = " -"; better != m.lower {
			out[i] = " +"
		}
	}
	return out
}

// Write saves the report in a folder: tables, fronts, indicators, figures.
func (r *SearchReport) Write(dir string) (paths []string, err error) {
	save := func(name string, write func(io.Writer) error) {
		path := filepath.Join(dir, name)
		if e := atomicfile.Write(path, write); e != nil {
			err = errors.Join(err, e)
			return
		}
		paths = append(paths, path)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	t := r.Table()
	save("summary.md", func(w io.Writer) error { return t.Write(w, reports.Markdown) })
	save("summary.tex", func(w io.Writer) error { return t.Write(w, reports.LaTeX) })
	save("summary.csv", func(w io.Writer) error { return t.Write(w, reports.CSV) })
	save("fronts.csv", r.writeFronts)
	save("fronts.jsonl", func(w io.Writer) error {
		e := json.NewEncoder(w)
		for _, f := range r.Found {
			if err := e.Encode(f); err != nil {
				return err
			}
		}
		return nil
	})
	save("runs.csv", r.writeRows)
	if err != nil {
		return paths, err
	}
	figures, err := r.writeFigures(filepath.Join(dir, "figures"))
	return append(paths, figures...), err
}

// writeFronts writes the fronts, each architecture as canonical text and in the notation of a bench301.PythonSource.
func (r *SearchReport) writeFronts(w io.Writer) error {
	space, err := bench301.LookupSpace(r.Manifest.Definition.Space)
	if err != nil {
		return err
	}
	source, has := space.(bench301.PythonSource)
	out := csv.NewWriter(w)
	_ = out.Write([]string{"method", "seed", "id", "arch", "genotype", "accuracy", "params", "macs", "estimates"})
	for _, f := range r.Found {
		genotype := ""
		if a, _, err := space.Parse(f.Arch); err == nil && has {
			n, _ := source.PythonSource()
			genotype, _ = space.Format(a, n)
		}
		estimates := make([]string, len(f.Estimates))
		for i, e := range f.Estimates {
			estimates[i] = float(e)
		}
		_ = out.Write([]string{
			f.Method, strconv.FormatUint(f.Seed, 10), f.ID, f.Arch, genotype, float(f.Accuracy), strconv.FormatInt(f.Params, 10),
			strconv.FormatInt(f.MACs, 10), strings.Join(estimates, " "),
		})
	}
	out.Flush()
	return out.Error()
}

func (r *SearchReport) writeRows(w io.Writer) error {
	out := csv.NewWriter(w)
	header := []string{"method", "seed", "generations", "evaluations", "distinct", "failures", "front", "hv_estimates"}
	for _, m := range r.metrics() {
		header = append(header, m.name)
	}
	_ = out.Write(header)
	for _, row := range r.Rows {
		cells := []string{row.Method, strconv.FormatUint(row.Seed, 10)}
		for _, n := range []int{row.Generations, row.Evaluations, row.Distinct, row.Failures, row.Front} {
			cells = append(cells, strconv.Itoa(n))
		}
		cells = append(cells, float(row.Estimated))
		for _, m := range r.metrics() {
			cells = append(cells, float(m.value(row)))
		}
		_ = out.Write(cells)
	}
	out.Flush()
	return out.Error()
}

// figureFormats are the formats of the figures of a report.
var figureFormats = []string{"png", "svg", "pdf"}

func (r *SearchReport) writeFigures(dir string) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for _, f := range r.figures() {
		if f.err != nil {
			return paths, f.err
		}
		saved, err := plots.Save(dir, f.name, f.Figure, f.width, f.height, figureFormats...)
		if paths = append(paths, saved...); err != nil {
			return paths, err
		}
	}
	return paths, nil
}
