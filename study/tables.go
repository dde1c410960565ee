package study

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"rwe301/correlation"
	"rwe301/internal/suggest"
	"rwe301/reports"
)

// tables are what a run can be summarised in. Each returns a table without rows where the run has nothing for it.
var tables = []struct {
	name string
	make func(*Findings) (reports.Table, error)
}{
	{"estimators", (*Findings).estimatorTable},
	{"top", (*Findings).topTable},
	{"confounding", (*Findings).confoundingTable},
	{"budget", (*Findings).budgetTable},
	{"ablation", (*Findings).ablationTable},
	{"seeds", (*Findings).seedTable},
	{"protocol", (*Findings).protocolTable},
}

// TableNames lists the tables of a run.
func TableNames() []string {
	var names []string
	for _, t := range tables {
		names = append(names, t.name)
	}
	return names
}

// Table makes one of the tables of TableNames. A run that has nothing for it gives one without rows.
func (f *Findings) Table(name string) (reports.Table, error) {
	for _, t := range tables {
		if t.name == name {
			return t.make(f)
		}
	}
	return reports.Table{}, fmt.Errorf("table %q: unknown%s", name, suggest.Nearest(name, TableNames()))
}

// title names the data behind a table.
func (f *Findings) title(what string) string {
	m := f.Manifest
	return fmt.Sprintf("%s, accuracy by %s, %d architectures of %s", what, m.Truth, len(f.Architectures), m.Space)
}

// notes says how the numbers were made, and what a reader should know.
func (f *Findings) notes(more ...string) []string {
	return slices.Concat([]string{f.Method}, more, f.Manifest.Notes)
}

// estimatorTable is the main result, best first.
func (f *Findings) estimatorTable() (reports.Table, error) {
	var rows []reports.Association
	for _, r := range f.ranked() {
		rows = append(rows, r.Association)
	}
	return reports.AssociationTable(f.title("Rank correlation"), f.notes(
		"vs best: paired bootstrap of the difference in tau-b, Holm; ~ not distinguishable from the best at 0.05.",
		"s/arch: median wall time of one estimate on its own, on one core.",
	), rows), nil
}

// ranked lists the findings by tau-b, the undefined last.
func (f *Findings) ranked() []*Finding {
	value := func(r *Finding) float64 {
		if r.Tau == nil {
			return math.Inf(-1)
		}
		return r.Tau.Value
	}
	rows := slices.Clone(f.Rows)
	slices.SortStableFunc(rows, func(a, b *Finding) int { return cmp.Compare(value(b), value(a)) })
	return rows
}

// topShare is the share of architectures that count as the top.
const topShare = 0.1

// topTable asks how an estimator serves a search, which wants the best architectures only.
func (f *Findings) topTable() (reports.Table, error) {
	t := reports.Table{
		Title: f.title(fmt.Sprintf("Top %d%% of the architectures", int(100*topShare))),
		Columns: []reports.Column{
			{Name: "estimator", Left: true}, {Name: "k"}, {Name: "P@k"}, {Name: "overlap@k"}, {Name: "best rank@k"}, {Name: "regret@k"},
			{Name: "nDCG@k"}, {Name: "weighted tau"},
		},
		Notes: append([]string{
			"P@k: share of the predicted top k in the true top k. Best rank, regret: of the best of the predicted top k, regret in the unit of the accuracies. nDCG: linear gain above the worst.",
		}, f.Manifest.Notes...),
	}
	for _, r := range f.ranked() {
		k := max(1, int(topShare*float64(r.N)))
		s, err := correlation.Select(r.Truth, r.Scores, k)
		if err != nil {
			continue // nothing was scored
		}
		overlap, err := correlation.TopOverlap(r.Truth, r.Scores, k)
		if err != nil {
			return t, err
		}
		regret, err := correlation.Regret(r.Truth, r.Scores, k)
		if err != nil {
			return t, err
		}
		ndcg, err := correlation.NDCG(correlation.LinearGains(r.Truth), r.Scores, k)
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, []string{
			r.Estimator, strconv.Itoa(k), fixed(s.PrecisionTop, 2), strconv.Itoa(overlap), strconv.Itoa(s.BestRank), fixed(regret, 2), fixed(ndcg, 3),
			orUndefined(correlation.WeightedTau(r.Scores, r.Truth, correlation.WeightedOptions{})),
		})
	}
	return t, nil
}

