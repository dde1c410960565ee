package study

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/internal/atomicfile"
	"rwe301/moo"
	"rwe301/store"
)

// searchFile describes the searches of a run folder; the scores and the state of every search lie in scoresFile.
const searchFile = "search.json"

// searchFormat is the version of a folder of searches.
const searchFormat = 1

// SearchManifest says what a folder of searches is made of.
type SearchManifest struct {
	Format     int              `json:"format"`
	Definition SearchDefinition `json:"definition"`
	Truth      string           `json:"truth"`
	Code       string           `json:"code"`
	CPU        string           `json:"cpu"`
}

// Searches are runs of one definition in one folder.
type Searches struct {
	Dir      string
	Manifest SearchManifest
	Store    *store.SQLite

	plan  *Plan
	space bench301.Space
}

// CreateSearches makes a folder of searches. A folder that is not empty is an error.
func CreateSearches(ctx context.Context, dir string, d SearchDefinition, m Machine) (*Searches, error) {
	if _, err := os.Stat(filepath.Join(dir, searchFile)); err == nil {
		return nil, fmt.Errorf("%s: searches already: --resume %s goes on with them; --out names another folder", dir, dir)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s: not empty: --out names another folder", dir)
	}
	s := &Searches{Dir: dir, Manifest: SearchManifest{Format: searchFormat, Definition: d, Code: m.Code, CPU: m.CPU}}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	s.Manifest.Truth = s.plan.Truth
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	text, err := encodeSearch(s.Manifest)
	if err != nil {
		return nil, err
	}
	if s.Store, err = store.OpenSQLite(filepath.Join(dir, scoresFile)); err != nil {
		return nil, err
	}
	if err := atomicfile.WriteBytes(filepath.Join(dir, searchFile), text); err != nil {
		return nil, errors.Join(err, s.Store.Close())
	}
	return s, nil
}

// OpenSearches opens a folder of searches to go on with them. A second process is refused.
func OpenSearches(ctx context.Context, dir string) (*Searches, error) {
	path := filepath.Join(dir, searchFile)
	data, _, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no folder of searches: it has no %s", dir, searchFile)
	}
	if err != nil {
		return nil, err
	}
	s := &Searches{Dir: dir}
	if err := json.Unmarshal(data, &s.Manifest); err != nil {
		return nil, fmt.Errorf("%s: damaged: %w", path, err)
	}
	if s.Manifest.Format != searchFormat {
		return nil, fmt.Errorf("%s: searches of format %d; this program reads format %d: use the version that wrote them (%s)", dir, s.Manifest.Format, searchFormat, s.Manifest.Code)
	}
	if err := s.Manifest.Definition.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s.Store, err = store.OpenSQLite(filepath.Join(dir, scoresFile))
	return s, err
}

// Close releases the folder.
func (s *Searches) Close() error { return s.Store.Close() }

// prepare reads what the definition refers to.
func (s *Searches) prepare(ctx context.Context) (err error) {
	d := s.Manifest.Definition
	if s.space, err = bench301.LookupSpace(d.Space); err != nil {
		return err
	}
	s.plan = &Plan{Space: s.space, tables: map[string]*table{}, Definition: &Definition{
		Name: d.Name, Space: d.Space, Accuracy: d.Accuracy, Dataset: d.Dataset, file: searchFile, base: d.Base,
	}}
	for _, spec := range d.specs() {
		if needsData(spec) && s.plan.Data == nil {
			if s.plan.Data, err = loadData(ctx, s.plan.Definition); err != nil {
				return err
			}
		}
	}
	if err := s.plan.accuracy(); err != nil {
		return err
	}
	for _, spec := range d.specs() {
		if _, err := s.plan.objective(spec); err != nil {
			return err
		}
	}
	return nil
}

// SearchProgress is told about every generation.
type SearchProgress func(m SearchMethod, seed uint64, g moo.Generation[string])

// Run runs the searches that are not finished, one after the other. Each goes on from its last saved generation. The
// error of a cancelled context is that of ctx.
func (s *Searches) Run(ctx context.Context, workers int, progress SearchProgress) error {
	for _, m := range s.Manifest.Definition.Methods {
		for _, seed := range s.Manifest.Definition.Seeds {
			if _, err := s.one(ctx, m, seed, workers, progress); err != nil {
				return err
			}
		}
	}
	return nil
}

