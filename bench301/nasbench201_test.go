package bench301

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// all201 calls f for every architecture of the space.
func all201(f func(Genotype201)) {
	for n := range 15625 {
		var g Genotype201
		for k := range g {
			g[k] = Operation201(n % NumOperations201)
			n /= NumOperations201
		}
		f(g)
	}
}

func cell201(t *testing.T, text string) Genotype201 {
	t.Helper()
	a, _, err := NASBench201{}.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return a.(Genotype201)
}

func TestEveryArchitectureOfNASBench201(t *testing.T) {
	ids := map[string]bool{}
	all201(func(g Genotype201) {
		for _, n := range (NASBench201{}).Notations() {
			text, err := NASBench201{}.Format(g, n)
			if err != nil {
				t.Fatal(err)
			}
			back, got, err := NASBench201{}.Parse(text)
			if err != nil || got != n || back != Architecture(g) {
				t.Fatalf("%s read back as %v in %s: %v", text, back, got, err)
			}
		}
		ids[g.ID()] = true
	})
	if len(ids) != 15625 || (NASBench201{}).Size().Int64() != 15625 {
		t.Errorf("%d ids, size %s", len(ids), (NASBench201{}).Size())
	}
}

// The parameters and multiply-accumulates (in millions there) of NAS-Bench-201's own query interface for CIFAR-10.
func TestComplexityOfNASBench201(t *testing.T) {
	for _, c := range []struct {
		arch         string
		params, macs int64
	}{
		{"|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", 73306, 7783040},
		{"|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|", 1531546,
			220119680},
	} {
		got, err := cell201(t, c.arch).Complexity(NASBench201{}.Config())
		if err != nil || got.Params != c.params || got.MACs != c.macs {
			t.Errorf("%s: %+v, %v", c.arch, got, err)
		}
	}
}

func TestClosedFormIsTheGraphOfNASBench201(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 0))
	configs := []Config{
		NASBench201{}.Config(),
		{Channels: 3, Layers: 5, Classes: 7, Height: 8, Width: 12, Variant: VariantNASLib},
		{Channels: 8, Layers: 8, Classes: 120, Height: 16, Width: 16, Variant: VariantDARTS},
	}
	for range 30 {
		a := NASBench201{}.Sample(rng)
		for _, cfg := range configs {
			graph, err := a.Graph(cfg)
			if err != nil {
				t.Fatal(err)
			}
			want := graphCount(graph)
			counts(t, a, cfg, want.Params, want.MACs, want.FLOPs)
		}
	}
}

func TestPools(t *testing.T) {
	if n := cell201(t, "|avg_pool_3x3~0|+|none~0|avg_pool_3x3~1|+|none~0|skip_connect~1|nor_conv_1x1~2|").Pools(); n != 2 {
		t.Errorf("%d pools", n)
	}
	if n := parsed(t, "[[(0, 0), (1, 1), (0, 3), (1, 1), (1, 3), (0, 2), (0, 2), (2, 5)], [(0, 0), (1, 0), (2, 2), (1, "+
		"0), (0, 0), (2, 2), (2, 2), (1, 0)]]").Pools(); n != 3 {
		t.Errorf("%d pools in the normal cell", n)
	}
}

func TestRefusalsOfNASBench201(t *testing.T) {
	good := "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"
	for _, c := range []struct{ text, want string }{
		{"", "empty text"},
		{"hello", "hello is no architecture of NAS-Bench-201"},
		{"|none~0|", "1 nodes: a cell of NAS-Bench-201 has 3"},
		{strings.Replace(good, "|none~0|none~1|+", "|none~0|+", 1), "node 2: "},
		{strings.Replace(good, "nor_conv_3x3", "sep_conv_3x3", 1),
			`node 1: operation "sep_conv_3x3": unknown; use one of none, skip_connect`},
		{strings.Replace(good, "none~1", "none~2", 1), `node 2: "none~2": must name an operation and one of the nodes 0-1`},
		{strings.Replace(good, "none~1", "none~0", 1), `node 2: "none~0"`},
		{strings.Replace(good, "none~1", "none", 1), `node 2: "none"`},
		{strings.TrimSuffix(good, "|"), "node 3: "},
		{"[1, 2, 3]", "3 numbers: NAS-Bench-201 has 6 edges"},
		{"[1, 2, 3, 4, 5, 0]", "edge 4: operation index 5: NAS-Bench-201 has 5 (0-4)"},
		{strings.Repeat("|", 1<<17), "an architecture takes less"},
	} {
		if _, _, err := (NASBench201{}).Parse(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s: error %v, want %q", c.text, err, c.want)
		}
	}
	g := cell201(t, good)
	for _, c := range []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Layers = 7 }, "layers: 7: a network of NAS-Bench-201 has 3N+2"},
		{func(c *Config) { c.Layers = 2 }, "layers: 2:"},
		{func(c *Config) { c.Height = 30 }, "image of 30x32: height and width must be multiples of 4"},
		{func(c *Config) { c.Variant, c.Auxiliary = VariantDARTS, true }, "neither an auxiliary head nor drop path"},
		{func(c *Config) { c.Channels = 0 }, "channels: 0"},
	} {
		cfg := NASBench201{}.Config()
		c.change(&cfg)
		_, err := g.Complexity(cfg)
		_, err2 := g.Graph(cfg)
		if err == nil || err2 == nil || err.Error() != err2.Error() || !strings.Contains(err.Error(), c.want) {
			t.Errorf("errors %v and %v, want %q", err, err2, c.want)
		}
	}
}

