package bench301

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

// dartsV2 is DARTS_V2 in every notation, as their own projects write it.
var dartsV2 = map[Notation]string{
	NotationPairs: "[[(0, 3), (1, 3), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5)], [(0, 0), (1, 0), (2, 2), (1, " +
		"0), (0, 0), (2, 2), (2, 2), (1, 0)]]",
	NotationGenotype: "DARTS_V2 = Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), " +
		"('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], " +
		"normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), " +
		"('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], " +
		"reduce_concat=range(2, 6))",
	NotationAwNAS: "CNNGenotype(normal_0=(('sep_conv_3x3', 0, 2), ('skip_connect', 0, 4), ('sep_conv_3x3', 1, 2), " +
		"('sep_conv_3x3', 0, 3), ('sep_conv_3x3', 1, 3), ('sep_conv_3x3', 1, 4), ('skip_connect', 0, 5), ('dil_conv_3x3', " +
		"2, 5)), reduce_1=(('max_pool_3x3', 0, 2), ('max_pool_3x3', 1, 2), ('max_pool_3x3', 1, 3), ('skip_connect', 2, 3), " +
		"('max_pool_3x3', 0, 4), ('skip_connect', 2, 4), ('max_pool_3x3', 1, 5), ('skip_connect', 2, 5)), " +
		"normal_0_concat=(2, 3, 4, 5), reduce_1_concat=(2, 3, 4, 5))",
	NotationConfigSpace: `{"NetworkSelectorDatasetInfo:darts:edge_normal_0": "sep_conv_3x3", "NetworkSelectorDatasetInfo:darts:edge_normal_1": "sep_conv_3x3", "edge_normal_2": "sep_conv_3x3", "edge_normal_3": "sep_conv_3x3", "edge_normal_5": "skip_connect", "edge_normal_6": "sep_conv_3x3", "edge_normal_9": "skip_connect", "edge_normal_11": "dil_conv_3x3", "inputs_node_normal_3": "0_1", "inputs_node_normal_4": "0_1", "inputs_node_normal_5": "0_2",
 "edge_reduce_0": "max_pool_3x3", "edge_reduce_1": "max_pool_3x3", "edge_reduce_3": "max_pool_3x3", "edge_reduce_4": "skip_connect", "edge_reduce_5": "max_pool_3x3", "edge_reduce_7": "skip_connect", "edge_reduce_10": "max_pool_3x3", "edge_reduce_11": "skip_connect", "inputs_node_reduce_3": "1_2", "inputs_node_reduce_4": "0_2", "inputs_node_reduce_5": "1_2",
 "OptimizerSelector:sgd:weight_decay": 3e-4, "ImageAugmentation:cutout": true, "NetworkSelectorDatasetInfo:darts:layers": 8}`,
	NotationEvoXBench: "3 0 3 1 3 0 3 1 0 0 3 1 0 0 5 2 2 0 2 1 2 1 0 2 2 0 0 2 2 1 0 2",
	NotationJSON:      `{"architecture": {"normal": [["sep_conv_3x3", 0], ["sep_conv_3x3", 1], ["sep_conv_3x3", 0], ["sep_conv_3x3", 1], ["skip_connect", 0], ["sep_conv_3x3", 1], ["skip_connect", 0], ["dil_conv_3x3", 2]], "reduce": [["max_pool_3x3", 0], ["max_pool_3x3", 1], ["max_pool_3x3", 1], ["skip_connect", 2], ["max_pool_3x3", 0], ["skip_connect", 2], ["max_pool_3x3", 1], ["skip_connect", 2]]}}`,
	NotationNNI: `{"normal/op_2_0": "sep_conv_3x3", "normal/input_2_0": 0, "normal/op_2_1": "sep_conv_3x3", "normal/input_2_1": [1],
 "normal/op_3_0": "sep_conv_3x3", "normal/input_3_0": 0, "normal/op_3_1": "sep_conv_3x3", "normal/input_3_1": 1,
 "normal/op_4_0": "sep_conv_3x3", "normal/input_4_0": 1, "normal/op_4_1": "skip_connect", "normal/input_4_1": 0,
 "normal/op_5_0": "skip_connect", "normal/input_5_0": 0, "normal/op_5_1": "dil_conv_3x3", "normal/input_5_1": 2,
 "reduce/op_2_0": "max_pool_3x3", "reduce/input_2_0": 0, "reduce/op_2_1": "max_pool_3x3", "reduce/input_2_1": 1,
 "reduce/op_3_0": "skip_connect", "reduce/input_3_0": 2, "reduce/op_3_1": "max_pool_3x3", "reduce/input_3_1": 1,
 "reduce/op_4_0": "max_pool_3x3", "reduce/input_4_0": 0, "reduce/op_4_1": "skip_connect", "reduce/input_4_1": 2,
 "reduce/op_5_0": "skip_connect", "reduce/input_5_0": 2, "reduce/op_5_1": "max_pool_3x3", "reduce/input_5_1": 1}`,
	NotationBananas8: "[[[0, 4], [1, 4], [0, 4], [1, 4], [1, 4], [0, 3], [0, 3], [2, 6]], [[0, 1], [1, 1], [2, 3], [1, " +
		"1], [0, 1], [2, 3], [2, 3], [1, 1]]]",
}

