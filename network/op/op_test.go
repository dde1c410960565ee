package op

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"rwe301/bench301"
	"rwe301/internal/oracle"
	"rwe301/network"
)

// plan compiles an architecture of the fixtures' form.
func plan(t testing.TB, arch [2][][2]int, cfg bench301.Config) *network.Plan {
	t.Helper()
	var g bench301.Genotype
	for k := range 8 {
		g.Normal[k] = bench301.Edge{Source: uint8(arch[0][k][0]), Op: bench301.Operation(arch[0][k][1])}
		g.Reduce[k] = bench301.Edge{Source: uint8(arch[1][k][0]), Op: bench301.Operation(arch[1][k][1])}
	}
	graph, err := g.Graph(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p, err := network.Compile(graph)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// runner returns the executor that works in T.
func runner[T network.Real](t testing.TB, p *network.Plan, o network.Options) network.Runner[T] {
	t.Helper()
	var e any
	var err error
	switch any(T(0)).(type) {
	case float32:
		e, err = network.NewExecutor(p, o)
	default:
		e, err = network.NewExecutor64(p, o)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.(network.Runner[T]).Close)
	return e.(network.Runner[T])
}

// must is for the construction of graphs, which fails only by mistake.
func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

// crossEntropy is the mean cross-entropy of logits and labels as a Gorgonia graph.
func crossEntropy[T network.Real](g *gorgonia.ExprGraph, logits *gorgonia.Node, labels []int) *gorgonia.Node {
	n, classes := logits.Shape()[0], logits.Shape()[1]
	hot := make([]T, n*classes)
	for i, y := range labels {
		hot[i*classes+y] = -1 / T(n)
	}
	value := tensor.New(tensor.WithShape(n, classes), tensor.WithBacking(hot))
	targets := gorgonia.NewMatrix(g, value.Dtype(), gorgonia.WithName("targets"), gorgonia.WithShape(n, classes),
		gorgonia.WithValue(value))
	return must(gorgonia.Sum(must(gorgonia.HadamardProd(targets, must(gorgonia.LogSoftMax(logits, 1))))))
}

// Five steps of SGD whose loss, gradient and solver are Gorgonia's. In float32 only the first step is compared: in
// later ones a ReLU's input within rounding of zero may fall on the other side than PyTorch's, and the paths part.
func TestOracleGorgoniaDescent(t *testing.T) {
	oracle.Each(t, "network", "fx_*_C*_L*.json*", func(t *testing.T, path string) int {
		f := oracle.ReadNetwork(t, path)
		if len(f.SGD) == 0 {
			t.Skip("this case has no training")
		}
		n := checkDescent[float32](t, f, 1, 1e-5, 1e-6)
		return n + checkDescent[float64](t, f, 5, 1e-10, 1e-10)
	})
}

func checkDescent[T network.Real](t *testing.T, f *oracle.Network, steps int, losses, parameters float64) int {
	t.Helper()
	var want struct {
		Settings struct {
			LR          float64 `json:"lr"`
			Momentum    float64
			WeightDecay float64 `json:"weight_decay"`
			ClipNorm    float64 `json:"clip_norm"`
			ClipEps     float64 `json:"clip_eps"`
		}
		F64 struct {
			Losses     []float64
			ParamsFull map[string]map[string][]float64 `json:"params_full"`
		}
	}
	if err := json.Unmarshal(f.SGD, &want); err != nil {
		t.Fatal(err)
	}
	p := plan(t, f.Arch, bench301.Config{Channels: f.C, Layers: f.Layers, Classes: f.Classes, Height: 32, Width: 32,
		Variant: bench301.VariantNASLib})
	theta32 := make([]float32, p.NumParams())
	s := oracle.NewStream(f.Seeds["params"])
	for _, v := range p.Views() {
		s.Fill(theta32[v.Offset:v.Offset+v.Size], v.FanIn, v.Kind == bench301.NormWeight)
	}
	theta, images := convert[T](theta32), convert[T](f.Images(t))

	g := gorgonia.NewGraph()
	x, w := must(Images(g, p, images)), must(Theta(g, p, theta))
	logits := must(New(runner[T](t, p, network.Options{Batch: f.Batch, Gradients: true}), network.BatchNorm).Logits(x, w))
	loss := crossEntropy[T](g, logits, f.Labels)
	must(gorgonia.Grad(loss, w))
	machine := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(w))
	defer machine.Close()
	solver := gorgonia.NewMomentum(gorgonia.WithLearnRate(want.Settings.LR), gorgonia.WithMomentum(want.Settings.Momentum))
	compared := 0
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		compared++
		if !(math.Abs(got-want) <= tolerance) {
			t.Errorf("%s: %.12g, want %.12g (off by %.2g, tolerance %.2g)", what, got, want, math.Abs(got-want), tolerance)
		}
	}
	for step := 0; ; step++ {
		if err := machine.RunAll(); err != nil {
			t.Fatal(err)
		}
		value, err := strconv.ParseFloat(fmt.Sprint(loss.Value().Data()), 64)
		if err != nil {
			t.Fatal(err)
		}
		near(fmt.Sprintf("loss before step %d", step+1), value, want.F64.Losses[step], losses)
		if step == steps {
			return compared
		}
		// The clipping is of the norm of all gradients, and the weight decay comes after it.
		d := must(w.Grad()).Data().([]T)
		norm := 0.0
		for _, v := range d {
			norm += float64(v) * float64(v)
		}
		clip := min(1, want.Settings.ClipNorm/(math.Sqrt(norm)+want.Settings.ClipEps))
		for i := range d {
			d[i] = T(float64(d[i])*clip + want.Settings.WeightDecay*float64(theta[i]))
		}
		if err := solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{w})); err != nil {
			t.Fatal(err)
		}
		machine.Reset()
		for _, v := range p.Views() {
			for i, value := range want.F64.ParamsFull[strconv.Itoa(step+1)][v.Name] {
				near(fmt.Sprintf("%s after step %d", v.Name, step+1), float64(theta[v.Offset+i]), value, parameters)
			}
		}
	}
}

