package estimators

import (
	"strings"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators/inputs"
)

// reader is an estimator that reads images.
type reader interface {
	// reads lists the images of an estimate.
	reads() []inputs.Span
	// side is the height and width at which it reads them.
	side() int
}

// adaptiveReader is an estimator whose images depend on how many there are.
type adaptiveReader interface {
	readsOf(set *dataset.Set) []inputs.Span
	side() int
}

// Complete says which settings have to be given, where the defaults alone are good for no architecture.
func (c *Configured) Complete() error {
	if e, ok := c.Estimator.(incomplete); ok {
		return e.lacks()
	}
	return nil
}

// incomplete is an estimator that cannot do anything with its default settings.
type incomplete interface {
	lacks() error // says which settings have to be given
}

// Fits says, before anything is scored, whether the estimator is defined for architectures of the space of a.
func (c *Configured) Fits(a bench301.Architecture) error {
	if e, ok := c.Estimator.(choosy); ok {
		return e.fits(a)
	}
	return nil
}

// choosy is an estimator that is not defined for the architectures of every space.
type choosy interface {
	fits(bench301.Architecture) error
}

// reads lists the images that an estimate reads and the side at which it does; none where it reads none.
func (c *Configured) reads(set *dataset.Set) (spans []inputs.Span, side int) {
	switch r := c.Estimator.(type) {
	case reader:
		return r.reads(), r.side()
	case adaptiveReader:
		if set == nil {
			return []inputs.Span{{To: 1}}, r.side()
		}
		return r.readsOf(set), r.side()
	}
	return nil, 0
}

// Dataset names the images that an estimate reads: name and hash of the set, and ranges. It is empty where none are.
func (c *Configured) Dataset(env *Env) string {
	spans, _ := c.reads(env.Data)
	if len(spans) == 0 || env.Data == nil {
		return ""
	}
	parts := []string{env.Data.Name, env.Data.Hash}
	for _, s := range spans {
		parts = append(parts, s.String())
	}
	return strings.Join(parts, " ")
}

// Check says, before anything is scored, whether the environment has the images that the estimator reads.
func (c *Configured) Check(env *Env) error {
	spans, side := c.reads(env.Data)
	for _, s := range spans {
		if err := inputs.Check(env.Data, s, side); err != nil {
			return err
		}
	}
	return nil
}
