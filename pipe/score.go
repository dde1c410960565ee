package pipe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"rwe301/analysis"
	"rwe301/bench301/dataset"
	"rwe301/internal/printable"
	"rwe301/scoring"
	"rwe301/store"
)

// scored is a score with the name that its request gives the estimator.
type scored struct {
	Label string `json:"label"`
	store.Record
}

// score scores architectures with estimators.
func (s *Server) score(ctx context.Context, c *call) (_ any, err error) {
	p := struct {
		archs
		Estimators []string         `json:"estimators"`
		Data       string           `json:"data"`
		DataSide   int              `json:"data_side"`
		DataTrain  int              `json:"data_train"`
		DataTest   int              `json:"data_test"`
		Seeds      []number[uint64] `json:"seeds"`
		Jobs       int              `json:"jobs"`
		Out        string           `json:"out"`
	}{Data: "sample", Seeds: make([]number[uint64], 1)}
	if err := c.decode(&p); err != nil {
		return nil, err
	}
	switch {
	case len(p.Estimators) == 0:
		return nil, invalidf("estimators: name one at least, such as params or rwe")
	case len(p.Seeds) == 0:
		return nil, invalidf("seeds: name one at least")
	case p.Jobs < 0:
		return nil, invalidf("jobs: %d: must not be negative", p.Jobs)
	}
	var seeds []uint64
	for _, s := range p.Seeds {
		if slices.Contains(seeds, s.is) {
			return nil, invalidf("seeds: %d stands twice", s.is)
		}
		seeds = append(seeds, s.is)
	}
	_, list, err := p.read()
	if err != nil {
		return nil, err
	}
	configured, err := scoring.Configure(p.Estimators)
	if err != nil {
		return nil, invalid(err)
	}
	var inputs scoring.Inputs
	data, err := scoring.Ready(configured, func() (*dataset.Set, error) {
		return inputs.Images(ctx, scoring.Images{Name: p.Data, Side: p.DataSide, Train: p.DataTrain, Test: p.DataTest},
			func(done, total int64) { c.progress("reading images", int(done), int(total)) })
	})
	if err == nil {
		err = scoring.Fit(configured, list)
	}
	if err != nil {
		return nil, err
	}
	var questions []*scoring.Question
	var counts []*count
	for _, e := range configured {
		q := scoring.QuestionOf(e, data)
		q.Seeds = seeds
		questions, counts = append(questions, q), append(counts, &count{reasons: map[string]int{}})
	}
	options := scoring.Options{Data: data, Workers: p.Jobs, Retry: true, Machine: s.Machine}
	if p.Out != "" {
		kept, err := store.OpenJSONL(p.Out)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, kept.Close()) }()
		options.Store = kept
	}
	out := struct {
		Scores []scored `json:"scores"`
		Notes  []string `json:"notes"`
	}{[]scored{}, []string{}}
	var finished atomic.Int64
	options.Progress = func(n int) { finished.Store(int64(n)) }
	defer c.tell("scoring", &finished, len(list))()
	err = scoring.NewRunner(questions, options).Run(ctx, list, func(_ int, answers []scoring.Answer) error {
		for i, a := range answers {
			k := i % len(questions)
			out.Scores = append(out.Scores, scored{questions[k].Label, a.Record})
			counts[k].add(a)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	found := 0
	for k, q := range questions {
		found += counts[k].ok
		out.Notes = append(out.Notes, counts[k].notes(q.Label, len(list)*len(seeds))...)
	}
	if found == 0 && len(list) > 0 {
		return nil, fmt.Errorf("nothing was scored: %s", strings.Join(out.Notes, "; "))
	}
	return out, nil
}

// count are the answers to one question.
type count struct {
	scoring.Tally
	ok, failed, undefined int
	reasons               map[string]int // of those that are no score
}

func (n *count) add(a scoring.Answer) {
	n.Tally.Add(a)
	switch a.Status {
	case store.OK:
		n.ok++
		return
	case store.Failed:
		n.failed++
	case store.Undefined:
		n.undefined++
	}
	n.reasons[a.Error]++
}

// notes say which scores are missing or to be distrusted.
func (n *count) notes(label string, asked int) (list []string) {
	for _, m := range []struct {
		count int
		what  string
	}{{n.failed, "failed"}, {n.undefined, "are undefined"}} {
		if m.count > 0 {
			list = append(list, fmt.Sprintf("%s: %d of %d scores %s: %s", label, m.count, asked, m.what,
				printable.Cut(or(analysis.CommonestOf(n.reasons), "for no reason that was given"), 300)))
		}
	}
	for _, text := range slices.Sorted(maps.Keys(n.Warnings)) {
		list = append(list, fmt.Sprintf("%s: %d scores: %s", label, n.Warnings[text], text))
	}
	return list
}

// beat is how often a request that takes long says how far it is. A client that is gone is noticed by it.
const beat = time.Second

// tell tells how many things are finished until the function that it returns is called.
func (c *call) tell(what string, finished *atomic.Int64, total int) (end func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		clock := time.NewTicker(beat)
		defer clock.Stop()
		for {
			select {
			case <-stop:
				return
			case <-clock.C:
				c.progress(what, int(finished.Load()), total)
			}
		}
	}()
	return func() { close(stop); <-stopped }
}
