package bench301

import "fmt"

// Complexity counts parameters, multiply-accumulates and NASLib's flops of the network of g in closed form, without
// building it. FLOPs repeats the counting of tensorwatch 0.9.1 behind NASLib's column, its quirks included: a
// normalisation costs one operation a value, two when affine; a pool nine an output; a global average (H+1)(W+1) a
// channel; biases nothing.
func (g Genotype) Complexity(cfg Config) (Complexity, error) {
	if err := g.Validate(); err != nil {
		return Complexity{}, err
	}
	if err := cfg.Validate(); err != nil {
		return Complexity{}, err
	}
	if err := halvable(cfg); err != nil {
		return Complexity{}, err
	}
	var t tally
	affine := cfg.Variant == VariantDARTS
	h, w := int64(cfg.Height), int64(cfg.Width)
	c := int64(cfg.Channels)

	s1 := shape{h, w, stemMultiplier * c}
	t.conv(3, s1, 3, 1)
	t.norm(s1, true)
	s0, reduced := s1, false
	for i := range cfg.Layers {
		reduce := isReduction(i, cfg.Layers)
		cell := g.Normal
		if reduce {
			cell, c = g.Reduce, 2*c
		}
		out := t.cell(cell, s0, s1, c, reduce, reduced, affine)
		s0, s1, reduced = s1, out, reduce
		if cfg.Auxiliary && i == auxCell(cfg.Layers) {
			t.auxiliary(out, int64(cfg.Classes))
		}
	}
	t.FLOPs += s1.c * (s1.h + 1) * (s1.w + 1)
	t.linear(s1.c, int64(cfg.Classes))
	return Complexity(t), nil
}

// halvable says whether every reduction cell meets a map of even height and width, as its factorised reductions need,
// and the auxiliary head a map that it shrinks to one pixel.
func halvable(cfg Config) error {
	h, w := cfg.Height, cfg.Width
	for i := range cfg.Layers {
		if !isReduction(i, cfg.Layers) {
			continue
		}
		if h%2 != 0 || w%2 != 0 {
			return fmt.Errorf("cell %d: cannot halve a %dx%d map: image height and width must be divisible by 4 when there are two reduction cells", i, h, w)
		}
		h, w = h/2, w/2
	}
	if fits := func(n int) bool { return (n-5)/3+1 == 2 && n >= 5 }; cfg.Auxiliary && !(fits(h) && fits(w)) {
		return fmt.Errorf("auxiliary head: reads an 8x8 map, not %dx%d: use 32x32 images", h, w)
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
func (t *tally) auxiliary(in shape, classes int64) {
	t.relu(in)
	t.FLOPs += 25 * 4 * in.c
	mid, end := shape{2, 2, 128}, shape{1, 1, 768}
	t.conv(in.c, mid, 1, 1)
	t.norm(mid, true)
	t.relu(mid)
	t.conv(mid.c, end, 2, 1)
	t.norm(end, true)
	t.relu(end)
	t.linear(end.c, classes)
}
