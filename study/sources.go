package study

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/scoring"
	"rwe301/store"
)

// Sources say how what users name as a run is read where it does not say so itself: files of scores and published
// tables, and accuracies that come from elsewhere.
type Sources struct {
	Space    string // of files; "" is what their notation tells
	Mean     bool   // files of scores have one column for all seeds of a question instead of one a seed
	Column   string // of a published table: its accuracies; "" is the usual one
	Unit     scoring.Unit
	Repeats  scoring.Repeats
	Accuracy scoring.Accuracy // of scores that come without accuracies
	Asked    bool             // Accuracy counts for all, whatever accuracies they come with

	Say   func(format string, args ...any) // hears what was not taken as it stands
	Steps func(what, unit string) (count func(done, total int), end func())
}

// Kinds are those that a study or a file is; what else there is stands before them, for a study is any other folder and
// a table any other file.
func (s *Sources) Kinds() []analysis.Kind {
	return []analysis.Kind{
		{Name: "study", Is: isFolder, Open: one(func(_ context.Context, dir string) (*analysis.Results, error) {
			return Load(dir)
		})},
		{Name: "scores", Is: store.IsRecords, Open: s.scores, Several: true},
		{Name: "table", Is: func(string) bool { return true }, Open: one(s.table)},
	}
}

