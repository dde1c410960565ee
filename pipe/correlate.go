package pipe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/correlation"
	"rwe301/estimators"
	"rwe301/internal/suggest"
	"rwe301/reports"
	"rwe301/scoring"
	"rwe301/store"
)

// correlate compares scores with accuracies, and answers with a table as the command of that name prints it. Where the
// architectures are named, their order decides nothing: not even what a seed draws.
func (s *Server) correlate(ctx context.Context, c *call) (any, error) {
	p := struct {
		archs
		Scores     []scores       `json:"scores"`
		Accuracies []*float64     `json:"accuracies"`
		Truth      string         `json:"truth"`
		Resamples  int            `json:"resamples"`
		Seed       number[uint64] `json:"seed"`
		Table      string         `json:"table"`
		Compare    bool           `json:"compare"`
	}{Truth: "the accuracies given", Resamples: correlation.DefaultResamples, Table: reports.TableNames()[0]}
	if err := c.decode(&p); err != nil {
		return nil, err
	}
	if !slices.Contains(reports.TableNames(), p.Table) {
		return nil, invalidf("table %.40q: unknown%s", p.Table, suggest.Nearest(p.Table, reports.TableNames()))
	}
	if p.Resamples < 1 {
		return nil, invalidf("resamples: %d: must be at least 1", p.Resamples)
	}
	n := len(p.Accuracies)
	order := make([]int, n) // of the rows, by what the architectures are
	r := &analysis.Results{Space: bench301.Spaces()[0], Architectures: make([]store.Named, n)}
	r.From = analysis.Provenance{Dir: "scores", Name: "scores", Truth: p.Truth}
	for i := range n {
		order[i], r.Architectures[i].ID = i, strconv.Itoa(i)
	}
	if p.Archs != nil {
		space, list, err := p.read()
		if err != nil {
			return nil, err
		}
		if len(list) != n {
			return nil, invalidf("archs: %d of them, and %d accuracies", len(list), n)
		}
		r.Space = space
		slices.SortStableFunc(order, func(i, j int) int { return strings.Compare(list[i].ID(), list[j].ID()) })
		for k, i := range order {
			r.Architectures[k] = store.Named{ID: list[i].ID(), Arch: list[i].String()}
			if k > 0 && r.Architectures[k-1].ID == list[i].ID() {
				return nil, invalidf("archs[%d] and archs[%d] are one architecture, %s", order[k-1], i, list[i].ID())
			}
		}
	}
	r.Truth = numbers(p.Accuracies, order)
	if len(p.Scores) == 0 {
		return nil, invalidf("scores: want those of one estimator at least")
	}
	seen := map[string]bool{}
	for i, given := range p.Scores {
		switch {
		case given.Estimator == "":
			return nil, invalidf("scores[%d]: estimator is missing", i)
		case seen[given.Estimator]:
			return nil, invalidf("scores[%d]: %s stands twice", i, given.Estimator)
		case len(given.Values) != n:
			return nil, invalidf("%s: %d scores, and %d accuracies", given.Estimator, len(given.Values), n)
		}
		seen[given.Estimator] = true
		column, err := given.column(order)
		if err != nil {
			return nil, err
		}
		r.Columns = append(r.Columns, column)
	}
	var steps atomic.Int64
	defer c.tell("comparing", &steps, len(r.Columns))()
	f, err := analysis.Analyse(ctx, r, analysis.Options{
		Options: correlation.Options{Resamples: p.Resamples, Seed: p.Seed.is}, Compare: p.Compare,
		Progress: func(done, _ int) { steps.Store(int64(done)) },
	})
	if err != nil {
		return nil, undefinedIsInvalid(err)
	}
	made, err := reports.Study{Findings: f}.Made(ctx, p.Table)
	if err != nil {
		return nil, undefinedIsInvalid(err)
	}
	var text bytes.Buffer
	if err := made[0].Write(&text, reports.JSON); err != nil {
		return nil, err
	}
	return json.RawMessage(bytes.TrimSpace(text.Bytes())), nil
}

// undefinedIsInvalid is an error of the client where the numbers given have no answer.
func undefinedIsInvalid(err error) error {
	if errors.Is(err, correlation.ErrUndefined) {
		return invalid(err)
	}
	return err
}

// scores are those of one estimator, null where there is none.
type scores struct {
	Estimator string     `json:"estimator"`
	Lower     *bool      `json:"lower"` // lower scores are better; an estimator of ours knows that itself
	Values    []*float64 `json:"values"`
}

// column are the scores in an order, with what is known of their estimator.
func (s scores) column(order []int) (*analysis.Column, error) {
	q := &store.Question{Label: s.Estimator, Full: s.Estimator, Estimator: s.Estimator}
	if known, err := estimators.Parse(s.Estimator); err == nil {
		q = &scoring.QuestionOf(known, nil).Question
	}
	if s.Lower != nil {
		q.Lower = *s.Lower
	}
	q.Seeds = []uint64{0}
	column := analysis.NewColumn(q, len(order))
	for i, v := range numbers(s.Values, order) {
		status := store.OK
		if math.IsNaN(v) {
			status = store.Undefined
			column.Because("no score was given")
		}
		if err := column.Answer(i, 0, status, v, 0, 0); err != nil {
			return nil, err
		}
	}
	column.Finish()
	return column, nil
}

// numbers are values in an order, NaN for null.
func numbers(values []*float64, order []int) []float64 {
	out := make([]float64, len(values))
	for k, i := range order {
		if out[k] = math.NaN(); values[i] != nil {
			out[k] = *values[i]
		}
	}
	return out
}
