package main

import (
	"context"
	"errors"
	"math"
	"strings"

	"rwe301/bench301"
	"rwe301/bench301/trained"
	"rwe301/internal/printable"
	"rwe301/scoring"
)

// trainedAnswer is what benchmarks know of an architecture.
type trainedAnswer struct {
	Arch       string            `json:"arch"`
	ID         string            `json:"id"`
	Name       string            `json:"name,omitempty"`
	Accuracies []trainedAccuracy `json:"accuracies"` // of all data sets that were imported, or of one
}

type trainedAccuracy struct {
	Dataset  string   `json:"dataset"`
	Accuracy *float64 `json:"accuracy"` // percent; null where the architecture is not covered
	Source   string   `json:"source"`   // what the accuracies are
}

// benchmark is the benchmark of trained networks that is asked, nil if a surrogate is, and the data set that is asked
// for, "" for all.
func (o *queryOptions) benchmark(asked bool) (*trained.Benchmark, string, error) {
	name, set, _ := strings.Cut(o.surrogate, ":")
	b := trained.Lookup(name)
	if b == nil && !asked {
		for _, other := range trained.Benchmarks() { // surrogates know nothing of its space
			if other.Space.Name() == o.in.space {
				b, set = other, ""
			}
		}
	}
	if b == nil {
		return nil, "", nil
	}
	if o.in.space == bench301.Spaces()[0].Name() { // the default
		o.in.space = b.Space.Name()
	}
	if o.in.space != b.Space.Name() {
		return nil, "", usagef("--surrogate %s: of the space %s: --space says so", o.surrogate, b.Space.Name())
	}
	if o.runtime.name != "" || o.members || o.noise {
		return nil, "", usagef("--runtime, --members and --noise-seed: of surrogates; %s has accuracies of networks that "+
			"were trained", b.Name)
	}
	if set != "" {
		known, err := b.Dataset(set)
		if err != nil {
			return nil, "", usageError{err}
		}
		set = known
	}
	return b, set, nil
}

// runTrained answers with the accuracies of a benchmark.
func (o *queryOptions) runTrained(
	ctx context.Context, s streams, args []string, b *trained.Benchmark, set string,
) error {
	t, err := scoring.Trained(b)
	if err != nil {
		return err
	}
	columns := t.Columns
	if set != "" {
		c := t.Column(set)
		if c == nil {
			in := scoring.Inputs{Space: b.Space}
			_, err := in.Accuracy(scoring.Accuracy{Source: scoring.AccuracySource(b.Name), Dataset: set}) // says what there is
			return err
		}
		columns = []*trained.Column{c}
	}
	var labels []string
	names := []string{"arch", "id"}
	for _, c := range columns {
		labels, names = append(labels, b.Label(c)), append(names, ">"+c.Dataset)
		if !o.json {
			s.say("%s: %s", b.Label(c), c.Measure)
		}
	}
	p := printerOf(s, o.recordOptions, append(names, "name"), func(a trainedAnswer) []any {
		cells := []any{a.Arch, a.ID}
		for _, v := range a.Accuracies {
			switch {
			case v.Accuracy != nil && o.csv:
				cells = append(cells, exact(*v.Accuracy))
			case v.Accuracy != nil:
				cells = append(cells, fixed(*v.Accuracy, 2))
			case o.csv:
				cells = append(cells, "")
			default:
				cells = append(cells, "not covered")
			}
		}
		return append(cells, a.Name)
	})
	asked, absent := 0, make([]int, len(columns))
	for item, failed := range o.in.each(ctx, args) {
		if err = failed; err != nil {
			break
		}
		i, ok := b.Index(item.Architecture)
		if !ok {
			err = at(item, errors.New("not an architecture of "+b.Title))
			break
		}
		asked++
		a := trainedAnswer{Arch: item.Architecture.String(), ID: item.Architecture.ID(), Name: printable.Line(item.Name)}
		for k, c := range columns {
			one := trainedAccuracy{Dataset: c.Dataset, Source: labels[k]}
			if v := c.Values[i]; !math.IsNaN(v) {
				one.Accuracy = &v
			} else {
				absent[k]++
			}
			a.Accuracies = append(a.Accuracies, one)
		}
		if err = p.print(a); err != nil {
			break
		}
	}
	err = errors.Join(p.close(), err)
	for k, n := range absent {
		if n > 0 {
			s.say("%d of %d architectures are not covered by %s", n, asked, labels[k])
		}
	}
	return err
}
