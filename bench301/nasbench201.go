package bench301

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Operation201 is one of the five operations of NAS-Bench-201 (Dong and Yang, ICLR 2020), in its order.
type Operation201 uint8

// The operations.
const (
	None201 Operation201 = iota // zeros
	Skip201
	Conv1x1
	Conv3x3 // ReLU, convolution, normalisation, as Conv1x1
	AvgPool201

	NumOperations201 = 5
)

var operationNames201 = [NumOperations201]string{"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"}

// String is the operation's name in NAS-Bench-201.
func (o Operation201) String() string {
	if o < NumOperations201 {
		return operationNames201[o]
	}
	return "operation " + strconv.Itoa(int(o))
}

// ParseOperation201 reads an operation's name.
func ParseOperation201(name string) (Operation201, error) {
	for i, n := range operationNames201 {
		if n == name {
			return Operation201(i), nil
		}
	}
	return 0, fmt.Errorf("operation %q: unknown; use one of %s", clip(name), strings.Join(operationNames201[:], ", "))
}

// Nodes201 is the number of nodes of a NAS-Bench-201 cell, Edges201 that of its edges: one between any two nodes.
const (
	Nodes201 = 4
	Edges201 = Nodes201 * (Nodes201 - 1) / 2
)

// Genotype201 is an architecture of NAS-Bench-201: the operations of the edges 0->1, 0->2, 1->2, 0->3, 1->3, 2->3.
type Genotype201 [Edges201]Operation201

var _ interface {
	Architecture
	PoolCounter
} = Genotype201{}

// edge201 is the number of the edge between two nodes.
func edge201(from, to int) int { return to*(to-1)/2 + from }

// Validate says which operation does not exist.
func (g Genotype201) Validate() error {
	for k, op := range g {
		if op >= NumOperations201 {
			return fmt.Errorf("edge %d: operation index %d: NAS-Bench-201 has %d (0-%d)", k, op, NumOperations201,
				NumOperations201-1)
		}
	}
	return nil
}

// Pools implements PoolCounter.
func (g Genotype201) Pools() (n int) {
	for _, op := range g {
		if op == AvgPool201 {
			n++
		}
	}
	return n
}

// String is the text that NAS-Bench-201 uses: |op~0|+|op~0|op~1|+|op~0|op~1|op~2|.
func (g Genotype201) String() string { return string(g.append(make([]byte, 0, cellSize201))) }

// cellSize201 is the length that no text of a cell exceeds.
const cellSize201 = Edges201*len("nor_conv_1x1~0|") + 2*Nodes201

func (g *Genotype201) append(b []byte) []byte {
	for to := 1; to < Nodes201; to++ {
		if to > 1 {
			b = append(b, '+')
		}
		b = append(b, '|')
		for from := range to {
			b = append(b, g[edge201(from, to)].String()...)
			b = append(b, '~', '0'+byte(from), '|')
		}
	}
	return b
}

// ID is the first 16 hex digits of the SHA-256 of the canonical text.
func (g Genotype201) ID() string {
	var room [cellSize201]byte
	return textID(g.append(room[:0]))
}