// one runs a search to its end, or returns the end where it is known.
func (s *Searches) one(ctx context.Context, m SearchMethod, seed uint64, workers int, progress SearchProgress) (moo.Result[string], error) {
	d := s.Manifest.Definition
	e, err := s.evaluator(m, seed, workers)
	if err != nil {
		return moo.Result[string]{}, err
	}
	o := moo.Options[string]{
		Evaluations: d.Population * d.Generations, Seed: seed, Checkpoint: checkpoint{s.Store, searchName(m, seed)},
	}
	if progress != nil {
		o.Progress = func(g moo.Generation[string]) { progress(m, seed, g) }
	}
	return moo.Run(ctx, e.problem(), algorithms[m.Algorithm](len(m.Objectives), d.Population), o)
}

func searchName(m SearchMethod, seed uint64) string { return fmt.Sprintf("%s %d", m.Name, seed) }

// checkpoint keeps one search in the database.
type checkpoint struct {
	*store.SQLite
	name string
}

func (c checkpoint) Save(snapshot moo.Snapshot[string], fresh []moo.Evaluated[string]) error {
	text, err := json.Marshal(snapshot)
	if err != nil {
		return err
	}
	steps := make([]json.RawMessage, len(fresh))
	for i, f := range fresh {
		if steps[i], err = json.Marshal(f); err != nil {
			return err
		}
	}
	return c.SaveSearch(c.name, text, steps)
}

func (c checkpoint) Load() (snapshot moo.Snapshot[string], history []moo.Evaluated[string], ok bool, err error) {
	text, steps, ok, err := c.LoadSearch(c.name)
	if err != nil || !ok {
		return snapshot, nil, false, err
	}
	if err := json.Unmarshal(text, &snapshot); err != nil {
		return snapshot, nil, false, fmt.Errorf("search %s: damaged snapshot: %w", c.name, err)
	}
	for i, step := range steps {
		var e moo.Evaluated[string]
		if err := json.Unmarshal(step, &e); err != nil {
			return snapshot, nil, false, fmt.Errorf("search %s: damaged step %d: %w", c.name, i, err)
		}
		history = append(history, e)
	}
	return snapshot, history, true, nil
}

// evaluator answers a search's questions. Solutions are the canonical texts of architectures.
type evaluator struct {
	searches   *Searches
	objectives []objective
	limits     []objective
	bounds     []Limit
	seed       uint64 // of weights
	workers    int
	envs       []*estimators.Env
	parsed     map[string]bench301.Architecture
}

func (s *Searches) evaluator(m SearchMethod, seed uint64, workers int) (*evaluator, error) {
	d := s.Manifest.Definition
	e := &evaluator{searches: s, bounds: d.Limits, workers: workers, parsed: map[string]bench301.Architecture{}}
	if d.Weights == FreshWeights {
		e.seed = seed
	}
	for _, spec := range m.Objectives {
		o, err := s.plan.objective(spec)
		if err != nil {
			return nil, err
		}
		e.objectives = append(e.objectives, o)
	}
	for _, l := range d.Limits {
		o, err := s.plan.objective(l.Objective)
		if err != nil {
			return nil, err
		}
		e.limits = append(e.limits, o)
	}
	if e.workers <= 0 {
		e.workers = runtime.GOMAXPROCS(0)
	}
	env := estimators.NewEnv(s.plan.Data, e.seed)
	for range e.workers {
		e.envs = append(e.envs, env.Fork())
	}
	return e, nil
}

