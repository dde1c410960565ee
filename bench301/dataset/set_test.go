package dataset

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// tiny is a split of 2x2 images whose pixels are their index, with labels 0 1 2 0 1 2 ...
func tiny(n int) Split {
	s := Split{Height: 2, Width: 2}
	for i := range n {
		s.Labels = append(s.Labels, i%3)
		for range 12 {
			s.Pixels = append(s.Pixels, uint8(i))
		}
	}
	return s
}

func TestSampleIsBalancedAndReal(t *testing.T) {
	s := Sample()
	if s.Train.Len() != 2000 || s.Test.Len() != 1000 || len(s.Train.Pixels) != 2000*3072 ||
		len(s.Test.Pixels) != 1000*3072 {
		t.Fatalf("%d training and %d test images", s.Train.Len(), s.Test.Len())
	}
	for _, part := range []Split{s.Train, s.Test} {
		count := make([]int, 10)
		for _, l := range part.Labels {
			count[l]++
		}
		if slices.Min(count) != part.Len()/10 {
			t.Errorf("images of each class: %v", count)
		}
	}
	// Mean and deviation of all of CIFAR-10's training images are 0 and 1 after normalisation.
	m := s.Train.Normalise(CIFAR10Normalisation)
	for c := range 3 {
		var sum, squares float64
		for i := c; i < len(m.Pixels); i += 3 {
			v := float64(m.Pixels[i])
			sum += v
			squares += v * v
		}
		n := float64(len(m.Pixels) / 3)
		if mean, square := sum/n, squares/n; mean < -0.03 || mean > 0.03 || square < 0.95 || square > 1.05 {
			t.Errorf("channel %d: mean %.3f, mean square %.3f", c, mean, square)
		}
	}
}

// TestSampleEqualsCIFAR10 compares with the real thing where BENCH301_CIFAR10 names a folder that holds it.
func TestSampleEqualsCIFAR10(t *testing.T) {
	dir := os.Getenv("BENCH301_CIFAR10")
	if dir == "" {
		t.Skip("BENCH301_CIFAR10 names no folder with CIFAR-10")
	}
	full, err := ReadCIFAR10(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("sample.json") // which of its images the sample consists of
	if err != nil {
		t.Fatal(err)
	}
	var from struct{ Train, Test []int }
	if err := json.Unmarshal(text, &from); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name         string
		sample, full Split
		indices      []int
	}{{"train", Sample().Train, full.Train, from.Train}, {"test", Sample().Test, full.Test, from.Test}} {
		want := c.full.Subset(c.indices)
		if !slices.Equal(c.sample.Pixels, want.Pixels) || !slices.Equal(c.sample.Labels, want.Labels) {
			t.Errorf("%s: the sample differs from CIFAR-10", c.name)
		}
		slices.Sort(c.indices)
		if len(slices.Compact(c.indices)) != want.Len() {
			t.Errorf("%s: an image appears twice", c.name)
		}
	}
}

func TestPick(t *testing.T) {
	s := tiny(60)
	for _, n := range []int{0, 1, 3, 30, 31, 32, 59, 60} {
		got, err := s.PickBalanced(rand.New(rand.NewPCG(1, 0)), n)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := s.PickBalanced(rand.New(rand.NewPCG(1, 0)), n)
		if !slices.Equal(got, again) {
			t.Errorf("%d images: the same seed drew others", n)
		}
		sub := s.Subset(got)
		count := make([]int, 3)
		for i, l := range sub.Labels {
			count[l]++
			if sub.Image(i)[0] != uint8(got[i]) {
				t.Fatalf("image %d of the subset is not image %d", i, got[i])
			}
		}
		if slices.Max(count)-slices.Min(count) > 1 {
			t.Errorf("%d images: %v of each class", n, count)
		}
		slices.Sort(got)
		if len(slices.Compact(got)) != n {
			t.Errorf("%d images: some came twice", n)
		}
		random, err := s.PickRandom(rand.New(rand.NewPCG(1, 0)), n)
		slices.Sort(random)
		if err != nil || len(slices.Compact(random)) != n {
			t.Errorf("%d random images: %d different ones, %v", n, len(random), err)
		}
	}
	for _, n := range []int{-1, 61} {
		if _, err := s.PickBalanced(rand.New(rand.NewPCG(1, 0)), n); err == nil {
			t.Errorf("%d of 60 images: no error", n)
		}
		if _, err := s.PickRandom(rand.New(rand.NewPCG(1, 0)), n); err == nil {
			t.Errorf("%d of 60 images: no error", n)
		}
	}
	if _, err := s.Subset([]int{0, 3, 2, 5}).PickBalanced(rand.New(rand.NewPCG(1, 0)), 3); err == nil {
		t.Error("a class without images: no error")
	}
}

func TestContentHash(t *testing.T) {
	base := newSet("a", nil, tiny(6), tiny(3))
	if other := newSet("b", []string{"x"}, tiny(6), tiny(3)); other.Hash != base.Hash {
		t.Error("the name changed the hash")
	}
	relabelled := tiny(6)
	relabelled.Labels[5] = 1
	repainted := tiny(6)
	repainted.Pixels[7]++
	for _, other := range []*Set{newSet("a", nil, relabelled, tiny(3)), newSet("a", nil, repainted, tiny(3)),
		newSet("a", nil, tiny(6), tiny(6)), newSet("a", nil, tiny(3), tiny(6))} {
		if other.Hash == base.Hash {
			t.Error("another content has the same hash")
		}
	}
}

func TestNewRefuses(t *testing.T) {
	classes := []string{"a", "b", "c"}
	if s, err := New("mine", classes, tiny(6), tiny(3), plain); err != nil ||
		s.Hash != newSet("", nil, tiny(6), tiny(3)).Hash || s.Normalisation != plain {
		t.Errorf("%+v, %v", s, err)
	}
	short, relabelled := tiny(6), tiny(6)
	short.Pixels = short.Pixels[1:]
	relabelled.Labels[2] = -1
	for name, err := range map[string]error{
		"pixels":        second(New("mine", classes, short, tiny(3), plain)),
		"label":         second(New("mine", classes, tiny(6), relabelled, plain)),
		"class":         second(New("mine", classes[:2], tiny(6), tiny(3), plain)),
		"no size":       second(New("mine", classes, tiny(6), Split{Labels: []int{0}}, plain)),
		"normalisation": second(New("mine", classes, tiny(6), tiny(3), Normalisation{})),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func second(_ *Set, err error) error { return err }
