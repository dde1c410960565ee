package search

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/internal/atomicfile"
	"rwe301/internal/input"
	"rwe301/internal/printable"
	"rwe301/internal/strictjson"
	"rwe301/moo"
	"rwe301/scoring"
	"rwe301/store"
)

// The files of a folder of searches. The scores and the state of every search lie in the database.
const (
	manifestFile = "search.json"
	scoresFile   = "scores.db"
)

// PythonFolder is where the Python package keeps what it gives to a run, in the folder that becomes the run.
const PythonFolder = "python/"

// format is the version of a folder of searches.
const format = 1

// maxManifest bounds the bytes of a manifest.
const maxManifest = 16 << 20

// Manifest says what a folder of searches is made of. Folders of earlier versions have neither Digest nor Questions.
type Manifest struct {
	Format     int               `json:"format"`
	Definition Definition        `json:"definition"`
	Digest     string            `json:"digest"`    // of what the definition says of the searches
	Questions  map[string]string `json:"questions"` // of each objective: what answers it, with the hashes of its files
	Truth      string            `json:"truth"`
	Code       string            `json:"code"`
	CPU        string            `json:"cpu"`
	Platform   string            `json:"platform,omitempty"` // folders of earlier versions do not say
}

// Searches are runs of one definition in one folder.
type Searches struct {
	Dir      string
	Manifest Manifest
	Store    *store.SQLite
	Fleet    scoring.Fleet // scores in place of this process, and keeps it in Store; may be nil

	machine    scoring.Machine
	space      bench301.Space
	inputs     *scoring.Inputs
	truth      *scoring.Truth // nil without accuracies
	data       *dataset.Set   // nil where no objective sees images, and in a folder open for reading
	objectives map[string]objective
}

// Create makes a folder of searches that m runs. A folder that holds anything but what a process left that was killed
// while it made one is an error.
func Create(ctx context.Context, dir string, d Definition, m scoring.Machine) (*Searches, error) {
	s := &Searches{Dir: dir, Manifest: Manifest{Format: format, Definition: d, Code: m.Code, CPU: m.CPU,
		Platform: runtime.GOOS + "/" + runtime.GOARCH}, machine: m}
	if err := s.vacant(); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, true); err != nil {
		if d.file != "" {
			err = fmt.Errorf("%s: %w", d.file, err)
		}
		return nil, err
	}
	if s.truth != nil {
		s.Manifest.Truth = s.truth.Name
	}
	s.Manifest.Digest, s.Manifest.Questions = d.digest(), s.questions()
	text, err := json.MarshalIndent(s.Manifest, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	if s.Store, err = store.OpenSQLite(filepath.Join(dir, scoresFile)); err != nil {
		return nil, err
	}
	saved, err := s.Store.Searches()
	if len(saved) > 0 {
		err = fmt.Errorf("%s: %s holds searches, but %s is missing or damaged: restore it, or name another folder by --out",
			dir, scoresFile, manifestFile)
	}
	if err == nil {
		err = s.vacant() // another process may have been faster
	}
	if err == nil {
		err = atomicfile.WriteBytes(filepath.Join(dir, manifestFile), append(text, '\n'))
	}
	if err != nil {
		return nil, errors.Join(err, s.Store.Close())
	}
	return s, nil
}

// vacant says why a folder cannot become one of searches.
func (s *Searches) vacant() error {
	data, err := input.Read(filepath.Join(s.Dir, manifestFile), maxManifest)
	if err == nil && json.Valid(data) {
		return fmt.Errorf("%s: searches already: `search resume %s` goes on with them; --out names another folder", s.Dir,
			s.Dir)
	}
	if !atomicfile.Vacant(s.Dir, manifestFile, scoresFile, PythonFolder) {
		return fmt.Errorf("%s: not empty: --out names another folder", s.Dir)
	}
	return nil
}

