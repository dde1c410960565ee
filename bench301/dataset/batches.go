package dataset

import (
	"fmt"
	"iter"
	"math/rand/v2"
)

// Augmentation varies a training image at random. The zero value leaves it alone.
type Augmentation struct {
	Pad    int  // pad with this many black pixels on each side, then crop the original size at a random place
	Flip   bool // mirror every other image, on average
	Cutout int  // grey out a square of this side with a random centre, cut off at the borders (arXiv 1708.04552)
}

// DARTSAugmentation is what DARTS trains with: pad 4 and crop, flip, cutout 16.
var DARTSAugmentation = Augmentation{Pad: 4, Flip: true, Cutout: 16}

// apply writes the normalised, augmented image to dst. It draws the same number of random values whatever they are.
func (a Augmentation) apply(rng *rand.Rand, dst []float32, img []uint8, height, width int, t *table) {
	dy, dx := rng.IntN(2*a.Pad+1)-a.Pad, rng.IntN(2*a.Pad+1)-a.Pad
	mirrored := rng.IntN(2) == 1 && a.Flip
	cy, cx := rng.IntN(height), rng.IntN(width)
	for y := range height {
		for x := range width {
			sy, sx := y+dy, x+dx
			if mirrored {
				sx = width - 1 - x + dx
			}
			to := dst[(y*width+x)*3:][:3]
			if sy < 0 || sy >= height || sx < 0 || sx >= width {
				to[0], to[1], to[2] = t[0][0], t[1][0], t[2][0]
				continue
			}
			t.apply(to, img[(sy*width+sx)*3:][:3])
		}
	}
	if a.Cutout == 0 {
		return
	}
	// After normalisation, zero is the mean colour.
	half := a.Cutout / 2
	for y := max(cy-half, 0); y < min(cy+half, height); y++ {
		clear(dst[(y*width+max(cx-half, 0))*3 : (y*width+min(cx+half, width))*3])
	}
}

// Batches cuts the images of a split into training batches.
type Batches struct {
	Split         Split
	Size          int // images in a batch
	Seed          uint64
	Normalisation Normalisation
	Augmentation  Augmentation
	Halve         bool // average blocks of 2x2 pixels, after augmentation
	KeepLast      bool // also yield a last batch of fewer images
}

// Validate says which setting is out of range.
func (b Batches) Validate() error {
	switch a := b.Augmentation; {
	case b.Size < 1 || b.Size > b.Split.Len():
		return fmt.Errorf("batch size %d: must lie between 1 and the number of images, %d", b.Size, b.Split.Len())
	case a.Pad < 0 || a.Pad >= min(b.Split.Height, b.Split.Width):
		return fmt.Errorf("padding %d: must be at least 0 and smaller than the image", a.Pad)
	case a.Cutout < 0 || a.Cutout%2 != 0:
		return fmt.Errorf("cutout %d: must be an even number, 0 for none", a.Cutout)
	case b.Halve && (b.Split.Height%2 != 0 || b.Split.Width%2 != 0):
		return fmt.Errorf("images of %dx%d pixels: only even sizes can be halved", b.Split.Height, b.Split.Width)
	}
	return nil
}

// PerEpoch is the number of batches of an epoch.
func (b Batches) PerEpoch() int {
	n := b.Split.Len() / b.Size
	if b.KeepLast && b.Split.Len()%b.Size != 0 {
		n++
	}
	return n
}

// Epoch yields the batches of one epoch (counted from 0) in an order, and with variations, drawn for it. The order
// depends on (Seed, epoch) alone and an image's variation on (Seed, epoch, index of the image). A batch's memory is
// used again for the next one. The settings must be valid.
func (b Batches) Epoch(epoch int) iter.Seq[Images] {
	return func(yield func(Images) bool) {
		h, w := b.Split.Height, b.Split.Width
		size, t := h*w*3, b.Normalisation.table()
		order := rand.New(rand.NewPCG(b.Seed, uint64(epoch)<<32|0xffffffff)).Perm(b.Split.Len())
		full := make([]float32, b.Size*size)
		out := Images{Height: h, Width: w, Pixels: full, Labels: make([]int, b.Size)}
		if b.Halve {
			out.Height, out.Width, out.Pixels = h/2, w/2, make([]float32, len(full)/4)
		}
		for k := range b.PerEpoch() {
			batch := order[k*b.Size : min((k+1)*b.Size, len(order))]
			for j, i := range batch {
				to := full[j*size : (j+1)*size]
				if b.Augmentation == (Augmentation{}) {
					t.apply(to, b.Split.Image(i))
				} else {
					rng := rand.New(rand.NewPCG(b.Seed, uint64(epoch)<<32|uint64(i)))
					b.Augmentation.apply(rng, to, b.Split.Image(i), h, w, t)
				}
				out.Labels[j] = b.Split.Labels[i]
			}
			if b.Halve {
				halve(out.Pixels, full[:len(batch)*size], w)
			}
			if !yield(out.Slice(0, len(batch))) {
				return
			}
		}
	}
}
