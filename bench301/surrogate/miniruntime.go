package surrogate

import (
	_ "embed" // the model is part of the binary
	"encoding/json"
	"fmt"
	"sync"

	"rwe301/bench301"
)

// The model, trained by tools/mini/runtime.py.
//
//go:embed miniruntime.json
var miniRuntimeModel []byte

// MiniRuntimeName is the mini runtime model's Info().Name.
const MiniRuntimeName = "mini runtime (approximation of NB301 lgb_runtime v0.9)"

// MiniRuntime approximates the seconds that training an architecture as NAS-Bench-301 did takes, as its LightGBM
// ensemble lgb_runtime v0.9 predicts them: a linear function of the features of [Mini]. Its Std is the root of the mean
// squared error in cross-validation. Cells unlike the training data are reported out of range.
type MiniRuntime struct {
	Validation MiniValidation

	intercept, std float64
	weights        []float64
	miniRange
}

// NewMiniRuntime returns the mini runtime model, which is part of the binary.
var NewMiniRuntime = sync.OnceValue(func() *MiniRuntime {
	var model struct {
		Intercept float64   `json:"intercept"`
		Std       float64   `json:"std"`
		Weights   []float64 `json:"weights"`
		miniRange
		Validation MiniValidation `json:"validation"`
	}
	err := json.Unmarshal(miniRuntimeModel, &model)
	if n := len(model.Weights); err == nil && (n != numFeatures || len(model.Min) != numCounts ||
		len(model.Max) != numCounts) {
		err = fmt.Errorf("%d weights, not %d", n, numFeatures)
	}
	if err != nil {
		panic(fmt.Sprintf("surrogate: %s inside the binary is damaged: %v", MiniRuntimeName, err))
	}
	return &MiniRuntime{Validation: model.Validation, intercept: model.Intercept, std: model.Std, weights: model.Weights,
		miniRange: model.miniRange}
})

// Info describes the mini runtime model.
func (m *MiniRuntime) Info() Info {
	return Info{Name: MiniRuntimeName, Kind: KindMini, Unit: Seconds, Members: 1}
}

// Predict answers for one architecture.
func (m *MiniRuntime) Predict(g bench301.Genotype) Prediction {
	var buf [maxPresent]feature
	x, counts := describe(g, buf[:0])
	mean := m.intercept
	for _, f := range x {
		mean += float64(m.weights[f.index] * f.value)
	}
	return Prediction{Mean: mean, Std: m.std, InRange: m.covers(&counts)}
}

// PredictBatch answers for many architectures.
func (m *MiniRuntime) PredictBatch(genotypes []bench301.Genotype, out []Prediction) {
	for i, g := range genotypes {
		out[i] = m.Predict(g)
	}
}