func convert[T network.Real](x []float32) []T {
	out := make([]T, len(x))
	for i, v := range x {
		out[i] = T(v)
	}
	return out
}

// small is a network in the smallest size, with parameters and images.
func small(t testing.TB) (p *network.Plan, theta, x []float64) {
	arch := [2][][2]int{
		{{0, 3}, {1, 5}, {0, 1}, {2, 4}, {1, 0}, {3, 6}, {0, 2}, {2, 3}},
		{{1, 6}, {0, 0}, {1, 1}, {0, 2}, {1, 4}, {2, 0}, {0, 5}, {4, 3}},
	}
	p = plan(t, arch, bench301.Config{Channels: 2, Layers: 3, Classes: 4, Height: 8, Width: 8,
		Variant: bench301.VariantNASLib})
	rng := rand.New(rand.NewPCG(3, 3))
	theta32 := make([]float32, p.NumParams())
	if err := network.Initialise(p, theta32, network.Scheme{}, 9); err != nil {
		t.Fatal(err)
	}
	x = make([]float64, 3*8*8*3)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return p, convert[float64](theta32), x
}

// The gradients of a graph on top of features and logits must be those that Backward gives for the same cotangents.
func TestGradientsOfBothOutputs(t *testing.T) {
	p, theta, x := small(t)
	const n = 3
	e := runner[float64](t, p, network.Options{Batch: n, Gradients: true})
	g := gorgonia.NewGraph()
	images, w := must(Images(g, p, x)), must(Theta(g, p, theta))
	net := New(e, network.RunningNorm)
	net.InputGradient = true
	features, logits, err := net.Both(images, w)
	if err != nil {
		t.Fatal(err)
	}
	// sum(features^2) + sum(logits^2) has cotangents 2*features and 2*logits
	cost := must(gorgonia.Add(must(gorgonia.Sum(must(gorgonia.Square(features)))),
		must(gorgonia.Sum(must(gorgonia.Square(logits))))))
	d := must(gorgonia.Grad(cost, w, images))
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()

	ref := runner[float64](t, p, network.Options{Batch: n, Gradients: true})
	gTheta, gInput := make([]float64, len(theta)), make([]float64, len(x))
	for range 2 { // a second run must give the same
		if err := machine.RunAll(); err != nil {
			t.Fatal(err)
		}
		if err := ref.Forward(theta, x, n, network.RunningNorm); err != nil {
			t.Fatal(err)
		}
		c := network.Cotangents[float64]{Pooled: slices.Clone(ref.Features()), Logits: slices.Clone(ref.Logits())}
		for _, v := range [][]float64{c.Pooled, c.Logits} {
			for i := range v {
				v[i] *= 2
			}
		}
		if err := ref.Backward(c, gTheta, gInput); err != nil {
			t.Fatal(err)
		}
		for i, want := range [][]float64{gTheta, gInput} {
			if got := d[i].Value().Data().([]float64); !slices.Equal(got, want) {
				t.Errorf("gradient %d: %v..., want %v...", i, got[:3], want[:3])
			}
		}
		machine.Reset()
		theta[0] += 0.01
	}
}

