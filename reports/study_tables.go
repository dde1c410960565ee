package reports

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/internal/suggest"
)

// tables are what a run can be summarised in. Each returns a table without rows where the run has nothing for it.
var tables = []struct {
	name string
	make func(Study) (Table, error)
}{
	{estimatorsTable, Study.estimatorTable},
	{"top", Study.topTable},
	{"confounding", Study.confoundingTable},
	{"budget", Study.budgetTable},
	{"ablation", Study.ablationTable},
	{"seeds", Study.seedTable},
	{"protocol", Study.protocolTable},
}

// The names of the main table and of all tables together.
const (
	estimatorsTable = "estimators"
	AllTables       = "all"
)

// TableNames lists the tables of a run.
func TableNames() []string {
	var names []string
	for _, t := range tables {
		names = append(names, t.name)
	}
	return names
}

// Table makes one of the tables of TableNames. A run that has nothing for it gives one without rows.
func (f Study) Table(name string) (Table, error) {
	for _, t := range tables {
		if t.name == name {
			return t.make(f)
		}
	}
	return Table{}, fmt.Errorf("table %q: unknown%s", name, suggest.Nearest(name, TableNames()))
}

// attemptTable is Table, which ctx ends and whose panic is an error.
func (f Study) attemptTable(ctx context.Context, name string) (Table, error) {
	return attempt(ctx, "table "+name, func() (Table, error) { return f.Table(name) })
}

// Write prints a table of TableNames, or all that the run has data for. A table without rows is an error. Of all, those
// that cannot be made are the error, an Undrawn each; the others are printed all the same. The estimators as JSON are
// their numbers, not the text of the table.
func (f Study) Write(ctx context.Context, w io.Writer, name string, as Format) error {
	names := []string{name}
	if name == AllTables {
		names = TableNames()
	}
	written := 0
	var failed []error
	for k, n := range names {
		f.Progress.tell(k, len(names), "table "+n)
		t, err := f.attemptTable(ctx, n)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if len(t.Rows) == 0 {
			continue
		}
		if written++; written > 1 && as != JSON {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if as == JSON && n == estimatorsTable {
			err = json.NewEncoder(w).Encode(map[string]any{
				"accuracy": f.From.Truth, "resamples": f.Options.Resamples, "seed": f.Options.Seed,
				"estimators": rowsOf(f.ordered()),
			})
		} else {
			err = t.Write(w, as)
		}
		if err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return errors.Join(failed...)
	}
	if written == 0 {
		return fmt.Errorf("%s: nothing for the table %s: the study varies nothing of the kind", f.From.Dir, name)
	}
	return nil
}

// title names the data behind a table.
func (f Study) title(what string) string {
	m := f.From
	return fmt.Sprintf("%s, accuracy by %s, %d architectures of %s", what, m.Truth, len(f.Architectures), m.Space)
}

// notes says how the numbers were made, which scores are missing, and what a reader should know.
func (f Study) notes(more ...string) []string {
	if text := f.missing(); text != "" {
		more = append(slices.Clone(more), text)
	}
	return f.basicNotes(more...)
}

// basicNotes are those of a table whose rows say which of their scores are missing.
func (f Study) basicNotes(more ...string) []string {
	return slices.Concat([]string{f.Method}, more, f.From.Notes)
}

// missing counts the scores that there are not, estimator by estimator; "" where there are all.
func (f Study) missing() string {
	var all []string
	for _, c := range f.Columns {
		var parts []string
		for _, part := range []struct {
			n    int
			what string
		}{{c.Failed, "failed"}, {c.Undefined, "undefined"}, {c.Missing, "not yet made"}} {
			if part.n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
			}
		}
		if parts != nil {
			all = append(all, fmt.Sprintf("%s (%s of %d)", c.Label, strings.Join(parts, ", "), c.Asked))
		}
	}
	if all == nil {
		return ""
	}
	return "Scores missing: " + several(all) + "."
}

// InOrder is the main result in the order of the estimators, without comparisons.
func (f Study) InOrder() Table {
	title := fmt.Sprintf("Rank correlation with accuracy by %s, %d architectures", f.From.Truth, len(f.Architectures))
	if f.From.Origin != "" {
		title += " " + f.From.Origin
	}
	return AssociationTable(title, f.basicNotes(f.noteSeconds()), rowsOf(f.Rows))
}

// ordered are the rows of the table of estimators: best first, or as the records stand.
func (f Study) ordered() []*analysis.Finding {
	if f.From.Records {
		return f.Rows
	}
	return f.Ranked()
}

func rowsOf(rows []*analysis.Finding) []analysis.Association {
	out := make([]analysis.Association, len(rows))
	for i, r := range rows {
		out[i] = r.Association
	}
	return out
}

