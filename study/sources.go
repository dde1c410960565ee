package study

import (
	"context"
	"fmt"
	"os"

	"rwe301/bench301/dataset"
	"rwe301/bench301/surrogate"
	"rwe301/estimators"
)

// loadData reads the images of a study.
func loadData(ctx context.Context, d *Definition) (*dataset.Set, error) {
	if d.Dataset.Name == "sample" {
		return dataset.Sample(), nil
	}
	if d.Dataset.Path != "" {
		return dataset.ReadCIFAR10(ctx, d.path(d.Dataset.Path))
	}
	cache, err := dataset.DefaultCache()
	if err != nil {
		return nil, err
	}
	return cache.CIFAR10(ctx)
}

// accuracy adds the question whose answers are the accuracies.
func (p *Plan) accuracy() error {
	a := p.Definition.Accuracy
	var q *Question
	var err error
	switch a.Source {
	case None:
		return nil
	case Table:
		q, err = p.tabulated(a)
	case Mini:
		q, err = p.predicted(surrogate.NewMini(), "")
	case Models:
		q, err = p.models(a)
	}
	if err != nil {
		return err
	}
	q.Label, q.Estimator, q.Hash = accuracyName, accuracyName, estimators.Hash(q.Settings)
	q.Seeds, q.Accuracy = []uint64{0}, true
	p.Questions = append(p.Questions, q)
	return nil
}

// tabulated takes the accuracies from a column. Architectures without one stay in the study and count as not covered.
func (p *Plan) tabulated(a Accuracy) (*Question, error) {
	t, err := p.table(a.File)
	if err != nil {
		return nil, err
	}
	l, err := newLookup(t, a.Column)
	if err != nil {
		return nil, err
	}
	if l.seeded {
		return nil, fmt.Errorf("%s: accuracies have no seeds: remove the column", t.file)
	}
	p.Unit, p.Truth = "percent", fmt.Sprintf("%s of %s", a.Column, t.base())
	return &Question{
		Settings: encode(map[string]any{"source": string(Table), "file": t.base(), "column": a.Column, "sha256": t.hash}), scorer: l,
	}, nil
}

// models takes the accuracies from an imported surrogate.
func (p *Plan) models(a Accuracy) (*Question, error) {
	path := p.Definition.path(a.File)
	e, err := surrogate.Load(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, p.Definition.errorf("accuracy: %s is a folder: `bench301 surrogate import` makes one file of it", a.File)
	}
	_, hash, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return p.predicted(e, hash)
}

// predicted takes the accuracies from a surrogate.
func (p *Plan) predicted(s surrogate.Surrogate, hash string) (*Question, error) {
	info := s.Info()
	if info.Unit != "percent" {
		return nil, p.Definition.errorf("accuracy: %s predicts %s, not accuracies", info.Name, info.Unit)
	}
	p.Unit, p.Truth = info.Unit, info.Name
	settings := map[string]any{"source": info.Kind, "name": info.Name, "members": info.Members}
	if hash != "" {
		settings["sha256"] = hash
	}
	return &Question{Settings: encode(settings), scorer: predicted{s}}, nil
}