// A TapeMachine adds up bound gradients over runs; ClearGradients stops that.
func TestClearGradients(t *testing.T) {
	p, theta, x := small(t)
	g := gorgonia.NewGraph()
	images, w := must(Images(g, p, x)), must(Theta(g, p, theta))
	features := must(New(runner[float64](t, p, network.Options{Batch: 3, Gradients: true}),
		network.NoNorm).Features(images, w))
	must(gorgonia.Grad(must(gorgonia.Sum(must(gorgonia.Square(features)))), w))
	machine := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(w))
	defer machine.Close()
	run := func() []float64 {
		t.Helper()
		if err := machine.RunAll(); err != nil {
			t.Fatal(err)
		}
		machine.Reset()
		return slices.Clone(must(w.Grad()).Data().([]float64))
	}
	ClearGradients(w)
	first, twice := run(), run()
	ClearGradients(w)
	again := run()
	if twice[0] == first[0] || math.Abs(twice[0]-2*first[0]) > 1e-12*math.Abs(first[0]) {
		t.Errorf("gradients of two runs add up to %v from %v: ClearGradients has no reason any more", twice[0], first[0])
	}
	if !slices.Equal(again, first) {
		t.Error("a run after ClearGradients differs from the first")
	}
}

func TestBadGraphs(t *testing.T) {
	p, theta, x := small(t)
	g := gorgonia.NewGraph()
	images, w := must(Images(g, p, x)), must(Theta(g, p, theta))
	bad := func(what string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want an error with %q", what, err, want)
		}
	}
	forward := network.Options{Batch: 3}
	_, err := Images(g, p, x[1:])
	bad("cut images", err, "an image has")
	_, err = Theta(g, p, theta[1:])
	bad("cut theta", err, "parameters")
	_, err = New(runner[float64](t, p, forward), network.BatchNorm).Features(w, w)
	bad("no images", err, "n x 8 x 8 x 3")
	_, err = New(runner[float64](t, p, forward), network.BatchNorm).Features(images,
		gorgonia.NewVector(gorgonia.NewGraph(), tensor.Float64, gorgonia.WithName("short"), gorgonia.WithShape(7)))
	bad("short theta", err, "parameters")
	_, err = New(runner[float32](t, p, forward), network.BatchNorm).Features(images, w)
	bad("precision", err, "float32")
	net := New(runner[float64](t, p, forward), network.BatchNorm)
	features := must(net.Features(images, w))
	_, err = net.Logits(images, w)
	bad("twice", err, "once")

	// An executor without gradients and NaN images are found out in the run.
	must(gorgonia.Grad(must(gorgonia.Sum(features)), w))
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	bad("forward only", machine.RunAll(), "Gradients")
	machine.Reset()
	x[0] = math.NaN()
	bad("nan", machine.RunAll(), "NaN")
}

// The page shows the example as it runs.
func TestPageShowsTheExample(t *testing.T) {
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(oracle.Root(), filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	_, code, ok := strings.Cut(read("docs/new-estimator.md"), "```go\n")
	code, _, closed := strings.Cut(code, "```")
	if !ok || !closed || !strings.Contains(read("network/op/example_test.go"), code) {
		t.Error("docs/new-estimator.md does not show the code of network/op/example_test.go")
	}
}
