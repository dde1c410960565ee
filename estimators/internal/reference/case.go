// Package reference gives estimators the weights, images and random numbers of reference cases: networks that programs
// in other languages draw alike, from splitmix streams, and on which they computed the scores.
package reference

import (
	"fmt"
	"iter"
	"math"
	"strings"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators/inputs"
	"rwe301/internal/splitmix"
	"rwe301/network"
)

// Case is a network with weights and images. It is an inputs.Source.
type Case struct {
	Name        string            `json:"name"`
	Arch        [2][8][2]uint8    `json:"arch"` // sources and operations as written: the parameters are in this order
	Channels    int               `json:"channels"`
	Layers      int               `json:"layers"`
	Classes     int               `json:"classes"`
	Variant     bench301.Variant  `json:"variant"`
	Resolution  int               `json:"resolution"`
	Batch       int               `json:"batch"`
	Labels      []int             `json:"labels"` // of the images, where there is no stream of images
	TrainImages int               `json:"train_images"`
	ValImages   int               `json:"val_images"`
	Coordinates []int             `json:"coordinates"` // of Dextr's curvature
	Seeds       map[string]uint64 `json:"seeds"`       // of the streams
}

const rgb = 3

// Genotype is the architecture as written, which may not be its canonical form.
func (c *Case) Genotype() (g bench301.Genotype) {
	for k := range bench301.EdgesPerCell {
		g.Normal[k] = bench301.Edge{Source: c.Arch[0][k][0], Op: bench301.Operation(c.Arch[0][k][1])}
		g.Reduce[k] = bench301.Edge{Source: c.Arch[1][k][0], Op: bench301.Operation(c.Arch[1][k][1])}
	}
	return g
}

// Settings are the case's, as far as an estimator has them, in the notation of estimators.Parse.
func (c *Case) Settings(has func(key string) bool) string {
	var parts []string
	for key, value := range map[string]any{
		"channels": c.Channels, "layers": c.Layers, "classes": c.Classes, "variant": c.Variant, "resolution": c.Resolution,
		"batch": c.Batch, "augment": false, "train_images": c.TrainImages, "val_images": c.ValImages,
	} {
		if has(key) {
			parts = append(parts, fmt.Sprintf("%s=%v", key, value))
		}
	}
	return strings.Join(parts, ",")
}

// Graph is the network for images of some side.
func (c *Case) Graph(side int) (bench301.Graph, error) {
	return c.Genotype().Graph(bench301.Config{
		Channels: c.Channels, Layers: c.Layers, Classes: c.Classes, Height: side, Width: side, Variant: c.Variant,
	})
}

// Data is a data set with the case's images, or, where they are no bytes, with their labels only.
func (c *Case) Data() *dataset.Set {
	set := &dataset.Set{Name: c.Name, Hash: "0", Classes: make([]string, c.Classes),
		Normalisation: dataset.CIFAR10Normalisation}
	if _, bytes := c.Seeds["images"]; bytes {
		set.Train = c.stripes()
	} else {
		set.Train = dataset.Split{Height: c.Resolution, Width: c.Resolution, Labels: c.labels()}
	}
	return set
}

func (c *Case) labels() []int {
	if c.Labels != nil {
		return c.Labels
	}
	labels, s := make([]int, c.TrainImages+c.ValImages), splitmix.New(c.Seeds["labels"])
	for i := range labels {
		labels[i] = s.Label()
	}
	return labels
}

// stripes are images whose pattern depends on the class, under noise.
func (c *Case) stripes() dataset.Split {
	const side = 32
	s := splitmix.New(c.Seeds["images"])
	split := dataset.Split{Height: side, Width: side}
	for i := range c.TrainImages + c.ValImages {
		class := i % c.Classes
		split.Labels = append(split.Labels, class)
		for y := range side {
			for x := range side {
				for k := range rgb {
					v := 64 + 24*(((x+y*(class%3))/(2+class))%2) + 3*((class*(k+1))%4) + int(s.Next()>>57)
					split.Pixels = append(split.Pixels, uint8(v))
				}
			}
		}
	}
	return split
}

