package surrogate

import "rwe301/bench301"

// Question asks a surrogate of accuracies, and perhaps one of training times, about architectures.
type Question struct {
	Accuracy Surrogate
	Runtime  Surrogate // nil: not asked
	Members  bool      // answer with every member's prediction
	Noise    *uint64   // seed of a noisy prediction; nil: none
}

// Answer is what is printed or sent for one architecture. The names of the JSON fields are fixed.
type Answer struct {
	Arch      string    `json:"arch"`
	ID        string    `json:"id"`
	Accuracy  float64   `json:"accuracy"` // percent
	Std       float64   `json:"std"`
	InRange   bool      `json:"in_range"`
	Surrogate string    `json:"surrogate"`
	Noisy     *float64  `json:"noisy,omitempty"`
	Members   []float64 `json:"members,omitempty"`
	Runtime   *float64  `json:"runtime,omitempty"` // seconds
	// Of the surrogate of training times.
	RuntimeInRange   *bool  `json:"runtime_in_range,omitempty"`
	RuntimeSurrogate string `json:"runtime_surrogate,omitempty"`
}

// Ask answers for every architecture in order.
func (q *Question) Ask(genotypes []bench301.Genotype) []Answer {
	name := q.Accuracy.Info().Name
	predictions := make([]Prediction, len(genotypes))
	q.Accuracy.PredictBatch(genotypes, predictions)
	var seconds []Prediction
	if q.Runtime != nil {
		seconds = make([]Prediction, len(genotypes))
		q.Runtime.PredictBatch(genotypes, seconds)
	}
	answers := make([]Answer, len(genotypes))
	for i, g := range genotypes {
		p := predictions[i]
		a := Answer{Arch: g.String(), ID: g.ID(), Accuracy: p.Mean, Std: p.Std, InRange: p.InRange, Surrogate: name}
		if q.Members {
			a.Members = p.Members
		}
		if q.Noise != nil {
			noisy := p.Noisy(g, *q.Noise)
			a.Noisy = &noisy
		}
		if seconds != nil {
			a.Runtime, a.RuntimeInRange = &seconds[i].Mean, &seconds[i].InRange
			a.RuntimeSurrogate = q.Runtime.Info().Name
		}
		answers[i] = a
	}
	return answers
}
