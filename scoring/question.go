package scoring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators"
	"rwe301/store"
)

// Question is one estimator with its settings, asked of every architecture under each of its seeds, and the source that
// answers it.
type Question struct {
	store.Question
	Source Source
}

// QuestionOf asks for the scores of an estimator, under no seed yet.
func QuestionOf(c *estimators.Configured, data *dataset.Set) *Question {
	q := &Question{store.Question{
		Label: c.Label, Full: c.Label, Estimator: c.Info.Name, Settings: c.Settings, SettingsHash: c.SettingsHash,
		Dataset: c.Dataset(estimators.NewEnv(data, 0)), Trivial: c.Info.Trivial,
		Lower: c.Info.Direction == estimators.Lower, Paper: c.Info.Paper,
	}, c}
	Recall(&q.Question)
	return q
}

// Recall fills in what runs do not store of a question about an estimator of ours. Scores by its name that were made
// elsewhere have no source here.
func Recall(q *store.Question) {
	info, err := estimators.Lookup(q.Estimator)
	if err != nil {
		return
	}
	if q.Paper != "" {
		q.Training, q.Cites, q.Unit = info.Family == estimators.TrainingFamily, info.Cites, info.Unit
	}
	if c, err := estimators.New(q.Estimator, q.Settings); err == nil { // else a column or program of the same name
		q.Fixed, q.Implied = !info.Random, c.Implied()
	}
}

// Describe is the question that a record answers, under the record's seed. Another version's estimator keeps its bare
// name.
func Describe(r store.Record) store.Question {
	q := store.Question{
		Label: r.Estimator, Estimator: r.Estimator, Settings: r.Settings, SettingsHash: r.SettingsHash,
		Dataset: r.Dataset, Seeds: []uint64{r.Seed},
	}
	if c, err := estimators.New(r.Estimator, r.Settings); err == nil {
		q.Label, q.Full, q.Paper = c.Label, c.Label, c.Info.Paper
		q.Trivial, q.Lower = c.Info.Trivial, c.Info.Direction == estimators.Lower
	}
	Recall(&q)
	return q
}

// Encode writes settings as the JSON object that an estimator reads.
func Encode(values map[string]any) json.RawMessage {
	raw, err := json.Marshal(values)
	if err != nil {
		panic(err) // strings, booleans and finite numbers only
	}
	return raw
}

// Seeds lists the seeds of questions, ascending.
func Seeds(questions []*Question) []uint64 {
	seeds := map[uint64]bool{}
	for _, q := range questions {
		for _, s := range q.Seeds {
			seeds[s] = true
		}
	}
	return slices.Sorted(maps.Keys(seeds))
}

// Close ends what the sources of questions hold open, such as programs.
func Close(questions []*Question) error {
	var errs []error
	for _, q := range questions {
		if c, ok := q.Source.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// Ask is Score of a source with a panic turned into a failure: one bad estimate must not end a run.
func Ask(ctx context.Context, s Source, a bench301.Architecture, env *estimators.Env) (score estimators.Score,
	err error) {
	defer func() {
		if p := recover(); p != nil {
			score = estimators.Score{Status: estimators.Failed, Reason: fmt.Sprintf("the estimator broke: %v", p)}
			err = nil
		}
	}()
	return s.Score(ctx, a, env)
}
