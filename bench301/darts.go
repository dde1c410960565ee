package bench301

import "fmt"

// stemMultiplier is the width of the stem in units of C.
const stemMultiplier = 3

// Graph builds the network of g: stem, cells, global average, classifier (DARTS, arXiv 1806.09055; NASLib's zerocost
// branch for VariantNASLib). Parameters follow the order in which g is written; the auxiliary head's come last, so
// that the others keep their places with and without it. Image sizes that a reduction cell cannot halve
// evenly are an error.
func (g Genotype) Graph(cfg Config) (Graph, error) {
	if err := g.Validate(); err != nil {
		return Graph{}, err
	}
	return g.graph(cfg)
}

// graph is Graph of cells whose nodes may read one state twice.
func (g Genotype) graph(cfg Config) (Graph, error) {
	if err := cfg.Validate(); err != nil {
		return Graph{}, err
	}
	if err := halvable(cfg); err != nil {
		return Graph{}, err
	}
	b := newBuilder(cfg)
	s0, s1, reduced := b.stem()
	c := cfg.Channels
	auxFrom := -1
	for i := range cfg.Layers {
		reduce := isReduction(i, cfg.Layers)
		cell := g.Normal
		if reduce {
			cell, c = g.Reduce, 2*c
		}
		s0, s1 = s1, b.cell(fmt.Sprintf("cell%d", i), cell, s0, s1, c, reduce, reduced)
		reduced = reduce
		if i == auxCell(cfg.Layers) {
			auxFrom = s1
		}
	}
	b.graph.Features = s1
	b.graph.Pooled, b.graph.Logits = b.classifier("", s1)
	if cfg.Auxiliary {
		b.auxiliary(auxFrom)
	}
	return b.graph, nil
}

// stem adds what stands before the cells and returns the inputs of the first one, and whether the first of them is
// twice as large as the second.
func (b *builder) stem() (s0, s1 int, halved bool) {
	c := b.cfg.Channels
	if b.cfg.Variant != VariantImageNet {
		s1 = b.conv("stem.conv", 0, stemMultiplier*c, geometry{kernel: 3, stride: 1, pad: 1, dilation: 1})
		s1 = b.norm("stem.bn", s1, true)
		return s1, s1, false
	}
	half := geometry{kernel: 3, stride: 2, pad: 1, dilation: 1}
	s0 = b.norm("stem0.bn1", b.conv("stem0.conv1", 0, c/2, half), true)
	s0 = b.norm("stem0.bn2", b.conv("stem0.conv2", b.relu("stem0.relu", s0), c, half), true)
	s1 = b.norm("stem1.bn", b.conv("stem1.conv", b.relu("stem1.relu", s0), c, half), true)
	return s0, s1, true
}

// isReduction reports whether cell i of a network of that many layers halves the image and doubles the width.
func isReduction(i, layers int) bool { return i == layers/3 || i == 2*layers/3 }

// auxCell is the cell whose output feeds the auxiliary head.
func auxCell(layers int) int { return 2 * layers / 3 }

// builder grows a Graph.
type builder struct {
	cfg   Config
	graph Graph
}

// newBuilder starts the graph of a network without an auxiliary head: its input is node 0.
func newBuilder(cfg Config) *builder {
	b := &builder{cfg: cfg, graph: Graph{AuxLogits: -1}}
	b.add(Node{Name: "input", Kind: Input, H: cfg.Height, W: cfg.Width, C: 3})
	return b
}

type geometry struct{ kernel, stride, pad, dilation, offset int }

func (b *builder) add(n Node) int {
	b.graph.Nodes = append(b.graph.Nodes, n)
	return len(b.graph.Nodes) - 1
}

func (b *builder) param(name string, kind ParamKind, fanIn int, shape ...int) int {
	b.graph.Params = append(b.graph.Params, Param{Name: name, Kind: kind, Shape: shape, FanIn: fanIn})
	return len(b.graph.Params) - 1
}

