package analysis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"rwe301/correlation"
)

// Findings are what the scores of a run say about its estimators.
type Findings struct {
	*Results
	Rows    []*Finding // in the order of the study
	Options correlation.Options
	Method  string // of the intervals, a sentence for notes
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
	Seconds   float64   `json:"seconds_per_architecture"` // median wall time of one estimate
	Mark      string    `json:"versus_best,omitempty"`    // Best, or against it: "~" alike, "-" worse, "+" better
	P         *float64  `json:"p_versus_best,omitempty"`  // of no difference from the best, adjusted
}

// Interval is a value with its confidence interval.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
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

// ClosedForm is the number of architectures above which intervals are closed forms instead of bootstraps, and
// comparisons use so many architectures only.
const ClosedForm = 2000

// Options of Analyse.
type Options struct {
	correlation.Options
	Compare bool // compare every estimator with the best one
}

// Analyse correlates every column with the accuracies.
func Analyse(ctx context.Context, r *Results, o Options) (*Findings, error) {
	if r.Truth == nil {
		return nil, fmt.Errorf("%s: no accuracies: nothing to correlate the scores with", r.From.Dir)
	}
	f := &Findings{Results: r, Options: o.Options}
	for _, c := range r.Columns {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		row, err := f.find(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Label, err)
		}
		f.Rows = append(f.Rows, row)
	}
	f.Method = f.method(o.Compare)
	if !o.Compare {
		return f, nil
	}
	return f, f.compare(ctx)
}

// find correlates one column.
func (f *Findings) find(c *Column) (*Finding, error) {
	rows, kept := Common(c.Mean(), f.Truth)
	row := &Finding{Column: c, Scores: kept[0], Truth: kept[1], Rows: rows}
	row.Association = Association{
		Estimator: c.Label, Baseline: c.Trivial, N: len(rows), Asked: len(f.Architectures), Seconds: c.Seconds,
		Reason: c.why(),
	}
	for _, part := range []struct {
		coefficient correlation.Coefficient
		into        **Interval
	}{{correlation.KendallTauB, &row.Tau}, {correlation.SpearmanRho, &row.Rho}} {
		i, err := f.interval(part.coefficient, row)
		switch {
		case errors.Is(err, correlation.ErrUndefined):
			row.Reason = cmp.Or(row.Reason, err.Error()) // why there are no scores says more
		case err != nil:
			return nil, err
		default:
			*part.into = i
		}
	}
	return row, nil
}

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
		i, err := correlation.QuickInterval(c, value, len(row.Scores), Confidence)
		return &Interval{Value: value, Low: i.Low, High: i.High}, err
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
	i, err := d.Interval(correlation.BCa, Confidence)
	return &Interval{Value: d.Observed, Low: i.Low, High: i.High}, err
}

func (f *Findings) method(compared bool) string {
	if len(f.Architectures) > ClosedForm {
		text := "Intervals: 95%, closed forms (Fieller et al. 1957)"
		if compared {
			text += fmt.Sprintf("; comparisons on the first %d architectures", ClosedForm)
		}
		return text + "."
	}
	over := "architectures"
	for _, c := range f.Columns {
		if len(c.Seeds) > 1 {
			over = "architectures and weight seeds"
		}
	}
	resamples := f.Options.Resamples
	if resamples == 0 {
		resamples = correlation.DefaultResamples
	}
	return fmt.Sprintf("Intervals: 95%%, BCa bootstrap over %s, %d resamples, seed %d.", over, resamples, f.Options.Seed)
}

// compare marks the best estimator, and those that the paired bootstrap cannot tell from it.
func (f *Findings) compare(ctx context.Context) error {
	var best *Finding
	for _, r := range f.Rows {
		if r.Tau != nil && (best == nil || r.Tau.Value > best.Tau.Value) {
			best = r
		}
	}
	if best == nil {
		return nil
	}
	best.Mark = Best
	var cs []*correlation.Comparison
	var rows []*Finding
	for _, r := range f.Rows {
		if r == best || r.Tau == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := f.Versus(r, best)
		if errors.Is(err, correlation.ErrUndefined) {
			continue
		}
		if err != nil {
			return err
		}
		cs, rows = append(cs, c), append(rows, r)
	}
	for i, c := range adjusted(cs) {
		rows[i].Mark, rows[i].P = c.Mark(), &c.PAdjusted
	}
	return nil
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

// Versus compares the tau-b of a with that of b by the paired bootstrap, on the architectures that both score.
func (f *Findings) Versus(a, b *Finding) (*correlation.Comparison, error) {
	rows, kept := Common(a.Column.Mean(), b.Column.Mean(), f.Results.Truth)
	n := min(len(rows), ClosedForm)
	c, err := correlation.Compare(correlation.KendallTauB, kept[0][:n], kept[1][:n], kept[2][:n], Confidence, f.Options)
	return &c, err
}

// Ranked lists the findings by tau-b, the undefined last.
func (f *Findings) Ranked() []*Finding {
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

// Top lists the findings with a tau, best first, at most n. What only varies a setting of another one is left to
// ablations.
func (f *Findings) Top(n int) []*Finding {
	rows := slices.DeleteFunc(f.Ranked(), func(r *Finding) bool { return r.Tau == nil || r.Column.OnlyVaried() })
	return rows[:min(n, len(rows))]
}

// TausBySeed lists the tau-b of every weight seed for which it is defined.
func (f *Findings) TausBySeed(r *Finding) []float64 {
	var out []float64
	for _, scores := range r.Column.BySeed {
		_, kept := Common(scores, f.Results.Truth)
		if v, err := correlation.Kendall(kept[0], kept[1]); err == nil {
			out = append(out, v)
		}
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
