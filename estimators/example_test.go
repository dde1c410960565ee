package estimators_test

import (
	"context"
	"fmt"
	"log"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators"
)

// The architecture is DARTS_V2; the images are those in the binary, a part of CIFAR-10.
func ExampleParse() {
	env := estimators.NewEnv(dataset.Sample(), 0)
	a, _, err := bench301.ParseGenotype(darts)
	if err != nil {
		log.Fatal(err)
	}
	for _, spec := range []string{"params",
		"rwe:channels=4,layers=3,resolution=8,train_images=200,val_images=100,epochs=3"} {
		c, err := estimators.Parse(spec)
		if err != nil {
			log.Fatal(err)
		}
		s, err := c.Score(context.Background(), a, env)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %v %s, %s\n", c.Info.Name, s.Value, c.Info.Unit, s.Status)
	}
	// Output:
	// params: 909866 parameters, ok
	// rwe: 14 percent, ok
}

// Settings that stay out are the defaults.
func ExampleNew() {
	c, err := estimators.New("zen", []byte(`{"channels": 16, "batch": 8}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Label)
	fmt.Println(string(c.Settings))
	layers, _ := c.Setting("layers")
	fmt.Println(layers, "cells; depends on the seed:", c.Info.Random)
	// Output:
	// zen:batch=8,channels=16
	// {"batch":8,"channels":16,"classes":10,"layers":8,"resolution":32,"variant":"naslib"}
	// 8 cells; depends on the seed: true
}

// The counts that any method must beat to be of use.
func ExampleAll() {
	for _, info := range estimators.All() {
		if info.Trivial {
			fmt.Printf("%s: %s\n", info.Name, info.Unit)
		}
	}
	// Output:
	// params: parameters
	// macs: multiply-accumulates
	// flops: operations
	// pool-count: operations
	// l2_norm: norm
	// sepconv-count: operations
	// depth: edges
}

const darts = "[[(0, 3), (1, 3), (0, 3), (1, 3), (0, 2), (1, 3), (0, 2), (2, 5)], " +
	"[(0, 0), (1, 0), (1, 0), (2, 2), (0, 0), (2, 2), (1, 0), (2, 2)]]"
