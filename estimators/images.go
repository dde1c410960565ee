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
	Drawn    bool // of a random order of the split, not of its own
	From, To int
}

func (s span) String() string {
	name := "train"
	if s.Test {
		name = "test"
	}
	if s.Drawn {
		name += " drawn"
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

// adaptiveReader is an estimator whose images depend on how many there are.
type adaptiveReader interface {
	readsOf(set *dataset.Set) []span
	side() int
}

// reads lists the images that an estimate reads and the side at which it does; none where it reads none.
func (c *Configured) reads(set *dataset.Set) (spans []span, side int) {
	switch r := c.Estimator.(type) {
	case reader:
		return r.reads(), r.side()
	case adaptiveReader:
		if set == nil {
			return []span{{To: 1}}, r.side()
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
		if err := env.check(s, side); err != nil {
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
	side    int
	augment bool
}

func newImageStore() *imageStore { return &imageStore{ready: map[imageKey]dataset.Images{}} }

// get returns the images of a key, made once. Nobody may change them.
func (s *imageStore) get(key imageKey, make func() (dataset.Images, error)) (dataset.Images, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, ok := s.ready[key]; ok {
		return m, nil
	}
	m, err := make()
	if err == nil {
		s.ready[key] = m
	}
	return m, err
}

// normalised returns the images of a span, mean-pooled 2x2 until they have the given side.
func (e *Env) normalised(s span, side int) (dataset.Images, error) {
	if err := e.check(s, side); err != nil {
		return dataset.Images{}, err
	}
	return e.images.get(imageKey{s, side, false}, func() (dataset.Images, error) {
		return shrink(e.split(s).Subset(e.indices(s)).Normalise(e.Data.Normalisation), side)
	})
}

// indices lists the images of a span. The random order of drawn ones depends on the seed alone, so that spans of one
// split that do not overlap share no image.
func (e *Env) indices(s span) []int {
	if s.Drawn {
		return e.rng("images", s.Test).Perm(e.split(s).Len())[s.From:s.To]
	}
	indices := make([]int, s.To-s.From)
	for i := range indices {
		indices[i] = s.From + i
	}
	return indices
}

// batch returns batch number k of n drawn training images, the same for every architecture, cropped and flipped at
// random if augment says so (pad 4, as NASLib does).
func (e *Env) batch(n, k, side int, augment bool) (dataset.Images, error) {
	s := span{Drawn: true, From: k * n, To: (k + 1) * n}
	if !augment {
		return e.normalised(s, side)
	}
	if err := e.check(s, side); err != nil {
		return dataset.Images{}, err
	}
	return e.images.get(imageKey{s, side, true}, func() (dataset.Images, error) {
		b := dataset.Batches{
			Split: e.split(s).Subset(e.indices(s)), Size: n, Seed: e.derive("augmentation", k),
			Normalisation: e.Data.Normalisation, Augmentation: dataset.Augmentation{Pad: 4, Flip: true},
		}
		if err := b.Validate(); err != nil {
			return dataset.Images{}, err
		}
		for m := range b.Epoch(0) {
			return shrink(m, side)
		}
		return dataset.Images{}, errors.New("no images")
	})
}

// shrink mean-pools 2x2 until the images have the given side.
func shrink(m dataset.Images, side int) (dataset.Images, error) {
	var err error
	for m.Height != side && err == nil {
		m, err = m.Halve()
	}
	return m, err
}
