package study

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators"
	"rwe301/scoring"
	"rwe301/search"
	"rwe301/store"
)

// Plan is a definition made concrete.
type Plan struct {
	Definition    *Definition
	Space         bench301.Space
	Architectures []bench301.Architecture
	Populations   []analysis.Population // of searches, whose members are places among the architectures; nil without
	Searches      *search.Definition    // that are to be run first, one architecture standing in for theirs; nil for none
	Questions     []*scoring.Question   // the accuracy first, where there is one
	Data          *dataset.Set
	Truth         *scoring.Truth // nil in a study without accuracies
	Origin        string         // where the architectures come from
	Notes         []string       // what a reader of the results should know

	inputs    *scoring.Inputs
	labels    map[*scoring.Question]string // of entries that have one
	digest    string
	expected  int              // architectures at most that Searches will have
	searchDir string           // folder of searches whose scores count; "" for none
	searched  *search.Manifest // of the searches that the architectures were taken from; nil for none
}

// Bounds of a plan.
const (
	maxQuestions = 100_000
	maxColumns   = 1_000_000             // questions times seeds
	maxEstimates = int64(10_000_000_000) // columns times architectures
	// ManyEstimates is the number of estimates from which a study wants to be confirmed.
	ManyEstimates = 1_000_000
)

// Prepare reads what a definition refers to.
func Prepare(ctx context.Context, d *Definition) (*Plan, error) {
	space, err := bench301.LookupSpace(d.Space)
	if err != nil {
		return nil, err
	}
	if err := d.bounded(); err != nil {
		return nil, err
	}
	p := &Plan{Definition: d, Space: space, inputs: &scoring.Inputs{Space: space, Base: d.base, Repeats: d.Repeats},
		labels: map[*scoring.Question]string{}}
	if err := p.readArchitectures(ctx); err != nil {
		return nil, err
	}
	if p.Truth, err = p.inputs.Accuracy(d.Accuracy); err != nil {
		return nil, d.errorf("accuracy: %w", err)
	}
	if p.Truth != nil {
		p.Questions = append(p.Questions, p.Truth.Question)
		p.Notes = append(p.Notes, p.Truth.Notes...)
	}
	if err := p.estimators(ctx); err != nil {
		_ = p.Close()
		return nil, err
	}
	p.noteSearches()
	p.Notes = append(p.inputs.Notes(), p.Notes...)
	p.digest = p.digestOf()
	return p, nil
}

// bounded counts what a definition asks for, before anything of it is made.
func (d *Definition) bounded() error {
	columns, all := 0, 0
	for _, e := range d.Estimators {
		n, err := e.combinations(maxQuestions)
		if err != nil {
			return err
		}
		seeds := len(d.Seeds)
		if e.Seeds != nil {
			seeds = len(e.Seeds)
		}
		if info, err := estimators.Lookup(e.Name); e.Scores != "" || err == nil && !info.Random && e.Command == nil {
			seeds = 1
		}
		all += n
		if columns += times(n, seeds); columns > maxColumns {
			return e.at.Errorf("%s: %d combinations of settings with %d seeds: a study has at most %d scores of an "+
				"architecture: narrow the grids or the seeds", e.Name, n, seeds, maxColumns)
		}
	}
	if all > maxQuestions {
		return d.errorf("%d combinations of settings: a study has at most %d: narrow the grids", all, maxQuestions)
	}
	if n := times(columns, d.Architectures.Sample); int64(n) > maxEstimates {
		return d.errorf("%d scores of each of %d architectures: a study has at most %d in all", columns,
			d.Architectures.Sample, maxEstimates)
	}
	return nil
}

// Fits refuses what answers for no architecture of the space, where a run is new: one of an earlier version goes on.
func (p *Plan) Fits(ctx context.Context) error {
	if len(p.Architectures) == 0 {
		return nil
	}
	first := p.Architectures[0]
	var errs []error
	for _, q := range p.Questions {
		if c, ok := q.Source.(*estimators.Configured); ok {
			if err := c.Fits(first); err != nil {
				errs = append(errs, p.Definition.errorf("%s: %w", q.Label, err))
			}
		}
	}
	if p.Truth != nil {
		_, err := p.Truth.Of(ctx, func(int) (bench301.Architecture, error) { return first, nil }, 1)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			errs = append(errs, p.Definition.errorf("accuracy: %w (source: none goes without, a table has others)", err))
		}
	}
	return errors.Join(errs...)
}

