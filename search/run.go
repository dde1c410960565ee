package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/internal/atomicfile"
	"rwe301/moo"
	"rwe301/scoring"
	"rwe301/store"
)

// The files of a folder of searches. The scores and the state of every search lie in the database.
const (
	manifestFile = "search.json"
	scoresFile   = "scores.db"
)

// format is the version of a folder of searches.
const format = 1

// Manifest says what a folder of searches is made of.
type Manifest struct {
	Format     int        `json:"format"`
	Definition Definition `json:"definition"`
	Truth      string     `json:"truth"`
	Code       string     `json:"code"`
	CPU        string     `json:"cpu"`
}

// Searches are runs of one definition in one folder.
type Searches struct {
	Dir      string
	Manifest Manifest
	Store    *store.SQLite

	space  bench301.Space
	inputs *scoring.Inputs
	truth  *scoring.Truth // nil without accuracies
	data   *dataset.Set   // nil where no objective sees images
}

// Create makes a folder of searches. A folder that is not empty is an error.
func Create(ctx context.Context, dir string, d Definition, m scoring.Machine) (*Searches, error) {
	if _, err := os.Stat(filepath.Join(dir, manifestFile)); err == nil {
		return nil, fmt.Errorf("%s: searches already: `search resume %s` goes on with them; --out names another folder", dir,
			dir)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s: not empty: --out names another folder", dir)
	}
	s := &Searches{Dir: dir, Manifest: Manifest{Format: format, Definition: d, Code: m.Code, CPU: m.CPU}}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	if s.truth != nil {
		s.Manifest.Truth = s.truth.Name
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(s.Manifest, "", "  ")
	if err != nil {
		return nil, err
	}
	if s.Store, err = store.OpenSQLite(filepath.Join(dir, scoresFile)); err != nil {
		return nil, err
	}
	if err := atomicfile.WriteBytes(filepath.Join(dir, manifestFile), append(text, '\n')); err != nil {
		return nil, errors.Join(err, s.Store.Close())
	}
	return s, nil
}

// Open opens a folder of searches to go on with them. A second process is refused.
func Open(ctx context.Context, dir string) (*Searches, error) {
	path := filepath.Join(dir, manifestFile)
	data, _, err := scoring.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no folder of searches: it has no %s", dir, manifestFile)
	}
	if err != nil {
		return nil, err
	}
	s := &Searches{Dir: dir}
	if err := json.Unmarshal(data, &s.Manifest); err != nil {
		return nil, fmt.Errorf("%s: damaged: %w", path, err)
	}
	if s.Manifest.Format != format {
		return nil, fmt.Errorf("%s: searches of format %d; this program reads format %d: use the version that wrote them "+
			"(%s)", dir, s.Manifest.Format, format, s.Manifest.Code)
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
	s.inputs = &scoring.Inputs{Space: s.space, Base: d.Base, Repeats: d.Repeats}
	if slices.ContainsFunc(d.specs(), needsData) {
		if s.data, err = s.inputs.Images(ctx, d.Dataset, nil); err != nil {
			return err
		}
	}
	if s.truth, err = s.inputs.Accuracy(d.Accuracy); err != nil {
		return fmt.Errorf("accuracy: %w", err)
	}
	for _, spec := range d.specs() {
		if _, err := s.objective(spec); err != nil {
			return err
		}
	}
	return nil
}

// Notes say what of the table of accuracies was not taken as it stands.
func (s *Searches) Notes() []string {
	notes := s.inputs.Notes()
	if s.truth != nil {
		notes = append(notes, s.truth.Notes...)
	}
	return notes
}

// Progress is told about every generation.
type Progress func(m analysis.Method, seed uint64, g moo.Generation[string])

// Run runs the searches that are not finished, one after the other. Each goes on from its last saved generation. The
// error of a cancelled context is that of ctx.
func (s *Searches) Run(ctx context.Context, workers int, progress Progress) error {
	for _, m := range s.Manifest.Definition.Methods {
		for _, seed := range s.Manifest.Definition.Seeds {
			if err := s.one(ctx, m, seed, workers, progress); err != nil {
				return err
			}
		}
	}
	return nil
}

// one runs a search to its end.
func (s *Searches) one(ctx context.Context, m analysis.Method, seed uint64, workers int, progress Progress) error {
	d := s.Manifest.Definition
	e, err := s.evaluator(m, seed, workers)
	if err != nil {
		return err
	}
	o := moo.Options[string]{
		Evaluations: d.Evaluations(), Seed: seed, Checkpoint: checkpoint{s.Store, runName(m, seed)},
	}
	if progress != nil {
		o.Progress = func(g moo.Generation[string]) { progress(m, seed, g) }
	}
	_, err = moo.Run(ctx, e.problem(), algorithms[m.Algorithm](len(m.Objectives), d.Population), o)
	return err
}

func runName(m analysis.Method, seed uint64) string { return fmt.Sprintf("%s %d", m.Name, seed) }

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
	space      bench301.Space
	objectives []asked
	limits     []asked
	bounds     []analysis.Limit
	runner     *scoring.Runner
	parsed     map[string]bench301.Architecture
}

