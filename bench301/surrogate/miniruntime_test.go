package surrogate

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"rwe301/bench301"
	"rwe301/correlation"
	"rwe301/internal/oracle"
)

// TestMiniRuntimeEqualsItsTraining compares with the predictions of the training script, which evaluates the kernel
// form in numpy and never forms the weights.
func TestMiniRuntimeEqualsItsTraining(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "miniruntime.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Arch    string  `json:"arch"`
		Seconds float64 `json:"seconds"`
		InRange bool    `json:"in_range"`
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	m := NewMiniRuntime()
	outside := 0
	for _, c := range cases {
		p := m.Predict(parse(t, c.Arch))
		if math.Abs(p.Mean-c.Seconds) > 1e-6 {
			t.Errorf("%s: %.9f s, not %.9f", c.Arch, p.Mean, c.Seconds)
		}
		if p.InRange != c.InRange {
			t.Errorf("%s: in range %v, not %v", c.Arch, p.InRange, c.InRange)
		}
		if !p.InRange {
			outside++
		}
	}
	if len(cases) < 60 || outside < 2 {
		t.Errorf("%d cases, %d of them out of range", len(cases), outside)
	}
}

// TestMiniRuntimeOnDrawnArchitectures: spelling does not matter, a batch answers as one by one, times are positive, and
// cells of six skips are out of range.
func TestMiniRuntimeOnDrawnArchitectures(t *testing.T) {
	m := NewMiniRuntime()
	rng := rand.New(rand.NewPCG(5, 1))
	genotypes := make([]bench301.Genotype, 500)
	for i := range genotypes {
		genotypes[i] = bench301.SampleGenotype(rng)
	}
	out := make([]Prediction, len(genotypes))
	m.PredictBatch(genotypes, out)
	typical := 0
	for i, g := range genotypes {
		other := g
		other.Normal[2], other.Normal[3] = other.Normal[3], other.Normal[2]
		if p := m.Predict(other); p.Mean != out[i].Mean || p.InRange != out[i].InRange {
			t.Fatalf("%v: two spellings, %v and %v", g, p, out[i])
		}
		if out[i].Mean < 1500 || out[i].Mean > 9000 {
			t.Errorf("%v: %.0f seconds", g, out[i].Mean)
		}
		if out[i].InRange {
			typical++
		}
		for k := range bench301.EdgesPerCell - 1 {
			g.Normal[k].Op = bench301.SkipConnect
		}
		if m.Predict(g).InRange {
			t.Fatalf("%v: seven skips in the normal cell are in range", g)
		}
	}
	if typical < 495 {
		t.Errorf("only %d of 500 random architectures are in range", typical)
	}
}

func TestBuiltIn(t *testing.T) {
	for _, name := range BuiltIn() {
		m := OpenBuiltIn(name)
		info, v := m.Info(), Validation(m)
		if info.Kind != KindMini || info.Members != 1 {
			t.Errorf("%s: %+v", name, info)
		}
		if (info.Unit == Seconds) != (name == MiniRuntimeKey) {
			t.Errorf("%s predicts %s", name, info.Unit)
		}
		if v.Kendall < 0.88 || v.R2 < 0.96 || len(v.KendallFolds) != v.Folds || v.Coverage < 0.6 || v.Coverage95 < 0.92 {
			t.Errorf("%s: cross-validation: %+v", name, v)
		}
	}
	if m := NewMiniRuntime(); m.Info().Name != "mini runtime (approximation of NB301 lgb_runtime v0.9)" ||
		m.Validation.Relative > 0.001 || len(miniRuntimeModel) > 120_000 {
		t.Errorf("%+v, %d bytes", m.Validation, len(miniRuntimeModel))
	}
	if OpenBuiltIn("xgb_v1.0") != nil || Validation(nil).Folds != 0 {
		t.Error("a surrogate inside the binary that there is not")
	}
}

// TestMiniRuntimeFollowsTheTable: on the architectures that it was trained on, the errors are not above those of
// cross-validation.
func TestMiniRuntimeFollowsTheTable(t *testing.T) {
	f, err := os.Open(oracle.Shared(t, "data/nb301/v09.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m := NewMiniRuntime()
	var predicted, truth []float64
	squares := 0.0
	for item, err := range bench301.Read(bench301.DARTS{}, "v09.csv", f, "") {
		if err != nil {
			t.Fatal(err)
		}
		v, err := item.Float("runtime_lgb_v0.9")
		if err != nil {
			t.Fatal(err)
		}
		p := m.Predict(item.Architecture.(bench301.Genotype))
		if !p.InRange {
			t.Errorf("%v: out of range", item.Architecture)
		}
		predicted, truth = append(predicted, p.Mean), append(truth, v)
		squares += (p.Mean - v) * (p.Mean - v)
	}
	tau, err := correlation.Kendall(predicted, truth)
	if err != nil {
		t.Fatal(err)
	}
	root := math.Sqrt(squares / float64(len(truth)))
	t.Logf("tau-b %.4f, error %.2f s on %d architectures", tau, root, len(truth))
	if tau < m.Validation.Kendall || root > m.std {
		t.Errorf("tau-b %.4f, error %.2f s; cross-validation has %.4f and %.2f s", tau, root, m.Validation.Kendall, m.std)
	}
}
