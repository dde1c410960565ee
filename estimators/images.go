package estimators

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"rwe301/bench301/dataset"
)

// span is a range of images of a split: images From to To-1.
type span struct {
	Test     bool // of the test split, not the training split
	From, To int
}

func (s span) String() string {
	name := "train"
	if s.Test {
		name = "test"
	}
	return fmt.Sprintf("%s[%d:%d]", name, s.From, s.To)
}

// reader is an estimator that reads images.
type reader interface {
	// reads lists the images of an estimate.
	reads() []span
	// side is the height and width at which it reads them.
	side() int
}

// Dataset names the images that an estimate reads: name and hash of the set, and ranges. It is empty where none are.
func (c *Configured) Dataset(env *Env) string {
	r, ok := c.Estimator.(reader)
	if !ok || env.Data == nil {
		return ""
	}
	parts := []string{env.Data.Name, env.Data.Hash}
	for _, s := range r.reads() {
		parts = append(parts, s.String())
	}
	return strings.Join(parts, " ")
}

// Check says, before anything is scored, whether the environment has the images that the estimator reads.
func (c *Configured) Check(env *Env) error {
	r, ok := c.Estimator.(reader)
	if !ok {
		return nil
	}
	for _, s := range r.reads() {
		if err := env.check(s, r.side()); err != nil {
			return err
		}
	}
	return nil
}

// split returns the split of a span.
func (e *Env) split(s span) dataset.Split {
	if s.Test {
		return e.Data.Test
	}
	return e.Data.Train
}

func (e *Env) check(s span, side int) error {
	if e.Data == nil {
		return errors.New("needs images, and there are none")
	}
	split := e.split(s)
	if s.To > split.Len() {
		return fmt.Errorf("needs images %v: %s has %d there: ask for fewer images, or use a larger data set", s, e.Data.Name, split.Len())
	}
	for have := split.Height; have != side; have /= 2 {
		if have < side || have%2 != 0 || split.Height != split.Width {
			return fmt.Errorf("resolution: %d: the images of %s are %dx%d and can only be halved", side, e.Data.Name, split.Height, split.Width)
		}
	}
	return nil
}

// imageStore keeps normalised images; it is shared between goroutines.
type imageStore struct {
	mu    sync.Mutex
	ready map[imageKey]dataset.Images
}

type imageKey struct {
	span
	side int
}

func newImageStore() *imageStore { return &imageStore{ready: map[imageKey]dataset.Images{}} }

// normalised returns the images of a span, mean-pooled 2x2 until they have the given side. Nobody may change them.
func (e *Env) normalised(s span, side int) (dataset.Images, error) {
	if err := e.check(s, side); err != nil {
		return dataset.Images{}, err
	}
	e.images.mu.Lock()
	defer e.images.mu.Unlock()
	key := imageKey{s, side}
	if m, ok := e.images.ready[key]; ok {
		return m, nil
	}
	indices := make([]int, s.To-s.From)
	for i := range indices {
		indices[i] = s.From + i
	}
	m := e.split(s).Subset(indices).Normalise(e.Data.Normalisation)
	for m.Height != side {
		var err error
		if m, err = m.Halve(); err != nil {
			return dataset.Images{}, err
		}
	}
	e.images.ready[key] = m
	return m, nil
}
