// Package inputs hands out what an estimate is made from besides the architecture and its settings: images, weights and
// random numbers.
//
// A [Source] is asked for them by purpose. [New] draws them from a data set and a seed, which is what a benchmark
// wants; package conformance gives those of reference cases, on which other programs computed the same scores.
package inputs

import (
	"fmt"
	"iter"

	"rwe301/bench301/dataset"
	"rwe301/network"
)

// Source hands out the inputs of estimates. The same question gets the same answer, whoever asks and in which order,
// and nobody may change an answer. It may be used by several goroutines.
type Source interface {
	// Images returns the images of a span, normalised and mean-pooled 2x2 until they have the given height and width.
	// With augment they are padded by 4, cropped and flipped at random, once for all architectures.
	Images(s Span, side int, augment bool) (dataset.Images, error)
	// Epochs prepares a training on a span. It returns what yields the batches of an epoch, counted from 0, each valid
	// until the next, in an order and with variations that are the same for every architecture.
	Epochs(s Span, side, size int, v dataset.Augmentation) (func(epoch int) iter.Seq2[dataset.Images, error], error)
	// Weights returns the parameters of the network of an architecture, which arch identifies. Draws are independent.
	Weights(p *network.Plan, arch string, s network.Scheme, draw int) ([]float32, error)
	// Rand starts the stream of one purpose. The parts (an architecture, the number of a draw) tell streams apart.
	Rand(purpose string, parts ...any) Rand
	// Seed is the seed of a stream that somebody else draws.
	Seed(purpose string, parts ...any) uint64
}

// Rand is a stream of random numbers, as *rand.Rand of math/rand/v2 is one.
type Rand interface {
	IntN(n int) int
	Float64() float64
	NormFloat64() float64
	Perm(n int) []int
	Uint64() uint64
}

// Span is a range of images of a split: images From to To-1.
type Span struct {
	Test     bool // of the test split, not the training split
	Drawn    bool // of a random order of the split, not of its own
	From, To int
}

// Len is the number of images.
func (s Span) Len() int { return s.To - s.From }

func (s Span) String() string {
	name := "train"
	if s.Test {
		name = "test"
	}
	if s.Drawn {
		name += " drawn"
	}
	return fmt.Sprintf("%s[%d:%d]", name, s.From, s.To)
}

// Batches cuts n images into as few batches of at most size as possible, of equal sizes up to one, so that none is left
// with too few images for statistics.
func Batches(n, size int) []Span {
	count := (n + size - 1) / size
	out := make([]Span, count)
	for i := range out {
		out[i] = Span{From: i * n / count, To: (i + 1) * n / count}
	}
	return out
}
