package study

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators"
)

// Question is one estimator with its settings, asked of every architecture under each of its seeds.
type Question struct {
	Label     string          `json:"label"`          // tells it apart in this study
	Full      string          `json:"full,omitempty"` // names every setting that is not the estimator's default
	Estimator string          `json:"estimator"`
	Settings  json.RawMessage `json:"settings"`
	Hash      string          `json:"settings_hash"`
	Dataset   string          `json:"dataset"`
	Seeds     []uint64        `json:"seeds"`
	Trivial   bool            `json:"trivial,omitempty"` // a count that any method must beat to be of use
	Accuracy  bool            `json:"accuracy,omitempty"`
	Lower     bool            `json:"lower,omitempty"` // lower scores are meant to be better
	Paper     string          `json:"paper,omitempty"`
	Varied    []Variation     `json:"varied,omitempty"`

	scorer scorer
}

// Variation says that a question differs in one setting from another one, its base.
type Variation struct {
	Knob string `json:"knob"`
	Base string `json:"base"` // settings hash of the base, which is the question itself where it has the base's level
}

// Plan is a definition made concrete.
type Plan struct {
	Definition    *Definition
	Space         bench301.Space
	Architectures []bench301.Architecture
	Questions     []*Question // the accuracy first, where there is one
	Data          *dataset.Set
	Unit          string   // of the accuracies
	Truth         string   // what the accuracies are
	Origin        string   // where the architectures come from
	Notes         []string // what a reader of the results should know

	digest string
	tables map[string]*table // files read so far, by path
}

// Bounds of a plan.
const (
	maxQuestions = 100_000
	// ManyEstimates is the number of estimates from which a study wants to be confirmed.
	ManyEstimates = 1_000_000
)

// Prepare reads what a definition refers to.
func Prepare(ctx context.Context, d *Definition) (*Plan, error) {
	space, err := bench301.LookupSpace(d.Space)
	if err != nil {
		return nil, err
	}
	p := &Plan{Definition: d, Space: space, tables: map[string]*table{}}
	if err := p.readArchitectures(ctx); err != nil {
		return nil, err
	}
	if err := p.accuracy(); err != nil {
		return nil, err
	}
	if err := p.estimators(ctx); err != nil {
		_ = p.Close()
		return nil, err
	}
	p.digest = p.digestOf()
	return p, nil
}

