package gin

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/bench301/surrogate/internal/torch"
	"rwe301/internal/oracle"
)

// configs are the two ensembles of the reference material.
var configs = map[string]Config{
	"ensemble": {Hidden: 24, Layers: 8},
	"variant":  {Hidden: 16, Layers: 3, Undirected: true, SelfLoops: true},
}

// TestOracleGraphs compares encoded graphs and every layer's values with upstream's.
func TestOracleGraphs(t *testing.T) {
	oracle.Each(t, "surrogate", "gin/debug_*.json*", func(t *testing.T, path string) (compared int) {
		var want struct {
			Graphs []struct {
				Row   int      `json:"row"`
				Arch  string   `json:"arch"`
				X     [][2]int `json:"x"`
				Index [2][]int `json:"edge_index"`
				Attr  []int    `json:"edge_attr"`
			} `json:"graphs"`
			Trace []struct {
				Layer   *int        `json:"layer"`
				In      [][]float64 `json:"h_in"`
				Out     [][]float64 `json:"h_out"`
				Virtual []float64   `json:"virtual_out"`
				Logit   *float64    `json:"logit"`
			} `json:"trace"`
		}
		oracle.Read(t, path, &want)
		name := strings.FieldsFunc(filepath.Base(path), func(r rune) bool { return r == '_' || r == '.' })[1]
		c, ok := configs[name]
		if !ok {
			t.Skipf("no configuration %s", name)
		}
		var first *graph
		for _, w := range want.Graphs {
			a, _, err := bench301.ParseGenotype(w.Arch)
			if err != nil {
				t.Fatal(err)
			}
			g := encode(a, c.Undirected, c.SelfLoops)
			if first == nil {
				first = g
			}
			if len(g.edges) != len(w.Attr) {
				t.Fatalf("row %d: %d edges, want %d", w.Row, len(g.edges), len(w.Attr))
			}
			for i, e := range g.edges {
				compared++
				if e != (edge{w.Index[0][i], w.Index[1][i], w.Attr[i]}) {
					t.Errorf("row %d, edge %d: %v, want %d-%d, %d", w.Row, i, e, w.Index[0][i], w.Index[1][i], w.Attr[i])
				}
			}
			for i, x := range w.X {
				compared++
				if x != [2]int{g.kind[i], g.degree[i]} {
					t.Errorf("row %d, node %d: %d, %d, want %v", w.Row, i, g.kind[i], g.degree[i], x)
				}
			}
		}
		net := network(t, name, c)
		D := c.Hidden
		near := func(what string, layer int, got []float64, want []float64) {
			for i, v := range want {
				compared++
				if math.Abs(got[i]-v) > 1e-10*(1+math.Abs(v)) {
					t.Fatalf("layer %d, %s, %d: %v, want %v", layer, what, i, got[i], v)
				}
			}
		}
		w := &workspace{make([]float64, graphSize*D), make([]float64, graphSize*D), make([]float64, graphSize*D),
			make([]float64, D), make([]float64, D), make([]float64, 2*D)}
		logit := net.logit(first, w, func(l int, in, out, virtual []float64) {
			for _, layer := range want.Trace {
				if layer.Layer == nil || *layer.Layer != l {
					continue
				}
				for n := range layer.In {
					near("in", l, in[n*D:(n+1)*D], layer.In[n])
					near("out", l, out[n*D:(n+1)*D], layer.Out[n])
				}
				near("virtual node", l, virtual, layer.Virtual)
			}
		})
		if last := want.Trace[len(want.Trace)-1]; last.Logit != nil {
			near("logit", c.Layers, []float64{logit}, []float64{*last.Logit})
		}
		return compared
	})
}

// network reads the first member of an ensemble.
func network(t *testing.T, name string, c Config) *Network {
	t.Helper()
	file := filepath.Join("gin", name, "ensemble_member_0", "surrogate_model.model")
	data, err := os.ReadFile(filepath.Join(oracle.Dir("surrogate"), file))
	if err != nil {
		data, err = os.ReadFile(filepath.Join(oracle.Root(), "testdata", "oracles", "surrogate", file))
	}
	if err != nil {
		t.Fatal(err)
	}
	tensors, err := torch.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	values, err := Flatten(c, tensors)
	if err != nil {
		t.Fatal(err)
	}
	net, err := New(c, values)
	if err != nil {
		t.Fatal(err)
	}
	return net
}