// noteSeconds says what the column of times is.
func (f Study) noteSeconds() string {
	note := "s/arch: seconds of an estimate on its own, all its seeds together, median over architectures: "
	switch wall, on := f.onWall(); {
	case !on:
		return note + "of processors."
	case wall == nil:
		return note + "wall time (no processor seconds were recorded)."
	default:
		return note + "of processors; wall time for " + several(wall) + "."
	}
}

// clock names the clock of the times behind a number of seconds.
func (f Study) clock() string {
	switch wall, on := f.onWall(); {
	case !on:
		return " of processors"
	case wall == nil:
		return " of wall time on one core"
	}
	return " on one core"
}

// onWall says whether wall time counts in the place of processor seconds that are not known, and of which estimators;
// nil stands for all.
func (f Study) onWall() (wall []string, on bool) {
	timed := 0
	for _, c := range f.Columns {
		if c.Seconds > 0 {
			timed++
		}
		if c.OnWall > 0 {
			wall = append(wall, c.Label)
		}
	}
	if len(wall) >= timed {
		return nil, len(wall) > 0
	}
	return wall, len(wall) > 0
}

// several lists a few names, and counts the others.
func several(names []string) string {
	const most = 5
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// estimatorTable is the main result, best first.
func (f Study) estimatorTable() (Table, error) {
	if f.From.Records {
		return f.InOrder(), nil
	}
	return AssociationTable(f.title("Rank correlation"), f.basicNotes(
		"vs best: paired bootstrap of the difference in tau-b, Holm; ~ not distinguishable from the best at 0.05.",
		f.noteSeconds(),
	), rowsOf(f.ordered())), nil
}

// topTable asks how an estimator serves a search, which wants the best architectures only.
func (f Study) topTable() (Table, error) {
	t := Table{
		Title: f.title(fmt.Sprintf("Top %d%% of the architectures", int(100*analysis.TopShare))),
		Columns: []Column{
			{Name: "estimator", Left: true}, {Name: "k"}, {Name: "P@k"}, {Name: "overlap@k"}, {Name: "best rank@k"},
			{Name: "regret@k"}, {Name: "nDCG@k"}, {Name: "weighted tau"},
		},
		Notes: append([]string{
			"P@k: share of the predicted top k in the true top k. Best rank, regret: of the best of the predicted top k, " +
				"regret in the unit of the accuracies. nDCG: linear gain above the worst.",
		}, f.From.Notes...),
	}
	tops, err := f.Tops()
	if slices.ContainsFunc(tops, func(r analysis.TopOf) bool { return r.Tied }) {
		t.Notes = slices.Insert(t.Notes, 1,
			"Equal scores, and equal accuracies, stand in random order: the numbers are the means over all such orders.")
	}
	for _, r := range tops {
		t.Rows = append(t.Rows, []string{
			r.Estimator, strconv.Itoa(r.K), fixed(r.PrecisionTop, 2), expected(r.Overlap), expected(r.BestRank),
			fixed(r.Regret, 2), fixed(r.NDCG, 3), orUndefined(r.WeightedTau),
		})
	}
	return t, err
}

// confoundingTable asks what is left of an association once the size of the networks is held fixed.
func (f Study) confoundingTable() (Table, error) {
	t := Table{
		Title: f.title("tau-b at fixed size of the network"),
		Columns: []Column{
			{Name: "estimator", Left: true}, {Name: "n"}, {Name: "tau-b"}, {Name: "tau-b given params"}, {Name: "semipartial"},
			{Name: "tau-b within #convs"}, {Name: "tau-b with params"},
		},
		Notes: append([]string{
			"Given params: partial tau-b. Semipartial: tau-b of the accuracies with the scores from which alone params is " +
				"taken out. Within #convs: mean over groups of architectures with equally many convolutions, weighted by pairs. " +
				"With params: of the scores with the number of parameters.",
		}, f.From.Notes...),
	}
	rows, err := f.Confounding()
	for _, r := range rows {
		within := ""
		if r.WithinConvs != nil {
			within = orUndefined(*r.WithinConvs)
		}
		t.Rows = append(t.Rows, []string{
			r.Estimator, strconv.Itoa(r.N), orUndefined(r.Tau), orUndefined(r.GivenParams), orUndefined(r.Semipartial), within,
			orUndefined(r.WithParams),
		})
	}
	return t, err
}

// budgetTable lists the estimators that are worth their time.
func (f Study) budgetTable() (Table, error) {
	t := Table{
		Title:   f.title("Best tau-b within a budget of time"),
		Columns: []Column{{Name: "s/arch"}, {Name: "estimator", Left: true}, {Name: "tau-b"}, {Name: "95% CI"}},
		Notes: append([]string{"Estimators that no other one beats in the same time or less. " + f.noteSeconds()},
			f.notes()...),
	}
	rows, seconds := f.Frugal()
	for i, r := range rows {
		t.Rows = append(t.Rows, []string{Seconds(seconds[i]), r.Estimator, signed(r.Tau.Value), ends(r.Tau)})
		t.remarkInterval(i, 3, r.Estimator, r.Tau)
	}
	return t, nil
}

// seedTable says how much scores depend on the seed of the weights.
func (f Study) seedTable() (Table, error) {
	t := Table{
		Title: f.title("Stability over weight seeds"),
		Columns: []Column{
			{Name: "estimator", Left: true}, {Name: "seeds"}, {Name: "tau-b of the mean"}, {Name: "tau-b of one seed"},
			{Name: "std"}, {Name: "min"}, {Name: "max"}, {Name: "rho between seeds"},
		},
		Notes: append([]string{"tau-b of one seed: mean over the seeds, with standard deviation. rho between seeds: mean " +
			"Spearman correlation of the scores of two seeds."}, f.From.Notes...),
	}
	for _, r := range f.Ranked() {
		if len(r.Column.Seeds) < 2 {
			continue
		}
		taus := f.TausBySeed(r)
		if len(taus) == 0 {
			continue
		}
		mean, std := meanStd(taus)
		t.Rows = append(t.Rows, []string{
			r.Estimator, strconv.Itoa(len(taus)), orUndefined(analysis.StatisticOf(correlation.Kendall(r.Scores, r.Truth))),
			signed(mean), fixed(std, 3), signed(slices.Min(taus)), signed(slices.Max(taus)),
			orUndefined(analysis.StatisticOf(r.Column.BetweenSeeds())),
		})
	}
	return t, nil
}

func meanStd(v []float64) (mean, std float64) {
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	for _, x := range v {
		std += (x - mean) * (x - mean)
	}
	return mean, math.Sqrt(std / float64(max(1, len(v)-1)))
}

// protocolTable says how the numbers were made (Lindauer and Hutter 2020).
func (f Study) protocolTable() (Table, error) {
	m := f.From
	title := "Protocol of the study " + m.Name
	if m.Records {
		title = "Protocol of the scores in " + m.Dir
	}
	t := Table{Title: title, Columns: []Column{{Name: "what", Left: true}, {Name: "value", Left: true}}}
	add := func(what, format string, args ...any) {
		t.Rows = append(t.Rows, []string{what, fmt.Sprintf(format, args...)})
	}
	var data []string
	total := 0.0
	for _, c := range f.Columns {
		if c.Dataset != "" && !slices.Contains(data, c.Dataset) {
			data = append(data, c.Dataset)
		}
		total += c.Total()
	}
	add("search space", "%s", m.Space)
	add("architectures", "%d %s", len(f.Architectures), m.Origin)
	add("accuracies", "%s", m.Truth)
	add("estimators and settings", "%d", len(f.Columns))
	for _, c := range f.Columns {
		if c.Full != "" && c.Full != c.Label {
			add(c.Label, "%s", c.Full)
		}
	}
	add("weight seeds", "%s", seedRange(f.Columns))
	add("data", "%s", strings.Join(data, "; "))
	add("intervals", "%s", f.Method)
	add("program", "%s", known("bench301 "+m.Code, m.Go, m.Platform))
	cores := ""
	if m.Cores > 0 {
		cores = fmt.Sprintf("%d cores", m.Cores)
	}
	add("machine", "%s", known(m.CPU, cores))
	if total > 0 {
		add("time of all estimates", "about %s s%s", Seconds(total), f.clock())
	}
	if !m.Created.IsZero() {
		add("begun", "%s", m.Created.Format("2006-01-02 15:04 MST"))
	}
	return t, nil
}

// known joins what there is of parts.
func known(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}

func seedRange(columns []*analysis.Column) string {
	var seeds []uint64
	for _, c := range columns {
		for _, s := range c.Seeds {
			if c.Parts == nil && !slices.Contains(seeds, s) {
				seeds = append(seeds, s)
			}
		}
	}
	slices.Sort(seeds)
	return numbers(seeds)
}

// expected writes an expected count: whole where it is, else with two decimals.
func expected(x float64) string {
	if x == math.Trunc(x) {
		return fixed(x, 0)
	}
	return fixed(x, 2)
}

func fixed(x float64, decimals int) string { return strconv.FormatFloat(x, 'f', decimals, 64) }

func bounds(low, high float64) string { return fmt.Sprintf("[%s, %s]", signed(low), signed(high)) }

// orUndefined writes a statistic, or that it has no value.
func orUndefined(s analysis.Statistic) string {
	switch {
	case s.Undefined():
		return "undefined"
	case s.Err != nil:
		return s.Err.Error()
	}
	return signed(s.Value)
}