// Close ends the programs of the user.
func (p *Plan) Close() error {
	var errs []error
	for _, q := range p.Questions {
		if c, ok := q.scorer.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// Estimates is the number of scores that the study asks for, accuracies not counted.
func (p *Plan) Estimates() int64 {
	var n int64
	for _, q := range p.Questions {
		if !q.Accuracy {
			n += int64(len(q.Seeds))
		}
	}
	return n * int64(len(p.Architectures))
}

func (p *Plan) notef(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

func (p *Plan) readArchitectures(ctx context.Context) error {
	a := p.Definition.Architectures
	if a.Sample > 0 {
		return p.sample(ctx, a.Sample)
	}
	path := a.File
	if path == "" {
		path = a.Table
	}
	t, err := p.table(path)
	if err != nil {
		return err
	}
	p.Origin = "from " + t.base()
	seen := map[string]bool{}
	for _, r := range t.rows {
		if seen[r.id] {
			continue // another seed of it
		}
		seen[r.id] = true
		if p.Architectures = append(p.Architectures, r.Architecture); len(p.Architectures) == a.Limit {
			break
		}
	}
	if t.repeated > 0 {
		p.notef("%s: %d repeated architectures left out", path, t.repeated)
	}
	return nil
}

// table reads a file that the definition names, once.
func (p *Plan) table(path string) (*table, error) {
	path = p.Definition.path(path)
	if t := p.tables[path]; t != nil {
		return t, nil
	}
	t, err := readTable(p.Space, path)
	if err == nil {
		p.tables[path] = t
	}
	return t, err
}

// sample draws distinct architectures: the first ones that `bench301 sample` draws with the same seed.
func (p *Plan) sample(ctx context.Context, n int) error {
	if size := p.Space.Size(); size.IsInt64() && size.Int64() < int64(n) {
		return p.Definition.errorf("architectures.sample: %d: the space %s has %v", n, p.Space.Name(), size)
	}
	p.Origin = fmt.Sprintf("drawn uniformly with seed %d", p.Definition.Seed)
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
	known := map[string]*Question{} // by estimator and hash
	add := func(q *Question) {
		key := q.Estimator + " " + q.Hash
		old, ok := known[key]
		if !ok {
			known[key] = q
			p.Questions = append(p.Questions, q)
			return
		}
		for _, s := range q.Seeds {
			if !slices.Contains(old.Seeds, s) {
				old.Seeds = append(old.Seeds, s)
			}
		}
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
		if len(p.Questions) > maxQuestions {
			return p.Definition.errorf("more than %d combinations of settings: narrow the grids", maxQuestions)
		}
	}
	relabel(p.Questions)
	labels := map[string]bool{}
	for _, q := range p.Questions {
		slices.Sort(q.Seeds)
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
func (p *Plan) grid(ctx context.Context, e Entry, add func(*Question)) error {
	if err := e.checkKeys(); err != nil {
		return err
	}
	points, err := e.points(maxQuestions)
	if err != nil {
		return err
	}
	for _, pt := range points {
		c, err := estimators.New(e.Name, encode(pt.values))
		if err != nil {
			return e.blame(pt.values, err)
		}
		if c.Info.Needs.Data && p.Data == nil {
			if p.Data, err = loadData(ctx, p.Definition); err != nil {
				return fmt.Errorf("%w%w", err, errNoData)
			}
		}
		env := estimators.NewEnv(p.Data, 0)
		if err := c.Check(env); err != nil {
			return e.at.errorf("%w", err)
		}
		q := newQuestion(c, p.Data)
		q.Seeds = p.seeds(e)
		if !c.Info.Random {
			q.Seeds = q.Seeds[:1] // every seed counts the same
		}
		base, err := estimators.New(e.Name, encode(pt.base))
		if err != nil {
			return e.blame(pt.base, err)
		}
		for _, s := range e.Vary {
			if pt.knob == s.Key || pt.knob == "" {
				q.Varied = append(q.Varied, Variation{s.Key, base.SettingsHash})
			}
		}
		add(q)
	}
	return nil
}

// newQuestion asks for the scores of an estimator, under no seed yet.
func newQuestion(c *estimators.Configured, data *dataset.Set) *Question {
	return &Question{
		Label: c.Label, Full: c.Label, Estimator: c.Info.Name, Settings: c.Settings, Hash: c.SettingsHash, Dataset: c.Dataset(estimators.NewEnv(data, 0)),
		Trivial: c.Info.Trivial, Lower: c.Info.Direction == estimators.Lower, Paper: c.Info.Paper, scorer: c,
	}
}

// scores adds a column of a file.
func (p *Plan) scores(e Entry, add func(*Question)) error {
	t, err := p.table(e.Scores)
	if err != nil {
		return err
	}
	l, err := newLookup(t, e.Column)
	if err != nil {
		return err
	}
	info, err := estimators.Lookup(e.Name)
	trivial := err == nil && info.Trivial // a built-in count by the same name, scored elsewhere
	settings := encode(map[string]any{"column": e.Column, "file": filepath.Base(e.Scores), "sha256": t.hash})
	add(&Question{Label: e.Name, Estimator: e.Name, Settings: settings, Hash: estimators.Hash(settings), Seeds: l.seeds, Trivial: trivial, Lower: e.Lower, scorer: l})
	return nil
}

// command adds a program of the user. The content of files that it names is part of the question.
func (p *Plan) command(e Entry, add func(*Question)) error {
	settings := map[string]any{"command": e.Command}
	for _, arg := range e.Command {
		path := p.Definition.path(arg)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() < maxFile {
			_, hash, err := readFile(path)
			if err != nil {
				return err
			}
			settings["sha256 of "+arg] = hash
		}
	}
	raw := encode(settings)
	add(&Question{
		Label: e.Name, Estimator: e.Name, Settings: raw, Hash: estimators.Hash(raw), Seeds: p.seeds(e), Lower: e.Lower,
		scorer: &command{argv: e.Command, dir: p.Definition.base, timeout: e.Timeout},
	})
	return nil
}

// digestOf condenses what determines the scores. Runs and shards of one digest belong together.
func (p *Plan) digestOf() string {
	h := sha256.New()
	for _, a := range p.Architectures {
		fmt.Fprintln(h, a.ID())
	}
	for _, q := range p.Questions {
		fmt.Fprintln(h, q.Estimator, q.Hash, q.Dataset, q.Seeds)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
