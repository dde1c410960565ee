package network

import (
	"fmt"
	"math"
	"testing"

	"rwe301/bench301"
	"rwe301/internal/oracle"
)

// spaceCase is a network of another space or variant, from tools/oracles/spaces.py.
type spaceCase struct {
	Space, Arch, Variant string
	C, Layers, Classes   int
	Batch, Height, Width int
	Auxiliary            bool
	Seeds                map[string]uint64
	Labels               []int
	Checksum             string `json:"input_checksum"`
	Counts               struct{ Params, MACs, FLOPs int64 }
	Params               []struct {
		Shape    []int
		Checksum string
	}
	F64 struct {
		LogitsTrain [][]float64 `json:"logits_train"`
		AuxTrain    [][]float64 `json:"aux_logits_train"`
		LogitsEval  [][]float64 `json:"logits_eval"`
		Loss        float64     `json:"loss_train"`
		Cells       []struct{ Sum, L2 float64 }
		GradL2      []float64 `json:"grad_l2"`
	}
}

// compile builds the plan of the case and draws its parameters.
func (f *spaceCase) compile(c *checker) (p *Plan, theta []float32) {
	space, err := bench301.LookupSpace(f.Space)
	if err != nil {
		c.Fatal(err)
	}
	a, _, err := space.Parse(f.Arch)
	if err != nil {
		c.Fatal(err)
	}
	cfg := bench301.Config{
		Channels: f.C, Layers: f.Layers, Classes: f.Classes, Height: f.Height, Width: f.Width,
		Variant: bench301.Variant(f.Variant), Auxiliary: f.Auxiliary,
	}
	graph, err := a.Graph(cfg)
	if err != nil {
		c.Fatal(err)
	}
	if p, err = Compile(graph); err != nil {
		c.Fatal(err)
	}
	counted, err := a.Complexity(cfg)
	c.equal("complexity", counted, bench301.Complexity{Params: f.Counts.Params, MACs: f.Counts.MACs,
		FLOPs: f.Counts.FLOPs})
	if err != nil || len(p.Views()) != len(f.Params) {
		c.Fatalf("%d parameter tensors, want %d; %v", len(p.Views()), len(f.Params), err)
	}
	theta = make([]float32, p.NumParams())
	s := oracle.NewStream(f.Seeds["params"])
	for i, v := range p.Views() {
		values := theta[v.Offset : v.Offset+v.Size]
		s.Fill(values, v.FanIn, v.Kind == bench301.NormWeight)
		c.equal(v.Name+" shape", v.Shape, f.Params[i].Shape)
		c.equal(v.Name+" checksum", fmt.Sprintf("%016x", oracle.Checksum(values)), f.Params[i].Checksum)
	}
	return p, theta
}

// images draws the images, which the stream fills channel by channel.
func (f *spaceCase) images(c *checker) []float32 {
	s := oracle.NewStream(f.Seeds["input"])
	pixels := f.Height * f.Width
	flat := make([]float32, f.Batch*3*pixels)
	for i := range flat {
		flat[i] = 2 * s.Symmetric()
	}
	c.equal("images", fmt.Sprintf("%016x", oracle.Checksum(flat)), f.Checksum)
	out := make([]float32, len(flat))
	for i, v := range flat {
		n, channel, p := i/(3*pixels), i/pixels%3, i%pixels
		out[(n*pixels+p)*3+channel] = v
	}
	return out
}

func TestOracleSpaces(t *testing.T) {
	oracle.Each(t, "network", "space_*.json*", func(t *testing.T, path string) int {
		c := &checker{T: t}
		var f spaceCase
		oracle.Read(t, path, &f)
		p, theta := f.compile(c)
		images := f.images(c)
		o := Options{Batch: f.Batch, Gradients: true, Keep: p.Graph().Cells}
		checkSpace(c, newEngine[float64](t, p, o), &f, widen(theta), widen(images), 1e-10)
		checkSpace(c, newEngine[float32](t, p, o), &f, theta, images, 1e-4)
		return c.n
	})
}

// checkSpace compares passes in train and eval mode and the gradients; tolerances are relative for norms.
func checkSpace[T Real](c *checker, m engine[T], f *spaceCase, theta, images []T, tolerance float64) {
	c.Helper()
	if err := m.Forward(theta, images, f.Batch, BatchNorm); err != nil {
		c.Fatal(err)
	}
	rows(c, "logits in train mode", m.Logits(), f.F64.LogitsTrain, tolerance)
	rows(c, "auxiliary logits", m.AuxLogits(), f.F64.AuxTrain, tolerance)
	for i, node := range m.Plan().Graph().Cells {
		data, _, _, _ := m.Output(node)
		total, squares := 0.0, 0.0
		for _, v := range widen(data) {
			total += v
			squares += v * v
		}
		want := f.F64.Cells[i]
		c.close(fmt.Sprintf("norm of cell %d", i), math.Sqrt(squares), want.L2, tolerance*want.L2)
		c.close(fmt.Sprintf("sum of cell %d", i), total, want.Sum, tolerance*want.L2*math.Sqrt(float64(len(data))))
	}
	grad := make([]T, len(m.Logits()))
	loss, err := CrossEntropy(m.Logits(), f.Labels, grad)
	if err != nil {
		c.Fatal(err)
	}
	c.close("loss", loss, f.F64.Loss, tolerance)
	gTheta := make([]T, len(theta))
	if err := m.Backward(Cotangents[T]{Logits: grad}, gTheta, nil); err != nil {
		c.Fatal(err)
	}
	floor := 0.0 // some gradients are zero but for rounding
	for _, g := range f.F64.GradL2 {
		floor += g * g
	}
	floor = 1e-2 * math.Sqrt(floor)
	for i, v := range m.Plan().Views() {
		squares := 0.0
		for _, g := range widen(gTheta[v.Offset : v.Offset+v.Size]) {
			squares += g * g
		}
		c.close("gradient of "+v.Name, math.Sqrt(squares), f.F64.GradL2[i], 10*tolerance*(f.F64.GradL2[i]+floor))
	}
	if err := m.Forward(theta, images, f.Batch, RunningNorm); err != nil {
		c.Fatal(err)
	}
	rows(c, "logits in eval mode", m.Logits(), f.F64.LogitsEval, tolerance)
}