// Close ends the programs of the user.
func (p *Plan) Close() error { return scoring.Close(p.Questions) }

// Estimates is the number of scores that the study asks for, accuracies not counted.
func (p *Plan) Estimates() int64 {
	var n int64
	for _, q := range p.Questions {
		if !q.Accuracy {
			n += int64(len(q.Seeds))
		}
	}
	return n * int64(p.Size())
}

func (p *Plan) notef(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

func (p *Plan) readArchitectures(ctx context.Context) error {
	a := p.Definition.Architectures
	if a.Sample > 0 {
		return p.sample(ctx, a.Sample)
	}
	if a.Search != nil {
		return p.readSearched(ctx)
	}
	path := a.File
	if path == "" {
		path = a.Table
	}
	t, err := p.inputs.Table(path)
	if err != nil {
		return err
	}
	p.Origin = "from " + t.Base()
	seen := map[string]bool{}
	for _, r := range t.Rows {
		if seen[r.ID] {
			continue // another seed of it
		}
		seen[r.ID] = true
		if p.Architectures = append(p.Architectures, r.Architecture); len(p.Architectures) == a.Limit {
			break
		}
	}
	if n := len(t.Rows) - len(p.Architectures); n > 0 && a.Limit == 0 {
		p.notef("%s: %d of %d rows repeat an architecture", path, n, len(t.Rows))
	}
	return nil
}

// drawn begins the origin of architectures that the study draws.
const drawn = "drawn uniformly"

// sample draws distinct architectures: the first ones that `bench301 sample` draws with the same seed.
func (p *Plan) sample(ctx context.Context, n int) error {
	if size := p.Space.Size(); size.IsInt64() && size.Int64() < int64(n) {
		return p.Definition.errorf("architectures.sample: %d: the space %s has %v", n, p.Space.Name(), size)
	}
	p.Origin = fmt.Sprintf("%s with seed %d", drawn, p.Definition.Seed)
	rng := rand.New(rand.NewPCG(p.Definition.Seed, 0))
	seen := make(map[string]bool, n)
	for len(p.Architectures) < n {
		if err := ctx.Err(); err != nil {
			return err
		}
		a := p.Space.Sample(rng)
		if id := a.ID(); !seen[id] {
			seen[id] = true
			p.Architectures = append(p.Architectures, a)
		}
	}
	return nil
}

// estimators expands the grids.
func (p *Plan) estimators(ctx context.Context) error {
	known := map[string]*scoring.Question{} // by estimator and hash
	add := func(q *scoring.Question) {
		key := q.Estimator + " " + q.SettingsHash
		old, ok := known[key]
		if !ok {
			known[key] = q
			p.Questions = append(p.Questions, q)
			return
		}
		old.Seeds = append(old.Seeds, q.Seeds...)
		for _, v := range q.Varied {
			if !slices.Contains(old.Varied, v) {
				old.Varied = append(old.Varied, v)
			}
		}
	}
	var errs []error
	for _, e := range p.Definition.Estimators {
		var err error
		switch {
		case e.Scores != "":
			err = p.scores(e, add)
		case e.Command != nil:
			err = p.command(e, add)
		default:
			err = p.grid(ctx, e, add)
		}
		errs = append(errs, err)
		if errors.Is(err, errNoData) {
			break // the others would say the same
		}
	}
	relabel(p.Questions, p.labels)
	labels := map[string]bool{}
	for _, q := range p.Questions {
		slices.Sort(q.Seeds)
		q.Seeds = slices.Compact(q.Seeds)
		if labels[q.Label] {
			errs = append(errs, p.Definition.errorf("two estimators are called %s: give your own another name", q.Label))
		}
		labels[q.Label] = true
	}
	return errors.Join(errs...)
}

// errNoData marks an error of the images. It adds no words.
var errNoData = errors.New("")

func (p *Plan) seeds(e Entry) []uint64 {
	if e.Seeds != nil {
		return slices.Clone(e.Seeds)
	}
	return slices.Clone(p.Definition.Seeds)
}

// grid adds a built-in estimator with every combination of its settings.
func (p *Plan) grid(ctx context.Context, e Entry, add func(*scoring.Question)) error {
	if err := e.checkKeys(); err != nil {
		return err
	}
	points, err := e.points(maxQuestions)
	if err != nil {
		return err
	}
	for _, pt := range points {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := estimators.New(e.Name, scoring.Encode(pt.values))
		if err != nil {
			return e.blame(pt.values, err)
		}
		if c.Info.Needs.Data && p.Data == nil {
			if p.Data, err = p.inputs.Images(ctx, p.Definition.Dataset, nil); err != nil {
				return fmt.Errorf("%w%w", err, errNoData)
			}
		}
		env := estimators.NewEnv(p.Data, 0)
		if err := c.Check(env); err != nil {
			return e.at.Errorf("%w", err)
		}
		if err := c.Complete(); err != nil { // a run of an earlier version may have to go on
			p.Notes = append(p.Notes, fmt.Sprintf("%s: every score of it will fail: %v", c.Label, err))
		}
		q := scoring.QuestionOf(c, p.Data)
		q.Seeds = p.seeds(e)
		if e.Label != "" {
			p.labels[q] = e.Label
		}
		if !c.Info.Random {
			q.Seeds = q.Seeds[:1] // every seed counts the same
		}
		base := c
		if pt.vary != "" {
			if base, err = estimators.New(e.Name, scoring.Encode(pt.base)); err != nil {
				return e.blame(pt.base, err)
			}
		}
		for _, s := range e.Vary {
			if pt.vary == s.Key || pt.vary == "" {
				v := store.Variation{Setting: s.Key, Base: base.SettingsHash}
				if s.Key == estimators.PresetKey {
					name, _ := pt.values[s.Key].(string)
					v.Level = cmp.Or(name, noPreset)
				}
				q.Varied = append(q.Varied, v)
			}
		}
		add(q)
	}
	return nil
}

// noPreset is the level of a base without preset where presets are varied.
const noPreset = "none"

// scores adds a column of a file.
func (p *Plan) scores(e Entry, add func(*scoring.Question)) error {
	t, err := p.inputs.Table(e.Scores)
	if err != nil {
		return err
	}
	l, err := t.Column(e.Column)
	if err != nil {
		return err
	}
	info, err := estimators.Lookup(e.Name)
	trivial := err == nil && info.Trivial // a built-in count by the same name, scored elsewhere
	values := map[string]any{"column": e.Column, "file": filepath.Base(e.Scores), "sha256": t.Hash}
	if l.Averaged > 0 {
		values["repeats"] = string(scoring.MeanOfRepeats)
	}
	settings := scoring.Encode(values)
	p.Notes = append(p.Notes, l.Notes...)
	add(&scoring.Question{Question: store.Question{
		Label: cmp.Or(e.Label, e.Name), Estimator: e.Name, Settings: settings, SettingsHash: estimators.Hash(settings),
		Seeds: l.Seeds(), Trivial: trivial, Lower: e.Lower,
	}, Source: l})
	return nil
}

// command adds a program of the user. The content of files that it names is part of the question.
func (p *Plan) command(e Entry, add func(*scoring.Question)) error {
	settings := map[string]any{"command": e.Command}
	for _, arg := range e.Command {
		path := p.inputs.Path(arg)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() < scoring.MaxFile {
			_, hash, err := scoring.ReadFile(path)
			if err != nil {
				return err
			}
			settings["sha256 of "+arg] = hash
		}
	}
	raw := scoring.Encode(settings)
	add(&scoring.Question{Question: store.Question{
		Label: e.Name, Estimator: e.Name, Settings: raw, SettingsHash: estimators.Hash(raw), Seeds: p.seeds(e),
		Lower: e.Lower,
	}, Source: &scoring.Program{Name: e.Name, Argv: e.Command, Dir: p.Definition.base, Timeout: e.Timeout}})
	return nil
}

// digestOf condenses what determines the scores. Runs and shards of one digest belong together.
func (p *Plan) digestOf() string {
	var questions []*store.Question
	for _, q := range p.Questions {
		questions = append(questions, &q.Question)
	}
	return digestOf(named(p.Architectures), questions, p.Populations)
}

func digestOf(archs []store.Named, questions []*store.Question, populations []analysis.Population) string {
	h := sha256.New()
	for _, a := range archs {
		fmt.Fprintln(h, a.ID)
	}
	for _, q := range questions {
		fmt.Fprintln(h, q.Estimator, q.SettingsHash, q.Dataset, q.Seeds)
	}
	for _, g := range populations {
		fmt.Fprintln(h, g.Method, g.Seed, g.Generation, g.Born, g.Survived)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// named are architectures as stores know them.
func named(archs []bench301.Architecture) []store.Named {
	out := make([]store.Named, len(archs))
	for i, a := range archs {
		out[i] = store.Named{ID: a.ID(), Arch: a.String()}
	}
	return out
}