// confoundingTable asks what is left of an association once the size of the networks is held fixed.
func (f *Findings) confoundingTable() (reports.Table, error) {
	t := reports.Table{
		Title: f.title("tau-b at fixed size of the network"),
		Columns: []reports.Column{
			{Name: "estimator", Left: true}, {Name: "n"}, {Name: "tau-b"}, {Name: "tau-b given params"}, {Name: "semipartial"}, {Name: "tau-b within #convs"}, {Name: "tau-b with params"},
		},
		Notes: append([]string{
			"Given params: partial tau-b. Semipartial: tau-b of the accuracies with the scores from which alone params is taken out. Within #convs: mean over groups of architectures with equally many convolutions, weighted by pairs. With params: of the scores with the number of parameters.",
		}, f.Manifest.Notes...),
	}
	params, err := f.Params()
	if err != nil {
		return t, err
	}
	convs, counted, err := f.Convolutions()
	if err != nil {
		return t, err
	}
	for _, r := range f.ranked() {
		size, keys := make([]float64, r.N), make([]int, r.N)
		for k, i := range r.Rows {
			size[k] = params[i]
			if counted {
				keys[k] = convs[i]
			}
		}
		partial, err := correlation.Partial(correlation.KendallTauB, r.Scores, r.Truth, size, correlation.TwoSided)
		given := orUndefined(partial.Statistic, err)
		semi := orUndefined(correlation.Semipartial(correlation.KendallTauB, r.Truth, r.Scores, size))
		within := ""
		if counted {
			s, err := correlation.Within(correlation.KendallTauB, r.Scores, r.Truth, keys)
			within = orUndefined(s.Mean, err)
		}
		t.Rows = append(t.Rows, []string{
			r.Estimator, strconv.Itoa(r.N), orUndefined(correlation.Kendall(r.Scores, r.Truth)), given, semi, within, orUndefined(correlation.Kendall(r.Scores, size)),
		})
	}
	return t, nil
}

// budgetTable lists the estimators that are worth their time.
func (f *Findings) budgetTable() (reports.Table, error) {
	t := reports.Table{
		Title:   f.title("Best tau-b within a budget of time"),
		Columns: []reports.Column{{Name: "s/arch"}, {Name: "estimator", Left: true}, {Name: "tau-b"}, {Name: "95% CI"}},
		Notes:   append([]string{"Estimators that no other one beats in the same time or less. s/arch: median wall time of one estimate on its own, on one core."}, f.notes()...),
	}
	costs, values := make([]float64, len(f.Rows)), make([]float64, len(f.Rows))
	for i, r := range f.Rows {
		costs[i], values[i] = r.Seconds*float64(len(r.Column.Seeds)), math.NaN()
		if r.Tau != nil && r.Seconds > 0 { // a published table has no times
			values[i] = r.Tau.Value
		}
	}
	for _, i := range correlation.Frontier(costs, values) {
		r := f.Rows[i]
		t.Rows = append(t.Rows, []string{reports.Seconds(costs[i]), r.Estimator, signed(r.Tau.Value), bounds(r.Tau.Low, r.Tau.High)})
	}
	return t, nil
}

