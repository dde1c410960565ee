package study

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"rwe301/analysis"
	"rwe301/estimators"
	"rwe301/internal/printable"
	"rwe301/scoring"
	"rwe301/store"
)

// copiedDefinition is that of a run whose scores were taken from other runs.
const copiedDefinition = "# The scores of other runs, taken as they are: manifest.json says which. There is nothing " +
	"to run.\n"

// Copy makes the run folder dir of results, whatever they were read from, and returns it open.
func Copy(dir string, r *analysis.Results, m scoring.Machine) (*Run, error) {
	if err := free(dir); err != nil {
		return nil, err
	}
	here, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	manifest := Manifest{
		Format: runFormat, Name: printable.Cut("scores of "+r.From.Dir, maxTitle), Space: r.Space.Name(),
		Architectures: len(r.Architectures), Populations: len(r.Populations), Origin: r.From.Origin,
		Copied: true, Truth: r.From.Truth, Unit: string(scoring.Percent),
		Notes: append(slices.Clone(r.From.Notes), "The scores were taken from "+r.From.Dir+"."),
		Base:  here, Code: m.Code, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, CPU: m.CPU,
		Cores: runtime.NumCPU(), Created: time.Now().UTC().Truncate(time.Second),
	}
	columns := slices.Clone(r.Columns)
	if r.Truth != nil {
		c := accuracies(r)
		columns = slices.Insert(columns, 0, c)
	}
	if manifest.Questions, err = questionsOf(columns); err != nil {
		return nil, err
	}
	manifest.Digest = digestOf(r.Architectures, manifest.Questions, r.Populations)
	run, err := create(dir, manifest, []byte(copiedDefinition), namedArchitectures(r.Architectures), r.Populations)
	if err != nil {
		return nil, err
	}
	origin := store.Origin{Code: r.From.Code, CPU: r.From.CPU}
	var batch []store.Record
	for _, c := range columns {
		for s, seed := range c.Seeds {
			for i, a := range r.Architectures {
				rec := store.Record{
					Arch: a.Arch, ID: a.ID, Estimator: c.Question.Estimator, Settings: c.Settings, SettingsHash: c.SettingsHash,
					Dataset: c.Dataset, Seed: seed, Status: c.Status(s, i), Code: origin.Code, CPU: origin.CPU,
				}
				switch rec.Status {
				case "":
					continue
				case store.OK:
					score := c.BySeed[s][i]
					if c.Lower {
						score = 0 - score
					}
					rec.Score, rec.Seconds = &score, c.Walls[s][i]
					if !c.OnTheWall(s, i) {
						rec.CPUSeconds = c.Times[s][i]
					}
				default:
					rec.Error = c.Reason
				}
				if batch = append(batch, rec); len(batch) == mergeBatch {
					err = run.Store.Insert(batch...)
					batch = batch[:0]
				}
				if err != nil {
					return nil, closed(run, err)
				}
			}
		}
	}
	if err := run.Store.Insert(batch...); err != nil {
		return nil, closed(run, err)
	}
	return run, nil
}

// closed closes a run that failed.
func closed(r *Run, err error) error {
	_ = r.Close()
	_ = os.Remove(filepath.Join(r.Dir, manifestFile)) // which makes the folder a run
	return err
}

// accuracies are those of results as answers to a question.
func accuracies(r *analysis.Results) *analysis.Column {
	source := scoring.Models
	if !r.From.Predicted {
		source = scoring.Tabled
	}
	settings := scoring.Encode(map[string]any{"source": string(source), "name": r.From.Truth})
	c := analysis.NewColumn(&store.Question{
		Label: scoring.AccuracyName, Estimator: scoring.AccuracyName, Settings: settings,
		SettingsHash: estimators.Hash(settings), Seeds: []uint64{0}, Accuracy: true,
	}, len(r.Truth))
	for i, v := range r.Truth {
		if !math.IsNaN(v) {
			_ = c.Answer(i, 0, store.OK, v, 0, 0) // of its only seed
		}
	}
	c.Finish()
	return c
}

// questionsOf are what columns answer; of one question under several seeds, one.
func questionsOf(columns []*analysis.Column) (out []*store.Question, err error) {
	known := map[store.Key]*store.Question{}
	for _, c := range columns {
		q := *c.Question
		q.Seeds = slices.Clone(q.Seeds)
		old := known[q.Key()]
		if old == nil {
			known[q.Key()] = &q
			out = append(out, &q)
			continue
		}
		for _, seed := range q.Seeds {
			if old.Asks(seed) {
				return nil, fmt.Errorf("%s and %s are one question, answered differently: name one of them", old.Label, q.Label)
			}
		}
		old.Seeds = append(old.Seeds, q.Seeds...)
		slices.Sort(old.Seeds)
		if q.Full != "" {
			old.Label = q.Full
		}
	}
	return out, nil
}
