package analysis

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"rwe301/correlation"
)

// Findings are what the scores of a run say about its estimators.
type Findings struct {
	*Results
	Rows    []*Finding // in the order of the study
	Options correlation.Options
	Method  string // of the intervals, a sentence for notes

	Compared bool     // with the best and with Baseline: Options.Compare
	Baseline *Finding // the trivial baseline with the highest tau-b, that others are compared with; nil if there is none
	Ordered  bool     // Ranked leaves the rows in their order
}

// Finding is what the scores of one question say.
type Finding struct {
	Association
	Column        *Column
	Scores, Truth []float64 // of the architectures that have both
	Rows          []int     // where these stand among the architectures of the run
}

// Association says how well an estimator's scores order architectures by accuracy. Tau and Rho are nil when they are
// undefined, and Reason says why.
type Association struct {
	Estimator string    `json:"estimator"`
	Baseline  bool      `json:"baseline"` // a trivial count rather than an estimate
	N         int       `json:"n"`        // architectures with a score and an accuracy
	Asked     int       `json:"asked"`    // architectures that were to be scored
	Tau       *Interval `json:"tau_b"`
	Rho       *Interval `json:"rho"`
	Reason    string    `json:"reason,omitempty"`
	// Seconds and Wall are those of the column; OnWall counts the scores whose wall time counts in Seconds.
	Seconds  float64  `json:"seconds_per_architecture"`
	Wall     float64  `json:"wall_seconds_per_architecture"`
	OnWall   int      `json:"scores_without_processor_seconds,omitempty"`
	Mark     string   `json:"versus_best,omitempty"`   // Best, or against it: "~" alike, "-" worse, "+" better
	P        *float64 `json:"p_versus_best,omitempty"` // of no difference from the best, adjusted
	Smallest bool     `json:"p_smallest,omitempty"`    // P, before its adjustment, is the smallest that N supports

	// Above says that tau-b is significantly above the best trivial baseline, or above 0 where the run has none; PAbove is
	// the p-value of no difference from that baseline (paired bootstrap, Holm).
	Above  bool     `json:"above_baselines,omitempty"`
	PAbove *float64 `json:"p_above_baselines,omitempty"`
}

// Interval is a value with its confidence interval. Where there is none, both ends are the value, so that a figure
// draws none; as JSON they are null.
type Interval struct {
	Value     float64                    `json:"value"`
	Low       float64                    `json:"low"`
	High      float64                    `json:"high"`
	Method    correlation.IntervalMethod `json:"method"`
	Why       string                     `json:"why,omitempty"` // there is no interval, or not by BCa
	Undefined int                        `json:"undefined_resamples,omitempty"`
	Unusual   bool                       `json:"-"` // made by another method than Findings.Method says
}

// newInterval puts a value and its interval together.
func newInterval(value float64, i correlation.Interval, undefined int) *Interval {
	out := &Interval{Value: value, Low: i.Low, High: i.High, Method: i.Method, Why: i.Fallback, Undefined: undefined}
	if i.Method == correlation.None {
		out.Low, out.High = value, value
	}
	return out
}

// MarshalJSON writes null for ends that there are not.
func (i Interval) MarshalJSON() ([]byte, error) {
	type plain Interval
	if i.Method != correlation.None {
		return json.Marshal(plain(i))
	}
	return json.Marshal(struct {
		plain
		Low  *float64 `json:"low"`
		High *float64 `json:"high"`
	}{plain: plain(i)})
}

// Best marks the estimator with the highest tau.
const Best = "best"

// Coverage is the share of architectures that have a score.
func (a Association) Coverage() float64 {
	if a.Asked == 0 {
		return 0
	}
	return float64(a.N) / float64(a.Asked)
}

// Confidence is that of every interval.
const Confidence = 0.95

// ClosedForm is the number of architectures above which intervals are closed forms, and those of comparisons normal
// with the standard error of the jackknife, instead of bootstraps.
const ClosedForm = 2000

// Options of Analyse.
type Options struct {
	correlation.Options
	Compare bool // compare every estimator with the best one
	// Progress, when not nil, is told after each step how many steps are done, of how many: one to correlate a column, and
	// one to compare it.
	Progress func(done, total int)
}

// steps returns what tells Progress of a step.
func (o Options) steps(columns int) func() {
	done, total := 0, columns
	if o.Compare {
		total *= 2
	}
	return func() {
		if done++; o.Progress != nil {
			o.Progress(done, total)
		}
	}
}

