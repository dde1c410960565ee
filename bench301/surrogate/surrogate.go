// Package surrogate predicts the accuracy, or the training time, that NAS-Bench-301 (Zela et al. 2022, arXiv
// 2008.09777) gives an architecture of the DARTS space.
//
// What to call first:
//
//	Predict without any download             NewMini and NewMiniRuntime, approximations inside the binary
//	Find a surrogate by name or path         Open; Installed lists the names of a folder
//	Read a published ensemble                Load: XGBoost, LightGBM and GIN models, without Python; Ensemble.Save
//	Download the published archives          Fetch
//	Ask about many architectures             Surrogate.PredictBatch, or a Question for what is printed and sent
//	Take architectures of any space          Genotype, whose error is ErrSpace where no surrogate answers
//
// Accuracies are percent on CIFAR-10, training times seconds. They depend neither on how an architecture is spelled nor
// on the number of processors. Model files are data: nothing in a pickle is run.
package surrogate

import (
	"errors"

	"rwe301/bench301"
)

// Surrogate predicts a property of DARTS-space architectures. Implementations are safe for concurrent use.
type Surrogate interface {
	// Info says what the surrogate is; Info().Name stands wherever its numbers appear.
	Info() Info
	// Predict answers for one architecture. The genotype must be valid; spelling does not matter.
	Predict(bench301.Genotype) Prediction
	// PredictBatch answers for many at once: out[i] belongs to genotypes[i]; the lengths must be equal.
	PredictBatch(genotypes []bench301.Genotype, out []Prediction)
}

// Info describes a surrogate.
type Info struct {
	Name    string `json:"name"`    // e.g. "mini (approximation of NB301 XGB v1.0)"
	Kind    string `json:"kind"`    // mini, xgb, lgb, gin
	Unit    string `json:"unit"`    // "percent" or "seconds"
	Members int    `json:"members"` // size of the ensemble, 1 for those inside the binary
}

// Prediction is a surrogate's answer.
type Prediction struct {
	Mean    float64   // in the unit of Info
	Std     float64   // standard deviation over the members (mini: a fitted constant)
	Members []float64 // one value a member, in member order; nil for the mini surrogate
	InRange bool      // the architecture resembles those that the surrogate was trained on
}

// Space is the search space whose architectures surrogates answer for.
func Space() bench301.Space { return bench301.DARTS{} }

// ErrSpace says that an architecture is of another space than [Space].
var ErrSpace = errors.New("NAS-Bench-301 answers for the DARTS space only")

// Genotype is an architecture as surrogates take it, or ErrSpace.
func Genotype(a bench301.Architecture) (bench301.Genotype, error) {
	g, ok := a.(bench301.Genotype)
	if !ok {
		return g, ErrSpace
	}
	return g, nil
}
