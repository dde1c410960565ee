package study

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"gonum.org/v1/plot/vg"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/bench301/surrogate"
	"rwe301/correlation"
	"rwe301/estimators"
	"rwe301/internal/atomicfile"
	"rwe301/plots"
	"rwe301/reports"
	"rwe301/store"
)

// The demo's architectures.
const (
	demoArchitectures = 60
	demoSeed          = 301
)

// demoEstimators are the demo's estimators by the names in its table. Its settings are fixed: C = 8, 8 cells, NASLib's
// variant, images mean-pooled to 16x16, 400 + 400 of them, closed-form head; map-effdim keeps its own.
var demoEstimators = []struct{ name, spec string }{
	{"params", "params:channels=8,resolution=16"},
	{"flops", "flops:channels=8,resolution=16"},
	{"pool-count", "pool-count"},
	{"l2_norm", "l2_norm:channels=8,resolution=16"},
	{"map-effdim", "map-effdim"},
	{"RWE", "rwe-ridge:resolution=16,train_images=400,val_images=400"},
}

// Demo does the main job on the data inside the binary: it samples architectures, scores them, and compares the scores
// with accuracies.
type Demo struct {
	Dir       string // of the files; made when it does not exist
	Surrogate surrogate.Surrogate
	Code, CPU string
	Progress  func(done, total int) // architectures; may be nil
}

// DemoResult is what the demo found.
type DemoResult struct {
	Table reports.Table
	Rows  []reports.Association
	Files []string // in the order in which they were written
}

// Run scores, writes scores.jsonl as it goes, and tables and figures at the end.
func (d Demo) Run(ctx context.Context) (*DemoResult, error) {
	if err := os.MkdirAll(d.Dir, 0o755); err != nil {
		return nil, err
	}
	j := Job{Env: estimators.NewEnv(dataset.Sample(), 0), Workers: runtime.GOMAXPROCS(0), Code: d.Code, CPU: d.CPU}
	rng := rand.New(rand.NewPCG(demoSeed, 0))
	accuracy := map[string]float64{}
	for range demoArchitectures {
		g := bench301.SampleGenotype(rng)
		j.Architectures = append(j.Architectures, g)
		accuracy[g.ID()] = d.Surrogate.Predict(g).Mean
	}
	for _, e := range demoEstimators {
		c, err := estimators.Parse(e.spec)
		if err != nil {
			return nil, err
		}
		j.Estimators = append(j.Estimators, c)
	}
	path := filepath.Join(d.Dir, "scores.jsonl")
	scores, err := store.OpenJSONL(path)
	if err != nil {
		return nil, err
	}
	j.Store = scores
	var records []store.Record
	j.Done = func(i int, r []store.Record) error {
		records = append(records, r...)
		if d.Progress != nil {
			d.Progress(i+1, demoArchitectures)
		}
		return nil
	}
	_, err = j.Do(ctx)
	if err := errors.Join(err, scores.Close()); err != nil {
		return nil, err
	}
	r := &DemoResult{Files: []string{path}}
	return r, d.report(r, records, accuracy)
}

// report writes tables and figures.
func (d Demo) report(r *DemoResult, records []store.Record, accuracy map[string]float64) error {
	var o correlation.Options
	truth := d.Surrogate.Info().Name
	panels := plots.Panels{Columns: 3}
	all := Split(records)
	for k := range all {
		s := &all[k]
		s.Label = demoEstimators[k].name
		a, err := s.Associate(accuracy, demoArchitectures, o)
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, a)
		tau := "undefined"
		if a.Tau != nil {
			tau = fmt.Sprintf("%+.3f", a.Tau.Value)
		}
		title := fmt.Sprintf("%s: tau-b %s with\n%s", s.Label, tau, truth)
		ids, scores, accuracies := s.Points(accuracy)
		figure, err := plots.NewScatter(title, s.Label, "accuracy (%)", ids, scores, accuracies)
		if err != nil {
			return err
		}
		if err := r.save(d.Dir, "scatter-"+s.Label, figure, plots.SingleColumn, plots.ColumnHeight); err != nil {
			return err
		}
		panels.Figures, panels.Names = append(panels.Figures, figure), append(panels.Names, s.Label)
	}
	if err := r.save(d.Dir, "scatter", panels, plots.DoubleColumn, 2*plots.ColumnHeight); err != nil {
		return err
	}
	if err := r.save(d.Dir, "bars", reports.AssociationBars("tau-b with accuracy by\n"+truth, r.Rows), plots.SingleColumn, plots.ColumnHeight); err != nil {
		return err
	}
	title := fmt.Sprintf("Rank correlation with accuracy by %s, %d architectures of seed %d", truth, demoArchitectures, demoSeed)
	r.Table = reports.AssociationTable(title, Notes(o), r.Rows)
	return r.tables(d.Dir, all, accuracy)
}

func (r *DemoResult) save(dir, name string, f plots.Figure, width, height vg.Length) error {
	files, err := plots.Save(dir, name, f, width, height, "png", "svg", "pdf")
	r.Files = append(r.Files, files...)
	return err
}

// tables writes the table in every format, and all scores beside the accuracies.
func (r *DemoResult) tables(dir string, all []Series, accuracy map[string]float64) error {
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"table.txt", func(w io.Writer) error { return r.Table.Write(w, reports.Terminal) }},
		{"table.md", func(w io.Writer) error { return r.Table.Write(w, reports.Markdown) }},
		{"table.tex", func(w io.Writer) error { return r.Table.Write(w, reports.LaTeX) }},
		{"table.csv", func(w io.Writer) error { return r.Table.Write(w, reports.CSV) }},
		{"table.json", func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(r.Rows)
		}},
		{"scores.csv", func(w io.Writer) error { return scoreTable(w, all, accuracy) }},
	} {
		path := filepath.Join(dir, f.name)
		if err := atomicfile.Write(path, f.write); err != nil {
			return err
		}
		r.Files = append(r.Files, path)
	}
	return nil
}

// scoreTable writes a row an architecture: text, id, accuracy, and a score a series; empty where there is none.
func scoreTable(w io.Writer, all []Series, accuracy map[string]float64) error {
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	out := csv.NewWriter(w)
	header := []string{"arch", "id", "accuracy"}
	scores := make([]map[string]string, len(all))
	for k, s := range all {
		header = append(header, s.Label)
		scores[k] = map[string]string{}
		for _, r := range s.Records {
			if r.Status == store.OK {
				scores[k][r.ID] = number(*r.Score)
			}
		}
	}
	_ = out.Write(header) // an error stays in the writer until flush
	for _, r := range all[0].Records {
		row := []string{r.Arch, r.ID, number(accuracy[r.ID])}
		for k := range all {
			row = append(row, scores[k][r.ID])
		}
		_ = out.Write(row)
	}
	out.Flush()
	return out.Error()
}