// like returns a node of the shape of node x that reads it.
func (b *builder) like(name string, kind Kind, x int) Node {
	in := b.graph.Nodes[x]
	return Node{Name: name, Kind: kind, Inputs: []int{x}, H: in.H, W: in.W, C: in.C}
}

// window gives n the geometry and the output size that follows from it.
func (b *builder) window(n Node, g geometry) Node {
	reach := g.dilation*(g.kernel-1) + 1
	h, w := n.H-g.offset+2*g.pad, n.W-g.offset+2*g.pad
	n.Kernel, n.Stride, n.Pad, n.Dilation, n.Offset = g.kernel, g.stride, g.pad, g.dilation, g.offset
	n.H, n.W = (h-reach)/g.stride+1, (w-reach)/g.stride+1
	return n
}

func (b *builder) conv(name string, x, out int, g geometry) int {
	n := b.window(b.like(name, Conv, x), g)
	in := n.C
	n.C, n.Groups = out, 1
	n.Params = []int{b.param(name+".weight", ConvWeight, in*g.kernel*g.kernel, out, in, g.kernel, g.kernel)}
	return b.add(n)
}

func (b *builder) depthwise(name string, x int, g geometry) int {
	n := b.window(b.like(name, Conv, x), g)
	n.Groups = n.C
	n.Params = []int{b.param(name+".weight", ConvWeight, g.kernel*g.kernel, n.C, 1, g.kernel, g.kernel)}
	return b.add(n)
}

func (b *builder) norm(name string, x int, affine bool) int {
	n := b.like(name, BatchNorm, x)
	if affine {
		n.Params = []int{b.param(name+".weight", NormWeight, 0, n.C), b.param(name+".bias", NormBias, 0, n.C)}
	}
	return b.add(n)
}

func (b *builder) relu(name string, x int) int { return b.add(b.like(name, ReLU, x)) }

// pointwise is ReLU, 1x1 convolution, affine normalisation: the usual preprocessing of a cell's input.
func (b *builder) pointwise(name string, x, out int) int {
	x = b.relu(name+".relu", x)
	x = b.conv(name+".conv", x, out, geometry{kernel: 1, stride: 1, dilation: 1})
	return b.norm(name+".bn", x, true)
}

// factorised halves the image: two 1x1 convolutions of stride 2, the second one shifted by a pixel, side by side.
func (b *builder) factorised(name string, x, out int, affine bool) int {
	x = b.relu(name+".relu", x)
	even := b.conv(name+".conv1", x, out/2, geometry{kernel: 1, stride: 2, dilation: 1})
	odd := b.conv(name+".conv2", x, out/2, geometry{kernel: 1, stride: 2, dilation: 1, offset: 1})
	return b.norm(name+".bn", b.concat(name+".concat", []int{even, odd}), affine)
}

func (b *builder) concat(name string, inputs []int) int {
	n := b.like(name, Concat, inputs[0])
	n.Inputs, n.C = inputs, 0
	for _, x := range inputs {
		n.C += b.graph.Nodes[x].C
	}
	return b.add(n)
}

// cell adds a cell of width c on the states s0 and s1 and returns the concatenation of its four nodes.
func (b *builder) cell(name string, cell Cell, s0, s1, c int, reduce, reduced bool) int {
	states := make([]int, 0, 2+Nodes)
	if reduced {
		states = append(states, b.factorised(name+".pre0", s0, c, true))
	} else {
		states = append(states, b.pointwise(name+".pre0", s0, c))
	}
	states = append(states, b.pointwise(name+".pre1", s1, c))
	edges := make([]int, EdgesPerCell)
	for n := range Nodes {
		for k := 2 * n; k < 2*n+2; k++ {
			e := cell[k]
			stride := 1
			if reduce && e.Source < 2 {
				stride = 2
			}
			edges[k] = b.edge(fmt.Sprintf("%s.edge%d", name, k), e.Op, states[e.Source], stride)
		}
		sum := b.like(fmt.Sprintf("%s.node%d", name, n), Add, edges[2*n])
		sum.Inputs = []int{edges[2*n], edges[2*n+1]}
		states = append(states, b.add(sum))
	}
	out := b.concat(name+".concat", states[2:])
	b.graph.Cells = append(b.graph.Cells, out)
	b.graph.Edges = append(b.graph.Edges, edges)
	return out
}