func TestEveryNotationOfOneArchitecture(t *testing.T) {
	const (
		canonical = "[[(0, 3), (1, 3), (0, 3), (1, 3), (0, 2), (1, 3), (0, 2), (2, 5)], [(0, 0), (1, 0), (1, 0), (2, 2), " +
			"(0, 0), (2, 2), (1, 0), (2, 2)]]"
		id = "b149d8919d89ab39"
	)
	for _, n := range (DARTS{}).Notations() {
		a, err := DARTS{}.ParseAs(dartsV2[n], n)
		if err != nil {
			t.Errorf("%s: %v", n, err)
			continue
		}
		if a.String() != canonical || a.ID() != id {
			t.Errorf("%s: %s, id %s", n, a, a.ID())
		}
		if n == NotationBananas8 {
			continue // not self-describing
		}
		if _, got, err := ParseGenotype(dartsV2[n]); err != nil || got != n {
			t.Errorf("%s recognised as %q: %v", n, got, err)
		}
	}
	if g, _, _ := ParseGenotype(dartsV2[NotationPairs]); g.Normal[4].Source != 1 || g.Normal[5].Source != 0 {
		t.Errorf("the written order is lost: %v", g.Normal)
	}
}

// roundTrips writes g in every notation and reads it back.
func roundTrips(t *testing.T, g Genotype) {
	t.Helper()
	for _, n := range (DARTS{}).Notations() {
		text, err := g.Format(n)
		if err != nil {
			t.Fatal(err)
		}
		got, recognised, err := parseGenotype(text, n)
		if err != nil || recognised != n {
			t.Fatalf("%s: read back as %s: %v", text, recognised, err)
		}
		want := g
		if n == NotationConfigSpace {
			want = g.Canonical()
		}
		if got != want {
			t.Fatalf("%s: read back as %v, want %v", text, got, want)
		}
	}
}

func TestRoundTripsOfTheTable(t *testing.T) {
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
		rows++
		if v, err := item.Float("val_accuracy"); err != nil || v < 80 || v > 96 || item.Line != rows+1 {
			t.Fatalf("row %d: accuracy %v, line %d, %v", rows, v, item.Line, err)
		}
		roundTrips(t, item.Architecture.(Genotype))
	}
	t.Logf("%d architectures", rows)
	if rows != 919 {
		t.Errorf("%d rows, want 919", rows)
	}
}

func TestAnchorsAreTheKnownNetworks(t *testing.T) {
	f, err := os.Open(oracle.Shared(t, "data/nb301/anchors.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	known := map[string]string{}
	for _, k := range KnownNetworks(DARTS{}) {
		known[k.Name] = k.Architecture.ID()
	}
	named := 0
	for item, err := range Read(DARTS{}, "anchors.csv", f, "") {
		if err != nil {
			t.Fatal(err)
		}
		name, _ := item.Field("name")
		if id, ok := known[name]; ok {
			named++
			if item.Architecture.ID() != id {
				t.Errorf("line %d: %s is %s, not %s", item.Line, name, item.Architecture.ID(), id)
			}
		}
	}
	if named == 0 {
		t.Error("no anchor has a known name")
	}
}

func TestRoundTripsOfSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(301, 0))
	for range 200 {
		g := SampleGenotype(rng)
		if err := g.Validate(); err != nil || g != g.Canonical() {
			t.Fatalf("%v: %v", g, err)
		}
		for n := range Nodes { // any written order must survive
			if rng.IntN(2) == 0 {
				g.Normal[2*n], g.Normal[2*n+1] = g.Normal[2*n+1], g.Normal[2*n]
			}
		}
		roundTrips(t, g)
	}
}