// digest condenses what a definition says of the searches, which are others when it changes. Budgets are for the report
// alone, and the folder of relative paths may have moved.
func (d Definition) digest() string {
	d.Budgets, d.Base = nil, ""
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // texts and finite numbers only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// questions are what answers each objective that steers the searches.
func (s *Searches) questions() map[string]string {
	d, out := s.Manifest.Definition, map[string]string{}
	d.Budgets = nil
	for _, spec := range d.specs() {
		out[spec] = questionOf(s.objectives[spec].Question)
	}
	if s.truth != nil {
		out[scoring.AccuracyName] = questionOf(s.truth.Question)
	}
	return out
}

func questionOf(q *scoring.Question) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", q.Estimator, q.SettingsHash, q.Dataset))
}

// Open opens a folder of searches for reading; searches that are running are not disturbed.
func Open(ctx context.Context, dir string) (*Searches, error) {
	s, path, err := read(dir)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, false); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s.Store, err = store.ReadSQLite(filepath.Join(dir, scoresFile))
	return s, err
}

// OpenForWriting opens a folder of searches for m to go on with them. A second process is refused, as are files that
// have changed since the searches began.
func OpenForWriting(ctx context.Context, dir string, m scoring.Machine) (*Searches, error) {
	s, path, err := read(dir)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, true); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for spec, now := range s.questions() {
		if then, ok := s.Manifest.Questions[spec]; ok && then != now {
			return nil, fmt.Errorf("%s: objective %s: the files that answer it have changed since the searches began: start "+
				"new searches", dir, spec)
		}
	}
	s.machine = m
	s.Store, err = store.OpenSQLite(filepath.Join(dir, scoresFile))
	return s, err
}

// read reads the manifest of a folder; path is where it lies.
func read(dir string) (s *Searches, path string, err error) {
	path = filepath.Join(dir, manifestFile)
	data, err := input.Read(path, maxManifest)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, path, fmt.Errorf("%s: no folder of searches: it has no %s", dir, manifestFile)
	}
	if err != nil {
		return nil, path, err
	}
	s = &Searches{Dir: dir}
	m := &s.Manifest
	if err := strictjson.Unmarshal(data, m); err != nil {
		return nil, path, fmt.Errorf("%s: damaged: %w", path, err)
	}
	if m.Format != format {
		return nil, path, fmt.Errorf("%s: searches of format %d; this program reads format %d: use the version that wrote "+
			"them (%s)", dir, m.Format, format, printable.Cut(m.Code, 100))
	}
	if m.Digest != "" && m.Digest != m.Definition.digest() {
		return nil, path, fmt.Errorf("%s: changed since the searches began: restore it, or start new searches", path)
	}
	if err := m.Definition.Validate(); err != nil {
		return nil, path, fmt.Errorf("%s: %w", path, err)
	}
	return s, path, nil
}

// Close releases the folder.
func (s *Searches) Close() error { return s.Store.Close() }

// prepare reads what the definition refers to; images only where there is something to search.
func (s *Searches) prepare(ctx context.Context, images bool) (err error) {
	d := s.Manifest.Definition
	if s.space, err = bench301.LookupSpace(d.Space); err != nil {
		return err
	}
	s.inputs = &scoring.Inputs{Space: s.space, Base: d.Base, Repeats: d.Repeats}
	if images && slices.ContainsFunc(d.specs(), needsData) {
		if s.data, err = s.inputs.Images(ctx, d.Dataset, nil); err != nil {
			return err
		}
	}
	if s.truth, err = s.inputs.Accuracy(d.Accuracy); err != nil {
		return fmt.Errorf("accuracy: %w", err)
	}
	if s.truth != nil && !scoring.Measured(string(d.Accuracy.Source)) {
		if err := s.try(ctx, s.truth.Source); err != nil {
			return fmt.Errorf("accuracy: %w", err)
		}
	}
	return s.openObjectives(ctx)
}

// Begun is the version and the processor that the searches began with.
func (s *Searches) Begun() scoring.Machine {
	return scoring.Machine{Code: s.Manifest.Code, CPU: s.Manifest.CPU}
}

// Finished says whether every search has made all its evaluations.
func (s *Searches) Finished(ctx context.Context) (bool, error) {
	d := s.Manifest.Definition
	for _, m := range d.Methods {
		for _, seed := range d.Seeds {
			snapshot, _, ok, err := s.load(ctx, m, seed)
			if err != nil || !ok || snapshot.Evaluations < d.Evaluations() {
				return false, err
			}
		}
	}
	return true, nil
}

