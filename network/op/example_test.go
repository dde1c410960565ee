package op_test

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"rwe301/bench301"
	"rwe301/network"
	"rwe301/network/op"
)

// confidence scores an architecture by how much its random network could sharpen its predictions: the logarithm of the
// norm of the gradient of sum(softmax(logits)^2) with respect to all parameters. images holds n x 16 x 16 x 3 values.
func confidence(a bench301.Architecture, images []float32) (float64, error) {
	cfg := bench301.Config{Channels: 4, Layers: 5, Classes: 10, Height: 16, Width: 16, Variant: bench301.VariantNASLib}
	graph, err := a.Graph(cfg)
	if err != nil {
		return 0, err
	}
	plan, err := network.Compile(graph)
	if err != nil {
		return 0, err
	}
	theta := make([]float32, plan.NumParams())
	if err := network.Initialise(plan, theta, network.Scheme{}, 1); err != nil {
		return 0, err
	}
	e, err := network.NewExecutor(plan, network.Options{Batch: len(images) / (16 * 16 * 3), Gradients: true})
	if err != nil {
		return 0, err
	}
	defer e.Close()

	g := gorgonia.NewGraph()
	x, w := gorgonia.Must(op.Images(g, plan, images)), gorgonia.Must(op.Theta(g, plan, theta))
	logits := gorgonia.Must(op.New(e, network.BatchNorm).Logits(x, w))
	sharpness := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.SoftMax(logits, 1))))))
	gradient, err := gorgonia.Grad(sharpness, w)
	if err != nil {
		return 0, err
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		return 0, err
	}
	square := 0.0
	for _, v := range gradient[0].Value().Data().([]float32) {
		square += float64(v) * float64(v)
	}
	return math.Log(square) / 2, nil
}

// A new estimator as a Gorgonia graph around the network.
func Example() {
	darts := bench301.Genotype{ // DARTS (second order)
		Normal: bench301.Cell{{Source: 0, Op: 3}, {Source: 1, Op: 3}, {Source: 0, Op: 3}, {Source: 1, Op: 3},
			{Source: 0, Op: 2}, {Source: 1, Op: 3}, {Source: 0, Op: 2}, {Source: 2, Op: 5}},
		Reduce: bench301.Cell{{Source: 0, Op: 0}, {Source: 1, Op: 0}, {Source: 1, Op: 0}, {Source: 2, Op: 2},
			{Source: 0, Op: 0}, {Source: 2, Op: 2}, {Source: 1, Op: 0}, {Source: 2, Op: 2}},
	}
	images := make([]float32, 8*16*16*3)
	for i := range images {
		images[i] = float32(i*i%23)/11 - 1
	}
	score, err := confidence(darts, images)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f\n", score)
	// Output:
	// 0.64
}