// Analyse correlates every column with the accuracies.
func Analyse(ctx context.Context, r *Results, o Options) (*Findings, error) {
	if r.Truth == nil {
		return nil, fmt.Errorf("%s: no accuracies: nothing to correlate the scores with", r.From.Dir)
	}
	f := &Findings{Results: r, Options: o.Options, Compared: o.Compare}
	f.Options.Context, r.ctx = ctx, ctx
	step := o.steps(len(r.Columns))
	for _, c := range r.Columns {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		row, err := f.find(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Label, err)
		}
		f.Rows = append(f.Rows, row)
		step()
	}
	f.Method = f.method(o.Compare)
	if !o.Compare {
		return f, nil
	}
	return f, f.compare(step)
}

// find correlates one column.
func (f *Findings) find(c *Column) (*Finding, error) {
	rows, kept := Common(c.Mean(), f.Truth)
	row := &Finding{Column: c, Scores: kept[0], Truth: kept[1], Rows: rows}
	row.Association = Association{
		Estimator: c.Label, Baseline: c.Trivial, N: len(rows), Asked: len(f.Architectures), Seconds: c.Seconds,
		Wall: c.Wall, OnWall: c.OnWall, Reason: c.why(),
	}
	for _, part := range []struct {
		coefficient correlation.Coefficient
		into        **Interval
	}{{correlation.KendallTauB, &row.Tau}, {correlation.SpearmanRho, &row.Rho}} {
		i, err := f.interval(part.coefficient, row)
		switch {
		case errors.Is(err, correlation.ErrUndefined):
			row.Reason = cmp.Or(row.Reason, undefined.Replace(err.Error())) // why there are no scores says more
		case err != nil:
			return nil, err
		default:
			*part.into = i
		}
	}
	return row, nil
}

// undefined says of scores and accuracies what package correlation says of its x and y.
var undefined = strings.NewReplacer("x is constant", "the score is constant",
	"y is constant", "the accuracy is constant", "z determines x or y",
	"what is held fixed orders the scores or the accuracies already", "z is constant", "what is held fixed is constant")

// why says which scores are missing.
func (c *Column) why() string {
	if n := c.Undefined + c.Failed + c.Missing; n > 0 {
		text := fmt.Sprintf("%d of %d scores missing (%d undefined, %d failed, %d not yet made)", n, c.Asked, c.Undefined,
			c.Failed, c.Missing)
		if c.Reason != "" {
			text += ": " + c.Reason
		}
		return text
	}
	return ""
}

// interval is a coefficient with its interval: over architectures, and over weight seeds too where there are several.
func (f *Findings) interval(c correlation.Coefficient, row *Finding) (*Interval, error) {
	if len(row.Scores) > ClosedForm {
		value, err := c.Of(row.Scores, row.Truth)
		if err != nil {
			return nil, err
		}
		if math.Abs(value) == 1 {
			none := correlation.Interval{Method: correlation.None, Fallback: "the closed form has no width at +1 and -1"}
			return newInterval(value, none, 0), nil
		}
		i, err := correlation.QuickInterval(c, value, len(row.Scores), Confidence)
		return newInterval(value, i, 0), err
	}
	if len(row.Scores) < correlation.MinRows {
		value, err := c.Of(row.Scores, row.Truth)
		none := correlation.Interval{Method: correlation.None, Fallback: fmt.Sprintf("fewer than %d architectures",
			correlation.MinRows)}
		return newInterval(value, none, 0), err
	}
	seeds := make([][]float64, len(row.Column.BySeed))
	for s, scores := range row.Column.BySeed {
		for _, i := range row.Rows {
			seeds[s] = append(seeds[s], scores[i])
		}
	}
	d, err := correlation.BootstrapSeeds(c, seeds, row.Truth, f.Options)
	if err != nil {
		return nil, err
	}
	i, err := d.Confidence(Confidence)
	return newInterval(d.Observed, i, d.Undefined), err
}

// method says how most intervals were made, and marks those that were made otherwise.
func (f *Findings) method(compared bool) string {
	var all []*Interval
	made := map[correlation.IntervalMethod]int{}
	many, seeds := false, false
	for _, r := range f.Rows {
		many = many || r.N > ClosedForm
		seeds = seeds || len(r.Column.Seeds) > 1
		for _, i := range []*Interval{r.Tau, r.Rho} {
			if i != nil {
				all = append(all, i)
				made[i.Method]++
			}
		}
	}
	usual, text := correlation.BCa, "BCa bootstrap "+f.over(seeds)
	switch {
	case made[correlation.FisherZ] > made[correlation.BCa]:
		usual, text = correlation.FisherZ, "closed forms (Fieller et al. 1957)"
	case made[correlation.BCa] == 0 && len(all) > 0:
		text = "as marked, bootstrap " + f.over(seeds)
	}
	for _, i := range all {
		i.Unusual = i.Method != usual
	}
	if compared && many {
		text += "; comparisons " + LargeNote()
	}
	return "Intervals: 95%, " + text + "."
}

