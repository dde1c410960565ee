package reports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/internal/suggest"
)

// tables are what a run can be summarised in. Each returns none, or one without rows, where the run has nothing for it.
var tables = []struct {
	name string
	make func(Study) ([]Table, error)
}{
	{estimatorsTable, one(Study.estimatorTable)},
	{"top", one(Study.topTable)},
	{"confounding", one(Study.confoundingTable)},
	{"budget", one(Study.budgetTable)},
	{"ablation", Study.ablationTables},
	{"grid", Study.gridTables},
	{"importance", one(Study.importanceTable)},
	{"seeds", one(Study.seedTable)},
	{"pairwise", one(Study.pairTable)},
	{CohortsKind, Study.cohortTables},
	{CohortValues, Study.cohortValueTables},
	{"protocol", one(Study.protocolTable)},
}

// one makes a list of a table.
func one(make func(Study) (Table, error)) func(Study) ([]Table, error) {
	return func(f Study) ([]Table, error) {
		t, err := make(f)
		return []Table{t}, err
	}
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

// Tables makes those of one of TableNames that have rows: several where the run has several ablations or grids.
func (f Study) Tables(name string) ([]Table, error) {
	for _, t := range tables {
		if t.name == name {
			made, err := t.make(f)
			return slices.DeleteFunc(made, func(t Table) bool { return len(t.Rows) == 0 }), err
		}
	}
	return nil, fmt.Errorf("table %q: unknown%s", name, suggest.Nearest(name, TableNames()))
}

// Table is the first of Tables. A run that has nothing for it gives one without rows.
func (f Study) Table(name string) (Table, error) {
	made, err := f.Tables(name)
	if len(made) == 0 {
		return Table{}, err
	}
	return made[0], err
}

// attemptTables is Tables, which ctx ends and whose panic is an error.
func (f Study) attemptTables(ctx context.Context, name string) ([]Table, error) {
	return attempt(ctx, "table "+name, func() ([]Table, error) { return f.Tables(name) })
}

// Made makes the tables of a name of TableNames, or all that the run has data for. None is an error. Of all, those that
// cannot be made are the error, an Undrawn each, beside the others.
func (f Study) Made(ctx context.Context, name string) (made []Table, err error) {
	names := []string{name}
	if name == AllTables {
		names = without(TableNames(), []string{CohortValues}) // a row a cohort and seed, for programs
	}
	var failed []error
	for k, n := range names {
		f.Progress.tell(k, len(names), "table "+n)
		some, err := f.attemptTables(ctx, n)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			failed = append(failed, err)
		}
		made = append(made, some...)
	}
	if len(failed) > 0 {
		return made, errors.Join(failed...)
	}
	if len(made) == 0 {
		return nil, fmt.Errorf("%s: nothing for the table %s: %s", f.From.Dir, name,
			cmp.Or(f.reason(name), "the study varies nothing of the kind"))
	}
	return made, nil
}

// Write prints what Made makes.
func (f Study) Write(ctx context.Context, w io.Writer, name string, as Format, o TableOptions) error {
	made, err := f.Made(ctx, name)
	if len(made) == 0 {
		return err
	}
	return errors.Join(err, WriteTables(w, made, as, o))
}

