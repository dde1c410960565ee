package export

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"rwe301/bench301"
)

func parse(t *testing.T, space, arch string) (bench301.Space, bench301.Architecture) {
	t.Helper()
	s, err := bench301.LookupSpace(space)
	if err != nil {
		t.Fatal(err)
	}
	a, _, err := s.Parse(arch)
	if err != nil {
		t.Fatal(err)
	}
	return s, a
}

const dartsV2 = "[[(0, 3), (1, 3), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5)], [(0, 0), (1, 0), (2, 2), (1, 0), " +
	"(0, 0), (2, 2), (2, 2), (1, 0)]]"

func TestPython(t *testing.T) {
	var b bytes.Buffer
	space, a := parse(t, "darts", dartsV2)
	if err := Python(&b, space, []bench301.Architecture{a}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if got, n, err := bench301.ParseGenotype(lines[len(lines)-1]); err != nil || n != bench301.NotationGenotype ||
		got != a {
		t.Errorf("%s: %v", b.String(), err)
	}
	if lines[0] != "from collections import namedtuple" {
		t.Errorf("begins with %s", lines[0])
	}
	if python, err := exec.LookPath("python3"); err == nil {
		cmd := exec.Command(python, "-")
		cmd.Stdin = strings.NewReader(b.String() + "print(arch_" + a.ID() + ".reduce[2], len(arch_" + a.ID() + ".normal))\n")
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != "('skip_connect', 2) 8\n" {
			t.Errorf("python says %s: %v", out, err)
		}
	}
	b.Reset()
	space, a = parse(t, "nasbench201", "[0, 1, 2, 3, 4, 0]")
	if err := Python(&b, space, []bench301.Architecture{a}); err != nil {
		t.Fatal(err)
	}
	if want := "arch_" + a.ID() + " = \"" + a.String() + "\"\n"; b.String() != want {
		t.Errorf("%s, want %s", b.String(), want)
	}
}

func TestDOT(t *testing.T) {
	var b bytes.Buffer
	space, a := parse(t, "darts", dartsV2)
	if err := DOT(&b, space, a); err != nil {
		t.Fatal(err)
	}
	for text, times := range map[string]int{
		"digraph \"b149d8919d89ab39\" {": 1, "subgraph cluster": 2, " -> ": 24, "[label=\"sep_conv_3x3\"]": 5,
		"c1n2 -> c1n5 [label=\"skip_connect\"];": 1,
	} {
		if got := strings.Count(b.String(), text); got != times {
			t.Errorf("%q occurs %d times, want %d", text, got, times)
		}
	}
	if strings.Count(b.String(), "{") != strings.Count(b.String(), "}") {
		t.Error("unbalanced brackets")
	}
}

func TestJSON(t *testing.T) {
	space, a := parse(t, "darts", dartsV2)
	cfg := bench301.DefaultConfig()
	cfg.Variant, cfg.Auxiliary = bench301.VariantDARTS, true
	g, err := a.Graph(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := JSON(&b, space, a, g); err != nil {
		t.Fatal(err)
	}
	var n struct {
		ID    string
		Nodes []struct {
			Name, Kind string
			Inputs     []int
			Shape      []int
		}
		Params []struct {
			Name  string
			Shape []int
		}
		Logits int
		Aux    int `json:"aux_logits"`
	}
	if err := json.Unmarshal(b.Bytes(), &n); err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	for _, p := range n.Params {
		k := int64(1)
		for _, d := range p.Shape {
			k *= int64(d)
		}
		size += k
	}
	c, err := a.Complexity(cfg)
	if err != nil || size != c.Params || n.ID != a.ID() || n.Nodes[n.Logits].Kind != "linear" ||
		n.Nodes[n.Aux].Name != "auxiliary.classifier" {
		t.Errorf("%d parameters, want %d; %+v; %v", size, c.Params, n.Nodes[n.Logits], err)
	}
	for i, x := range n.Nodes {
		if strings.HasPrefix(x.Kind, "kind ") || len(x.Shape) != 3 || i > 0 && len(x.Inputs) == 0 {
			t.Errorf("node %d: %+v", i, x)
		}
	}
}
