package inputs

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"

	"rwe301/bench301/dataset"
	"rwe301/network"
)

// drawn draws everything from a data set and a seed.
type drawn struct {
	data *dataset.Set // nil where no estimator needs images
	seed uint64

	mu    sync.Mutex
	ready map[imageKey]dataset.Images
}

type imageKey struct {
	Span
	side    int
	augment bool
}

// New draws from a data set, which may be nil where no images are needed, under a seed.
func New(data *dataset.Set, seed uint64) Source {
	return &drawn{data: data, seed: seed, ready: map[imageKey]dataset.Images{}}
}

// Check says whether a data set has the images of a span and can shrink them to a side.
func Check(data *dataset.Set, s Span, side int) error {
	if data == nil {
		return errors.New("needs images, and there are none")
	}
	split := splitOf(data, s)
	if s.To > split.Len() {
		return fmt.Errorf("needs images %v: %s has %d there: ask for fewer images, or use a larger data set", s,
			data.Name, split.Len())
	}
	for have := split.Height; have != side; have /= 2 {
		if have < side || have%2 != 0 || split.Height != split.Width {
			return fmt.Errorf("resolution: %d: the images of %s are %dx%d and can only be halved", side, data.Name,
				split.Height, split.Width)
		}
	}
	return nil
}

func splitOf(data *dataset.Set, s Span) dataset.Split {
	if s.Test {
		return data.Test
	}
	return data.Train
}

// Images implements Source. Images are made once.
func (d *drawn) Images(s Span, side int, augment bool) (dataset.Images, error) {
	if err := Check(d.data, s, side); err != nil {
		return dataset.Images{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	key := imageKey{s, side, augment}
	if m, ok := d.ready[key]; ok {
		return m, nil
	}
	m, err := d.images(s, augment)
	if err == nil {
		m, err = shrink(m, side)
	}
	if err == nil {
		d.ready[key] = m
	}
	return m, err
}

func (d *drawn) images(s Span, augment bool) (dataset.Images, error) {
	if !augment {
		return d.subset(s).Normalise(d.data.Normalisation), nil
	}
	b := dataset.Batches{
		Split: d.subset(s), Size: s.Len(), Seed: d.Seed("augmentation", s.From/s.Len()), // pad 4, as NASLib does
		Normalisation: d.data.Normalisation, Augmentation: dataset.Augmentation{Pad: 4, Flip: true},
	}
	if err := b.Validate(); err != nil {
		return dataset.Images{}, err
	}
	for m := range b.Epoch(0) {
		return m, nil
	}
	return dataset.Images{}, errors.New("no images")
}

// subset are the images of a span. The random order of drawn ones depends on the seed alone, so that spans of one split
// that do not overlap share no image.
func (d *drawn) subset(s Span) dataset.Split {
	split := splitOf(d.data, s)
	if s.Drawn {
		return split.Subset(d.Rand("images", s.Test).Perm(split.Len())[s.From:s.To])
	}
	indices := make([]int, s.Len())
	for i := range indices {
		indices[i] = s.From + i
	}
	return split.Subset(indices)
}

// shrink mean-pools 2x2 until the images have the given side.
func shrink(m dataset.Images, side int) (dataset.Images, error) {
	var err error
	for m.Height != side && err == nil {
		m, err = m.Halve()
	}
	return m, err
}

// Epochs implements Source.
func (d *drawn) Epochs(s Span, side, size int,
	v dataset.Augmentation) (func(int) iter.Seq2[dataset.Images, error], error) {
	if err := Check(d.data, s, side); err != nil {
		return nil, err
	}
	b := dataset.Batches{Split: d.subset(s), Size: size, Seed: d.Seed("training"),
		Normalisation: d.data.Normalisation, Augmentation: v}
	if err := b.Validate(); err != nil {
		return nil, err
	}
	return func(epoch int) iter.Seq2[dataset.Images, error] {
		return func(yield func(dataset.Images, error) bool) {
			for m := range b.Epoch(epoch) {
				if !yield(shrink(m, side)) {
					return
				}
			}
		}
	}, nil
}

// Weights implements Source.
func (d *drawn) Weights(p *network.Plan, arch string, s network.Scheme, draw int) ([]float32, error) {
	theta := make([]float32, p.NumParams())
	return theta, network.Initialise(p, theta, s, d.Seed("weights", arch, draw))
}

// Rand implements Source.
func (d *drawn) Rand(purpose string, parts ...any) Rand {
	s := d.Seed(purpose, parts...)
	return rand.New(rand.NewPCG(s, s))
}

// Seed implements Source.
func (d *drawn) Seed(purpose string, parts ...any) uint64 {
	sum := sha256.Sum256(fmt.Append(nil, d.seed, purpose, parts))
	return binary.LittleEndian.Uint64(sum[:])
}