func TestRefusals(t *testing.T) {
	good := dartsV2[NotationPairs]
	for _, c := range []struct{ text, notation, want string }{
		{"", "", "empty text"},
		{"  \n", "", "empty text"},
		{"hello", "", "hello is no architecture in a known notation"},
		{"3", "", "3 is no architecture"},
		{strings.Replace(good, "(0, 3)", "(0, 9)", 1), "", "normal cell: edge 0: operation index 9: DARTS has 7 (0-6)"},
		{strings.Replace(good, "(0, 3)", "(0, -1)", 1), "", "-1: must be a whole number"},
		{strings.Replace(good, "(0, 3)", "(0, 1.5)", 1), "", "1.5: must be a whole number"},
		{strings.Replace(good, "(0, 3)", "(1, 3)", 1), "", "node 2: both edges read state 1"},
		{strings.Replace(good, "(0, 3)", "(2, 3)", 1), "", "source 2: node 2 can read states 0-1 only"},
		{strings.Replace(good, "(0, 3), ", "", 1), "", "normal cell: 7 edges: a cell has 8"},
		{strings.Replace(good, "(0, 3)", "(0, 3), (0, 3)", 1), "", "9 edges"},
		{strings.Replace(good, "(0, 3)", "(0, 3, 1)", 1), "", "a list of 3 where (source, operation) should stand"},
		{strings.TrimSuffix(good, "]"), "", "'[' is never closed"},
		{good + "]", "", "unexpected ']'"},
		{strings.Replace(good, ", (", " (", 1), "", "where a comma"},
		{strings.Replace(good, "(0, 3)", "(0, x)", 1), "", "x where a number should stand"},
		{"[" + good + "]", "", "1 cells: an architecture has 2"},
		{good, "bananas8", "a discrete DARTS cell has no empty edge"},
		{good, "genotype", "notation pairs is not written in notation genotype"},
		{good, "evoxbench", "not written in notation evoxbench"},
		{"1, 2, 3", "evoxbench", "3 numbers: EvoXBench's DARTS encoding has 32"},
		{good, "morse", `notation "morse": space darts has pairs`},
		{strings.Replace(dartsV2[NotationGenotype], "sep_conv_3x3", "none", 1), "",
			"a discrete DARTS cell has no empty edge"},
		{strings.Replace(dartsV2[NotationGenotype], "sep_conv_3x3", "sep_conv_7x7", 1), "",
			`normal cell: edge 0: operation "sep_conv_7x7": unknown`},
		{strings.Replace(dartsV2[NotationGenotype], "[2, 3, 4, 5]", "[2, 3, 4]", 1), "",
			"concat: the output of a cell must be nodes 2, 3, 4, 5"},
		{strings.Replace(dartsV2[NotationGenotype], "range(2, 6)", "range(3, 6)", 1), "", "reduce cell: concat"},
		{strings.Replace(dartsV2[NotationGenotype], "reduce=", "reduced=", 1), "", `Genotype has no argument "reduced"`},
		{strings.Replace(dartsV2[NotationGenotype], "normal_concat=", "normal=", 1), "", `"normal" appears twice`},
		{strings.Replace(dartsV2[NotationAwNAS], "0, 2)", "0, 6)", 1), "", "target 6: the nodes are 2-5"},
		{strings.Replace(dartsV2[NotationAwNAS], "0, 4)", "0, 2)", 1), "", "node 2 has more than two edges"},
		{strings.Replace(dartsV2[NotationEvoXBench], "5 2", "7 2", 1), "", "operation index 7"},
		{dartsV2[NotationEvoXBench] + " 1", "", "33 numbers"},
		{strings.Replace(dartsV2[NotationConfigSpace], `"0_1"`, `"1_0"`, 1), "",
			`inputs_node_normal_3: "1_0": must name two different states`},
		{strings.Replace(dartsV2[NotationConfigSpace], `"0_1"`, `"0_3"`, 1), "", "must name two different states of 0-2"},
		{strings.Replace(dartsV2[NotationConfigSpace], `"0_1"`, `"0_2"`, 1), "",
			"node 3 reads state 2, but edge_normal_4 is missing"},
		{strings.Replace(dartsV2[NotationConfigSpace], "3e-4", "0.1", 1), "", "NAS-Bench-301 keeps it at 0.0003"},
		{strings.Replace(dartsV2[NotationConfigSpace], "OptimizerSelector:sgd:weight_decay", "edge_normal_13", 1), "",
			"edge_normal_13: no inputs_node_... reads this edge"},
		{strings.Replace(dartsV2[NotationConfigSpace], "OptimizerSelector:sgd:weight_decay", "colour", 1), "",
			"colour: no hyperparameter"},
		{strings.Replace(dartsV2[NotationJSON], `"reduce"`, `"reduction"`, 1), "", "reduce cell: missing"},
		{strings.Repeat("[", 100), "", "brackets inside each other"},
		{strings.Repeat("1 ", maxText), "", "an architecture takes less"},
		{"[[(0, 3\xff", "", "not UTF-8"},
		{`{"normal`, "", "never closed"},
		{"Genotype", "", "no architecture in a known notation"},
		{"x = ", "", "nothing after"},
	} {
		var err error
		if c.notation == "" {
			_, _, err = ParseGenotype(c.text)
		} else {
			_, err = DARTS{}.ParseAs(c.text, Notation(c.notation))
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80s as %q: error %v, want %q", c.text, c.notation, err, c.want)
		}
	}
}

