package bench301

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"rwe301/internal/oracle"
)

func TestComplexityOfTheTable(t *testing.T) {
	f, err := os.Open(oracle.Shared(t, "data/nb301/architectures.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows := 0
	for item, err := range Read(DARTS{}, "architectures.csv", f, "") {
		if err != nil {
			t.Fatal(err)
		}
		c, err := item.Architecture.Complexity(DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		for name, n := range map[string]int64{"params": c.Params, "flops": c.FLOPs} {
			got := strconv.FormatFloat(float64(n)/1e6, 'f', -1, 64)
			if want, _ := item.Field(name); got != want {
				t.Errorf("line %d: %s %s, want %s", item.Line, name, got, want)
			}
		}
		rows++
	}
	t.Logf("compared %d rows", rows)
}

// Parameters in millions that the papers report on ImageNet (C = 48, 14 cells). Their multiply-adds are counted in ways
// of their own.
func TestParametersOnImageNet(t *testing.T) {
	published := map[string]string{"DARTS_V2": "4.7", "P-DARTS": "4.9", "PC-DARTS": "5.3"}
	for _, k := range KnownNetworks(DARTS{}) {
		c, err := k.Architecture.Complexity(ImageNetConfig())
		if err != nil {
			t.Fatal(err)
		}
		if want, ok := published[k.Name]; ok && fmt.Sprintf("%.1f", float64(c.Params)/1e6) != want {
			t.Errorf("%s: %d parameters, published as %s million", k.Name, c.Params, want)
		}
	}
}

func TestFitMACs(t *testing.T) {
	g := parsed(t, dartsV2[NotationPairs])
	for _, cfg := range []Config{DefaultConfig(), ImageNetConfig()} {
		const most = 600_000_000
		fitted, err := FitMACs(g, cfg, most)
		if err != nil {
			t.Fatal(err)
		}
		at, err := g.Complexity(fitted)
		if err != nil || at.MACs >= most {
			t.Errorf("%+v: %+v, %v", fitted, at, err)
		}
		fitted.Channels += 2
		if above, err := g.Complexity(fitted); err != nil || above.MACs < most {
			t.Errorf("%+v fits too: %+v, %v", fitted, above, err)
		}
	}
	if _, err := FitMACs(g, ImageNetConfig(), 1000); err == nil ||
		err.Error() != "no width has fewer than 1000 multiply-accumulates: the narrowest network (C = 2) has 2316576" {
		t.Errorf("an impossible limit: %v", err)
	}
	if _, err := FitMACs(g, Config{}, 1000); err == nil {
		t.Error("an impossible configuration is no error")
	}
}

// parsed reads a genotype that a test relies on.
func parsed(t *testing.T, text string) Genotype {
	t.Helper()
	g, _, err := ParseGenotype(text)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// counts compares a closed form with reference numbers.
func counts(t *testing.T, a Architecture, cfg Config, params, macs, flops int64) int {
	t.Helper()
	got, err := a.Complexity(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Complexity{Params: params, MACs: macs, FLOPs: flops}); got != want {
		t.Errorf("%s %+v: %+v, want %+v", a, cfg, got, want)
	}
	return 3
}

// Networks built from PyTorch modules and counted with hooks; tools/oracles/complexity.py.
func TestOracleComplexity(t *testing.T) {
	oracle.Each(t, "network", "complexity*.json*", func(t *testing.T, path string) (compared int) {
		var file struct {
			Cases []struct {
				Arch                              string
				Variant                           Variant
				C, Layers, Classes, Height, Width int
				Auxiliary                         bool
				Params, MACs, FLOPs               int64
			}
		}
		oracle.Read(t, path, &file)
		for _, c := range file.Cases {
			cfg := Config{Channels: c.C, Layers: c.Layers, Classes: c.Classes, Height: c.Height, Width: c.Width,
				Variant: c.Variant, Auxiliary: c.Auxiliary}
			compared += counts(t, parsed(t, c.Arch), cfg, c.Params, c.MACs, c.FLOPs)
		}
		return compared
	})
}

// The counts that come with PyTorch's forward passes, at several sizes.
func TestOracleComplexityOfNetworks(t *testing.T) {
	oracle.Each(t, "network", "fx_*_C*_L*.json*", func(t *testing.T, path string) (compared int) {
		f := oracle.ReadNetwork(t, path)
		if len(f.Counts) == 0 {
			t.Skip("no counts in it")
		}
		g := parsed(t, f.ArchText())
		for _, c := range f.Counts {
			cfg := DefaultConfig()
			cfg.Channels, cfg.Layers, cfg.Classes = int(c.C), int(c.Layers), f.Classes
			if f.Variant != "" {
				cfg.Variant = Variant(f.Variant)
			}
			compared += counts(t, g, cfg, c.Params, c.Macs, c.Flops)
		}
		return compared
	})
}

// Tables of what every operation costs: a network is its skeleton plus its edges.
func TestOracleComplexityTables(t *testing.T) {
	oracle.Each(t, "network", "count_tables_*.json*", func(t *testing.T, path string) (compared int) {
		var table struct {
			C, Layers int
			Order     []string
			Skeleton  [3]int64
			Normal    map[string][3]int64 `json:"normal_edge"`
			Strided   map[string][3]int64 `json:"reduce_edge_src01"`
			Inner     map[string][3]int64 `json:"reduce_edge_src2plus"`
		}
		oracle.Read(t, path, &table)
		if !slices.Equal(table.Order, []string{"params", "flops", "macs"}) {
			t.Fatalf("columns %v", table.Order)
		}
		cfg := DefaultConfig()
		cfg.Channels, cfg.Layers = table.C, table.Layers
		rng := rand.New(rand.NewPCG(8, 0))
		for range 100 {
			g := SampleGenotype(rng)
			sum := table.Skeleton
			add := func(cost [3]int64) {
				for i, n := range cost {
					sum[i] += n
				}
			}
			for k := range EdgesPerCell {
				add(table.Normal[g.Normal[k].Op.String()])
				if e := g.Reduce[k]; e.Source < 2 {
					add(table.Strided[e.Op.String()])
				} else {
					add(table.Inner[e.Op.String()])
				}
			}
			compared += counts(t, g, cfg, sum[0], sum[2], sum[1])
		}
		return compared
	})
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
		"[[(0, 3), (1, 3), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5)], [(0, 0), (1, 0), (2, 2), (1, 0), (0, 0), (2, " +
			"2), (2, 2), (1, 0)]]",
		"[[(0, 0), (1, 4), (0, 1), (2, 4), (1, 3), (3, 0), (3, 5), (2, 6)], [(0, 5), (1, 4), (0, 1), (2, 1), (1, 0), (0, " +
			"2), (2, 0), (0, 3)]]",
		"[[(0, 2), (1, 6), (0, 1), (2, 6), (1, 2), (3, 1), (3, 2), (2, 2)], [(0, 2), (1, 2), (0, 6), (2, 5), (1, 3), (0, " +
			"4), (2, 2), (0, 1)]]",
	}
	configs := []Config{
		DefaultConfig(),
		{Channels: 7, Layers: 5, Classes: 3, Height: 16, Width: 24, Variant: VariantNASLib},
		{Channels: 36, Layers: 20, Classes: 100, Height: 32, Width: 32, Variant: VariantDARTS, Auxiliary: true,
			DropPath: true},
		{Channels: 1, Layers: 1, Classes: 1, Height: 2, Width: 2, Variant: VariantDARTS},
		{Channels: 48, Layers: 14, Classes: 1000, Height: 224, Width: 224, Variant: VariantImageNet, Auxiliary: true},
		{Channels: 6, Layers: 5, Classes: 10, Height: 32, Width: 61, Variant: VariantImageNet, DropPath: true},
		{Channels: 3, Layers: 2, Classes: 2, Height: 4, Width: 8, Variant: VariantNASLib},
	}
	for _, a := range archs {
		for _, cfg := range configs {
			g := parsed(t, a)
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
