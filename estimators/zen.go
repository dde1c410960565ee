package estimators

import (
	"context"
	"fmt"
	"math"

	"rwe301/bench301"
	"rwe301/estimators/internal/linear"
	"rwe301/network"
)

// The registry's entry.
var zenEntry = define(Info{
	Name: "zen", Measures: "sensitivity to input noise",
	Aliases: []string{"zen-score"}, Family: Codes, Random: true, Direction: Higher, Unit: "nats",
	Cost:  Cheap,
	Paper: "Lin et al. 2021, arXiv 2102.01063; as NASLib computes it",
	Cites: []string{"lin2021zennas", "krishnakumar2022suite"},
	Formula: "ln mean_images sum |f(x1) - f(x1 + 0.01 x2)| + sum over normalisations of ln sqrt(mean " +
		"running variance), f the last cell's map",
	Mode:    "weights and images from N(0, 1), batch statistics, no gradient",
	Caveats: "no column of NAS-Bench-Suite-Zero's NB301 table",
}, zenSettings{sizeSettings: suite(), Batch: 32}, func(s zenSettings) Estimator { return zen{s} })

// zenSettings are the settings of the Zen-score: the network's size and the batch.
type zenSettings struct {
	sizeSettings
	Batch int `json:"batch"` // random images
}

func (s zenSettings) validate() error {
	if s.Batch < 2 || s.Batch > 1<<16 {
		return fmt.Errorf("batch: %d: must lie in [2, %d]", s.Batch, 1<<16)
	}
	return s.sizeSettings.validate()
}

// zen is ln mean_n sum |f(x1) - f(x1 + 0.01 x2)| + sum over normalisations of ln sqrt(mean_c running variance), f being
// the last cell's map (Lin et al. 2021, arXiv 2102.01063, as NASLib computes it).
type zen struct{ zenSettings }

func (e zen) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	p, err := e.compile(a)
	if err != nil {
		return Score{}, err
	}
	g := p.Graph()
	theta, images := make([]float32, p.NumParams()), make([]float32, 2*e.Batch*g.Nodes[0].H*g.Nodes[0].W*g.Nodes[0].C)
	standard(theta, p, env.Inputs.Rand("zen weights", a.ID()))
	normals(images, env.Inputs.Rand("zen images"))
	x1, x2 := images[:len(images)/2], images[len(images)/2:]
	features := g.Features
	x, err := executor[float32](env, p, network.Options{Batch: e.Batch, Keep: []int{features}})
	if err != nil {
		return Score{}, err
	}
	if err := x.Forward(theta, x1, e.Batch, network.BatchNorm); err != nil {
		return Score{}, err
	}
	first, _, _, _ := x.Output(features)
	first = append([]float32(nil), first...)
	mixed := make([]float32, len(x1))
	for i := range mixed {
		mixed[i] = x1[i] + float32(0.01*x2[i]) // rounded twice, so that no fused operation changes it
	}
	if err := ctx.Err(); err != nil {
		return Score{}, err
	}
	if err := x.Forward(theta, mixed, e.Batch, network.BatchNorm); err != nil {
		return Score{}, err
	}
	second, _, _, _ := x.Output(features)
	difference := 0.0
	for i, v := range first {
		difference += math.Abs(float64(v) - float64(second[i]))
	}
	score := math.Log(difference / float64(e.Batch))
	for _, node := range p.NodesOf(bench301.BatchNorm) {
		_, variance := x.Running(g.Nodes[node].Name)
		score += math.Log(math.Sqrt(linear.Mean(variance)))
	}
	return Score{Value: score}, nil
}
