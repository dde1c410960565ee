package analysis

import (
	"errors"
	"math"
	"slices"

	"rwe301/correlation"
)

// TopShare is the share of architectures that count as the top.
const TopShare = 0.1

// TopOf says how an estimator serves a search, which wants the best architectures only.
type TopOf struct {
	*Finding
	K int
	correlation.Selection
	Overlap     float64 // expected, as all numbers here, over the orders of equal scores and of equal accuracies
	Regret      float64 // in the unit of the accuracies
	NDCG        float64 // linear gain above the worst
	WeightedTau Statistic
}

// Statistic is a number, or why there is none.
type Statistic struct {
	Value float64
	Err   error
}

// Undefined says whether there is no value because the statistic has none here.
func (s Statistic) Undefined() bool {
	return errors.Is(s.Err, correlation.ErrUndefined) || s.Err == nil && math.IsNaN(s.Value)
}

// StatisticOf wraps what package correlation returns.
func StatisticOf(v float64, err error) Statistic { return Statistic{v, err} }

// Tops judges the top of every ranking, best estimator first.
func (f *Findings) Tops() (out []TopOf, err error) {
	for _, r := range f.Ranked() {
		t := TopOf{Finding: r, K: max(1, int(TopShare*float64(r.N)))}
		if t.Selection, err = correlation.Select(r.Truth, r.Scores, t.K); err != nil {
			continue // nothing was scored
		}
		if t.Overlap, err = correlation.TopOverlap(r.Truth, r.Scores, t.K); err != nil {
			return nil, err
		}
		if t.Regret, err = correlation.Regret(r.Truth, r.Scores, t.K); err != nil {
			return nil, err
		}
		if t.NDCG, err = correlation.NDCG(correlation.LinearGains(r.Truth), r.Scores, t.K); err != nil {
			return nil, err
		}
		t.WeightedTau = StatisticOf(correlation.WeightedTau(r.Scores, r.Truth, correlation.WeightedOptions{}))
		out = append(out, t)
	}
	return out, nil
}

// TopPrecision is the share of the predicted top K of N architectures that belongs to the true top K, with the interval
// of Wilson, at Confidence. Chance finds K/N of them.
type TopPrecision struct {
	Share            float64 // of the architectures, that was asked for
	K, N             int
	Value, Low, High float64
}

// Precision is that of the shares of the architectures that give a top of two at least.
func (r *Finding) Precision(shares []float64) (out []TopPrecision, err error) {
	for _, share := range shares {
		p := TopPrecision{Share: share, K: int(share * float64(r.N)), N: r.N}
		if p.K < 2 {
			continue
		}
		s, err := correlation.Select(r.Truth, r.Scores, p.K)
		if err != nil {
			return nil, err
		}
		p.Value = s.PrecisionTop
		p.Low, p.High = correlation.Wilson(p.Value, p.K, Confidence)
		out = append(out, p)
	}
	return out, nil
}

// Confounded is what is left of an association once the size of the networks is held fixed.
type Confounded struct {
	*Finding
	Tau         Statistic
	GivenParams Statistic  // partial tau-b
	Semipartial Statistic  // of the accuracies with the scores from which alone params is taken out
	WithinConvs *Statistic // mean over groups with equally many convolutions, by pairs; or nil
	WithParams  Statistic  // of the scores with the number of parameters
}

// Confounding asks what of every association is size, best estimator first.
func (f *Findings) Confounding() ([]Confounded, error) {
	params, err := f.Params()
	if err != nil {
		return nil, err
	}
	convs, counted, err := f.Convolutions()
	if err != nil {
		return nil, err
	}
	var out []Confounded
	for _, r := range f.Ranked() {
		size, keys := make([]float64, r.N), make([]int, r.N)
		for k, i := range r.Rows {
			size[k] = params[i]
			if counted {
				keys[k] = convs[i]
			}
		}
		partial, err := correlation.Partial(correlation.KendallTauB, r.Scores, r.Truth, size, correlation.TwoSided)
		c := Confounded{
			Finding: r, Tau: StatisticOf(correlation.Kendall(r.Scores, r.Truth)), GivenParams: Statistic{partial.Statistic, err},
			Semipartial: StatisticOf(correlation.Semipartial(correlation.KendallTauB, r.Truth, r.Scores, size)),
			WithParams:  StatisticOf(correlation.Kendall(r.Scores, size)),
		}
		if counted {
			s, err := correlation.Within(correlation.KendallTauB, r.Scores, r.Truth, keys)
			c.WithinConvs = &Statistic{s.Mean, err}
		}
		out = append(out, c)
	}
	return out, nil
}

