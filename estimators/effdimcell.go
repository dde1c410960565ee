package estimators

import (
	"context"

	"rwe301/bench301"
)

// The registry's entry.
var effDimCellEntry = define(Info{
	Name: "effdim-cell", Measures: "map-effdim and counts of the cells",
	Family: Features, Random: true, Needs: Needs{Data: true}, Direction: Higher,
	Unit: "standard deviations", Cost: Cheap,
	Paper: "this project, docs/results/random",
	Formula: "map-effdim/25.5 + S/1.8 + E/1.4 + K, S the separable convolutions of both cells, E the edges of both " +
		"cells (of 16) that begin at an input of the cell, K the skip connections of the normal cell",
	Mode: frozenMode,
	Caveats: "no label-free score in the strict sense: its terms were chosen by accuracies of NAS-Bench-301, those of " +
		"the published XGBoost v0.9 for 3999 random architectures, over which each term but K, whose deviation is 1, is " +
		"divided by its standard deviation; on 3998 others tau-b was 0.647, that of map-effdim 0.506; three of its four " +
		"terms are counts; settings other than map-effdim's defaults change the weight of that term; elsewhere (other " +
		"search spaces, other surrogates than NAS-Bench-301's) nothing is known; defined for DARTS cells only",
}, effDimSettings{frozenSettings: mapFeatures(), Lambda: 0.1},
	func(s effDimSettings) Estimator { return effDimCell{mapEffDim{s}} }).offering(cheapFeatures)

// effDimCell is the sum of map-effdim, with which it shares all work, and three counts, each in its standard deviations
// over the random architectures by whose accuracies they were chosen (docs/results/random/rule.py).
type effDimCell struct{ mapEffDim }

func (e effDimCell) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	n, err := countOperations(a)
	if err != nil {
		return Score{}, err
	}
	s, err := e.mapEffDim.Estimate(ctx, a, env)
	if err != nil {
		return Score{}, err
	}
	s.Value = s.Value/25.5 + float64(n.Separable)/1.8 + float64(n.FromInputs)/1.4 + float64(n.NormalSkips)
	return s, nil
}

func (effDimCell) fits(a bench301.Architecture) error {
	_, err := countOperations(a)
	return err
}
