package bench301

import (
	"encoding/csv"
	"os"
	"regexp"
	"strconv"
	"testing"

	"rwe301/internal/oracle"
)

// digits reads the 32 numbers of a compact architecture, for tests of what stands below the parser.
func digits(t *testing.T, arch string) Genotype {
	t.Helper()
	n := regexp.MustCompile(`\d+`).FindAllString(arch, -1)
	if len(n) != 32 {
		t.Fatalf("%s: %d numbers", arch, len(n))
	}
	var g Genotype
	for i := range 16 {
		s, _ := strconv.Atoi(n[2*i])
		o, _ := strconv.Atoi(n[2*i+1])
		e := Edge{uint8(s), Operation(o)}
		if i < 8 {
			g.Normal[i] = e
		} else {
			g.Reduce[i-8] = e
		}
	}
	return g
}

func TestComplexityOfTheTable(t *testing.T) {
	f, err := os.Open(oracle.Shared(t, "data/nb301/architectures.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows[1:] {
		c, err := digits(t, row[0]).Complexity(DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		params := strconv.FormatFloat(float64(c.Params)/1e6, 'f', -1, 64)
		flops := strconv.FormatFloat(float64(c.FLOPs)/1e6, 'f', -1, 64)
		if params != row[2] || flops != row[3] {
			t.Errorf("row %d: params %s, want %s; flops %s, want %s", i, params, row[2], flops, row[3])
		}
	}
	t.Logf("compared %d rows", len(rows)-1)
}

// graphCount counts a graph node by node: the definition that the closed form must agree with.
func graphCount(g Graph) Complexity {
	var c Complexity
	for _, p := range g.Params {
		c.Params += int64(p.Size())
	}
	for _, n := range g.Nodes {
		in, out := int64(0), int64(n.H*n.W*n.C)
		if len(n.Inputs) > 0 {
			x := g.Nodes[n.Inputs[0]]
			in = int64(x.H * x.W * x.C)
			if n.Kind == GlobalAvg {
				c.FLOPs += int64(x.C * (x.H + 1) * (x.W + 1))
			}
		}
		switch n.Kind {
		case Conv:
			c.MACs += int64(g.Params[n.Params[0]].Size() * n.H * n.W)
			c.FLOPs += int64(g.Params[n.Params[0]].Size() * n.H * n.W)
		case Linear:
			c.MACs += int64(g.Params[n.Params[0]].Size())
			c.FLOPs += int64(g.Params[n.Params[0]].Size())
		case BatchNorm:
			c.FLOPs += out * int64(1+len(n.Params)/2)
		case ReLU:
			c.FLOPs += in
		case MaxPool, AvgPool:
			c.FLOPs += int64(n.Kernel*n.Kernel) * out
		}
	}
	return c
}

func TestClosedFormIsTheGraph(t *testing.T) {
	archs := []string{
		"[[(0, 3), (1, 3), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5)], [(0, 0), (1, 0), (2, 2), (1, 0), (0, 0), (2, 2), (2, 2), (1, 0)]]",
		"[[(0, 0), (1, 4), (0, 1), (2, 4), (1, 3), (3, 0), (3, 5), (2, 6)], [(0, 5), (1, 4), (0, 1), (2, 1), (1, 0), (0, 2), (2, 0), (0, 3)]]",
		"[[(0, 2), (1, 6), (0, 1), (2, 6), (1, 2), (3, 1), (3, 2), (2, 2)], [(0, 2), (1, 2), (0, 6), (2, 5), (1, 3), (0, 4), (2, 2), (0, 1)]]",
	}
	configs := []Config{
		DefaultConfig(),
		{Channels: 7, Layers: 5, Classes: 3, Height: 16, Width: 24, Variant: VariantNASLib},
		{Channels: 36, Layers: 20, Classes: 100, Height: 32, Width: 32, Variant: VariantDARTS, Auxiliary: true, DropPath: true},
		{Channels: 1, Layers: 1, Classes: 1, Height: 2, Width: 2, Variant: VariantDARTS},
		{Channels: 3, Layers: 2, Classes: 2, Height: 4, Width: 8, Variant: VariantNASLib},
	}
	for _, a := range archs {
		for _, cfg := range configs {
			g := digits(t, a)
			graph, err := g.Graph(cfg)
			if err != nil {
				t.Fatal(err)
			}
			got, err := g.Complexity(cfg)
			if err != nil {
				t.Fatal(err)
			}
			if want := graphCount(graph); got != want {
				t.Errorf("%s %+v: closed form %+v, graph %+v", a, cfg, got, want)
			}
		}
	}
}