// WriteTables prints tables below one another, of several those that have one of the columns that are asked for.
func WriteTables(w io.Writer, made []Table, as Format, o TableOptions) error {
	if err := CheckColumns(o.Columns, made...); err != nil {
		return err
	}
	if as == CSV {
		return writeCSV(w, made, o)
	}
	written := 0
	for _, t := range made {
		if o.Columns != nil && !t.has(o.Columns) {
			continue
		}
		if written++; written > 1 && as != JSON {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		one := o
		if o.Label != "" && written > 1 {
			one.Label += fmt.Sprintf("-%d", written)
		}
		if err := t.Print(w, as, one); err != nil {
			return err
		}
	}
	return nil
}

// writeCSV prints tables of one name, such as the ablations of several estimators, below one header.
func writeCSV(w io.Writer, made []Table, o TableOptions) error {
	var header []string
	var rows []map[string]any
	for _, t := range made {
		if t.Name != made[0].Name {
			return fmt.Errorf("CSV holds one table, not %s and %s: name one, or take JSON, a table a line", made[0].Name,
				t.Name)
		}
		names, some := t.forPrograms().renamed(o.Rename).fields(o.Columns)
		for _, name := range names {
			if !slices.Contains(header, name) {
				header = append(header, name)
			}
		}
		for _, values := range some {
			row := map[string]any{}
			for k, name := range names {
				row[name] = values[k]
			}
			rows = append(rows, row)
		}
	}
	return csvRows(w, header, rows)
}

// Names lists what TableOptions can rename in the tables of the run: estimators, their labels, settings and levels.
func (f Study) Names() []string {
	seen := map[string]bool{}
	for _, c := range f.Columns {
		seen[c.Label], seen[c.Question.Estimator], seen[c.Full] = true, true, true
		for setting, level := range c.Levels() {
			seen[setting], seen[level] = true, true
		}
	}
	delete(seen, "")
	return slices.Sorted(maps.Keys(seen))
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
	return slices.DeleteFunc(slices.Concat([]string{f.Method}, more, f.From.Notes), func(n string) bool { return n == "" })
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
	return f.numbered(title, f.Rows, f.basicNotes(f.noteSeconds()))
}

// numbered is AssociationTable, with the numbers as package analysis has them in its JSON, too.
func (f Study) numbered(title string, findings []*analysis.Finding, notes []string) Table {
	rows := rowsOf(findings)
	t := AssociationTable(title, notes, rows)
	t.more = object{[]string{"accuracy", "resamples", "seed", "estimators"},
		[]any{f.From.Truth, f.Options.Resamples, f.Options.Seed, rows}}
	return t
}

// ordered are the rows of the table of estimators: best first, or as they stand where nothing is compared.
func (f Study) ordered() []*analysis.Finding {
	if !f.Compared {
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
	if !slices.ContainsFunc(f.Columns, func(c *analysis.Column) bool { return c.Seconds > 0 }) {
		return ""
	}
	const what = " of an estimate on its own, all its seeds together, median over architectures"
	switch wall, on := f.onWall(); {
	case !on:
		return "s/arch: processor seconds" + what + "."
	case wall == nil:
		return "s/arch: wall time" + what + " (no processor seconds were recorded)."
	default:
		return "s/arch: processor seconds" + what + "; wall time for " + several(wall) + "."
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
	return " of processors (some: wall time)"
}

// onWall says whether wall time counts in the place of processor seconds that are not known, and of which estimators,
// with the number of scores where it is not that of all; nil stands for all of all.
func (f Study) onWall() (wall []string, on bool) {
	all := true
	for _, c := range f.Columns {
		switch scored := c.Scored(); {
		case c.Seconds == 0:
		case c.OnWall == 0:
			all = false
		case c.OnWall < scored:
			all = false
			wall = append(wall, fmt.Sprintf("%s (%d of %d scores)", c.Label, c.OnWall, scored))
		default:
			wall = append(wall, c.Label)
		}
	}
	if on = len(wall) > 0; all {
		wall = nil
	}
	return wall, on
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
	if !f.Compared {
		return f.InOrder(), nil
	}
	above, bold := judgement(f.Findings)
	t := f.numbered(f.title("Rank correlation"), f.ordered(), f.basicNotes(
		"vs best: paired bootstrap of the difference in tau-b, Holm"+moreResamples(f.Findings, len(f.Rows)-1)+
			"; ~ not distinguishable from the best at 0.05.",
		above, f.noteSeconds()))
	if bold != "" {
		if runnerUp(rowsOf(f.Rows)) >= 0 {
			bold += legendUnderlined
		}
		t.Legend = []string{bold}
	}
	return t, nil
}

// topTable asks how an estimator serves a search, which wants the best architectures only.
func (f Study) topTable() (Table, error) {
	t := Table{
		Name:  "top",
		Title: f.title(fmt.Sprintf("Top %d%% of the architectures", int(100*analysis.TopShare))),
		Columns: []Column{
			{Name: "estimator", Key: "estimator", Kind: Label}, {Name: "k", Key: "k", Kind: Count},
			{Name: "P@k", Key: "precision", Kind: Real, Digits: 2, Better: 1},
			{Name: "overlap@k", Key: "overlap", Kind: Expected, Better: 1},
			{Name: "best rank@k", Key: "best_rank", Kind: Expected, Better: -1},
			{Name: "regret@k", Key: "regret", Kind: Real, Digits: 2, Better: -1},
			{Name: "nDCG@k", Key: "ndcg", Kind: Real, Digits: 3, Better: 1},
			{Name: "weighted tau", Key: "weighted_tau", Kind: Signed, Digits: 3, Better: 1},
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
		t.Rows = append(t.Rows, []Cell{
			text(r.Estimator), count(r.K), value(r.PrecisionTop), value(r.Overlap), value(r.BestRank), value(r.Regret),
			value(r.NDCG), statistic(r.WeightedTau),
		})
	}
	return t, err
}

// confoundingTable asks what is left of an association once the size of the networks is held fixed.
func (f Study) confoundingTable() (Table, error) {
	tau := func(name, key string, better int) Column {
		return Column{Name: name, Key: key, Kind: Signed, Digits: 3, Better: better}
	}
	t := Table{
		Name:  "confounding",
		Title: f.title("tau-b at fixed size of the network"),
		Columns: []Column{
			{Name: "estimator", Key: "estimator", Kind: Label}, {Name: "n", Key: "n", Kind: Count}, tau("tau-b", "tau_b", 1),
			tau("tau-b given params", "given_params", 1), tau("semipartial", "semipartial", 1),
			tau("tau-b within #convs", "within_convs", 1), tau("tau-b with params", "with_params", 0),
		},
		Notes: append([]string{
			"Given params: partial tau-b. Semipartial: tau-b of the accuracies with the scores from which alone params is " +
				"taken out. Within #convs: mean over groups of architectures with equally many convolutions, weighted by pairs. " +
				"With params: of the scores with the number of parameters.",
		}, f.From.Notes...),
	}
	rows, err := f.Confounding()
	for _, r := range rows {
		within := Cell{}
		if r.WithinConvs != nil {
			within = statistic(*r.WithinConvs)
		}
		t.Rows = append(t.Rows, []Cell{
			text(r.Estimator), count(r.N), statistic(r.Tau), statistic(r.GivenParams), statistic(r.Semipartial), within,
			statistic(r.WithParams),
		})
	}
	return t, err
}

// budgetTable lists the estimators that are worth their time.
func (f Study) budgetTable() (Table, error) {
	t := Table{
		Name:  "budget",
		Title: f.title("Best tau-b within a budget of time"),
		Columns: slices.Concat(timeColumns(""), []Column{{Name: "estimator", Key: "estimator", Kind: Label}},
			coefficientColumns("tau-b", "tau_b")),
		Notes: append([]string{"Estimators that no other one beats in the same time or less. " + f.noteSeconds()},
			f.notes()...),
	}
	for i, r := range f.Frugal() {
		t.Rows = append(t.Rows, slices.Concat(times(r.Association), []Cell{text(r.Estimator)}, coefficient(r.Tau)))
		t.remarkInterval(i, column(t.Columns, "tau_b_ci"), r.Estimator, r.Tau)
	}
	return t, nil
}

// seedTable says how much scores depend on the seed of the weights.
func (f Study) seedTable() (Table, error) {
	tau := func(name, key string, better int) Column {
		return Column{Name: name, Key: key, Kind: Signed, Digits: 3, Better: better}
	}
	t := Table{
		Name:  "seeds",
		Title: f.title("Stability over weight seeds"),
		Columns: []Column{
			{Name: "estimator", Key: "estimator", Kind: Label}, {Name: "seeds", Key: "seeds", Kind: Count},
			tau("tau-b of the mean", "tau_b", 1), tau("tau-b of one seed", "tau_b_one_seed", 1),
			{Name: "std", Key: "std", Kind: Real, Digits: 3, Better: -1}, tau("min", "min", 1), tau("max", "max", 1),
			tau("rho between seeds", "rho_between_seeds", 1),
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
		t.Rows = append(t.Rows, []Cell{
			text(r.Estimator), count(len(taus)), statistic(analysis.StatisticOf(correlation.Kendall(r.Scores, r.Truth))),
			value(mean), value(std), value(slices.Min(taus)), value(slices.Max(taus)),
			statistic(analysis.StatisticOf(r.Column.BetweenSeeds())),
		})
	}
	return t, nil
}

// maxPaired is how many estimators a table of pairs has at most, the best.
const maxPaired = maxMatrix

// pairTable lists the difference of every two estimators.
func (f Study) pairTable() (Table, error) {
	rows, title := f.Rows, f.title("Pairs of estimators")
	var note []string
	if len(rows) > maxPaired {
		rows = f.Top(maxPaired)
		note = []string{fmt.Sprintf("The best %d of %d estimators and settings, without those that only vary a setting.",
			len(rows), len(f.Rows))}
	}
	pairs, err := f.Pairs(rows)
	t := PairTable(f.Findings, title, pairs)
	more := slices.Concat(note, f.notes())
	t.Notes = slices.Concat(t.Notes, more)
	if t.Programs != nil {
		t.Programs.Notes = slices.Concat(t.Programs.Notes, more)
	}
	return t, err
}

func meanStd(v []float64) (mean, std float64) {
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	for _, x := range v {
		std += float64((x - mean) * (x - mean))
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
	t := Table{Name: "protocol", Title: title, Columns: []Column{{Name: "what", Key: "what", Kind: Label},
		{Name: "value", Key: "value", Kind: Words}}}
	add := func(what, format string, args ...any) {
		t.Rows = append(t.Rows, Texts(what, fmt.Sprintf(format, args...)))
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
	for _, s := range f.settings() {
		add(s[0], "%s", s[1])
	}
	add("weight seeds", "%s", seedRange(f.Columns))
	add("data", "%s", strings.Join(data, "; "))
	add("intervals", "%s", strings.TrimPrefix(f.Method, "Intervals: "))
	if m.Code != "" {
		add("program", "%s", known("bench301 "+m.Code, m.Go, m.Platform))
	}
	cores := ""
	if m.Cores > 0 {
		cores = fmt.Sprintf("%d cores", m.Cores)
	}
	if machine := known(m.CPU, cores); machine != "" {
		add("machine", "%s", machine)
	}
	if total > 0 {
		add("time of all estimates", "about %s s%s", Seconds(total), f.clock())
	}
	if !m.Created.IsZero() {
		add("begun", "%s", m.Created.Format("2006-01-02 15:04 MST"))
	}
	return t, nil
}

// settings lists the settings of every estimator, default values too: those of a question that stands alone under its
// label; of an estimator that is asked in several settings those that all share, and then the values of the others.
func (f Study) settings() (out [][2]string) {
	byName := map[string][]*analysis.Column{}
	for _, c := range f.Columns {
		if c.Parts == nil {
			byName[c.Question.Estimator] = append(byName[c.Question.Estimator], c)
		}
	}
	for _, c := range f.Columns {
		name := c.Question.Estimator
		columns := byName[name]
		if len(columns) == 0 || columns[0] != c {
			continue
		}
		values := map[string][]string{}
		for _, c := range columns {
			for setting, level := range c.Levels() {
				if !slices.Contains(values[setting], level) {
					values[setting] = append(values[setting], level)
				}
			}
		}
		var shared, varied []string
		for _, setting := range slices.Sorted(maps.Keys(values)) {
			if levels := values[setting]; len(levels) == 1 {
				shared = append(shared, setting+"="+levels[0])
			} else {
				analysis.InOrder(levels)
				varied = append(varied, setting+" "+strings.Join(levels, ", "))
			}
		}
		label := name
		if len(columns) == 1 && c.Label != name && !strings.HasPrefix(c.Label, name+":") {
			label = c.Label + " (" + name + ")"
		}
		said := strings.Join(shared, ", ")
		if len(varied) > 0 {
			said = known(said) + "; varied: " + strings.Join(varied, "; ")
		}
		if said = strings.TrimPrefix(said, "; "); said != "" {
			out = append(out, [2]string{label, said})
		}
	}
	return out
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