// Notes say what of the accuracies was not taken as it stands, and what they do not cover.
func (s *Searches) Notes() []string {
	notes := s.inputs.Notes()
	if s.truth != nil {
		notes = append(notes, s.truth.Notes...)
	}
	return append(notes, s.uncovered()...)
}

// uncovered says what becomes of architectures that a benchmark has no accuracy of.
func (s *Searches) uncovered() []string {
	if s.truth == nil {
		return nil
	}
	covered, all, ok := s.truth.Covers()
	if !ok || covered == all {
		return nil
	}
	text := fmt.Sprintf("%s: the other %d architectures have no accuracy and are not judged", s.truth.Name, all-covered)
	d := s.Manifest.Definition
	d.Budgets = nil
	if slices.Contains(d.specs(), scoring.AccuracyName) {
		text += ", and where accuracy is an objective or a limit they count as failed, and do not survive"
	}
	return []string{text}
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
	e := s.evaluator(m, seed, workers)
	o := moo.Options[string]{Evaluations: d.Evaluations(), Seed: seed, Checkpoint: checkpoint{s, m, seed}}
	if progress != nil {
		o.Progress = func(g moo.Generation[string]) { progress(m, seed, g) }
	}
	_, err := moo.Run(ctx, e.problem(), algorithms[m.Algorithm](len(m.Objectives), d.Population), o)
	return err
}

// checkpoint keeps one search in the database.
type checkpoint struct {
	searches *Searches
	method   analysis.Method
	seed     uint64
}

func runName(m analysis.Method, seed uint64) string { return fmt.Sprintf("%s %d", m.Name, seed) }

func (c checkpoint) Save(snapshot moo.Snapshot[string], fresh []moo.Evaluated[string], members moo.Members) error {
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
	return c.searches.Store.SaveSearch(runName(c.method, c.seed), text, steps,
		c.searches.Manifest.Definition.kept(c.method, snapshot.Generation, snapshot.Evaluations, members))
}

func (c checkpoint) Load() (moo.Snapshot[string], []moo.Evaluated[string], bool, error) {
	return c.searches.load(context.Background(), c.method, c.seed)
}

// load reads a search as far as it has come; ok = false where it has not begun. A search of another definition is an
// error.
func (s *Searches) load(ctx context.Context, m analysis.Method, seed uint64) (snapshot moo.Snapshot[string],
	history []moo.Evaluated[string], ok bool, err error) {
	name := runName(m, seed)
	text, steps, ok, err := s.Store.LoadSearch(name)
	if err != nil || !ok {
		return snapshot, nil, false, err
	}
	if err := strictjson.Unmarshal(text, &snapshot); err != nil {
		return snapshot, nil, false, fmt.Errorf("%s: search %s: damaged snapshot: %w", s.Dir, name, err)
	}
	for i, step := range steps {
		if err := ctx.Err(); err != nil {
			return snapshot, nil, false, err
		}
		var e moo.Evaluated[string]
		err := strictjson.Unmarshal(step, &e)
		if err == nil {
			err = s.check(m, e)
		}
		if err != nil {
			return snapshot, nil, false, fmt.Errorf("%s: search %s: damaged step %d: %w", s.Dir, name, i, err)
		}
		if e.Generation > snapshot.Generation { // saved after the snapshot was read
			break
		}
		history = append(history, e)
	}
	return snapshot, history, true, nil
}

// check says why an evaluation cannot be one of a method.
func (s *Searches) check(m analysis.Method, e moo.Evaluated[string]) error {
	if _, _, err := s.space.Parse(e.X); err != nil {
		return fmt.Errorf("%s: no architecture of the space %s: %s was changed", printable.Cut(e.X, 60), s.space.Name(),
			manifestFile)
	}
	if e.Failed == "" && len(e.Objectives) != len(m.Objectives) {
		return fmt.Errorf("%d objectives: the method has %d: %s was changed", len(e.Objectives), len(m.Objectives),
			manifestFile)
	}
	return nil
}

// evaluator answers a search's questions.
type evaluator struct {
	*operators
	objectives []asked
	limits     []asked
	bounds     []analysis.Limit
	runner     *scoring.Runner
	asked      int // questions
}