// asked is an objective with the place of its question among those of the runner.
type asked struct {
	objective
	at int
}

func (s *Searches) evaluator(m analysis.Method, seed uint64, workers int) (*evaluator, error) {
	d := s.Manifest.Definition
	e := &evaluator{space: s.space, bounds: d.Limits, parsed: map[string]bench301.Architecture{}}
	weights := uint64(0)
	if d.Weights == FreshWeights {
		weights = seed
	}
	var questions []*scoring.Question
	ask := func(spec string, into *[]asked) error {
		o, err := s.objective(spec)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(questions, func(q *scoring.Question) bool { return q.Key() == o.Key() })
		if at < 0 {
			q := *o.Question
			q.Seeds = []uint64{weights}
			at, questions = len(questions), append(questions, &q)
		}
		*into = append(*into, asked{o, at})
		return nil
	}
	for _, spec := range m.Objectives {
		if err := ask(spec, &e.objectives); err != nil {
			return nil, err
		}
	}
	for _, l := range d.Limits {
		if err := ask(l.Objective, &e.limits); err != nil {
			return nil, err
		}
	}
	e.runner = scoring.NewRunner(questions, scoring.Options{
		Data: s.data, Store: s.Store, Workers: workers, Machine: scoring.Machine{Code: s.Manifest.Code, CPU: s.Manifest.CPU},
	})
	return e, nil
}

// problem is the space with its operators, over texts.
func (e *evaluator) problem() moo.Problem[string] {
	space := e.space
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
		Key:      e.key,
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

// key also takes up texts that come from a saved moo.
func (e *evaluator) key(text string) string {
	if _, ok := e.parsed[text]; !ok {
		if a, _, err := e.space.Parse(text); err == nil {
			e.parsed[text] = a
		}
	}
	return text
}

// evaluate answers for each solution. Scores that the folder has are not computed again.
func (e *evaluator) evaluate(ctx context.Context, texts []string) ([]moo.Outcome, error) {
	archs := make([]bench301.Architecture, len(texts))
	for i, text := range texts {
		a, ok := e.parsed[text]
		if !ok {
			return nil, fmt.Errorf("%s: not an architecture of the space %s: the checkpoint is of another space",
				scoring.Clip([]byte(text)), e.space.Name())
		}
		archs[i] = a
	}
	out := make([]moo.Outcome, len(texts))
	return out, e.runner.Run(ctx, archs, func(i int, answers []scoring.Answer) error {
		if len(answers) > 0 { // else the run ends here
			out[i] = e.outcome(answers)
		}
		return nil
	})
}

// outcome sums up the answers about one architecture.
func (e *evaluator) outcome(answers []scoring.Answer) (result moo.Outcome) {
	for _, o := range e.objectives {
		r := answers[o.at]
		if r.Score == nil {
			result = moo.Outcome{Failed: fmt.Sprintf("%s: %s", o.Label, r.Error)}
			break
		}
		result.Objectives = append(result.Objectives, o.cost(*r.Score))
	}
	for i, o := range e.limits {
		bound := e.bounds[i].Max
		if r := answers[o.at]; r.Score != nil && o.cost(*r.Score) > bound {
			result.Violation += (o.cost(*r.Score) - bound) / max(1, math.Abs(bound))
		}
	}
	return result
}

// Is says whether a folder is one of searches rather than of a study.
func Is(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, manifestFile))
	return err == nil
}