// ChannelsLast turns n x 3 x area values into n x area x 3.
func ChannelsLast[T any](flat []T, n int) []T {
	out, area := make([]T, len(flat)), len(flat)/(n*rgb)
	for i := range n {
		for k := range rgb {
			for p := range area {
				out[(i*area+p)*rgb+k] = flat[(i*rgb+k)*area+p]
			}
		}
	}
	return out
}

// Normals are n images of side x side from N(0, 1), by the stream of a seed.
func (c *Case) Normals(seed string, n, side int) []float32 {
	flat, s := make([]float32, n*rgb*side*side), splitmix.New(c.Seeds[seed])
	for i := range flat {
		flat[i] = s.Normal12()
	}
	return ChannelsLast(flat, n)
}

// Images implements inputs.Source. The span of a case without bytes counts from the stream's first image.
func (c *Case) Images(s inputs.Span, side int, augment bool) (dataset.Images, error) {
	if _, bytes := c.Seeds["images"]; bytes {
		return inputs.New(c.Data(), 0).Images(s, side, augment)
	}
	labels, stream := c.labels(), splitmix.New(c.Seeds["input"])
	flat := make([]float32, len(labels)*rgb*side*side)
	for i := range flat {
		flat[i] = 2 * stream.Symmetric()
	}
	all := dataset.Images{Height: side, Width: side, Pixels: ChannelsLast(flat, len(labels)), Labels: labels}
	return all.Slice(s.From, s.To), nil
}

// Epochs implements inputs.Source: image i of epoch k, counted from 0, is number (i + 5k) mod n of the span's n.
func (c *Case) Epochs(s inputs.Span, side, size int,
	_ dataset.Augmentation) (func(int) iter.Seq2[dataset.Images, error], error) {
	images, err := c.Images(s, side, false)
	return func(epoch int) iter.Seq2[dataset.Images, error] {
		return func(yield func(dataset.Images, error) bool) {
			for step := range images.Len() / size {
				m := dataset.Images{Height: side, Width: side}
				for i := range size {
					at := (step*size + i + 5*epoch) % images.Len()
					one := images.Slice(at, at+1)
					m.Pixels, m.Labels = append(m.Pixels, one.Pixels...), append(m.Labels, one.Labels...)
				}
				if !yield(m, nil) {
					return
				}
			}
		}
	}, err
}

// Weights implements inputs.Source: by the stream of the parameters, or N(0, 1) times Kaiming's scale where that is
// what the estimator draws.
func (c *Case) Weights(p *network.Plan, _ string, s network.Scheme, _ int) ([]float32, error) {
	if s.Distribution == network.Normal {
		return c.Gauss(p, true), nil
	}
	theta, stream := make([]float32, p.NumParams()), splitmix.New(c.Seeds["params"])
	for _, v := range p.Views() {
		stream.Fill(theta[v.Offset:v.Offset+v.Size], v.FanIn, v.Kind == bench301.NormWeight)
	}
	return theta, nil
}

// Gauss draws all weights from N(0, 1), times Kaiming's scale if asked; biases 0, normalisations 1 and 0.
func (c *Case) Gauss(p *network.Plan, kaiming bool) []float32 {
	theta, s := make([]float32, p.NumParams()), splitmix.New(c.Seeds["zen_params"])
	for _, v := range p.Views() {
		for i := v.Offset; i < v.Offset+v.Size; i++ {
			switch v.Kind {
			case bench301.ConvWeight, bench301.LinearWeight:
				theta[i] = s.Normal12()
				if kaiming {
					theta[i] *= float32(math.Sqrt2 / math.Sqrt(float64(v.FanIn)))
				}
			case bench301.NormWeight:
				theta[i] = 1
			}
		}
	}
	return theta
}

// Seed implements inputs.Source. No case leaves drawing to somebody else.
func (c *Case) Seed(string, ...any) uint64 { return 0 }
