package estimators

import "strings"

// Family groups estimators that work alike.
type Family string

// The families.
const (
	Baseline       Family = "baseline"  // counts that need no image and no trained weight
	RWEFamily      Family = "rwe"       // a trained last layer on a frozen random network
	Features       Family = "features"  // statistics of a frozen random network's features
	Gradients      Family = "gradients" // derivatives of a random network
	Codes          Family = "codes"     // activations and on-off patterns of a random network
	TrainingFamily Family = "training"  // the first epochs of training the whole network
)

// Needs says what an estimator reads besides the architecture.
type Needs struct {
	Data      bool `json:"data"`
	Labels    bool `json:"labels"`
	Gradients bool `json:"gradients"`
}

// String says it in words: "images, labels", or "nothing".
func (n Needs) String() string {
	var words []string
	for _, w := range []struct {
		need bool
		word string
	}{{n.Data, "images"}, {n.Labels, "labels"}, {n.Gradients, "gradients"}} {
		if w.need {
			words = append(words, w.word)
		}
	}
	if words == nil {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

// Direction says which scores are meant to be better.
type Direction string

// The directions.
const (
	Higher Direction = "higher"
	Lower  Direction = "lower"
)

// Cost is the order of an estimate's time at default settings on one core.
type Cost string

// The cost classes.
const (
	Instant Cost = "instant" // below a millisecond: closed forms
	Cheap   Cost = "cheap"   // below a second
	Seconds Cost = "seconds"
	Minutes Cost = "minutes"
)

// Info describes an estimator. Formula, Mode and Caveats are sentences for people.
type Info struct {
	Name      string    `json:"name"`
	Measures  string    `json:"measures"` // what it measures, in few words
	Aliases   []string  `json:"aliases,omitempty"`
	Family    Family    `json:"family"`
	Trivial   bool      `json:"trivial"` // a count that any method must beat to be of use
	Random    bool      `json:"random"`  // a score depends on the seed: on weights, images or whatever else is drawn
	Needs     Needs     `json:"needs"`
	Direction Direction `json:"direction"` // which scores are meant to be better
	Unit      string    `json:"unit"`
	Cost      Cost      `json:"cost"`
	Paper     string    `json:"paper"`
	Cites     []string  `json:"cites,omitempty"` // BibTeX keys of the papers in study/bibliography.bib
	Formula   string    `json:"formula"`
	Mode      string    `json:"mode,omitempty"`    // weights, normalisation and images of the passes
	Caveats   string    `json:"caveats,omitempty"` // known failure modes
	Noise     string    `json:"noise,omitempty"`   // why the number is rounding noise, where it is
}

// Papers of several estimators.
const (
	suitePaper = "Krishnakumar et al. 2022, NAS-Bench-Suite-Zero, arXiv 2210.03230"
	ours       = "found in this project's first study"
)
