package analysis

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"rwe301/correlation"
	"rwe301/internal/suggest"
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

// ParseCombination reads "rank:params+map-effdim": a combination and the labels of columns.
func ParseCombination(text string) (Combination, []string, error) {
	name, labels, ok := strings.Cut(text, ":")
	c := Combination(name)
	legal := []Combination{RankAverage, LogRankSum, ZScoreSum, Linear}
	if !ok || !slices.Contains(legal, c) {
		return "", nil, fmt.Errorf("combination %q: must be one of %v, a colon, and names joined by +: "+
			"rank:params+map-effdim", text, legal)
	}
	return c, strings.Split(labels, "+"), nil
}

// Combine adds a column that combines those with the given labels. Architectures that lack one of the scores, or for
// Linear the accuracy, have no combined score; its time is that of its parts.
func (r *Results) Combine(c Combination, labels []string) error {
	label := string(c) + ":" + strings.Join(labels, "+")
	if c == Linear {
		label += " (fitted to accuracies)"
	}
	var names []string
	for _, column := range r.Columns {
		names = append(names, column.Label)
	}
	if slices.Contains(names, label) {
		return fmt.Errorf("%s: asked for twice", label)
	}
	n := len(r.Architectures)
	var vectors [][]float64
	times, walls, onWall := make([]float64, n), make([]float64, n), 0
	for _, wanted := range labels {
		k := slices.Index(names, wanted)
		if k < 0 {
			return fmt.Errorf("%s: no scores of %q%s", label, wanted, suggest.Nearest(wanted, names))
		}
		part := r.Columns[k]
		vectors = append(vectors, part.Mean())
		onWall += part.OnWall
		for s := range part.Times {
			for i := range times {
				times[i] += part.Times[s][i]
				walls[i] += part.Walls[s][i]
			}
		}
	}
	if c == Linear {
		vectors = append(vectors, r.Truth)
	}
	rows, kept := Common(vectors...)
	truth := make([]float64, len(rows))
	if c == Linear {
		truth = kept[len(labels)]
	}
	values, err := c.of(kept[:len(labels)], truth)
	if err != nil {
		return fmt.Errorf("%s: %w", label, err)
	}
	out := NewColumn(&store.Question{Label: label, Full: label, Estimator: label, Seeds: []uint64{0}}, n)
	for k, i := range rows {
		if err := out.Answer(i, 0, store.OK, values[k], walls[i], times[i]); err != nil {
			return err
		}
	}
	out.Parts, out.OnWall = labels, onWall
	out.Missing = 0 // what its parts lack is said of them
	out.Finish()
	r.Columns = append(r.Columns, out)
	return nil
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
				out[i] += 2 * ranks[i] // whole numbers
			case LogRankSum:
				out[i] += math.Log(ranks[i] / float64(n))
			default:
				out[i] += z[i]
			}
		}
	}
	if c == RankAverage {
		for i := range out {
			out[i] /= float64(2 * n * len(columns)) // once, so that equal sums give equal scores
		}
	}
	return out, nil
}

// standardised has mean 0 and population deviation 1; a constant becomes 0.
func standardised(x []float64) []float64 {
	mean, square := 0.0, 0.0
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		square += float64((v - mean) * (v - mean))
	}
	square /= float64(len(x))
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
			fitted += float64(b * coefficients.AtVec(k))
			leverage += float64(b * b)
		}
		if leverage > 1-1e-10 {
			return nil, fmt.Errorf("architecture %d alone decides a weight: without it there is no prediction", i)
		}
		out[i] = y[i] - (y[i]-fitted)/(1-leverage)
	}
	return out, nil
}
