package network_test

import (
	"fmt"

	"rwe301/bench301"
	"rwe301/network"
)

// A network with random parameters, its loss on a few images and the gradient of the loss.
func Example() {
	cell := bench301.Cell{{Source: 0, Op: 3}, {Source: 1, Op: 3}, {Source: 0, Op: 3}, {Source: 1, Op: 3},
		{Source: 0, Op: 2}, {Source: 1, Op: 3}, {Source: 0, Op: 2}, {Source: 2, Op: 5}}
	cfg := bench301.DefaultConfig()
	cfg.Channels = 4
	graph, err := bench301.Genotype{Normal: cell, Reduce: cell}.Graph(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := network.Compile(graph)
	if err != nil {
		fmt.Println(err)
		return
	}
	const n = 2
	e, err := network.NewExecutor(p, network.Options{Batch: n, Gradients: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()

	theta, images := make([]float32, p.NumParams()), make([]float32, n*p.ImageSize())
	if err := network.Initialise(p, theta, network.Scheme{}, 1); err != nil {
		fmt.Println(err)
		return
	}
	for i := range images {
		images[i] = float32(i%17)/8 - 1
	}
	if err := e.Forward(theta, images, n, network.BatchNorm); err != nil {
		fmt.Println(err)
		return
	}
	cotangents := network.Cotangents[float32]{Logits: make([]float32, len(e.Logits()))}
	loss, err := network.CrossEntropy(e.Logits(), []int{3, 7}, cotangents.Logits)
	if err != nil {
		fmt.Println(err)
		return
	}
	gradient := make([]float32, p.NumParams())
	if err := e.Backward(cotangents, gradient, nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d parameters, %d classes, loss %.2f\n", p.NumParams(), p.Classes(), loss)
	// Output:
	// 26758 parameters, 10 classes, loss 2.31
}
