package bench301

import (
	"fmt"
	"sort"
)

// Complexity counts parameters, multiply-accumulates and NASLib's flops of the network of g in closed form, without
// building it. FLOPs repeats the counting of tensorwatch 0.9.1 behind NASLib's column, its quirks included: a
// normalisation costs one operation a value, two when affine; a pool nine an output; a global average (H+1)(W+1) a
// channel; biases nothing.
func (g Genotype) Complexity(cfg Config) (Complexity, error) {
	if err := g.Validate(); err != nil {
		return Complexity{}, err
	}
	return g.complexity(cfg)
}

// complexity is Complexity of cells whose nodes may read one state twice.
func (g Genotype) complexity(cfg Config) (Complexity, error) {
	if err := cfg.Validate(); err != nil {
		return Complexity{}, err
	}
	if err := halvable(cfg); err != nil {
		return Complexity{}, err
	}
	var t tally
	s0, s1, reduced := t.stem(cfg)
	c := int64(cfg.Channels)
	for i := range cfg.Layers {
		reduce := isReduction(i, cfg.Layers)
		cell := g.Normal
		if reduce {
			cell, c = g.Reduce, 2*c
		}
		out := t.cell(cell, s0, s1, c, reduce, reduced, cfg.Variant.affine())
		s0, s1, reduced = s1, out, reduce
		if cfg.Auxiliary && i == auxCell(cfg.Layers) {
			t.auxiliary(out, int64(cfg.Classes), cfg.Variant)
		}
	}
	t.FLOPs += s1.c * (s1.h + 1) * (s1.w + 1)
	t.linear(s1.c, int64(cfg.Classes))
	return Complexity(t), nil
}

// FitMACs returns cfg with the greatest width at which the network of a has fewer multiply-accumulates than most.
func FitMACs(a Architecture, cfg Config, most int64) (Config, error) {
	step := 1
	if cfg.Variant == VariantImageNet {
		step = 2 // its widths are even
	}
	at := func(units int) (Config, int64, error) {
		sized := cfg
		sized.Channels = units * step
		c, err := a.Complexity(sized)
		return sized, c.MACs, err
	}
	_, least, err := at(1)
	if err != nil {
		return cfg, err
	}
	if least >= most {
		return cfg, fmt.Errorf("no width has fewer than %d multiply-accumulates: the narrowest network (C = %d) has %d", most,
			step, least)
	}
	// The first width that is too much, among those that exist: the count grows with the width.
	above := sort.Search(maxChannels/step, func(i int) bool {
		_, macs, err := at(i + 1)
		return err != nil || macs >= most
	})
	sized, _, err := at(above)
	return sized, err
}

// halvable says whether every factorised reduction meets a map of even height and width, and the auxiliary head a map
// that its pool shrinks to 2x2.
func halvable(cfg Config) error {
	s0, s1, first := new(tally).stem(cfg)
	h, w := s1.h, s1.w
	uneven := func(what string, h, w int64) error {
		multiple := 4
		if cfg.Variant == VariantImageNet {
			multiple = 32
		}
		return fmt.Errorf("%s: cannot halve a %dx%d map: image height and width must be multiples of %d when there are two "+
			"reduction cells", what, h, w, multiple)
	}
	if first && (s0.h%2 != 0 || s0.w%2 != 0) {
		return uneven("stem", s0.h, s0.w)
	}
	for i := range cfg.Layers {
		if !isReduction(i, cfg.Layers) {
			continue
		}
		if h%2 != 0 || w%2 != 0 {
			return uneven(fmt.Sprintf("cell %d", i), h, w)
		}
		h, w = h/2, w/2
	}
	fits := func(n int64) bool { return n >= 5 && (n-5)/int64(cfg.auxStride())+1 == 2 }
	if cfg.Auxiliary && !(fits(h) && fits(w)) {
		return fmt.Errorf("auxiliary head: reads an 8x8 map (7x7 in variant %q), not %dx%d: use 32x32 images (224x224)",
			VariantImageNet, h, w)
	}
	return nil
}

// shape is a feature map for one image.
type shape struct{ h, w, c int64 }

func (s shape) size() int64 { return s.h * s.w * s.c }

// tally adds up the costs of modules.
type tally Complexity

