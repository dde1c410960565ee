package oracle

import (
	"encoding/json"
	"fmt"
	"testing"
)

// Network is a case file of kind network: what PyTorch computes for one architecture (fx_*.json).
type Network struct {
	Kind            string      `json:"kind"` // full or summary
	Variant         string      `json:"variant"`
	Arch            [2][][2]int `json:"arch"`
	C               int         `json:"C"`
	Layers          int         `json:"layers"`
	Classes         int         `json:"classes"`
	AuxiliaryWeight float64     `json:"auxiliary_weight"` // of the auxiliary loss; 0 without the head
	DropPath        float64     `json:"drop_path"`        // rate of the pass with dropped paths; 0 without
	Batch           int         `json:"batch"`
	Seeds           map[string]uint64
	Labels          []int     `json:"labels"`
	First3          []float32 `json:"input_first3"`
	Sum             string    `json:"input_checksum"`
	Counts          []struct {
		C, Layers, Params, Flops, Macs int64
	} `json:"counts"`
	Params []struct {
		Name, Kind string
		Shape      []int
		First3     []float32
		Checksum   string
		Sum        float64
	} `json:"params"`
	ParamsChecksum string          `json:"params_all_checksum"`
	F64            json.RawMessage `json:"f64"`
	SGD            json.RawMessage `json:"sgd"`
	PerLayer       json.RawMessage `json:"per_layer_f64"`
}

// ReadNetwork reads a network case.
func ReadNetwork(t *testing.T, path string) *Network {
	t.Helper()
	var f Network
	Read(t, path, &f)
	if f.Batch == 0 || f.C == 0 || len(f.Arch[0]) != 8 || len(f.Arch[1]) != 8 {
		t.Fatalf("%s: not a network case", path)
	}
	return &f
}

// ArchText is the architecture in the order in which it is written.
func (f *Network) ArchText() string {
	text := "["
	for c, cell := range f.Arch {
		if c > 0 {
			text += ", "
		}
		text += "["
		for k, e := range cell {
			if k > 0 {
				text += ", "
			}
			text += fmt.Sprintf("(%d, %d)", e[0], e[1])
		}
		text += "]"
	}
	return text + "]"
}

// Images are the input images as n x 32 x 32 x 3.
func (f *Network) Images(t *testing.T) []float32 {
	t.Helper()
	images, sum := drawImages(f.Seeds["input"], f.Batch)
	if sum != f.Sum {
		t.Fatalf("images: checksum %s, want %s", sum, f.Sum)
	}
	return images
}

// Images draws n input images as n x 32 x 32 x 3.
func Images(seed uint64, n int) []float32 {
	images, _ := drawImages(seed, n)
	return images
}

// drawImages fills images channel by channel, and takes the checksum in that order.
func drawImages(seed uint64, count int) (images []float32, checksum string) {
	s := NewStream(seed)
	const side, channels = 32, 3
	flat := make([]float32, count*channels*side*side)
	for i := range flat {
		flat[i] = 2 * s.Symmetric()
	}
	images = make([]float32, len(flat))
	for n := range count {
		for c := range channels {
			for p := range side * side {
				images[(n*side*side+p)*channels+c] = flat[(n*channels+c)*side*side+p]
			}
		}
	}
	return images, fmt.Sprintf("%016x", Checksum(flat))
}