// seedTable says how much scores depend on the seed of the weights.
func (f *Findings) seedTable() (reports.Table, error) {
	t := reports.Table{
		Title: f.title("Stability over weight seeds"),
		Columns: []reports.Column{
			{Name: "estimator", Left: true}, {Name: "seeds"}, {Name: "tau-b of the mean"}, {Name: "tau-b of one seed"}, {Name: "std"}, {Name: "min"}, {Name: "max"},
			{Name: "rho between seeds"},
		},
		Notes: append([]string{"tau-b of one seed: mean over the seeds, with standard deviation. rho between seeds: mean Spearman correlation of the scores of two seeds."}, f.Manifest.Notes...),
	}
	for _, r := range f.ranked() {
		if len(r.Column.Seeds) < 2 {
			continue
		}
		taus := f.TausBySeed(r)
		if len(taus) == 0 {
			continue
		}
		mean, std := meanStd(taus)
		t.Rows = append(t.Rows, []string{
			r.Estimator, strconv.Itoa(len(taus)), orUndefined(correlation.Kendall(r.Scores, r.Truth)), signed(mean), fixed(std, 3),
			signed(slices.Min(taus)), signed(slices.Max(taus)), orUndefined(r.Column.betweenSeeds()),
		})
	}
	return t, nil
}

// TausBySeed lists the tau-b of every weight seed for which it is defined.
func (f *Findings) TausBySeed(r *Finding) []float64 {
	var out []float64
	for _, scores := range r.Column.BySeed {
		_, kept := both(scores, f.Results.Truth)
		if v, err := correlation.Kendall(kept[0], kept[1]); err == nil {
			out = append(out, v)
		}
	}
	return out
}

// betweenSeeds is the mean Spearman correlation of the scores of two seeds.
func (c *Column) betweenSeeds() (float64, error) {
	sum, n := 0.0, 0
	for i := range c.BySeed {
		for k := range i {
			_, kept := both(c.BySeed[i], c.BySeed[k])
			v, err := correlation.Spearman(kept[0], kept[1])
			if err != nil {
				return 0, err
			}
			sum, n = sum+v, n+1
		}
	}
	return sum / float64(n), nil
}

func meanStd(v []float64) (mean, std float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		std += (x - mean) * (x - mean) / float64(max(1, len(v)-1))
	}
	return mean, math.Sqrt(std)
}

// protocolTable says how the numbers were made (Lindauer and Hutter 2020).
func (f *Findings) protocolTable() (reports.Table, error) {
	m := f.Manifest
	t := reports.Table{Title: "Protocol of the study " + m.Name, Columns: []reports.Column{{Name: "what", Left: true}, {Name: "value", Left: true}}}
	add := func(what, format string, args ...any) {
		t.Rows = append(t.Rows, []string{what, fmt.Sprintf(format, args...)})
	}
	var data []string
	total := 0.0
	for _, c := range f.Columns {
		if c.Dataset != "" && !slices.Contains(data, c.Dataset) {
			data = append(data, c.Dataset)
		}
		total += c.Seconds * float64(c.Asked-c.Undefined-c.Failed-c.Missing)
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
	add("program", "bench301 %s, %s, %s", m.Code, m.Go, m.Platform)
	add("machine", "%s, %d cores", m.CPU, m.Cores)
	if total > 0 {
		add("time of all estimates", "about %s s on one core", reports.Seconds(total))
	}
	add("begun", "%s", m.Created.Format("2006-01-02 15:04 MST"))
	return t, nil
}

func seedRange(columns []*Column) string {
	var seeds []uint64
	for _, c := range columns {
		for _, s := range c.Seeds {
			if !slices.Contains(seeds, s) {
				seeds = append(seeds, s)
			}
		}
	}
	slices.Sort(seeds)
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(seeds)), ", "), "[]")
}

func signed(x float64) string { return fmt.Sprintf("%+.3f", x) }

func fixed(x float64, decimals int) string { return strconv.FormatFloat(x, 'f', decimals, 64) }

func bounds(low, high float64) string { return fmt.Sprintf("[%s, %s]", signed(low), signed(high)) }

// orUndefined writes a statistic, or that it has no value.
func orUndefined(v float64, err error) string {
	if errors.Is(err, correlation.ErrUndefined) || math.IsNaN(v) {
		return "undefined"
	}
	if err != nil {
		return err.Error()
	}
	return signed(v)
}