// edge adds one operation on state x. A skip of stride 1 is the state itself.
func (b *builder) edge(name string, op Operation, x, stride int) int {
	c := b.graph.Nodes[x].C
	switch op {
	case MaxPool3x3, AvgPool3x3:
		kind := MaxPool
		if op == AvgPool3x3 {
			kind = AvgPool
		}
		x = b.add(b.window(b.like(name+".pool", kind, x), geometry{kernel: 3, stride: stride, pad: 1, dilation: 1}))
		if b.cfg.Variant == VariantNASLib {
			x = b.norm(name+".bn", x, false)
		}
	case SkipConnect:
		if stride == 1 {
			return x
		}
		x = b.factorised(name, x, c, b.cfg.Variant.affine())
	case SepConv3x3, SepConv5x5:
		k := 3
		if op == SepConv5x5 {
			k = 5
		}
		x = b.separable(name, "1", x, geometry{kernel: k, stride: stride, pad: k / 2, dilation: 1})
		x = b.separable(name, "2", x, geometry{kernel: k, stride: 1, pad: k / 2, dilation: 1})
	case DilConv3x3, DilConv5x5:
		k := 3
		if op == DilConv5x5 {
			k = 5
		}
		x = b.separable(name, "", x, geometry{kernel: k, stride: stride, pad: k - 1, dilation: 2})
	}
	if b.cfg.DropPath {
		x = b.add(b.like(name+".drop", DropPath, x))
	}
	return x
}

// separable adds ReLU, depthwise and pointwise convolution, normalisation. The suffix numbers the stages of an edge.
func (b *builder) separable(name, suffix string, x int, g geometry) int {
	c := b.graph.Nodes[x].C
	x = b.relu(name+".relu"+suffix, x)
	x = b.depthwise(name+".dw"+suffix, x, g)
	x = b.conv(name+".pw"+suffix, x, c, geometry{kernel: 1, stride: 1, dilation: 1})
	return b.norm(name+".bn"+suffix, x, b.cfg.Variant.affine())
}

// classifier adds a global average and a linear layer on map x.
func (b *builder) classifier(prefix string, x int) (pooled, logits int) {
	n := b.like(prefix+"gap", GlobalAvg, x)
	n.H, n.W = 1, 1
	pooled = b.add(n)
	return pooled, b.linear(prefix+"classifier", pooled)
}

func (b *builder) linear(name string, x int) int {
	n := b.like(name, Linear, x)
	in := n.C
	n.C = b.cfg.Classes
	n.Params = []int{
		b.param(name+".weight", LinearWeight, in, n.C, in),
		b.param(name+".bias", LinearBias, in, n.C),
	}
	return b.add(n)
}

// auxiliary adds the auxiliary head of the DARTS evaluation networks on map x. The one for ImageNet has no
// normalisation behind its second convolution: the authors left it out by mistake, and kept it so.
func (b *builder) auxiliary(x int) {
	x = b.relu("auxiliary.relu0", x)
	x = b.add(b.window(b.like("auxiliary.pool", AvgPool, x), geometry{kernel: 5, stride: b.cfg.auxStride(), dilation: 1}))
	x = b.conv("auxiliary.conv1", x, 128, geometry{kernel: 1, stride: 1, dilation: 1})
	x = b.relu("auxiliary.relu1", b.norm("auxiliary.bn1", x, true))
	x = b.conv("auxiliary.conv2", x, 768, geometry{kernel: 2, stride: 1, dilation: 1})
	if b.cfg.Variant != VariantImageNet {
		x = b.norm("auxiliary.bn2", x, true)
	}
	b.graph.AuxLogits = b.linear("auxiliary.classifier", b.relu("auxiliary.relu2", x))
}

// auxStride is the stride of the auxiliary head's pool.
func (c Config) auxStride() int {
	if c.Variant == VariantImageNet {
		return 2
	}
	return 3
}
