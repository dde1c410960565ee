package network

import (
	"math"
	"slices"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/network/plan"
)

func TestSameBitsForAnyNumberOfWorkers(t *testing.T) {
	const batch = 7
	var want []float32
	for _, workers := range []int{1, 2, 3, 16} {
		m, theta, x := prepared(t, 7, 16, Options{Batch: batch, Workers: workers})
		if err := m.Forward(theta, x, batch, BatchNorm); err != nil {
			t.Fatal(err)
		}
		got := append(slices.Clone(m.Logits()), m.Features()...)
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d workers change the result", workers)
		}
		m.Close()
	}
}

func TestForwardDoesNotAllocate(t *testing.T) {
	for _, workers := range []int{1, 2} {
		m, theta, x := prepared(t, 4, 16, Options{Batch: 3, Workers: workers})
		allocations := testing.AllocsPerRun(5, func() {
			if err := m.Forward(theta, x, 3, BatchNorm); err != nil {
				t.Fatal(err)
			}
		})
		if allocations != 0 {
			t.Errorf("%d workers: %v allocations a pass", workers, allocations)
		}
		m.Close()
	}
}

// The arena without kept outputs must be far smaller than the sum of all outputs, and sharing must not change results.
func TestArenaSharesMemory(t *testing.T) {
	small, theta, x := prepared(t, 8, 16, Options{Batch: 2})
	g := small.Plan().Graph()
	all := make([]int, 0, len(g.Nodes))
	total := 0
	for i := 1; i < len(g.Nodes); i++ {
		all = append(all, i)
		total += small.Plan().ValuesOf(i)
	}
	if 5*plan.NewDesign(small.Plan(), Options{Batch: 2}).Places.Size > total {
		t.Errorf("arena of %d values an image for outputs of %d", plan.NewDesign(small.Plan(),
			Options{Batch: 2}).Places.Size, total)
	}
	large, err := NewExecutor(small.Plan(), Options{Batch: 2, Keep: all})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*Executor{small, large} {
		if err := m.Forward(theta, x, 2, BatchNorm); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(small.Logits(), large.Logits()) {
		t.Error("keeping outputs changes the logits")
	}
}

func TestCalibrationAveragesBatches(t *testing.T) {
	m, theta, x := prepared(t, 4, 16, Options{Batch: 4})
	m.SetMomentum(0)
	half := len(x) / 2
	var means [][]float64
	for _, part := range [][]float32{x[:half], x[half:]} {
		m.ResetRunning()
		if err := m.Forward(theta, part, 2, BatchNorm); err != nil {
			t.Fatal(err)
		}
		mean, _ := m.Running("stem.bn")
		means = append(means, slices.Clone(mean))
	}
	m.ResetRunning()
	for _, part := range [][]float32{x[:half], x[half:]} {
		if err := m.Forward(theta, part, 2, BatchNorm); err != nil {
			t.Fatal(err)
		}
	}
	mean, _ := m.Running("stem.bn")
	for c := range mean {
		if want := (means[0][c] + means[1][c]) / 2; math.Abs(mean[c]-want) > 1e-12 {
			t.Errorf("channel %d: mean %v, want %v", c, mean[c], want)
		}
	}
}

func TestBadInput(t *testing.T) {
	m, theta, x := prepared(t, 4, 16, Options{Batch: 2})
	nan := slices.Clone(x)
	nan[3] = float32(math.NaN())
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"theta":    {m.Forward(theta[1:], x, 2, BatchNorm), "parameters"},
		"images":   {m.Forward(theta, x[1:], 2, BatchNorm), "images have"},
		"too many": {m.Forward(theta, x, 3, BatchNorm), "takes 1 to 2"},
		"nan":      {m.Forward(theta, nan, 2, BatchNorm), "NaN"},
		"norm":     {m.Forward(theta, x, 2, 9), "normalisation"},
		"scheme":   {Initialise(m.Plan(), theta, Scheme{Distribution: "he"}, 1), "must be one of"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v; want an error with %q", name, c.err, c.want)
		}
	}
	if m.Logits() != nil {
		t.Error("logits can be read after a pass that failed")
	}
	for _, o := range []Options{{}, {Batch: -1}, {Batch: 1, Workers: -1}, {Batch: 1, Keep: []int{0}},
		{Batch: 1, Keep: []int{1 << 20}}, {Batch: 1 << 40}} {
		if _, err := NewExecutor(m.Plan(), o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestInitialiseScales(t *testing.T) {
	m, theta, _ := prepared(t, 16, 16, Options{Batch: 1})
	for _, d := range Distributions() {
		if err := Initialise(m.Plan(), theta, Scheme{Distribution: d}, 5); err != nil {
			t.Fatal(err)
		}
		for _, v := range m.Plan().Views() {
			if v.Kind != bench301.ConvWeight || v.Size < 2000 {
				continue
			}
			square := 0.0
			for _, w := range theta[v.Offset : v.Offset+v.Size] {
				square += float64(w) * float64(w)
			}
			rows, columns := v.Shape[0], v.Size/v.Shape[0]
			fanOut := rows * v.Shape[2] * v.Shape[3]
			want := map[Distribution]float64{
				Default: 1 / (3 * float64(v.FanIn)), Uniform: 2 / float64(v.FanIn), Normal: 2 / float64(v.FanIn),
				Xavier: 2 / float64(v.FanIn+fanOut), Orthogonal: 1 / float64(max(rows, columns)),
			}[d]
			if got := square / float64(v.Size); math.Abs(got/want-1) > 0.1 {
				t.Errorf("%s %s: variance %.4g, want %.4g", d, v.Name, got, want)
			}
		}
	}
}