// one opens a single path.
func one(open func(ctx context.Context, path string) (*analysis.Results, error)) func(context.Context, ...string) (
	*analysis.Results, error) {
	return func(ctx context.Context, paths ...string) (*analysis.Results, error) { return open(ctx, paths[0]) }
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Load reads the scores of the run in a folder.
func Load(dir string) (*analysis.Results, error) {
	r, err := Open(dir)
	if err != nil {
		return nil, err
	}
	results, err := r.Load()
	return results, errors.Join(err, r.Close())
}

// scores reads files of scores as one.
func (s *Sources) scores(ctx context.Context, paths ...string) (*analysis.Results, error) {
	space, err := s.spaceOf(paths)
	if err != nil {
		return nil, err
	}
	read := analysis.FromRecords
	if s.Mean {
		read = analysis.OverSeeds
	}
	count, end := s.Steps("reading scores", "MB")
	defer end()
	records := store.ReadAll(func(read, total int64) { count(int(read/1e6), int(total/1e6)) }, paths...)
	r, err := read(func(yield func(store.Record, error) bool) {
		for rec, err := range records {
			if err == nil {
				err = ctx.Err()
			}
			if !yield(rec, err) {
				return
			}
		}
	}, scoring.Describe, space)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	r.From.Dir, r.From.Name = strings.Join(paths, ", "), strings.Join(names, ", ")
	r.SortColumns()
	takeAccuracies(r)
	return r, nil
}

// takeAccuracies makes accuracies of the answers that a study keeps beside its scores, as it exports them.
func takeAccuracies(r *analysis.Results) {
	var found []*analysis.Column
	for _, c := range r.Columns {
		if c.Question.Estimator == scoring.AccuracyName && c.Levels()["source"] != "" {
			found = append(found, c)
		}
	}
	if len(found) != 1 || len(found[0].BySeed) != 1 {
		return // of several sources: which one counts is to be said
	}
	levels := found[0].Levels()
	r.Truth, r.From.Truth = found[0].BySeed[0], levels["name"]
	if r.From.Predicted = !scoring.Measured(levels["source"]); r.From.Truth == "" {
		r.From.Truth = scoring.ColumnOf(levels["column"], levels["file"])
	}
	r.Columns = slices.DeleteFunc(r.Columns, func(c *analysis.Column) bool { return c == found[0] })
}

// spaceOf is the space that was asked for, or else that of the first architecture in files of scores.
func (s *Sources) spaceOf(paths []string) (bench301.Space, error) {
	if s.Space != "" {
		return bench301.LookupSpace(s.Space)
	}
	var found bench301.Space
	var in string
	for _, path := range paths {
		space := spaceIn(path)
		switch {
		case space == nil:
		case found == nil:
			found, in = space, path
		case found.Name() != space.Name():
			return nil, fmt.Errorf("%s has architectures of the space %s, %s of %s: they have none in common", in,
				found.Name(), path, space.Name())
		}
	}
	if found == nil {
		found = bench301.Spaces()[0]
	}
	return found, nil
}

// spaceIn is the space of the first architecture in a file of scores; nil where that is not known, as of a pipe, which
// can be read once.
func spaceIn(path string) bench301.Space {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	for rec, err := range store.ReadAll(nil, path) {
		if err != nil {
			return nil // said when all is read
		}
		for _, space := range bench301.Spaces() {
			if _, _, err := space.Parse(rec.Arch); err == nil {
				return space
			}
		}
		break
	}
	return nil
}

// table reads a published table, as a run that was replayed from it.
func (s *Sources) table(ctx context.Context, path string) (*analysis.Results, error) {
	if rowAScore(path) {
		return nil, fmt.Errorf("%s: a row a score, and a table has a row an architecture: as JSON lines these scores can be "+
			"read (score --out FILE, score --json, study export --format jsonl)", path)
	}
	replay := Replay{
		Table: path, Space: s.Space, Accuracy: s.Column, Unit: s.Unit, Repeats: s.Repeats, NoAccuracy: s.Asked,
	}
	p, _, err := replay.Plan(ctx)
	if errors.Is(err, scoring.ErrNoColumn) {
		return nil, fmt.Errorf("%w (--column names another one; --surrogate and --table are accuracies from elsewhere)", err)
	}
	if err != nil {
		return nil, err
	}
	defer p.Close()
	for _, note := range p.Notes {
		s.Say("%s", note)
	}
	r, err := p.look(ctx)
	if err != nil {
		return nil, err
	}
	r.From.Dir = path
	return r, nil
}

// rowAScore says whether a file is CSV as score and study export print it.
func rowAScore(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	header, err := csv.NewReader(io.LimitReader(f, 1<<12)).Read()
	return err == nil && slices.Contains(header, "arch") && slices.Contains(header, "estimator") &&
		slices.Contains(header, "score")
}

// look asks the questions of a plan about its architectures, by id, where tables answer them all.
func (p *Plan) look(ctx context.Context) (*analysis.Results, error) {
	archs := slices.Clone(p.Architectures)
	slices.SortFunc(archs, func(a, b bench301.Architecture) int { return strings.Compare(a.ID(), b.ID()) })
	r := &analysis.Results{Space: p.Space, From: analysis.Provenance{
		Name: p.Definition.Name, Space: p.Space.Name(), Origin: p.Origin, Notes: p.Notes,
	}}
	r.Architectures = named(archs)
	for _, q := range p.Questions {
		if q.Accuracy {
			continue
		}
		c := analysis.NewColumn(&q.Question, len(archs))
		for _, seed := range q.Seeds {
			env := estimators.NewEnv(nil, seed)
			for i, a := range archs {
				score, err := scoring.Ask(ctx, q.Source, a, env)
				if err = errors.Join(err, ctx.Err()); err != nil {
					return nil, err
				}
				if score.Status != estimators.OK {
					c.Because(score.Reason)
				}
				if err := c.Answer(i, seed, store.Status(score.Status), score.Value, score.Seconds, score.CPUSeconds); err != nil {
					return nil, err
				}
			}
		}
		c.Finish()
		r.Columns = append(r.Columns, c)
	}
	if p.Truth == nil {
		return r, nil
	}
	r.From.Truth = p.Truth.Name
	var err error
	r.Truth, err = p.Truth.Of(ctx, func(i int) (bench301.Architecture, error) { return archs[i], nil }, len(archs))
	return r, err
}

// Judge gives results the accuracies that were asked for, or else those that they lack: all where files of scores have
// none, and where others have them from the same source, those of what only the files have.
func (s *Sources) Judge(ctx context.Context, r *analysis.Results) error {
	lacking := 0
	for _, v := range r.Truth {
		if math.IsNaN(v) {
			lacking++
		}
	}
	if !s.Asked && (!r.From.Records || r.Truth != nil && lacking == 0) {
		return nil
	}
	in := scoring.Inputs{Space: r.Space, Repeats: s.Repeats}
	truth, err := in.Accuracy(s.Accuracy)
	if err != nil {
		return err
	}
	if !s.Asked && r.Truth != nil && truth.Name != r.From.Truth {
		r.From.Notes = append(r.From.Notes, fmt.Sprintf("%d of %d architectures have no accuracy by %s.", lacking,
			len(r.Architectures), r.From.Truth))
		return nil
	}
	for _, note := range append(in.Notes(), truth.Notes...) {
		s.Say("%s", note)
		r.From.Notes = append(r.From.Notes, note)
	}
	count, end := s.Steps("asking for accuracies", "architectures")
	defer end()
	var asked atomic.Int64
	known, err := truth.Of(ctx, func(i int) (bench301.Architecture, error) {
		count(int(asked.Add(1)), len(r.Architectures))
		return r.Architecture(i)
	}, len(r.Architectures))
	if err != nil && ctx.Err() == nil && !s.Asked {
		err = fmt.Errorf("%s: %w (--surrogate or --table names other accuracies)", r.From.Dir, err)
	}
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(known, func(v float64) bool { return !math.IsNaN(v) }) {
		s.Say("%s: no accuracy of any of the %d architectures in %s", truth.Name, len(known), r.From.Dir)
	}
	if r.Truth == nil || s.Asked {
		r.Truth = known
	}
	for i, v := range r.Truth {
		if math.IsNaN(v) {
			r.Truth[i] = known[i]
		}
	}
	r.From.Truth, r.From.Predicted = truth.Name, !scoring.Measured(string(s.Accuracy.Source))
	return nil
}

// Plan is the study of the table; text is its definition.
func (r Replay) Plan(ctx context.Context) (p *Plan, text []byte, err error) {
	text, notes, err := r.Definition()
	if err != nil {
		return nil, nil, err
	}
	d, err := Parse(filepath.Base(r.Table), text) // whose paths begin in the current folder
	if err != nil {
		return nil, nil, err
	}
	if p, err = Prepare(ctx, d); err != nil {
		return nil, nil, err
	}
	p.Notes = append(p.Notes, notes...)
	return p, text, nil
}
