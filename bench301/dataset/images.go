package dataset

import "fmt"

// Normalisation maps a byte v of channel c to (v/255 - Mean[c]) / Std[c].
type Normalisation struct{ Mean, Std [3]float32 }

// CIFAR10Normalisation is the mean and standard deviation of the channels over CIFAR-10's training images, as DARTS
// and NASLib write them.
var CIFAR10Normalisation = Normalisation{
	Mean: [3]float32{0.49139968, 0.48215827, 0.44653124},
	Std:  [3]float32{0.24703233, 0.24348505, 0.26158768},
}

// ImageNetNormalisation is the usual one of ImageNet.
var ImageNetNormalisation = Normalisation{
	Mean: [3]float32{0.485, 0.456, 0.406},
	Std:  [3]float32{0.229, 0.224, 0.225},
}

// table is a normalisation written out: table[c][v].
type table [3][256]float32

// table computes in float32 in the order of torchvision: divide by 255, subtract the mean, divide by the deviation.
func (n Normalisation) table() *table {
	var t table
	for c := range t {
		for v := range t[c] {
			unit := float32(v) / 255
			t[c][v] = (unit - n.Mean[c]) / n.Std[c]
		}
	}
	return &t
}

// apply normalises whole pixels.
func (t *table) apply(dst []float32, pixels []uint8) {
	dst = dst[:len(pixels)]
	for i := 0; i+2 < len(pixels); i += 3 {
		dst[i] = t[0][pixels[i]]
		dst[i+1] = t[1][pixels[i+1]]
		dst[i+2] = t[2][pixels[i+2]]
	}
}

// Images are normalised images with labels, ready for a network.
type Images struct {
	Height, Width int
	Pixels        []float32 // N x Height x Width x 3
	Labels        []int     // N
}

// Len is the number of images.
func (m Images) Len() int { return len(m.Labels) }

// Slice returns images i to j-1; the pixels belong to m.
func (m Images) Slice(i, j int) Images {
	size := m.Height * m.Width * 3
	return Images{Height: m.Height, Width: m.Width, Pixels: m.Pixels[i*size : j*size], Labels: m.Labels[i:j]}
}

// Normalise converts all images of s.
func (s Split) Normalise(n Normalisation) Images {
	m := Images{Height: s.Height, Width: s.Width, Pixels: make([]float32, len(s.Pixels)), Labels: s.Labels}
	n.table().apply(m.Pixels, s.Pixels)
	return m
}

// Halve averages blocks of 2x2 pixels: 32x32 images become 16x16. Odd sizes are an error.
func (m Images) Halve() (Images, error) {
	if m.Height%2 != 0 || m.Width%2 != 0 {
		return Images{}, fmt.Errorf("images of %dx%d pixels: only even sizes can be halved", m.Height, m.Width)
	}
	out := Images{Height: m.Height / 2, Width: m.Width / 2, Pixels: make([]float32, len(m.Pixels)/4), Labels: m.Labels}
	halve(out.Pixels, m.Pixels, m.Width)
	return out, nil
}

// halve averages blocks of 2x2 pixels of images of even size whose rows are width pixels long.
func halve(dst, src []float32, width int) {
	row := width * 3
	for y := 0; y+2*row <= len(src); y += 2 * row {
		upper, lower := src[y:y+row], src[y+row:y+2*row]
		for x := 0; x < row; x += 6 {
			for c := x; c < x+3; c++ {
				dst[0] = (upper[c] + upper[c+3] + lower[c] + lower[c+3]) / 4
				dst = dst[1:]
			}
		}
	}
}
