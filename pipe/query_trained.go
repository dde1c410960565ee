package pipe

import (
	"context"
	"math"
	"strings"

	"rwe301/bench301/trained"
	"rwe301/scoring"
)

// measured are accuracies of trained networks, in the columns of a prediction: std is null, and in_range says whether a
// benchmark covers the architecture, whose value is null if not.
type measured struct {
	columns
	Surrogate string     `json:"surrogate"`
	Unit      string     `json:"unit"`
	Kind      string     `json:"kind"`
	Measure   string     `json:"measure"` // what the accuracies are
	Value     []*float64 `json:"value"`
	Std       []*float64 `json:"std"`
	InRange   []bool     `json:"in_range"`
}

// kindTrained is the kind of such accuracies, where surrogates have theirs.
const kindTrained = "trained"

// trainedColumn finds accuracies of trained networks by what stands for a surrogate, nasbench201 or
// nasbench201:cifar100; b is nil of a surrogate.
func trainedColumn(name string) (b *trained.Benchmark, c *trained.Column, err error) {
	name, set, _ := strings.Cut(name, ":")
	if b = trained.Lookup(name); b == nil {
		return nil, nil, nil
	}
	in := scoring.Inputs{Space: b.Space}
	if _, err := in.Accuracy(scoring.Accuracy{Source: scoring.AccuracySource(name), Dataset: set}); err != nil {
		return nil, nil, invalid(err) // says what there is
	}
	t, err := scoring.Trained(b)
	if err == nil {
		set, err = b.Dataset(set)
	}
	if err != nil {
		return nil, nil, invalid(err)
	}
	return b, t.Column(set), nil
}

// queryTrained answers with accuracies of trained networks.
func queryTrained(_ context.Context, b *trained.Benchmark, c *trained.Column, asked archs) (any, error) {
	if asked.Space == "" {
		asked.Space = b.Space.Name()
	}
	space, list, err := asked.read()
	if err != nil {
		return nil, err
	}
	out := measured{columns: columnsOf(list), Surrogate: b.Label(c), Unit: string(scoring.Percent), Kind: kindTrained,
		Measure: c.Measure.String(), Value: make([]*float64, len(list)), Std: make([]*float64, len(list)),
		InRange: make([]bool, len(list))}
	for k, a := range list {
		i, ok := b.Index(a)
		if !ok {
			return nil, invalidf("archs[%d], of the space %s: %s has networks of %s", k, space.Name(), b.Title, b.Space.Name())
		}
		if v := c.Values[i]; !math.IsNaN(v) {
			out.Value[k], out.InRange[k] = &v, true
		}
	}
	return out, nil
}
