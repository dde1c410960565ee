package scoring

import (
	"cmp"
	"context"

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
	return estimators.Score{Status: estimators.Failed,
		Reason: cmp.Or(l.absent, "the file of scores does not have this architecture")}, nil
}

// predicted answers with what a surrogate predicts.
type predicted struct{ surrogate.Surrogate }

func (p predicted) Score(_ context.Context, a bench301.Architecture, _ *estimators.Env) (estimators.Score, error) {
	g, err := surrogate.Genotype(a)
	if err != nil {
		return estimators.Score{Status: estimators.Failed, Reason: err.Error() + instead(a)}, nil
	}
	return estimators.Score{Status: estimators.OK, Value: p.Predict(g).Mean}, nil
}
