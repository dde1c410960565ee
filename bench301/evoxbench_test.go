package bench301

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

// genesOf joins hand-made cells into 32 genes.
func genesOf(normal, reduce string) string { return "[" + normal + ", " + reduce + "]" }

const (
	pools   = "2, 0, 2, 0, 2, 1, 2, 1, 2, 2, 2, 2, 1, 0, 1, 0" // every node reads one state twice
	sep3    = "3, 0, 2, 0, 2, 1, 2, 1, 2, 2, 2, 2, 1, 0, 1, 0" // a separable convolution on its first edge
	skips   = "0, 0, 0, 0, 0, 1, 0, 1, 0, 2, 0, 2, 0, 0, 0, 0"
	regular = "2, 0, 2, 1, 2, 1, 2, 2, 2, 2, 2, 3, 1, 0, 1, 4"
)

// TestRepeatingCounts counts by hand: 392 426 parameters stand outside the edges of C = 32, 8 cells with affine
// normalisations; the cells are 2 of 32 channels, 2 of 64 and 2 of 128, and reductions of 64 and of 128.
func TestRepeatingCounts(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Variant = VariantDARTS
	separable := 0
	for _, c := range []int{32, 64, 128} {
		separable += 2 * 2 * (9*c + c*c + 2*c) // two cells, two layers each
	}
	factorised := 0
	for _, c := range []int{64, 128} {
		factorised += 6 * (c*c + 2*c) // the six skips of the cell above that have stride 2
	}
	for _, c := range []struct {
		genes string
		want  int
	}{
		{genesOf(pools, pools), 392426},
		{genesOf(sep3, pools), 392426 + separable},
		{genesOf(pools, skips), 392426 + factorised},
		{genesOf(regular, regular), 392426},
	} {
		r := repeating(t, c.genes)
		got, err := r.Complexity(cfg)
		if err != nil || got.Params != int64(c.want) {
			t.Errorf("%s: %d parameters, %v; want %d", c.genes, got.Params, err, c.want)
		}
		graph, err := r.Graph(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if n := graphCount(graph); n.Params != got.Params || n.MACs != got.MACs {
			t.Errorf("%s: the graph counts %+v; the closed form %+v", c.genes, n, got)
		}
	}
}

func repeating(t *testing.T, genes string) Repeating {
	t.Helper()
	runs, err := ReadPopulations([]byte(`[{"run": 1, "X": [` + genes + `], "F": [[0.1, 500000]]}]`))
	if err != nil {
		t.Fatal(err)
	}
	return runs[0].Genes[0]
}

func TestRepair(t *testing.T) {
	for _, c := range []struct {
		genes, want string
		changed     int
	}{
		{genesOf(pools, regular), genesOf("2, 0, 2, 1, 2, 1, 2, 0, 2, 2, 2, 0, 1, 0, 1, 1", regular), 4},
		{genesOf(regular, regular), genesOf(regular, regular), 0},
	} {
		r := repeating(t, c.genes)
		g, changed := r.Repair()
		text, err := g.Format(NotationEvoXBench)
		if err != nil || text != c.want || changed != c.changed || changed != r.Repeats() {
			t.Errorf("%s: %s, %d changed, %v; want %s, %d", c.genes, text, changed, err, c.want, c.changed)
		}
	}
}

// TestRepeatingSpellings: the order of a node's edges is no difference, and every notation reads back.
func TestRepeatingSpellings(t *testing.T) {
	a, b := repeating(t, genesOf(sep3, pools)), repeating(t, genesOf("2, 0, 3, 0"+sep3[10:], pools))
	if a.ID() != b.ID() || a.String() != b.String() {
		t.Errorf("%s and %s", a, b)
	}
	for _, n := range (DARTS{}).Notations() {
		text, err := DARTS{}.Format(a, n)
		if n == NotationConfigSpace {
			if err == nil {
				t.Errorf("%s: %s", n, text)
			}
			continue
		}
		_, err = DARTS{}.ParseAs(text, n)
		var repeats *RepeatError
		if !errors.As(err, &repeats) || repeats.Genes.ID() != a.ID() {
			t.Errorf("%s: %s: %v", n, text, err)
		}
	}
}

// TestReadPopulationFile reads a file of populations as architectures, in each of the three ways.
func TestReadPopulationFile(t *testing.T) {
	text := `[{"run": 7, "X": [` + genesOf(regular, regular) + `, ` + genesOf(pools, regular) +
		`], "F": [[0.1, 392426], [0.2, 392426]], "HV": 0.5}]`
	for _, c := range []struct {
		repeats Repeats
		want    string
	}{
		{RefuseRepeats, "run 7, solution 1 0; file:1: run 7, solution 2: normal cell, node 2: both edges read state 0: " +
			"the two sources"},
		{KeepRepeats, "run 7, solution 1 0; run 7, solution 2 0; "},
		{RepairRepeats, "run 7, solution 1 0; run 7, solution 2 4; "},
	} {
		var got strings.Builder
		for item, err := range (Reader{Space: DARTS{}, Repeats: c.repeats}).Read("file", strings.NewReader(text)) {
			if err != nil {
				got.WriteString(err.Error())
				break
			}
			fmt.Fprintf(&got, "%s %d; ", item.Name, item.Repaired)
		}
		if !strings.HasPrefix(got.String(), c.want) || c.repeats != RefuseRepeats && got.String() != c.want {
			t.Errorf("%d: %s", c.repeats, got.String())
		}
	}
}

func TestHostilePopulations(t *testing.T) {
	good := genesOf(pools, regular)
	run := func(x, f string) string { return `[{"run": 3, "X": [` + x + `], "F": [` + f + `]}]` }
	for _, c := range []struct{ name, text, want string }{
		{"no JSON", "hello", "no populations of EvoXBench"},
		{"empty", "", "no populations of EvoXBench"},
		{"no runs", "[]", "the list is empty"},
		{"an object", `{"X": []}`, "no populations of EvoXBench"},
		{"no solutions", `[{"run": 1, "F": [[0.1, 5]]}]`, "run 1: it has no solutions"},
		{"lengths", run(good, "[0.1, 5], [0.2, 4]"), "run 3: X has 1 solutions, F 2"},
		{"few genes", run("[1, 2, 3]", "[0.1, 5]"), "run 3: solution 1: 3 numbers"},
		{"operation", run(strings.Replace(good, "2, 0", "7, 0", 1), "[0.1, 5]"), "solution 1: normal cell: edge 0: operation index 7"},
		{"source", run(strings.Replace(good, "2, 0", "2, 2", 1), "[0.1, 5]"), "solution 1: normal cell, edge 0: source 2"},
		{"negative", run(strings.Replace(good, "2, 0", "2, -1", 1), "[0.1, 5]"), "solution 1: normal cell: edge 0: -1"},
		{"fraction", run(strings.Replace(good, "2, 0", "2, 0.5", 1), "[0.1, 5]"), "edge 0: 0.5"},
		{"huge gene", run(strings.Replace(good, "2, 0", "1e999, 0", 1), "[0.1, 5]"), "solution 1: normal cell: edge 0: 1e999"},
		{"NaN", run(good, "[NaN, 5]"), "run 3: solution 1: error: "},
		{"infinite", run(good, "[0.1, 1e999]"), "run 3: solution 1: params: 1e999: must be a finite number"},
		{"text", run(good, `["a", 5]`), "solution 1: error: "},
		{"objectives", run(good, "[0.1]"), "solution 1: 1 objectives"},
		{"objectives differ", run(good+","+good, "[0.1, 5], [0.1, 5, 6]"), "solution 2: 3 objectives: the solutions before"},
		{"nested", run(good, "[[0.1], 5]"), "solution 1: error: [0.1]"},
		{"shape", `[{"run": 1, "X": 5, "F": [[0.1, 5]]}]`, "element 1: X"},
		{"run twice", strings.Replace(run(good, "[0.1, 5]"), "]}]", "]}, "+run(good, "[0.1, 5]")[1:], 1), "run 3 stands there twice"},
		{"problems", strings.Replace(run(good, "[0.1, 5]"), "]}]", "]}, "+
			strings.Replace(run(good, "[0.1, 5, 6]"), "3", "4", 1)[1:], 1), "run 4 has 3 objectives, run 3 2"},
		{"key twice", `[{"run": 1, "run": 2}]`, "run"},
		{"HV", strings.Replace(run(good, "[0.1, 5]"), "]}]", `], "HV": Infinity}]`, 1), "run 3: HV: "},
		{"name", `[{"run": {}, "X": [], "F": []}]`, "element 1: run {}"},
		{"deep", strings.Repeat("[", 1<<20), "no populations of EvoXBench"},
	} {
		_, err := ReadPopulations([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %.300v; want %q", c.name, err, c.want)
		}
	}
}

func FuzzReadPopulations(f *testing.F) {
	f.Add([]byte(`[{"run": 1, "X": [` + genesOf(pools, sep3) + `], "F": [[0.1, 5]], "HV": 0.5}]`))
	f.Add([]byte(`[{"run": "a", "X": [[1]], "F": [[NaN, 1e999]]}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		runs, err := ReadPopulations(data)
		if err == nil && len(runs) == 0 {
			t.Fatal("no runs and no error")
		}
		for _, r := range runs {
			for i, g := range r.Genes {
				if err := g.Validate(); err != nil || len(r.Objectives[i]) != len(runs[0].Objectives[0]) {
					t.Fatal(err)
				}
				if fixed, _ := g.Repair(); fixed.Validate() != nil {
					t.Fatal(fixed.Validate())
				}
			}
		}
		for range (Reader{Space: DARTS{}, Repeats: KeepRepeats}).Read("file", strings.NewReader(string(data))) {
		}
	})
}

// evoXBenchMACs is how EvoXBench counts: 79 733 440 stand outside the edges, and beside its convolutions every layer
// of an edge costs a value and three numbers a channel, for its normalisation.
func evoXBenchMACs(r Repeating, base, got int64) int64 {
	layers := map[Operation]int64{SepConv3x3: 2, SepConv5x5: 2, DilConv3x3: 1, DilConv5x5: 1}
	norms := int64(0)
	for i := range 8 {
		c, hw := int64(32), int64(32)
		for _, at := range []int{2, 5} {
			if i >= at {
				c, hw = 2*c, hw/2
			}
		}
		for _, e := range (*Genotype)(&r).cell(map[bool]int{false: 0, true: 1}[isReduction(i, 8)]) {
			norms += layers[e.Op] * (hw*hw*c + 3*c)
		}
	}
	return 79733440 + (got - base) + norms
}

// TestPublishedPopulations: our counts of all published solutions are those of EvoXBench.
func TestPublishedPopulations(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Variant = VariantDARTS
	plain, err := repeating(t, genesOf(pools, pools)).Complexity(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if gap := 79733440 - plain.MACs; gap != 528064 {
		t.Errorf("EvoXBench's smallest network has %d more MACs than ours", gap)
	}
	for name, want := range map[string]int{"c10mop8_nsga2.json": 3100, "c10mop9_moead.json": 3255} {
		data, err := os.ReadFile(oracle.Shared(t, "data/evoxbench/"+name))
		if err != nil {
			t.Fatal(err)
		}
		runs, err := ReadPopulations(data)
		if err != nil {
			t.Fatal(err)
		}
		n, repeated := 0, 0
		for _, run := range runs {
			for i, r := range run.Genes {
				n++
				if r.Repeats() > 0 {
					repeated++
				}
				c, err := r.Complexity(cfg)
				f := run.Objectives[i]
				if err != nil || float64(c.Params) != f[1] {
					t.Fatalf("%s, run %s, solution %d: %d parameters, not %v: %v", name, run.Run, i+1, c.Params, f[1], err)
				}
				if len(f) < 3 {
					continue
				}
				if got := evoXBenchMACs(r, plain.MACs, c.MACs); float64(got) != f[2] {
					t.Fatalf("%s, run %s, solution %d: %d MACs, not %v", name, run.Run, i+1, got, f[2])
				}
			}
		}
		if n != want || math.IsNaN(runs[0].Recorded) {
			t.Errorf("%s: %d solutions, HV %v", name, n, runs[0].Recorded)
		}
		t.Logf("%s: %d of %d solutions repeat an input", name, repeated, n)
	}
}