// over says what was drawn in a bootstrap.
func (f *Findings) over(seeds bool) string {
	over := "architectures"
	if seeds {
		over = "architectures and weight seeds"
	}
	return fmt.Sprintf("over %s, %d resamples, seed %d", over, f.resamples(), f.Options.Seed)
}

// LargeNote says how comparisons of more than ClosedForm architectures are made.
func LargeNote() string {
	return fmt.Sprintf("of more than %d architectures normal, with the standard error of the jackknife", ClosedForm)
}

// compare marks the best estimator, and those that the paired bootstrap cannot tell from it.
func (f *Findings) compare(step func()) error {
	ranked := f.Ranked()
	if len(ranked) == 0 || ranked[0].Tau == nil {
		return nil
	}
	f.Compared = true
	best := ranked[0]
	best.Mark = Best
	var pairs [][2]*Finding
	for _, r := range f.Rows {
		if r != best && r.Tau != nil {
			pairs = append(pairs, [2]*Finding{r, best})
		}
	}
	cs, err := f.family(pairs)
	if err != nil {
		return err
	}
	for i, c := range cs {
		if r := pairs[i][0]; c != nil {
			r.Mark, r.P, r.Smallest = c.Mark(), &c.PAdjusted, c.Smallest
		}
	}
	for range f.Rows {
		step()
	}
	return f.judge()
}

// adjusted corrects comparisons of one family (Holm).
func adjusted(cs []*correlation.Comparison) []*correlation.Comparison {
	ps := make([]float64, len(cs))
	for i, c := range cs {
		ps[i] = c.P
	}
	for i, p := range correlation.Holm(ps) {
		cs[i].PAdjusted = p
	}
	return cs
}

// Versus compares the tau-b of a with that of b on the architectures that both score.
func (f *Findings) Versus(a, b *Finding) (*correlation.Comparison, error) {
	cs, err := f.family([][2]*Finding{{a, b}})
	if err != nil {
		return nil, err
	}
	if cs[0] == nil {
		return nil, correlation.ErrUndefined
	}
	return cs[0], nil
}

// Ranked lists the findings by tau-b, equal ones by name, the undefined last, unless they are Ordered.
func (f *Findings) Ranked() []*Finding {
	value := func(r *Finding) float64 {
		if r.Tau == nil {
			return math.Inf(-1)
		}
		return r.Tau.Value
	}
	rows := slices.Clone(f.Rows)
	if f.Ordered {
		return rows
	}
	slices.SortStableFunc(rows, func(a, b *Finding) int {
		return cmp.Or(cmp.Compare(value(b), value(a)), byName(a.Estimator, b.Estimator))
	})
	return rows
}

// Top lists the findings with a tau, best first, at most n. What only varies a setting of another one is left to
// ablations.
func (f *Findings) Top(n int) []*Finding {
	rows := slices.DeleteFunc(f.Ranked(), func(r *Finding) bool { return r.Tau == nil || r.Column.OnlyVaried() })
	return rows[:min(n, len(rows))]
}

// TausBySeed lists the tau-b of every weight seed for which it is defined.
func (f *Findings) TausBySeed(r *Finding) []float64 {
	return slices.DeleteFunc(f.TauBySeed(r), math.IsNaN)
}

// TauBySeed is the tau-b of every weight seed, in the order of the column's; NaN where it is undefined.
func (f *Findings) TauBySeed(r *Finding) []float64 {
	var out []float64
	for _, scores := range r.Column.BySeed {
		_, kept := Common(scores, f.Results.Truth)
		v, err := correlation.Kendall(kept[0], kept[1])
		if err != nil {
			v = math.NaN()
		}
		out = append(out, v)
	}
	return out
}

// Complete returns the accuracies, and after them the scores of rows, of the architectures that have all of them; nil
// where these are fewer than atLeast.
func (f *Findings) Complete(rows []*Finding, atLeast int) [][]float64 {
	vectors := [][]float64{f.Results.Truth}
	for _, r := range rows {
		vectors = append(vectors, r.Column.Mean())
	}
	common, kept := Common(vectors...)
	if len(common) < atLeast {
		return nil
	}
	return kept
}
