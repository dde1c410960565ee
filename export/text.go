package export

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"rwe301/bench301"
)

// Python writes architectures as Python source that training scripts import, each named arch_<id>: values of the
// space's own notation if it is a bench301.PythonSource, strings with the canonical text otherwise.
func Python(w io.Writer, space bench301.Space, archs []bench301.Architecture) error {
	b := bufio.NewWriter(w)
	write := func(a bench301.Architecture) (string, error) { return strconv.Quote(a.String()), nil }
	if p, ok := space.(bench301.PythonSource); ok {
		n, preamble := p.PythonSource()
		write = func(a bench301.Architecture) (string, error) { return space.Format(a, n) }
		fmt.Fprintln(b, preamble)
	}
	for _, a := range archs {
		value, err := write(a)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "arch_%s = %s\n", a.ID(), value)
	}
	return b.Flush()
}

// DOT writes the cells of an architecture as a Graphviz digraph.
func DOT(w io.Writer, space bench301.Space, a bench301.Architecture) error {
	cells, err := space.Wirings(a)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "digraph %q {\n  rankdir=LR;\n  node [shape=box, fontname=\"Helvetica\"];\n  edge "+
		"[fontname=\"Helvetica\", fontsize=11];\n", a.ID())
	for i, c := range cells {
		fmt.Fprintf(b, "  subgraph cluster%d {\n    label=%q;\n", i, c.Name)
		for n, name := range c.Nodes {
			fmt.Fprintf(b, "    c%dn%d [label=%q];\n", i, n, name)
		}
		for _, l := range c.Links {
			fmt.Fprintf(b, "    c%dn%d -> c%dn%d [label=%q];\n", i, l.From, i, l.To, l.Label)
		}
		fmt.Fprint(b, "  }\n")
	}
	fmt.Fprint(b, "}\n")
	return b.Flush()
}

// jsonNetwork is the neutral description of a network as JSON. Tensors are N x H x W x C; nodes are in an order in
// which every input precedes its reader, and parameters in that of the flat vector of weights.
type jsonNetwork struct {
	Arch   string      `json:"arch"`
	ID     string      `json:"id"`
	Space  string      `json:"space"`
	Nodes  []jsonNode  `json:"nodes"`
	Params []jsonParam `json:"params"`
	Cells  []int       `json:"cells"`
	Pooled int         `json:"pooled"`
	Logits int         `json:"logits"`
	Aux    *int        `json:"aux_logits,omitempty"`
}

type jsonNode struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Inputs   []int  `json:"inputs,omitempty"`
	Params   []int  `json:"params,omitempty"`
	Kernel   int    `json:"kernel,omitempty"`
	Stride   int    `json:"stride,omitempty"`
	Pad      int    `json:"pad,omitempty"`
	Dilation int    `json:"dilation,omitempty"`
	Groups   int    `json:"groups,omitempty"`
	Offset   int    `json:"offset,omitempty"`
	Shape    [3]int `json:"shape"` // height, width, channels
}

type jsonParam struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
	FanIn int    `json:"fan_in,omitempty"`
}

// JSON writes an architecture and the neutral description of its network as one JSON object on one line.
func JSON(w io.Writer, space bench301.Space, a bench301.Architecture, g bench301.Graph) error {
	n := jsonNetwork{Arch: a.String(), ID: a.ID(), Space: space.Name(), Cells: g.Cells, Pooled: g.Pooled, Logits: g.Logits}
	if g.AuxLogits >= 0 {
		n.Aux = &g.AuxLogits
	}
	for _, x := range g.Nodes {
		n.Nodes = append(n.Nodes, jsonNode{
			x.Name, x.Kind.String(), x.Inputs, x.Params, x.Kernel, x.Stride, x.Pad, x.Dilation, x.Groups, x.Offset,
			[3]int{x.H, x.W, x.C},
		})
	}
	for _, p := range g.Params {
		n.Params = append(n.Params, jsonParam{p.Name, p.Shape, p.FanIn})
	}
	return json.NewEncoder(w).Encode(n)
}
