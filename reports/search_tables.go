package reports

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/correlation"
	"rwe301/internal/printable"
)

// Table summarises the searches: median and quartiles over seeds, and where a method differs from the first one.
func (r Search) Table() Table {
	d := r.Setup
	t := Table{
		Name: "search",
		Title: fmt.Sprintf("Fronts re-evaluated by %s: median [quartiles] over %d seeds, %d evaluations a run",
			cmp.Or(r.From.Truth, noAccuracies), len(d.Seeds), d.Population*d.Generations),
		Notes: []string{r.BoxNote()},
		Columns: []Column{{Name: "method", Key: "method", Kind: Label},
			{Name: "algorithm", Key: "algorithm", Kind: Label, Hidden: true},
			{Name: "minimises", Key: "minimises", Kind: Words, Prose: true}},
	}
	objectives := 0
	for _, m := range d.Methods {
		objectives = max(objectives, len(m.Objectives))
	}
	for i := range objectives {
		t.Columns = append(t.Columns, Column{Name: fmt.Sprintf("objective %d", i+1), Key: fmt.Sprintf("objective_%d", i+1),
			Kind: Label, Hidden: true})
	}
	if len(d.Methods) > 1 {
		t.Notes = append(t.Notes, fmt.Sprintf("+ and -: better or worse than %s (Wilcoxon signed-rank over seeds, Holm over "+
			"methods, 0.05); ~: not distinguishable. With n seeds the smallest two-sided p is 2/2^n: five seeds cannot reach "+
			"0.05.", d.Methods[0].Name))
	}
	if r.Missing > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%d of %d searches are not finished.", r.Missing, len(d.Methods)*len(d.Seeds)))
	}
	if single := r.single(); len(single) > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("With one objective (%s) the front is the one best architecture by it, so "+
			"hypervolumes and IGD+ measure a single point.", strings.Join(single, ", ")))
	}
	t.Notes = append(t.Notes, r.leftOut()...)
	marks := map[string][]string{}
	for _, m := range r.Metrics() {
		better := 1
		if m.Lower {
			better = -1
		}
		t.Columns = append(t.Columns, Column{Name: m.Name, Key: key(m.Name), Kind: Spread, Digits: m.Digits, Better: better})
		marks[m.Name] = r.Marks(m)
	}
	for i, method := range d.Methods {
		row := append(Texts(method.Name, method.Algorithm, strings.Join(method.Objectives, ", ")),
			append(Texts(method.Objectives...), make([]Cell, objectives-len(method.Objectives))...)...)
		for _, m := range r.Metrics() {
			cell := spread(r.Values(method.Name, m), len(d.Seeds))
			cell.Text = marks[m.Name][i]
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	t.Columns[1].Hidden = !slices.ContainsFunc(d.Methods, func(m analysis.Method) bool { return m.Name != m.Algorithm })
	return t
}

// key is the name of a column for programs: words in lower case, joined by underscores.
func key(name string) string {
	name = strings.NewReplacer("+", " plus ", "<=", " max ").Replace(strings.ToLower(name))
	return strings.Join(strings.FieldsFunc(name,
		func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '.' }), "_")
}

// single are the methods with one objective.
func (r Search) single() (names []string) {
	for _, m := range r.Setup.Methods {
		if len(m.Objectives) == 1 {
			names = append(names, m.Name)
		}
	}
	return names
}

// leftOut says what the numbers of the table leave out.
func (r Search) leftOut() (notes []string) {
	budgets, least := r.Unreached()
	for i, b := range budgets {
		note := fmt.Sprintf("No front has an architecture with %s", b)
		if !math.IsNaN(least[i]) {
			note += fmt.Sprintf(": the least is %s", analysis.Short(least[i]))
		}
		notes = append(notes, note+".")
	}
	if n := len(r.Unjudged); n > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d members of the fronts have no accuracy and take no part in the "+
			"numbers%s.", n, n+len(r.Found), r.lacking()))
	}
	failures, distinct := 0, 0
	for _, row := range r.Rows {
		failures, distinct = failures+row.Failures, distinct+row.Distinct
	}
	if failures > 0 {
		why := slices.MaxFunc(slices.Sorted(maps.Keys(r.Failed)), func(a, b string) int {
			return cmp.Or(cmp.Compare(r.Failed[a], r.Failed[b]), cmp.Compare(b, a))
		})
		notes = append(notes, fmt.Sprintf("%d of %d evaluated architectures could not be scored and are in no front: %s.",
			failures, distinct, analysis.Commonest(printable.Cut(why, 120), len(r.Failed)-1)))
	}
	return append(notes, r.From.Notes...)
}