// problem is the space with its operators, over texts.
func (e *evaluator) problem() moo.Problem[string] {
	space := e.searches.space
	one := func(a bench301.Architecture, err error) string {
		if err != nil {
			panic(err) // the operators of a space take its own architectures
		}
		return e.keep(a)
	}
	return moo.Problem[string]{
		Objectives: len(e.objectives),
		Sample:     func(rng *rand.Rand) string { return e.keep(space.Sample(rng)) },
		Mutate:     func(rng *rand.Rand, x string) string { return one(space.Mutate(rng, e.parsed[x])) },
		Crossover: func(rng *rand.Rand, x, y string) (string, string) {
			return one(space.Crossover(rng, e.parsed[x], e.parsed[y])), one(space.Crossover(rng, e.parsed[x], e.parsed[y]))
		},
		Neighbours: func(x string) []string {
			near, err := space.Neighbours(e.parsed[x])
			if err != nil {
				panic(err)
			}
			out := make([]string, len(near))
			for i, a := range near {
				out[i] = e.keep(a)
			}
			return out
		},
		Key:      func(x string) string { return e.key(x) },
		Evaluate: e.evaluate,
	}
}

// keep remembers an architecture by its text.
func (e *evaluator) keep(a bench301.Architecture) string {
	text := a.String()
	if _, ok := e.parsed[text]; !ok {
		e.parsed[text] = a
	}
	return text
}

// key also takes up texts that come from a saved search.
func (e *evaluator) key(text string) string {
	if _, ok := e.parsed[text]; !ok {
		if a, _, err := e.searches.space.Parse(text); err == nil {
			e.parsed[text] = a
		}
	}
	return text
}

// evaluate answers for each solution, one a worker at a time. Scores that the folder has are not computed again.
func (e *evaluator) evaluate(ctx context.Context, texts []string) ([]moo.Outcome, error) {
	out := make([]moo.Outcome, len(texts))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	jobs := make(chan int, len(texts))
	for i := range texts {
		jobs <- i
	}
	close(jobs)
	var wg sync.WaitGroup
	for _, env := range e.envs {
		wg.Go(func() {
			for i := range jobs {
				if ctx.Err() != nil {
					return
				}
				var err error
				if out[i], err = e.outcome(ctx, texts[i], env); err != nil {
					stop(err)
				}
			}
		})
	}
	wg.Wait()
	return out, context.Cause(ctx)
}

// outcome asks objectives and limits about one architecture.
func (e *evaluator) outcome(ctx context.Context, text string, env *estimators.Env) (moo.Outcome, error) {
	a, ok := e.parsed[text]
	if !ok {
		return moo.Outcome{}, fmt.Errorf("%s: not an architecture of the space %s: the checkpoint is of another space", clip([]byte(text)), e.searches.space.Name())
	}
	have, err := e.searches.Store.Of(a.ID())
	if err != nil {
		return moo.Outcome{}, err
	}
	var fresh []store.Record
	ask := func(o objective) (store.Record, error) {
		r := store.Record{
			Arch: text, ID: a.ID(), Estimator: o.Estimator, Settings: o.Settings, SettingsHash: o.Hash, Dataset: o.Dataset, Seed: e.seed,
			Code: e.searches.Manifest.Code, CPU: e.searches.Manifest.CPU,
		}
		for _, h := range append(have, fresh...) {
			if h.Key() == r.Key() {
				return h, nil
			}
		}
		s, err := answered(ctx, o.scorer, a, env)
		if err != nil {
			return r, err
		}
		fill(&r, s)
		fresh = append(fresh, r)
		return r, nil
	}
	var result moo.Outcome
	for _, o := range e.objectives {
		r, err := ask(o)
		if err != nil {
			return result, err
		}
		if r.Score == nil {
			result = moo.Outcome{Failed: fmt.Sprintf("%s: %s", o.Label, r.Error)}
			break
		}
		result.Objectives = append(result.Objectives, o.cost(*r.Score))
	}
	for i, o := range e.limits {
		r, err := ask(o)
		if err != nil {
			return result, err
		}
		if r.Score != nil && o.cost(*r.Score) > e.bounds[i].Max {
			result.Violation += (o.cost(*r.Score) - e.bounds[i].Max) / max(1, abs(e.bounds[i].Max))
		}
	}
	if len(fresh) == 0 {
		return result, nil
	}
	return result, e.searches.Store.Put(fresh...)
}

func abs(v float64) float64 { return max(v, -v) }

// HasSearches says whether a folder is one of searches rather than of a study.
func HasSearches(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, searchFile))
	return err == nil
}