func FuzzParseGenotype(f *testing.F) {
	for _, text := range dartsV2 {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g, n, err := ParseGenotype(text)
		if err != nil {
			return
		}
		if err := g.Validate(); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := g.Format(n)
		if err != nil {
			t.Fatal(err)
		}
		if back, _, err := parseGenotype(again, n); err != nil || back.String() != g.String() {
			t.Fatalf("%q written as %q: %v", text, again, err)
		}
	})
}

func TestOracleConfigSpaceKeys(t *testing.T) {
	oracle.Each(t, "surrogate/configspace", "vectors_*.json", func(t *testing.T, path string) (compared int) {
		var file struct {
			Records []struct {
				Arch   string
				Config map[string]string
			}
		}
		oracle.Read(t, path, &file)
		for _, r := range file.Records {
			g, _, err := ParseGenotype(r.Arch)
			if err != nil {
				t.Fatal(err)
			}
			text, err := g.Format(NotationConfigSpace)
			if err != nil {
				t.Fatal(err)
			}
			l, err := parseLiteral(text)
			if err != nil {
				t.Fatal(err)
			}
			if len(l.keys) != len(r.Config) {
				t.Fatalf("%d keys, want %d", len(l.keys), len(r.Config))
			}
			for k, want := range r.Config {
				if got, _ := l.get(configSpacePrefix + k); got.text != want {
					t.Errorf("%s: %s is %q, want %q", r.Arch, k, got.text, want)
				}
				compared++
			}
		}
		return compared
	})
}

// TestCanonicalTextsAreReadTheSameWay: the short way of reading says what the way over literals says.
func TestCanonicalTextsAreReadTheSameWay(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 0))
	for range 200 {
		text := []byte(SampleGenotype(rng).String())
		if rng.IntN(2) == 0 {
			text[rng.IntN(len(text))] = "0179(],x"[rng.IntN(8)]
		}
		g, ok := parseCanonical(string(text))
		var long Genotype
		l, err := parseLiteral(string(text))
		if err == nil {
			long, _, err = decode(l, "")
		}
		if ok && g.Validate() == nil && (err != nil || long != g) || err == nil && !ok && len(text) == len(blankText) &&
			long.String() == string(text) {
			t.Fatalf("%s: %v, %v", text, g, err)
		}
	}
}
