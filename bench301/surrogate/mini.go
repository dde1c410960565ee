package surrogate

import (
	_ "embed" // the model is part of the binary
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"sync"

	"rwe301/bench301"
)

// The models, trained by tools/mini/train.py: on the accuracies of v1.0, and with those of v0.9 as well.
var (
	//go:embed mini.json
	miniFacts []byte
	//go:embed mini.f32
	miniWeights []byte
	//go:embed mini2.json
	mini2Facts []byte
	//go:embed mini2.f32
	mini2Weights []byte
)

// KindMini is the kind of the surrogates inside the binary.
const KindMini = "mini"

// MiniName is the mini surrogate's Info().Name, mini2Name that of the second one.
const (
	MiniName  = "mini (approximation of NB301 XGB v1.0)"
	mini2Name = "mini2 (approximation of NB301 XGB v1.0 and v0.9)"
)

// MiniValidation says how well a surrogate inside the binary predicts architectures that it was not trained on, by
// cross-validation over architectures.
type MiniValidation struct {
	Folds        int       `json:"folds"`
	Kendall      float64   `json:"kendall"`       // tau-b over all held-out predictions
	KendallFolds []float64 `json:"kendall_folds"` // tau-b in each fold
	Spearman     float64   `json:"spearman"`
	R2           float64   `json:"r2"`
	MAE          float64   `json:"mean_absolute_error"`             // in the unit of Info
	Relative     float64   `json:"median_relative_error,omitempty"` // a fraction; of training times
	Coverage     float64   `json:"coverage_1"`                      // part of the errors within 1 Std; 0.683 if normal
	Coverage95   float64   `json:"coverage_1.96"`                   // part within 1.96 Std
}

// Mini approximates the accuracy that NAS-Bench-301's XGBoost v1.0 ensemble gives, by a quadratic function of features
// of the two cells: x'Mx + b'x + a, a ridge regression. Its Std is a constant, the root of the mean squared error in
// cross-validation. Cells unlike the training data (uniformly drawn ones), such as one of eight skips, are reported out
// of range: there it may be off by several percent.
type Mini struct {
	Validation MiniValidation

	name           string
	intercept, std float64
	linear         []float64
	quadratic      [][]float64 // quadratic[i][j-i], j >= i, times x[i] x[j]
	miniRange
}

// NewMini returns the mini surrogate, which is part of the binary.
var NewMini = sync.OnceValue(func() *Mini { return readMini(MiniName, miniFacts, miniWeights) })

// NewMini2 returns a mini surrogate that was trained on three times as many architectures, with accuracies of v0.9
// beside those of v1.0. Its numbers differ from those of NewMini, which stay as they are.
var NewMini2 = sync.OnceValue(func() *Mini { return readMini(mini2Name, mini2Facts, mini2Weights) })

// readMini reads one of the models inside the binary.
func readMini(name string, about, weights []byte) *Mini {
	var facts struct {
		Features  int     `json:"features"`
		Intercept float64 `json:"intercept"`
		Std       float64 `json:"std"`
		miniRange
		Validation MiniValidation `json:"validation"`
	}
	err := json.Unmarshal(about, &facts)
	n := facts.Features
	if want := 4 * (n + n*(n+1)/2); err == nil && (n != numFeatures || len(weights) != want ||
		len(facts.Min) != numCounts || len(facts.Max) != numCounts) {
		err = fmt.Errorf("%d features and %d bytes of weights, not %d and %d", n, len(weights), numFeatures, want)
	}
	if err != nil {
		panic(fmt.Sprintf("surrogate: %s inside the binary is damaged: %v", name, err))
	}
	m := &Mini{Validation: facts.Validation, name: name, intercept: facts.Intercept, std: facts.Std,
		miniRange: facts.miniRange}
	rest := weights
	take := func(n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(rest)))
			rest = rest[4:]
		}
		return out
	}
	m.linear = take(n)
	for i := range n {
		m.quadratic = append(m.quadratic, take(n-i))
	}
	return m
}

// Info describes the mini surrogate.
func (m *Mini) Info() Info {
	return Info{Name: m.name, Kind: KindMini, Unit: Percent, Members: 1}
}

// Predict answers for one architecture.
func (m *Mini) Predict(g bench301.Genotype) Prediction {
	var buf [maxPresent]feature
	x, counts := describe(g, buf[:0])
	mean := m.intercept
	for k, a := range x {
		row := m.quadratic[a.index]
		sum := m.linear[a.index]
		for _, b := range x[k:] {
			sum += float64(row[b.index-a.index] * b.value)
		}
		mean += float64(a.value * sum)
	}
	return Prediction{Mean: mean, Std: m.std, InRange: m.covers(&counts)}
}

// resembles reports whether an architecture is like those whose NAS-Bench-301 accuracies we know: the training data of
// the mini surrogate.
func resembles(g *bench301.Genotype) bool {
	var counts [numCounts]int
	countCell(counts[:cellCounts], &g.Normal)
	countCell(counts[cellCounts:], &g.Reduce)
	return NewMini().covers(&counts)
}

// PredictBatch answers for many architectures.
func (m *Mini) PredictBatch(genotypes []bench301.Genotype, out []Prediction) {
	for i, g := range genotypes {
		out[i] = m.Predict(g)
	}
}
