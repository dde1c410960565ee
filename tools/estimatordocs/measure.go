package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/correlation"
	"rwe301/estimators"
	"rwe301/internal/atomicfile"
	"rwe301/internal/process"
	"rwe301/scoring"
	"rwe301/store"
)

// accuracyColumn is the column of accuracies; the published scores stand in columns named as their estimators.
const accuracyColumn = "val_accuracy"

// timed is how many architectures the time of an estimator is the median of; one where it takes longer than slow.
const (
	timed = 5
	slow  = 5.0 // seconds
)

// cost is the time of one estimate on its own, in seconds.
type cost struct {
	CPU  float64 `json:"cpu"`  // processor time, with one core
	Pace float64 `json:"pace"` // wall time, with two cores at work on an architecture each
}

// measuring are the flags of measure.
type measuring struct {
	table, data, folder string
	scores              string
	n, jobs             int
	limit               time.Duration
	code, cpu           string
	seed                uint64
	untimed             bool
	specs               []string
}

// fewest is how many scores a coefficient wants.
const fewest = 10

// The seeds: of the scores that are compared with accuracies, and of those that the same scores are compared with.
const (
	firstSeed  = 0
	secondSeed = 1
)

const measureUsage = `usage: estimatordocs measure [flags] [ESTIMATOR]...

Scores the first N architectures of a fixed permutation of a table (columns arch, val_accuracy and, where published,
scores) with estimators, all of the registry by default, and sums up every score in the folder in docs/estimators.json.
The folder keeps the scores: the command started again, or with other estimators or more architectures, scores what it
lacks.

`

func measure(ctx context.Context, args []string) error {
	var m measuring
	f := flag.NewFlagSet("measure", flag.ContinueOnError)
	f.Usage = func() {
		fmt.Fprint(f.Output(), measureUsage)
		f.PrintDefaults()
	}
	f.StringVar(&m.table, "table", "../shared/data/nb301/architectures.csv",
		"architectures with accuracies and published scores")
	f.StringVar(&m.data, "data", dataset.CIFAR10Name, "data set: a name, or a folder or archive")
	f.StringVar(&m.folder, "folder", "measured", "where scores are kept")
	f.StringVar(&m.scores, "scores", "", "write every score in the folder as a table, too: what bench301 replay analyses")
	f.IntVar(&m.n, "n", 919, "architectures")
	f.IntVar(&m.jobs, "jobs", 2, "architectures at a time")
	f.DurationVar(&m.limit, "time", 1000*time.Hour, "stop scoring after so long")
	f.Uint64Var(&m.seed, "seed", firstSeed,
		"seed of weights and batches; scores of the second seed tell how far the first's can be repeated")
	f.BoolVar(&m.untimed, "untimed", false, "score only: leave the times for when the machine is quiet")
	f.StringVar(&m.code, "code", "", "version of the program, for the records")
	f.StringVar(&m.cpu, "cpu", "", "name of the processor, for the records")
	if err := f.Parse(args); err != nil {
		return err
	}
	if m.specs = f.Args(); len(m.specs) == 0 {
		for _, info := range estimators.All() {
			m.specs = append(m.specs, info.Name)
		}
	}
	return m.run(ctx)
}

