package scoring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/estimators"
)

// Source answers a question for one architecture. The error is that of ctx; everything else that goes wrong is in the
// Score. Configured estimators, columns of tables, surrogates and programs are sources. One that is an io.Closer holds
// something open.
type Source interface {
	Score(ctx context.Context, a bench301.Architecture, env *estimators.Env) (estimators.Score, error)
}

// Lookup answers from a column of a file of scores.
type Lookup struct {
	scores map[lookupKey]estimators.Score
	blanks map[lookupKey]error // where the file has no number
	seeded bool                // the file has a column of seeds
	seeds  []uint64
}

type lookupKey struct {
	id   string
	seed uint64
}

// Column is a column of the table as a source.
func (t *Table) Column(column string) (*Lookup, error) {
	l := &Lookup{scores: map[lookupKey]estimators.Score{}, blanks: map[lookupKey]error{}}
	for _, r := range t.Rows {
		s := estimators.Score{Status: estimators.OK}
		var none, err error
		if s.Value, none = r.value(column); errors.Is(none, errBlank) {
			s.Status, s.Reason = estimators.Undefined, fmt.Sprintf("no value in %s", column)
		} else if none != nil {
			return nil, none
		}
		for _, name := range []string{secondsOf(column), "seconds"} {
			if _, ok := r.Field(name); ok {
				if s.Seconds, err = r.value(name); err != nil && !errors.Is(err, errBlank) {
					return nil, err
				}
				break
			}
		}
		k := lookupKey{id: r.ID}
		if text, ok := r.Field("seed"); ok {
			l.seeded = true
			if k.seed, err = strconv.ParseUint(strings.TrimSpace(text), 10, 63); err != nil {
				return nil, fmt.Errorf("%s:%d: seed %q: must be a whole number from 0", r.File, r.Line, text)
			}
		}
		if !slices.Contains(l.seeds, k.seed) {
			l.seeds = append(l.seeds, k.seed)
		}
		l.scores[k] = s
		if none != nil {
			l.blanks[k] = none
		}
	}
	slices.Sort(l.seeds)
	return l, nil
}

// Seeds lists the seeds of the file, ascending; 0 alone where it has none.
func (l *Lookup) Seeds() []uint64 { return l.seeds }

// Score looks an architecture up.
func (l *Lookup) Score(_ context.Context, a bench301.Architecture, env *estimators.Env) (estimators.Score, error) {
	k := lookupKey{id: a.ID()}
	if l.seeded {
		k.seed = env.Seed
	}
	if s, ok := l.scores[k]; ok {
		return s, nil
	}
	return estimators.Score{Status: estimators.Failed, Reason: "the file of scores does not have this architecture"}, nil
}

// predicted answers with what a surrogate predicts.
type predicted struct{ surrogate.Surrogate }

func (p predicted) Score(_ context.Context, a bench301.Architecture, _ *estimators.Env) (estimators.Score, error) {
	g, ok := a.(bench301.Genotype)
	if !ok {
		return estimators.Score{Status: estimators.Failed, Reason: "NAS-Bench-301 answers for the DARTS space only"}, nil
	}
	return estimators.Score{Status: estimators.OK, Value: p.Predict(g).Mean}, nil
}
