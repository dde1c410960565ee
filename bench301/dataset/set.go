package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Set is a labelled data set. Sets are shared between goroutines: read them, never write to them.
type Set struct {
	Name    string   // e.g. "cifar10-sample"
	Hash    string   // the first 16 hex digits of ContentHash
	Classes []string // class names; a label is an index into them
	Train   Split
	Test    Split

	Normalisation Normalisation // what networks expect of such images
}

// Split is a list of images of one size with their labels.
type Split struct {
	Height, Width int
	Pixels        []uint8 // N x Height x Width x 3, red, green, blue
	Labels        []int   // N
}

// New makes a set of images that you have, and computes its hash. A split may be empty.
func New(name string, classes []string, train, test Split, n Normalisation) (*Set, error) {
	if slices.Contains(n.Std[:], 0) {
		return nil, fmt.Errorf("data set %s: normalisation by a standard deviation of zero", name)
	}
	for _, p := range []struct {
		name string
		Split
	}{{"training", train}, {"test", test}} {
		if p.Len() == 0 && len(p.Pixels) == 0 {
			continue
		}
		if p.Height < 1 || p.Width < 1 || len(p.Pixels) != p.Len()*p.Height*p.Width*3 {
			return nil, fmt.Errorf("data set %s: %s images: %d bytes are not %d images of %dx%d pixels", name, p.name,
				len(p.Pixels), p.Len(), p.Height, p.Width)
		}
		for i, l := range p.Labels {
			if l < 0 || l >= len(classes) || l >= maxClasses {
				return nil, fmt.Errorf("data set %s: %s image %d has label %d: there are %d classes", name, p.name, i, l,
					len(classes))
			}
		}
	}
	s := newSet(name, classes, train, test)
	s.Normalisation = n
	return s, nil
}

// newSet names a set of CIFAR-10's kind and computes its hash.
func newSet(name string, classes []string, train, test Split) *Set {
	s := &Set{Name: name, Classes: classes, Train: train, Test: test, Normalisation: CIFAR10Normalisation}
	s.Hash = s.ContentHash()[:16]
	return s
}

// ContentHash is the SHA-256, in hex, of the sizes, labels and pixels of both splits. The name, the class names and the
// way the images came here do not enter it.
func (s *Set) ContentHash() string {
	h := sha256.New()
	for _, p := range []Split{s.Train, s.Test} {
		var head []byte
		for _, n := range []int{len(p.Labels), p.Height, p.Width} {
			head = binary.LittleEndian.AppendUint32(head, uint32(n))
		}
		for _, l := range p.Labels {
			head = binary.LittleEndian.AppendUint16(head, uint16(l))
		}
		h.Write(head)
		h.Write(p.Pixels)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Len is the number of images.
func (s Split) Len() int { return len(s.Labels) }

// Image returns the bytes of image i, Height x Width x 3; they belong to the split.
func (s Split) Image(i int) []uint8 {
	size := s.Height * s.Width * 3
	return s.Pixels[i*size : (i+1)*size : (i+1)*size]
}

// Subset copies the images of the given indices, in that order.
func (s Split) Subset(indices []int) Split {
	out := Split{Height: s.Height, Width: s.Width, Labels: make([]int, 0, len(indices))}
	out.Pixels = make([]uint8, 0, len(indices)*s.Height*s.Width*3)
	for _, i := range indices {
		out.Pixels = append(out.Pixels, s.Image(i)...)
		out.Labels = append(out.Labels, s.Labels[i])
	}
	return out
}

// PickRandom draws n different images in random order and returns their indices.
func (s Split) PickRandom(rng *rand.Rand, n int) ([]int, error) {
	if err := s.enough(n); err != nil {
		return nil, err
	}
	return rng.Perm(s.Len())[:n], nil
}

// PickBalanced draws n different images, as many of each class as of any other up to one, in random order, and returns
// their indices. A class with too few images is an error.
func (s Split) PickBalanced(rng *rand.Rand, n int) ([]int, error) {
	if err := s.enough(n); err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, nil
	}
	byClass := make([][]int, slices.Max(s.Labels)+1)
	for i, l := range s.Labels {
		byClass[l] = append(byClass[l], i)
	}
	picked := make([]int, 0, n)
	for turn, class := range rng.Perm(len(byClass)) {
		want := n / len(byClass)
		if turn < n%len(byClass) {
			want++
		}
		have := byClass[class]
		if len(have) < want {
			return nil, fmt.Errorf("%d class-balanced images: class %d has %d images, %d are needed", n, class, len(have), want)
		}
		for _, k := range rng.Perm(len(have))[:want] {
			picked = append(picked, have[k])
		}
	}
	rng.Shuffle(n, func(i, j int) { picked[i], picked[j] = picked[j], picked[i] })
	return picked, nil
}

func (s Split) enough(n int) error {
	if n < 0 || n > s.Len() {
		return fmt.Errorf("%d images: the split has %d", n, s.Len())
	}
	return nil
}