func TestVariationOfNASBench201(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 0))
	g := NASBench201{}.Sample(rng).(Genotype201)
	other := NASBench201{}.Sample(rng).(Genotype201)
	near, err := NASBench201{}.Neighbours(g)
	if err != nil || len(near) != 24 {
		t.Fatalf("%d neighbours, %v", len(near), err)
	}
	known := map[string]bool{}
	for _, n := range near {
		d := 0
		for k, op := range n.(Genotype201) {
			if op != g[k] {
				d++
			}
		}
		if d != 1 || known[n.ID()] {
			t.Fatalf("%s is %d away, or comes twice", n, d)
		}
		known[n.ID()] = true
	}
	mutants, samples := map[string]int{}, map[string]int{}
	for range 15000 {
		m, err := NASBench201{}.Mutate(rng, g)
		if err != nil || !known[m.ID()] {
			t.Fatalf("%s is no neighbour: %v", m, err)
		}
		mutants[m.ID()]++
		samples[NASBench201{}.Sample(rng).(Genotype201)[3].String()]++
		child, err := NASBench201{}.Crossover(rng, g, other)
		if err != nil {
			t.Fatal(err)
		}
		for k, op := range child.(Genotype201) {
			if op != g[k] && op != other[k] {
				t.Fatalf("edge %d of %s comes from neither parent", k, child)
			}
		}
	}
	uniform(t, "mutants", mutants, 24)
	uniform(t, "samples", samples, NumOperations201)
}

func FuzzParse201(f *testing.F) {
	f.Add("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|")
	f.Add("[0, 1, 2, 3, 4, 0]")
	f.Fuzz(func(t *testing.T, text string) {
		a, n, err := NASBench201{}.Parse(text)
		if err != nil {
			return
		}
		again, err := NASBench201{}.Format(a, n)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if back, _, err := (NASBench201{}).Parse(again); err != nil || back != a {
			t.Fatalf("%q written as %q: %v", text, again, err)
		}
	})
}

// Architectures in the notation cell stand in logs and in files of Python, too.
func TestRead201AmongOthers(t *testing.T) {
	a := "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|"
	b := "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
	for text, want := range map[string]string{
		"2026-01-05 10:00 INFO epoch 3 arch: " + a + " acc 93.1\nno architecture\n[INFO] best=" + b + ", 90\n": a + ";" + b,
		"import x\nbest = '" + a + "'  # a comment\nworst = \"" + b + "\"\n":                                   "best " + a + ";worst " + b,
		"A = {'first': '" + a + "', \"second\": '" + b + "'}\n":                                                "first " + a + ";second " + b,
		`{"results": [{"arch_str": "` + a + `"}, {"arch_str": "` + b + `"}]}`:                                  "arch_str " + a + ";arch_str " + b,
		a + "\n" + b + "\n": a + ";" + b,
		"log " + strings.Replace(a, "skip", "hop", 1) + "\n": `log:1: node 2: operation "hop_connect": unknown`,
		"\xff\xfe|\x00": "log: UTF-16: save it as UTF-8",
	} {
		var got []string
		for item, err := range Read(NASBench201{}, "log", strings.NewReader(text), "") {
			if err != nil {
				got = append(got, err.Error())
				break
			}
			got = append(got, strings.TrimSpace(item.Name+" "+item.Architecture.String()))
		}
		if have := strings.Join(got, ";"); !strings.HasPrefix(have, want) {
			t.Errorf("%.60q: %s\nwant %s", text, have, want)
		}
	}
}