// asked is an objective with the place of its question among those of the runner.
type asked struct {
	objective
	at int
}

func (s *Searches) evaluator(m analysis.Method, seed uint64, workers int) *evaluator {
	d := s.Manifest.Definition
	e := &evaluator{operators: newOperators(s.space), bounds: d.Limits}
	var questions []*scoring.Question
	ask := func(spec string) asked {
		o := s.objectives[spec]
		at := slices.IndexFunc(questions, func(q *scoring.Question) bool { return q.Key() == o.Key() })
		if at < 0 {
			q := *o.Question
			q.Seeds = []uint64{d.weights(seed)}
			at, questions = len(questions), append(questions, &q)
		}
		return asked{o, at}
	}
	for _, spec := range m.Objectives {
		e.objectives = append(e.objectives, ask(spec))
	}
	for _, l := range d.Limits {
		e.limits = append(e.limits, ask(l.Objective))
	}
	e.asked = len(questions)
	e.runner = scoring.NewRunner(questions, scoring.Options{
		Data: s.data, Store: s.Store, Workers: workers, Machine: s.machine, Fleet: s.Fleet,
	})
	return e
}

// Questions lists what the searches ask, under all their seeds.
func (s *Searches) Questions() (list []*scoring.Question) {
	d := s.Manifest.Definition
	d.Budgets = nil
	seen := map[store.Key]bool{}
	for _, spec := range d.specs() {
		o := s.objectives[spec]
		if seen[o.Key()] {
			continue
		}
		seen[o.Key()] = true
		q := *o.Question
		q.Seeds = slices.Clone(q.Seeds)
		for _, seed := range d.Seeds {
			if w := d.weights(seed); !slices.Contains(q.Seeds, w) {
				q.Seeds = append(q.Seeds, w)
			}
		}
		list = append(list, &q)
	}
	return list
}

// Space is that of the architectures.
func (s *Searches) Space() bench301.Space { return s.space }

// Data are the images that the objectives see, nil for none.
func (s *Searches) Data() *dataset.Set { return s.data }

// weights is the seed of the random weights that the search of a seed sees.
func (d Definition) weights(seed uint64) uint64 {
	if d.Weights == FreshWeights {
		return seed
	}
	return 0
}

// problem is the space with its operators, and answers.
func (e *evaluator) problem() moo.Problem[string] {
	p := e.operators.problem(len(e.objectives))
	p.Evaluate = e.evaluate
	return p
}

// evaluate answers for each solution. Scores that the folder has are not computed again.
func (e *evaluator) evaluate(ctx context.Context, texts []string) ([]moo.Outcome, error) {
	archs := make([]bench301.Architecture, len(texts))
	for i, text := range texts {
		a, ok := e.parsed[text]
		if !ok {
			return nil, fmt.Errorf("%s: not an architecture of the space %s: the checkpoint is of another space",
				printable.Cut(text, 60), e.space.Name())
		}
		archs[i] = a
	}
	out := make([]moo.Outcome, len(texts))
	return out, e.runner.Run(ctx, archs, func(i int, answers []scoring.Answer) error {
		if len(answers) == e.asked { // else the run ends here
			out[i] = e.outcome(answers)
		}
		return nil
	})
}

// outcome sums up the answers about one architecture. Without an answer there is no telling whether a limit holds.
func (e *evaluator) outcome(answers []scoring.Answer) (result moo.Outcome) {
	for _, o := range slices.Concat(e.objectives, e.limits) {
		if r := answers[o.at]; r.Score == nil {
			return moo.Outcome{Failed: fmt.Sprintf("%s: %s", o.Label, r.Error)}
		}
	}
	for _, o := range e.objectives {
		result.Objectives = append(result.Objectives, o.cost(*answers[o.at].Score))
	}
	for i, o := range e.limits {
		most := e.bounds[i].Max
		if excess := o.bound(*answers[o.at].Score) - most; excess > 0 {
			result.Violation = min(result.Violation+excess/max(1, math.Abs(most)), math.MaxFloat64)
		}
	}
	return result
}

// Is says whether a folder is one of searches rather than of a study.
func Is(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, manifestFile))
	return err == nil
}
