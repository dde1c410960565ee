package dataset

import (
	"math/rand/v2"
	"slices"
	"testing"
)

var plain = Normalisation{Std: [3]float32{1. / 255, 1. / 255, 1. / 255}} // a byte becomes its value

func TestNormalise(t *testing.T) {
	s := Split{Height: 1, Width: 2, Pixels: []uint8{0, 128, 255, 59, 62, 63}, Labels: []int{0}}
	got := s.Normalise(CIFAR10Normalisation).Pixels
	// PyTorch 1.13: (torch.tensor(v).float()/255 - mean)/std.
	want := []float32{-1.9892120361328125, 0.0813295990228653, 2.1158058643341064, -1.0526036024093628, -0.981666088104248,
		-0.762545108795166}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestHalve(t *testing.T) {
	m := Images{Height: 2, Width: 4, Labels: []int{0, 1}, Pixels: make([]float32, 48)}
	for i := range m.Pixels {
		m.Pixels[i] = float32(i)
	}
	got, err := m.Halve()
	if err != nil {
		t.Fatal(err)
	}
	// Channel 0 of the first block: pixels 0 3 12 15.
	want := []float32{7.5, 8.5, 9.5, 13.5, 14.5, 15.5, 31.5, 32.5, 33.5, 37.5, 38.5, 39.5}
	if got.Height != 1 || got.Width != 2 || !slices.Equal(got.Pixels, want) {
		t.Errorf("%dx%d %v, want %v", got.Height, got.Width, got.Pixels, want)
	}
	if _, err := (Images{Height: 3, Width: 2}).Halve(); err == nil {
		t.Error("an odd height: no error")
	}
}

func TestEpochShowsEveryImageOnce(t *testing.T) {
	for _, keep := range []bool{true, false} {
		b := Batches{Split: tiny(10), Size: 4, Seed: 7, Normalisation: plain, KeepLast: keep}
		if err := b.Validate(); err != nil {
			t.Fatal(err)
		}
		var orders [2][]int
		for epoch := range orders {
			batches := 0
			for batch := range b.Epoch(epoch) {
				batches++
				for i := range batch.Len() {
					id := int(batch.Slice(i, i+1).Pixels[0] + 0.5)
					if batch.Labels[i] != id%3 {
						t.Errorf("image %d has label %d", id, batch.Labels[i])
					}
					orders[epoch] = append(orders[epoch], id)
				}
			}
			if batches != b.PerEpoch() {
				t.Errorf("%d batches, not %d", batches, b.PerEpoch())
			}
			sorted := slices.Sorted(slices.Values(orders[epoch]))
			if want := map[bool]int{true: 10, false: 8}[keep]; len(slices.Compact(sorted)) != want {
				t.Errorf("epoch %d showed images %v", epoch, orders[epoch])
			}
		}
		if slices.Equal(orders[0], orders[1]) {
			t.Error("two epochs have the same order")
		}
	}
}

// TestAugmentationOnlyMoves: with crop and flip, every pixel of the result is black or stands where one shift and one
// mirroring take it; all shifts and both directions occur.
func TestAugmentationOnlyMoves(t *testing.T) {
	const h, w, pad = 6, 5, 2
	img := make([]uint8, h*w*3)
	for i := range img {
		img[i] = uint8(1 + i)
	}
	a := Augmentation{Pad: pad, Flip: true}
	tab := plain.table()
	seen := map[[3]int]int{}
	for seed := range uint64(2000) {
		got := make([]float32, len(img))
		a.apply(rand.New(rand.NewPCG(seed, 0)), got, img, h, w, tab)
		matches := 0
		for dy := -pad; dy <= pad; dy++ {
			for dx := -pad; dx <= pad; dx++ {
				for mirrored := range 2 {
					want := make([]float32, len(img))
					for y := range h {
						for x := range w {
							// The crop comes first: cropped(y, x) = img(y+dy, x+dx); then it is mirrored.
							to := x
							if mirrored == 1 {
								to = w - 1 - x
							}
							if y+dy >= 0 && y+dy < h && x+dx >= 0 && x+dx < w {
								tab.apply(want[(y*w+to)*3:][:3], img[((y+dy)*w+x+dx)*3:][:3])
							}
						}
					}
					if slices.Equal(got, want) {
						matches++
						seen[[3]int{dy, dx, mirrored}]++
					}
				}
			}
		}
		if matches != 1 {
			t.Fatalf("seed %d: %d shifts explain the image", seed, matches)
		}
	}
	if len(seen) != 50 {
		t.Errorf("%d of 50 variations came up", len(seen))
	}
	for v, n := range seen { // 40 expected, standard deviation 6.3
		if n < 10 || n > 75 {
			t.Errorf("variation %v came up %d times of 2000", v, n)
		}
	}
}

func TestCutout(t *testing.T) {
	img := make([]uint8, 32*32*3)
	for i := range img {
		img[i] = 200
	}
	sizes := map[int]bool{}
	for seed := range uint64(500) {
		got := make([]float32, len(img))
		DARTSAugmentation.apply(rand.New(rand.NewPCG(seed, 0)), got, img, 32, 32, CIFAR10Normalisation.table())
		zeros := 0
		for _, v := range got {
			if v == 0 {
				zeros++
			}
		}
		sizes[zeros] = true
		if zeros < 8*8*3 || zeros > 16*16*3 {
			t.Fatalf("seed %d: %d values are zero", seed, zeros)
		}
	}
	if !sizes[16*16*3] || len(sizes) < 5 {
		t.Errorf("squares of %v values", sizes)
	}
}

func TestBatchesDependOnSeedAlone(t *testing.T) {
	collect := func(seed uint64, size int) (images map[uint64][]float32) {
		b := Batches{Split: Sample().Test.Subset([]int{5, 6, 7, 8, 9, 10, 11, 12}), Size: size, Seed: seed,
			Normalisation: CIFAR10Normalisation, Augmentation: DARTSAugmentation, Halve: true}
		images = map[uint64][]float32{}
		for batch := range b.Epoch(3) {
			if batch.Height != 16 || batch.Width != 16 {
				t.Fatalf("batches of %dx%d pixels", batch.Height, batch.Width)
			}
			for i := range batch.Len() {
				images[uint64(len(images))] = slices.Clone(batch.Slice(i, i+1).Pixels)
			}
		}
		return images
	}
	a, b, c := collect(1, 8), collect(1, 2), collect(2, 8)
	differ := 0
	for i := range a {
		if !slices.Equal(a[i], b[i]) {
			t.Errorf("image %d depends on the size of the batch", i)
		}
		if !slices.Equal(a[i], c[i]) {
			differ++
		}
	}
	if differ == 0 {
		t.Error("another seed gave the same images")
	}
}

func TestBatchesValidate(t *testing.T) {
	good := Batches{Split: tiny(10), Size: 4}
	for name, change := range map[string]func(*Batches){
		"size 0":     func(b *Batches) { b.Size = 0 },
		"size 11":    func(b *Batches) { b.Size = 11 },
		"pad 2":      func(b *Batches) { b.Augmentation.Pad = 2 },
		"pad -1":     func(b *Batches) { b.Augmentation.Pad = -1 },
		"odd cutout": func(b *Batches) { b.Augmentation.Cutout = 3 },
		"odd image":  func(b *Batches) { b.Halve, b.Split.Height = true, 3 },
	} {
		b := good
		change(&b)
		if b.Validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
