package study

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"rwe301/correlation"
	"rwe301/reports"
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
	reports.Association
	Column        *Column
	Scores, Truth []float64 // of the architectures that have both
	Rows          []int     // where these stand among the architectures of the run
}

// closedForm is the number of architectures above which intervals are closed forms instead of bootstraps, and
// comparisons use so many architectures only.
const closedForm = 2000

// Analyse correlates every column with the accuracies and compares it with the best one.
func Analyse(ctx context.Context, r *Results, o correlation.Options) (*Findings, error) {
	if r.Truth == nil {
		return nil, fmt.Errorf("%s: a study without accuracies: nothing to correlate the scores with", r.Dir)
	}
	f := &Findings{Results: r, Options: o}
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
	f.Method = f.method()
	return f, f.compare(ctx)
}

// find correlates one column.
func (f *Findings) find(c *Column) (*Finding, error) {
	rows, kept := both(c.Mean(), f.Truth)
	row := &Finding{Column: c, Scores: kept[0], Truth: kept[1], Rows: rows}
	row.Association = reports.Association{
		Estimator: c.Label, Baseline: c.Trivial, N: len(rows), Asked: len(f.Architectures), Seconds: c.Seconds, Reason: c.why(),
	}
	for _, part := range []struct {
		coefficient correlation.Coefficient
		into        **reports.Interval
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
		text := fmt.Sprintf("%d of %d scores missing (%d undefined, %d failed, %d not yet made)", n, c.Asked, c.Undefined, c.Failed, c.Missing)
		if c.Reason != "" {
			text += ": " + c.Reason
		}
		return text
	}
	return ""
}

// interval is a coefficient with its interval: over architectures, and over weight seeds too where there are several.
func (f *Findings) interval(c correlation.Coefficient, row *Finding) (*reports.Interval, error) {
	if len(row.Scores) > closedForm {
		value, err := c.Of(row.Scores, row.Truth)
		if err != nil {
			return nil, err
		}
		i, err := correlation.QuickInterval(c, value, len(row.Scores), level)
		return &reports.Interval{Value: value, Low: i.Low, High: i.High}, err
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
	i, err := d.Interval(correlation.BCa, level)
	return &reports.Interval{Value: d.Observed, Low: i.Low, High: i.High}, err
}

func (f *Findings) method() string {
	if len(f.Architectures) > closedForm {
		return fmt.Sprintf("Intervals: 95%%, closed forms (Fieller et al. 1957); comparisons on the first %d architectures.", closedForm)
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
	best.Mark = reports.Best
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
	rows, kept := both(a.Column.Mean(), b.Column.Mean(), f.Results.Truth)
	n := min(len(rows), closedForm)
	c, err := correlation.Compare(correlation.KendallTauB, kept[0][:n], kept[1][:n], kept[2][:n], level, f.Options)
	return &c, err
}