func textID(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// stages201 is the number of resolutions: stages of equal cells with a residual block of stride 2 between them.
const stages201 = 3

// check201 validates a configuration and returns the number of cells a stage: cfg.Layers counts the cells of all stages
// and the residual blocks between them, 17 in the benchmark.
func (c Config) check201() (perStage int, err error) {
	perStage = (c.Layers - (stages201 - 1)) / stages201
	switch err := c.Validate(); {
	case err != nil:
		return 0, err
	case c.Auxiliary || c.DropPath:
		return 0, fmt.Errorf("the network of NAS-Bench-201 has neither an auxiliary head nor drop path")
	case perStage < 1 || stages201*perStage+stages201-1 != c.Layers:
		return 0, fmt.Errorf("layers: %d: a network of NAS-Bench-201 has 3N+2: three stages of N cells and two residual "+
			"blocks (17 in the benchmark)", c.Layers)
	case c.Height%4 != 0 || c.Width%4 != 0:
		return 0, fmt.Errorf("image of %dx%d: height and width must be multiples of 4, for the two residual blocks halve "+
			"them", c.Height, c.Width)
	}
	return perStage, nil
}

// Graph builds the network of g: stem, three stages of cells with residual blocks between them, normalisation, ReLU,
// global average, classifier (appendix of arXiv 2001.00326). All normalisations are affine. The configuration's variant
// is not read.
func (g Genotype201) Graph(cfg Config) (Graph, error) {
	if err := g.Validate(); err != nil {
		return Graph{}, err
	}
	perStage, err := cfg.check201()
	if err != nil {
		return Graph{}, err
	}
	b := newBuilder(cfg)
	x := b.conv("stem.conv", 0, cfg.Channels, geometry{kernel: 3, stride: 1, pad: 1, dilation: 1})
	x = b.norm("stem.bn", x, true)
	c, i := cfg.Channels, 0
	for stage := range stages201 {
		if stage > 0 {
			c *= 2
			x = b.residual(fmt.Sprintf("cell%d", i), x, c)
			i++
		}
		for range perStage {
			x = b.cell201(fmt.Sprintf("cell%d", i), g, x)
			i++
		}
	}
	b.graph.Features = b.relu("head.relu", b.norm("head.bn", x, true))
	b.graph.Pooled, b.graph.Logits = b.classifier("", b.graph.Features)
	return b.graph, nil
}

// reluConvNorm adds ReLU, convolution, normalisation.
func (b *builder) reluConvNorm(name, suffix string, x, out int, g geometry) int {
	x = b.relu(name+".relu"+suffix, x)
	return b.norm(name+".bn"+suffix, b.conv(name+".conv"+suffix, x, out, g), true)
}

// residual adds the block that halves the image and doubles the width: two convolutions beside an average pool with a
// pointwise convolution.
func (b *builder) residual(name string, x, out int) int {
	main := b.reluConvNorm(name, "1", x, out, geometry{kernel: 3, stride: 2, pad: 1, dilation: 1})
	main = b.reluConvNorm(name, "2", main, out, geometry{kernel: 3, stride: 1, pad: 1, dilation: 1})
	side := b.add(b.window(b.like(name+".pool", AvgPool, x), geometry{kernel: 2, stride: 2, dilation: 1}))
	side = b.conv(name+".shortcut", side, out, geometry{kernel: 1, stride: 1, dilation: 1})
	sum := b.like(name+".sum", Add, side)
	sum.Inputs = []int{side, main}
	x = b.add(sum)
	b.graph.Cells = append(b.graph.Cells, x)
	b.graph.Edges = append(b.graph.Edges, nil)
	return x
}

// cell201 adds a cell. Edges that are none add nothing to a node; a node with no others is zero.
func (b *builder) cell201(name string, g Genotype201, x int) int {
	nodes := []int{x}
	edges := make([]int, Edges201)
	zero := -1
	for to := 1; to < Nodes201; to++ {
		var terms []int
		for from := range to {
			k := edge201(from, to)
			if g[k] == None201 {
				if zero < 0 {
					zero = b.add(b.like(name+".zero", Zero, x))
				}
				edges[k] = zero
				continue
			}
			edges[k] = b.edge201(fmt.Sprintf("%s.edge%d", name, k), g[k], nodes[from])
			terms = append(terms, edges[k])
		}
		switch len(terms) {
		case 0:
			nodes = append(nodes, zero)
		case 1:
			nodes = append(nodes, terms[0])
		default:
			sum := b.like(fmt.Sprintf("%s.node%d", name, to), Add, x)
			sum.Inputs = terms
			nodes = append(nodes, b.add(sum))
		}
	}
	x = nodes[len(nodes)-1]
	b.graph.Cells = append(b.graph.Cells, x)
	b.graph.Edges = append(b.graph.Edges, edges)
	return x
}

func (b *builder) edge201(name string, op Operation201, x int) int {
	c := b.graph.Nodes[x].C
	switch op {
	case Conv1x1:
		return b.reluConvNorm(name, "", x, c, geometry{kernel: 1, stride: 1, dilation: 1})
	case Conv3x3:
		return b.reluConvNorm(name, "", x, c, geometry{kernel: 3, stride: 1, pad: 1, dilation: 1})
	case AvgPool201:
		return b.add(b.window(b.like(name+".pool", AvgPool, x), geometry{kernel: 3, stride: 1, pad: 1, dilation: 1}))
	}
	return x // skip_connect
}

// Complexity counts the network of g in closed form; see Genotype.Complexity for what is counted.
func (g Genotype201) Complexity(cfg Config) (Complexity, error) {
	if err := g.Validate(); err != nil {
		return Complexity{}, err
	}
	perStage, err := cfg.check201()
	if err != nil {
		return Complexity{}, err
	}
	var t tally
	m := shape{int64(cfg.Height), int64(cfg.Width), int64(cfg.Channels)}
	t.conv(3, m, 3, 1)
	t.norm(m, true)
	for stage := range stages201 {
		if stage > 0 {
			next := shape{m.h / 2, m.w / 2, 2 * m.c}
			t.reluConvNorm(m, next, 3)
			t.reluConvNorm(next, next, 3)
			t.FLOPs += 4 * next.size() / 2 // the shortcut's pool keeps the width
			t.conv(m.c, next, 1, 1)
			m = next
		}
		var cell tally
		for _, op := range g {
			switch op {
			case Conv1x1:
				cell.reluConvNorm(m, m, 1)
			case Conv3x3:
				cell.reluConvNorm(m, m, 3)
			case AvgPool201:
				cell.FLOPs += 9 * m.size()
			}
		}
		n := int64(perStage)
		t.Params, t.MACs, t.FLOPs = t.Params+n*cell.Params, t.MACs+n*cell.MACs, t.FLOPs+n*cell.FLOPs
	}
	t.norm(m, true)
	t.relu(m)
	t.FLOPs += m.c * (m.h + 1) * (m.w + 1)
	t.linear(m.c, int64(cfg.Classes))
	return Complexity(t), nil
}

func (t *tally) reluConvNorm(in, out shape, k int64) {
	t.relu(in)
	t.conv(in.c, out, k, 1)
	t.norm(out, true)
}