// lacking says why members of fronts have no accuracy.
func (r Search) lacking() string {
	if r.From.Truth == "" {
		return ": there is no accuracy source"
	}
	return ": " + r.From.Truth + " does not have them"
}

// spread are median, quartiles, and the number of values, of how many seeds.
func spread(v []float64, seeds int) Cell {
	v = slices.DeleteFunc(slices.Clone(v), math.IsNaN)
	if len(v) == 0 {
		return Cell{}
	}
	return value(correlation.Quantile(v, 0.5), correlation.Quantile(v, 0.25), correlation.Quantile(v, 0.75),
		float64(len(v)), float64(seeds))
}

// Print writes what a search's command shows: the table of Table and the front of the first method and seed, or as JSON
// the members of all fronts, one in a line.
func (r Search) Print(w io.Writer, asJSON bool, o TableOptions) error {
	if asJSON {
		return r.writeFound(w)
	}
	if err := r.Table().Print(w, Terminal, o); err != nil || len(r.Rows) == 0 {
		return err
	}
	first := r.Rows[0]
	t := Table{
		Name:    "front",
		Title:   fmt.Sprintf("\nFront of %s, seed %d", first.Method, first.Seed),
		Columns: []Column{{Name: "id", Key: "id", Kind: Label}},
	}
	objectives := r.objectives(first.Method)
	for _, o := range objectives {
		name, _, _ := strings.Cut(o, ":")
		t.Columns = append(t.Columns, Column{Name: "minimised " + name, Key: o, Kind: Significant, Digits: 6})
	}
	t.Columns = append(t.Columns, foundColumns...)
	for _, f := range slices.Concat(r.Found, r.Unjudged) {
		if f.Method != first.Method || f.Seed != first.Seed {
			continue
		}
		row := []Cell{text(f.ID)}
		for i := range objectives {
			cell := Cell{}
			if i < len(f.Estimates) {
				cell = value(f.Estimates[i])
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, append(row, found(f)...))
	}
	return t.Print(w, Terminal, o)
}

// objectives are what a method minimises.
func (r Search) objectives(method string) []string {
	for _, m := range r.Setup.Methods {
		if m.Name == method {
			return m.Objectives
		}
	}
	return nil
}

// foundColumns are those of a member of a front.
var foundColumns = []Column{
	{Name: "accuracy", Key: "accuracy", Kind: Real, Digits: 2}, {Name: "params", Key: "params", Kind: Count},
	{Name: "MACs", Key: "macs", Kind: Count}, {Name: "arch", Key: "arch", Kind: Words},
}

// found are the cells of foundColumns.
func found(f analysis.Found) []Cell {
	accuracy := text("unknown") // the source does not have it
	if !math.IsNaN(f.Accuracy) {
		accuracy = value(f.Accuracy)
	}
	return []Cell{accuracy, count(f.Params), count(f.MACs), text(f.Arch)}
}

// Empty says which searches have an empty front, and why that may be.
func (r Search) Empty() (lines []string) {
	reason := "no architecture within the limits among %d: widen --max"
	if len(r.Setup.Limits) == 0 {
		reason = "an empty front of %d architectures: none was scored"
	}
	for _, row := range r.Rows {
		if row.Front+row.Unjudged == 0 {
			lines = append(lines, fmt.Sprintf("%s, seed %d: "+reason, row.Method, row.Seed, row.Distinct))
		}
	}
	return lines
}

// writeFound writes the members of all fronts, one in a line.
func (r Search) writeFound(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, f := range r.Found {
		if err := e.Encode(f); err != nil {
			return err
		}
	}
	for _, f := range r.Unjudged { // JSON has no NaN
		if err := e.Encode(struct {
			analysis.Found
			Accuracy *float64 `json:"accuracy"`
		}{Found: f}); err != nil {
			return err
		}
	}
	return nil
}

// Save writes tables, fronts, indicators and figures into a folder of their own, and lists their paths. Figures of an
// earlier report that there are no more are removed; those that cannot be drawn are the error, an Undrawn each.
func (r Search) Save(ctx context.Context, dir string) ([]string, error) {
	files := append(r.Table().files("summary", map[string]Format{"md": Markdown, "tex": LaTeX, "csv": CSV}),
		file{"fronts.csv", r.writeFronts},
		file{"fronts.jsonl", r.writeFound},
		file{"runs.csv", r.writeRows})
	var tables []Table
	var failed error
	if r.Scores != nil {
		if tables, failed = r.Scores.attemptTables(ctx, CohortsKind); len(tables) > 0 {
			for _, as := range []struct {
				ending string
				Format
			}{{"md", Markdown}, {"tex", LaTeX}, {"csv", CSV}} {
				files = append(files, file{CohortsKind + "." + as.ending, func(w io.Writer) error {
					return WriteTables(w, tables, as.Format, TableOptions{})
				}})
			}
		}
	}
	paths, err := saveFiles(dir, files...)
	if err != nil {
		return paths, err
	}
	figures := filepath.Join(dir, "figures")
	drawn, err := r.SaveFigures(ctx, figures, 0, pictures)
	if paths = append(paths, drawn...); r.Scores == nil || ctx.Err() != nil {
		return paths, errors.Join(failed, err)
	}
	drawn, err2 := r.Scores.SaveFigures(ctx, figures, 0, pictures, CohortsKind)
	return append(paths, drawn...), errors.Join(failed, err, err2)
}

// writeFronts writes the fronts, each architecture as canonical text and in the notation of a bench301.PythonSource,
// with a column for everything that a method minimises.
func (r Search) writeFronts(w io.Writer) error {
	source, has := r.Space.(bench301.PythonSource)
	header := []string{"method", "seed", "id", "arch", "genotype", "accuracy", "params", "macs"}
	var minimised []string
	for _, m := range r.Setup.Methods {
		for _, o := range m.Objectives {
			if !slices.Contains(minimised, o) {
				minimised, header = append(minimised, o), append(header, "minimised "+o)
			}
		}
	}
	rows := [][]string{header}
	for _, f := range slices.Concat(r.Found, r.Unjudged) {
		genotype := ""
		if a, _, err := r.Space.Parse(f.Arch); err == nil && has {
			n, _ := source.PythonSource()
			genotype, _ = r.Space.Format(a, n)
		}
		row := []string{
			f.Method, strconv.FormatUint(f.Seed, 10), f.ID, f.Arch, genotype, number(f.Accuracy),
			strconv.FormatInt(f.Params, 10), strconv.FormatInt(f.MACs, 10),
		}
		own := r.objectives(f.Method)
		for _, o := range minimised {
			cell := ""
			if i := slices.Index(own, o); i >= 0 && i < len(f.Estimates) {
				cell = number(f.Estimates[i])
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return csv.NewWriter(w).WriteAll(rows)
}

func (r Search) writeRows(w io.Writer) error {
	header := []string{"method", "seed", "generations", "evaluations", "distinct", "failures", "front", "unjudged",
		"hv_estimates"}
	for _, m := range r.Metrics() {
		header = append(header, key(m.Name))
	}
	rows := [][]string{header}
	for _, row := range r.Rows {
		cells := []string{row.Method, strconv.FormatUint(row.Seed, 10)}
		for _, n := range []int{row.Generations, row.Evaluations, row.Distinct, row.Failures, row.Front, row.Unjudged} {
			cells = append(cells, strconv.Itoa(n))
		}
		cells = append(cells, number(row.Estimated))
		for _, m := range r.Metrics() {
			cells = append(cells, number(m.Value(row)))
		}
		rows = append(rows, cells)
	}
	return csv.NewWriter(w).WriteAll(rows)
}
