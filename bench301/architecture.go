package bench301

import (
	"fmt"
	"slices"
)

// Architecture is one member of a search space.
type Architecture interface {
	// ID is the first 16 hex digits of the SHA-256 of the canonical text. Two spellings of one architecture share it.
	ID() string
	// String is the canonical text.
	String() string
	// Graph describes the network that the architecture stands for, or says why there is none of that size.
	Graph(Config) (Graph, error)
	// Complexity counts the parameters and operations of that network in closed form.
	Complexity(Config) (Complexity, error)
}

// Variant selects among the networks that share the DARTS wiring. Spaces with one network only do not read it.
type Variant string

const (
	// VariantNASLib is the network that NASLib's zerocost branch counts and scores: every pool is followed by a batch
	// normalisation, and normalisations inside edges have no affine parameters.
	VariantNASLib Variant = "naslib"
	// VariantDARTS is the network of the DARTS evaluation phase, which NAS-Bench-301 trained: pools have no batch
	// normalisation, all normalisations are affine, and an auxiliary head may sit on a middle cell.
	VariantDARTS Variant = "darts"
	// VariantImageNet is the network that DARTS transfers to ImageNet: the cells of VariantDARTS behind a stem of three
	// convolutions of stride 2. Its width must be even.
	VariantImageNet Variant = "imagenet"
)

// Variants lists the variants.
func Variants() []Variant { return []Variant{VariantNASLib, VariantDARTS, VariantImageNet} }

// affine reports whether the normalisations inside edges have parameters.
func (v Variant) affine() bool { return v != VariantNASLib }

// Config sizes the network of an architecture.
type Config struct {
	Channels  int     // width C of the first cells
	Layers    int     // number of cells
	Classes   int     // outputs of the classifier
	Height    int     // input height in pixels
	Width     int     // input width in pixels
	Variant   Variant // which of the networks
	Auxiliary bool    // add the auxiliary head (not VariantNASLib)
	DropPath  bool    // add drop-path nodes to the edges that are not identities (not VariantNASLib)
}

// DefaultConfig is the network of NAS-Bench-Suite-Zero's NB301 scores: C = 32, 8 cells, 10 classes, 32x32 pixels.
func DefaultConfig() Config {
	return Config{Channels: 32, Layers: 8, Classes: 10, Height: 32, Width: 32, Variant: VariantNASLib}
}

// ImageNetConfig is the network of DARTS's ImageNet experiments: C = 48, 14 cells, 1000 classes, 224x224 pixels.
func ImageNetConfig() Config {
	return Config{Channels: 48, Layers: 14, Classes: 1000, Height: 224, Width: 224, Variant: VariantImageNet}
}

// Bounds of Config, so that a mistyped size is an error and not an allocation of terabytes.
const (
	maxChannels = 4096
	maxLayers   = 256
	maxClasses  = 1 << 20
	maxPixels   = 4096
)

// Validate says which field of c is out of range.
func (c Config) Validate() error {
	for _, f := range []struct {
		name     string
		value    int
		min, max int
	}{
		{"channels", c.Channels, 1, maxChannels},
		{"layers", c.Layers, 1, maxLayers},
		{"classes", c.Classes, 1, maxClasses},
		{"height", c.Height, 1, maxPixels},
		{"width", c.Width, 1, maxPixels},
	} {
		if f.value < f.min || f.value > f.max {
			return fmt.Errorf("%s: %d: must lie in [%d, %d]", f.name, f.value, f.min, f.max)
		}
	}
	switch {
	case !slices.Contains(Variants(), c.Variant):
		return fmt.Errorf("variant: %q: must be one of %q", c.Variant, Variants())
	case c.DropPath && c.Variant == VariantNASLib:
		return fmt.Errorf("drop path: variant %q has none", VariantNASLib)
	case c.Auxiliary && c.Variant == VariantNASLib:
		return fmt.Errorf("auxiliary: variant %q has no auxiliary head", VariantNASLib)
	case c.Channels%2 != 0 && c.Variant == VariantImageNet:
		return fmt.Errorf("channels: %d: must be even in variant %q", c.Channels, VariantImageNet)
	}
	return nil
}

// Complexity counts a network. All three are for one image.
type Complexity struct {
	Params int64 // trainable parameters
	MACs   int64 // multiply-accumulates of convolutions and linear layers
	FLOPs  int64 // NASLib's: MACs plus element-wise operations as tensorwatch 0.9.1 counts them
}