// conv counts a k x k convolution from in channels to the map out.
func (t *tally) conv(in int64, out shape, k, groups int64) {
	weights := out.c * (in / groups) * k * k
	t.Params += weights
	t.MACs += weights * out.h * out.w
	t.FLOPs += weights * out.h * out.w
}

// stem counts what stands before the cells and returns the inputs of the first cell, and whether the first of them is
// twice as large as the second.
func (t *tally) stem(cfg Config) (s0, s1 shape, halved bool) {
	c := int64(cfg.Channels)
	s0 = shape{int64(cfg.Height), int64(cfg.Width), 3}
	if cfg.Variant != VariantImageNet {
		s0.c = stemMultiplier * c
		t.conv(3, s0, 3, 1)
		t.norm(s0, true)
		return s0, s0, false
	}
	strided := func(in shape, out int64) shape {
		next := shape{(in.h + 1) / 2, (in.w + 1) / 2, out}
		t.conv(in.c, next, 3, 1)
		t.norm(next, true)
		return next
	}
	s0 = strided(s0, c/2)
	t.relu(s0)
	s0 = strided(s0, c)
	t.relu(s0)
	return s0, strided(s0, c), true
}

func (t *tally) norm(s shape, affine bool) {
	t.FLOPs += s.size()
	if affine {
		t.FLOPs += s.size()
		t.Params += 2 * s.c
	}
}

func (t *tally) relu(s shape) { t.FLOPs += s.size() }

func (t *tally) linear(in, out int64) {
	t.Params += in*out + out
	t.MACs += in * out
	t.FLOPs += in * out
}

func (t *tally) pointwise(in shape, c int64) {
	out := shape{in.h, in.w, c}
	t.relu(in)
	t.conv(in.c, out, 1, 1)
	t.norm(out, true)
}

func (t *tally) factorised(in shape, c int64, affine bool) {
	out := shape{in.h / 2, in.w / 2, c}
	t.relu(in)
	t.conv(in.c, out, 1, 1) // two convolutions to half the channels each
	t.norm(out, affine)
}

func (t *tally) cell(cell Cell, s0, s1 shape, c int64, reduce, reduced, affine bool) shape {
	if reduced {
		t.factorised(s0, c, true)
	} else {
		t.pointwise(s0, c)
	}
	t.pointwise(s1, c)
	full := shape{s1.h, s1.w, c}
	out := full
	if reduce {
		out.h, out.w = full.h/2, full.w/2
	}
	for _, e := range cell {
		in := full
		if e.Source >= 2 {
			in = out
		}
		t.edge(e.Op, in, out, affine)
	}
	out.c *= Nodes
	return out
}

// edge counts one operation from map in to map out, which are equal except behind a stride.
func (t *tally) edge(op Operation, in, out shape, affine bool) {
	switch op {
	case MaxPool3x3, AvgPool3x3:
		t.FLOPs += 9 * out.size()
		if !affine { // the variant with affine normalisations has none after pools
			t.norm(out, false)
		}
	case SkipConnect:
		if in != out {
			t.factorised(in, in.c, affine)
		}
	case SepConv3x3, SepConv5x5:
		k := int64(3)
		if op == SepConv5x5 {
			k = 5
		}
		t.separable(in, out, k, affine)
		t.separable(out, out, k, affine)
	case DilConv3x3, DilConv5x5:
		k := int64(3)
		if op == DilConv5x5 {
			k = 5
		}
		t.separable(in, out, k, affine)
	}
}

func (t *tally) separable(in, out shape, k int64, affine bool) {
	t.relu(in)
	t.conv(in.c, out, k, in.c)
	t.conv(in.c, out, 1, 1)
	t.norm(out, affine)
}

// auxiliary counts the auxiliary head, whose pool turns the map into 2x2.
func (t *tally) auxiliary(in shape, classes int64, v Variant) {
	t.relu(in)
	t.FLOPs += 25 * 4 * in.c
	mid, end := shape{2, 2, 128}, shape{1, 1, 768}
	t.conv(in.c, mid, 1, 1)
	t.norm(mid, true)
	t.relu(mid)
	t.conv(mid.c, end, 2, 1)
	if v != VariantImageNet {
		t.norm(end, true)
	}
	t.relu(end)
	t.linear(end.c, classes)
}
