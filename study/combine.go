package study

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"rwe301/correlation"
	"rwe301/estimators"
	"rwe301/store"
)

// Combination names a way of making one score of several.
type Combination string

// The combinations. All but Linear use no accuracy; all depend on which architectures are scored together.
const (
	RankAverage Combination = "rank"    // mean of rank/n, ties sharing their mean rank, n the best
	LogRankSum  Combination = "logrank" // sum of ln(rank/n) (Lee and Ham 2024, AZ-NAS, arXiv 2403.19232)
	ZScoreSum   Combination = "zscore"  // sum of (score - mean)/deviation
	// Linear is the least-squares prediction of the accuracy, fitted for each architecture to all others. A score that
	// carries nothing comes out below zero: what is left out pulls the mean of the rest the other way.
	Linear Combination = "linear"
)

// ParseCombination reads "rank:params+map-effdim": a combination and the labels of series.
func ParseCombination(text string) (Combination, []string, error) {
	name, labels, ok := strings.Cut(text, ":")
	c := Combination(name)
	legal := []Combination{RankAverage, LogRankSum, ZScoreSum, Linear}
	if !ok || !slices.Contains(legal, c) {
		return "", nil, fmt.Errorf("combination %q: must be one of %v, a colon, and names joined by +: rank:params+map-effdim", text, legal)
	}
	return c, strings.Split(labels, "+"), nil
}

// Combine makes a series of those with the given labels. Architectures that lack one of the scores, or for Linear the
// accuracy, have no combined score.
func Combine(c Combination, labels []string, all []Series, accuracy map[string]float64) (Series, error) {
	out := Series{Label: string(c) + ":" + strings.Join(labels, "+"), Direction: estimators.Higher}
	if c == Linear {
		out.Label += " (fitted to accuracies)"
	}
	var names []string
	scores := make([]map[string]float64, len(labels))
	seconds := map[string]float64{}
	for _, s := range all {
		names = append(names, s.Label)
	}
	for k, label := range labels {
		i := slices.Index(names, label)
		if i < 0 {
			return Series{}, fmt.Errorf("%s: no scores of %q: there are %s", out.Label, label, strings.Join(names, ", "))
		}
		scores[k] = all[i].oriented()
		for _, r := range all[i].Records {
			seconds[r.ID] += r.Seconds
		}
		if k == 0 {
			out.Records = slices.Clone(all[i].Records)
		}
	}
	columns := make([][]float64, len(labels))
	var truth []float64
	out.Records = slices.DeleteFunc(out.Records, func(r store.Record) bool {
		for _, s := range scores {
			if _, ok := s[r.ID]; !ok {
				return true
			}
		}
		value, ok := accuracy[r.ID]
		if c == Linear && !ok {
			return true
		}
		truth = append(truth, value)
		for k, s := range scores {
			columns[k] = append(columns[k], s[r.ID])
		}
		return false
	})
	values, err := c.of(columns, truth)
	if err != nil {
		return Series{}, fmt.Errorf("%s: %w", out.Label, err)
	}
	for i := range out.Records {
		r := &out.Records[i]
		r.Estimator, r.Settings, r.SettingsHash, r.Dataset, r.Seconds, r.Score = out.Label, nil, "", "", seconds[r.ID], &values[i]
	}
	return out, nil
}

// oriented are the scores by architecture, turned so that higher is meant to be better.
func (s Series) oriented() map[string]float64 {
	out := map[string]float64{}
	for _, r := range s.Records {
		switch {
		case r.Status != store.OK:
		case s.Direction == estimators.Lower:
			out[r.ID] = -*r.Score
		default:
			out[r.ID] = *r.Score
		}
	}
	return out
}

// of combines columns of scores, a value an architecture.
func (c Combination) of(columns [][]float64, truth []float64) ([]float64, error) {
	n := len(truth)
	if n < 2 {
		return nil, fmt.Errorf("%d architectures have all scores: at least 2 are needed", n)
	}
	if c == Linear {
		return leaveOneOut(columns, truth)
	}
	out := make([]float64, n)
	for _, x := range columns {
		ranks, err := correlation.Ranks(x, correlation.RankAverage)
		if err != nil {
			return nil, err
		}
		z := standardised(x)
		for i := range out {
			switch c {
			case RankAverage:
				out[i] += ranks[i] / float64(n) / float64(len(columns))
			case LogRankSum:
				out[i] += math.Log(ranks[i] / float64(n))
			default:
				out[i] += z[i]
			}
		}
	}
	return out, nil
}

// standardised has mean 0 and population deviation 1; a constant becomes 0.
func standardised(x []float64) []float64 {
	mean, square := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		square += (v - mean) * (v - mean) / float64(len(x))
	}
	out := make([]float64, len(x))
	if deviation := math.Sqrt(square); deviation > 1e-12*math.Abs(mean) {
		for i, v := range x {
			out[i] = (v - mean) / deviation
		}
	}
	return out
}

// leaveOneOut predicts each y from the columns by least squares on all other rows. With the leverages h of one fit to
// all rows and its residuals e, the prediction of row i is y - e/(1-h) (Allen 1974).
func leaveOneOut(columns [][]float64, y []float64) ([]float64, error) {
	n, d := len(y), len(columns)+1
	if n <= d {
		return nil, fmt.Errorf("%d architectures cannot fit %d weights: at least %d are needed", n, d, d+1)
	}
	x := mat.NewDense(n, d, nil)
	for i := range n {
		x.Set(i, 0, 1)
	}
	for k, c := range columns {
		x.SetCol(k+1, standardised(c))
	}
	var svd mat.SVD
	if !svd.Factorize(x, mat.SVDThin) {
		return nil, errors.New("the least-squares fit failed")
	}
	var u mat.Dense
	svd.UTo(&u)
	rank := 0
	for _, s := range svd.Values(nil) {
		if s > 1e-10*svd.Values(nil)[0] {
			rank++
		}
	}
	basis := u.Slice(0, n, 0, rank)
	var coefficients mat.VecDense
	coefficients.MulVec(basis.T(), mat.NewVecDense(n, y))
	out := make([]float64, n)
	for i := range n {
		fitted, leverage := 0.0, 0.0
		for k := range rank {
			b := basis.At(i, k)
			fitted += b * coefficients.AtVec(k)
			leverage += b * b
		}
		if leverage > 1-1e-10 {
			return nil, fmt.Errorf("architecture %d alone decides a weight: without it there is no prediction", i)
		}
		out[i] = y[i] - (y[i]-fitted)/(1-leverage)
	}
	return out, nil
}