func (m measuring) run(ctx context.Context) (err error) {
	set, err := dataset.Open(ctx, m.data, dataset.Folder{})
	if err != nil {
		return err
	}
	rows, err := readTable(m.table)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(m.folder, 0o777); err != nil {
		return err
	}
	kept, err := store.OpenJSONL(filepath.Join(m.folder, "scores.jsonl"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	var list []*estimators.Configured
	for _, spec := range m.specs {
		c, err := estimators.Parse(spec)
		if err != nil {
			return err
		}
		list = append(list, c)
	}
	costs, err := m.time(ctx, list, rows, set)
	if err != nil {
		return err
	}
	questions := make([]*scoring.Question, len(list))
	for i, c := range list {
		questions[i] = scoring.QuestionOf(c, set)
		questions[i].Seeds = []uint64{m.seed}
	}
	archs := architectures(rows[:min(m.n, len(rows))])
	runner := scoring.NewRunner(questions, scoring.Options{
		Data: set, Store: kept, Workers: m.jobs, Retry: true,
		Machine: scoring.Machine{Code: m.code, CPU: m.cpu},
	})
	start := time.Now()
	limited, stop := context.WithTimeout(ctx, m.limit)
	defer stop()
	err = runner.Run(limited, archs, func(i int, _ []scoring.Answer) error {
		fmt.Fprintf(os.Stderr, "\r%d of %d, %v ", i+1, len(archs), time.Since(start).Round(time.Second))
		return nil
	})
	if err != nil && limited.Err() == nil {
		return err
	}
	records, err := store.Collect(kept.All())
	if err != nil {
		return err
	}
	found, err := m.summarise(records, rows, costs)
	if err != nil {
		return err
	}
	if m.scores != "" {
		if err := writeScores(m.scores, records, rows); err != nil {
			return err
		}
	}
	before, err := readMeasurements(measured)
	if err != nil {
		return err
	}
	found.Published = before.Published
	found.Data = set.Name
	return writeJSON(measured, found)
}

// readTable reads the table and brings it into the fixed order.
func readTable(path string) ([]bench301.Item, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows []bench301.Item
	for item, err := range bench301.Read(bench301.DARTS{}, path, f, "") {
		if err != nil {
			return nil, err
		}
		rows = append(rows, item)
	}
	rand.New(rand.NewPCG(301, 0)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return rows, nil
}

// time measures the cost of one estimate on its own, where the folder does not have it yet.
func (m measuring) time(ctx context.Context, list []*estimators.Configured, rows []bench301.Item,
	set *dataset.Set) (map[string]cost, error) {
	path := filepath.Join(m.folder, "costs.json")
	costs := map[string]cost{}
	if raw, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(raw, &costs); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	for _, c := range list {
		if _, known := costs[c.Label]; known || m.untimed {
			continue
		}
		var seconds []float64
		for i := range timed + 1 { // the first also prepares the images
			if i > 0 && seconds[0] > slow {
				break
			}
			before, ok := process.Used()
			if !ok {
				return costs, nil
			}
			if _, err := c.Score(ctx, rows[i].Architecture, estimators.NewEnv(set, 0)); err != nil {
				return nil, err
			}
			after, _ := process.Used()
			seconds = append(seconds, (after.CPU - before.CPU).Seconds())
		}
		if len(seconds) > 1 {
			seconds = seconds[1:]
		}
		slices.Sort(seconds)
		pace, err := m.pace(ctx, c, rows, set, seconds[0] > slow)
		if err != nil {
			return nil, err
		}
		costs[c.Label] = cost{seconds[len(seconds)/2], pace}
		fmt.Fprintf(os.Stderr, "%s: %.3g s, %.3g s on two cores\n", c.Label, costs[c.Label].CPU, costs[c.Label].Pace)
		if err := writeJSON(path, costs); err != nil {
			return nil, err
		}
	}
	return costs, nil
}

func architectures(rows []bench301.Item) []bench301.Architecture {
	archs := make([]bench301.Architecture, len(rows))
	for i, r := range rows {
		archs[i] = r.Architecture
	}
	return archs
}

// pace is the wall time of an architecture when two cores score one each, the least of two rounds.
func (m measuring) pace(ctx context.Context, c *estimators.Configured, rows []bench301.Item, set *dataset.Set,
	once bool) (float64, error) {
	n, rounds := 4*timed, 2
	if once {
		n, rounds = 2, 1
	}
	archs := architectures(rows[:min(n, len(rows))])
	least := math.Inf(1)
	q := scoring.QuestionOf(c, set)
	q.Seeds = []uint64{firstSeed}
	runner := scoring.NewRunner([]*scoring.Question{q}, scoring.Options{Data: set, Workers: 2})
	for range rounds {
		start := time.Now()
		if err := runner.Run(ctx, archs, nil); err != nil {
			return 0, err
		}
		least = min(least, time.Since(start).Seconds()/float64(len(archs)))
	}
	return least, nil
}

// summarise correlates every estimator's scores with the accuracies and the published scores.
func (m measuring) summarise(records []store.Record, rows []bench301.Item, costs map[string]cost) (Measurements,
	error) {
	out := Measurements{CPU: m.cpu, Code: m.code, Table: filepath.Base(m.table)}
	at := map[string]int{}
	for i, r := range rows {
		at[r.Architecture.ID()] = i
	}
	scores := map[string][]store.Record{}
	names := map[string]string{}
	type question struct {
		label, id string
		seed      uint64
	}
	seen := map[question]bool{}
	for _, r := range slices.Backward(records) { // the last of several: an older version may have had fewer settings
		c, err := estimators.New(r.Estimator, r.Settings)
		if err != nil {
			return out, err
		}
		if q := (question{c.Label, r.ID, r.Seed}); !seen[q] {
			seen[q] = true
			scores[c.Label], names[c.Label] = append(scores[c.Label], r), c.Info.Name
		}
	}
	var labels []string
	for _, info := range estimators.All() {
		var own []string
		for label, name := range names {
			if name == info.Name {
				own = append(own, label)
			}
		}
		slices.Sort(own)
		labels = append(labels, own...)
	}
	for _, label := range labels {
		e := Measurement{Estimator: names[label], Label: label, CPU: costs[label].CPU, Pace: costs[label].Pace}
		var x, y, ours, theirs []float64
		var again [2][]float64 // scores of both seeds
		first := map[string]float64{}
		for _, r := range scores[label] {
			if r.Seed == firstSeed && r.Score != nil {
				first[r.ID] = *r.Score
			}
		}
		for _, r := range scores[label] {
			i, ok := at[r.ID]
			if !ok {
				continue
			}
			if r.Seed == secondSeed {
				if v, ok := first[r.ID]; ok && r.Score != nil {
					again[0], again[1] = append(again[0], v), append(again[1], *r.Score)
				}
				continue
			}
			if r.Score == nil {
				e.Missing++
				continue
			}
			accuracy, err := rows[i].Float(accuracyColumn)
			if err != nil {
				return out, err
			}
			x, y = append(x, *r.Score), append(y, accuracy)
			if text, ok := rows[i].Field(e.Estimator); ok && strings.TrimSpace(text) != "" {
				v, err := strconv.ParseFloat(text, 64)
				if err != nil {
					return out, fmt.Errorf("%s:%d: %s: %w", rows[i].File, rows[i].Line, e.Estimator, err)
				}
				ours, theirs = append(ours, *r.Score), append(theirs, v)
			}
		}
		if err := e.correlate(x, y); err != nil {
			return out, fmt.Errorf("%s: %w", label, err)
		}
		for _, pair := range []struct {
			x, y []float64
			rho  **float64
			n    *int
		}{{ours, theirs, &e.Suite, &e.SuiteN}, {again[0], again[1], &e.Again, &e.AgainN}} {
			*pair.n = len(pair.x)
			if *pair.n < fewest {
				continue
			}
			rho, err := correlation.Spearman(pair.x, pair.y)
			if err != nil && !errors.Is(err, correlation.ErrUndefined) {
				return out, fmt.Errorf("%s: %w", label, err)
			}
			if err == nil {
				*pair.rho = &rho
			}
		}
		if e.N+e.Missing >= fewest {
			out.Measured = append(out.Measured, e)
		}
	}
	return out, nil
}

// correlate fills in the coefficients. Those that are undefined, as of a constant score, stay nil.
func (e *Measurement) correlate(x, y []float64) error {
	e.N = len(x)
	if len(x) >= fewest { // others may have failed
		tau, err := correlation.Kendall(x, y)
		switch {
		case errors.Is(err, correlation.ErrUndefined):
		case err != nil:
			return err
		default:
			d, err := correlation.Bootstrap(correlation.KendallTauB, x, y, correlation.Options{})
			if err != nil {
				return err
			}
			i, err := d.Interval(correlation.Percentile, 0.95)
			if err != nil {
				return err
			}
			e.Tau, e.Low, e.High = &tau, i.Low, i.High
		}
	}
	return nil
}

// writeScores writes the scores of the first seed as a table with the accuracies: a row an architecture, a column an
// estimator, named by its settings only where there are others of its name; empty where there is no score.
func writeScores(path string, records []store.Record, rows []bench301.Item) error {
	scores := map[string]map[string]string{}
	var labels, names []string
	count := map[string]int{} // of labels of a name
	for _, r := range records {
		if r.Seed != firstSeed {
			continue
		}
		c, err := estimators.New(r.Estimator, r.Settings)
		if err != nil {
			return err
		}
		if scores[c.Label] == nil {
			scores[c.Label], labels, names = map[string]string{}, append(labels, c.Label), append(names, c.Info.Name)
			count[c.Info.Name]++
		}
		if r.Score != nil {
			scores[c.Label][r.ID] = strconv.FormatFloat(*r.Score, 'g', -1, 64)
		}
	}
	for k, name := range names {
		if count[name] > 1 {
			names[k] = strings.NewReplacer(":", ".", ",", ".", "=", "-").Replace(labels[k]) // what replay takes
		}
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		table := csv.NewWriter(w)
		_ = table.Write(append([]string{"arch", accuracyColumn}, names...)) // Flush keeps the error
		for _, row := range rows {
			accuracy, _ := row.Field(accuracyColumn)
			line := []string{row.Architecture.String(), accuracy}
			for _, l := range labels {
				line = append(line, scores[l][row.Architecture.ID()])
			}
			_ = table.Write(line)
		}
		table.Flush()
		return table.Error()
	})
}

func writeJSON(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, append(raw, '\n'))
}