// FewPairs is the number of architectures from which a correlation is worth showing.
const FewPairs = 10

// Strata are the correlations among architectures with equally many convolutions.
type Strata struct {
	Convolutions []int       // of the strata with FewPairs architectures or more
	Sizes        []int       // architectures of each
	N            [][]int     // architectures of each stratum that each row scores
	Rho          [][]float64 // Spearman, of each row in each stratum; NaN where it is undefined, or N below FewPairs
}

// Stratify correlates within strata. It returns nil in spaces without convolutions, and where fewer than two strata are
// large enough.
func (f *Findings) Stratify(rows []*Finding) (*Strata, error) {
	convs, counted, err := f.Convolutions()
	if err != nil || !counted {
		return nil, err
	}
	sizes := map[int]int{}
	for _, k := range convs {
		sizes[k]++
	}
	var s Strata
	for k, n := range sizes {
		if n >= FewPairs {
			s.Convolutions = append(s.Convolutions, k)
		}
	}
	if len(s.Convolutions) < 2 {
		return nil, nil
	}
	slices.Sort(s.Convolutions)
	for _, k := range s.Convolutions {
		s.Sizes = append(s.Sizes, sizes[k])
	}
	for _, r := range rows {
		var rho []float64
		var scored []int
		for _, k := range s.Convolutions {
			var x, y []float64
			for m, at := range r.Rows {
				if convs[at] == k {
					x, y = append(x, r.Scores[m]), append(y, r.Truth[m])
				}
			}
			v := math.NaN()
			if len(x) >= FewPairs {
				v = spearman(x, y)
			}
			rho, scored = append(rho, v), append(scored, len(x))
		}
		s.Rho, s.N = append(s.Rho, rho), append(s.N, scored)
	}
	return &s, nil
}

// spearman is NaN where it is undefined.
func spearman(x, y []float64) float64 {
	if v, err := correlation.Spearman(x, y); err == nil {
		return v
	}
	return math.NaN()
}

// Among is the matrix of Spearman correlations between the scores of rows; NaN where one is undefined.
func Among(rows []*Finding) [][]float64 {
	out := make([][]float64, len(rows))
	for i, a := range rows {
		out[i] = make([]float64, len(rows))
		for k, b := range rows {
			_, kept := Common(a.Column.Mean(), b.Column.Mean())
			out[i][k] = spearman(kept[0], kept[1])
		}
	}
	return out
}

// Frugal lists the findings that no other one beats in the same time or less, with the seconds of all their seeds.
func (f *Findings) Frugal() (rows []*Finding) {
	costs, values := make([]float64, len(f.Rows)), make([]float64, len(f.Rows))
	for i, r := range f.Rows {
		costs[i], values[i] = r.Seconds, math.NaN()
		if r.Tau != nil && r.Seconds > 0 { // a published table has no times
			values[i] = r.Tau.Value
		}
	}
	for _, i := range correlation.Frontier(costs, values) {
		rows = append(rows, f.Rows[i])
	}
	return rows
}

// folds is the number of disjoint parts of the architectures over which mean ranks are taken.
const folds = 10

// MinComplete is the number of architectures scored by all of several estimators from which these are compared on parts
// of them.
const MinComplete = folds * FewPairs

// MeanRanks are ranks of estimators by tau-b over disjoint parts of the architectures.
type MeanRanks struct {
	Parts              int
	Ranks              []float64
	P                  float64 // Friedman's test of no difference
	CriticalDifference float64 // Nemenyi's, at 1 - Confidence
}

// RankOverParts ranks estimators; it returns nil where there are too few of them or of architectures, or no ranks.
func (f *Findings) RankOverParts(rows []*Finding) (*MeanRanks, error) {
	if len(rows) < 3 {
		return nil, nil
	}
	kept := f.Complete(rows, MinComplete)
	if kept == nil {
		return nil, nil
	}
	var blocks [][]float64
	for b := range folds {
		part := func(v []float64) []float64 { return v[b*len(v)/folds : (b+1)*len(v)/folds] }
		var taus []float64
		for k := range rows {
			tau, err := correlation.Kendall(part(kept[k+1]), part(kept[0]))
			if errors.Is(err, correlation.ErrUndefined) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			taus = append(taus, tau)
		}
		blocks = append(blocks, taus)
	}
	r, err := correlation.Friedman(blocks)
	if errors.Is(err, correlation.ErrUndefined) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	cd, err := correlation.NemenyiDifference(len(rows), len(blocks), 1-Confidence)
	return &MeanRanks{len(blocks), r.MeanRanks, r.P, cd}, err
}
