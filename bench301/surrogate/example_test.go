package surrogate_test

import (
	"fmt"
	"log"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
)

// What the surrogate inside the binary predicts for published networks.
func ExampleQuestion() {
	var archs []bench301.Genotype
	for _, k := range bench301.KnownNetworks(surrogate.Space()) {
		g, err := surrogate.Genotype(k.Architecture)
		if err != nil {
			log.Fatal(err)
		}
		archs = append(archs, g)
	}
	question := surrogate.Question{Accuracy: surrogate.NewMini()}
	for _, a := range question.Ask(archs) {
		fmt.Printf("%s %.2f ± %.2f %%, like the training data: %t\n", a.ID, a.Accuracy, a.Std, a.InRange)
	}
	// Output:
	// c1175dae6f54c29d 94.03 ± 0.11 %, like the training data: true
	// b149d8919d89ab39 94.27 ± 0.11 %, like the training data: true
	// 5384bfe13bc2fe3b 94.62 ± 0.11 %, like the training data: true
	// a6b5c460ebd0c74a 94.52 ± 0.11 %, like the training data: true
	// d48c9f6efb7e0e7e 94.93 ± 0.11 %, like the training data: true
}

// Surrogates answer for one space.
func ExampleGenotype() {
	a, _, err := bench301.Parse(bench301.NASBench201{}, "[1, 2, 3, 0, 1, 2]", "")
	if err != nil {
		log.Fatal(err)
	}
	_, err = surrogate.Genotype(a)
	fmt.Println(err)
	// Output:
	// NAS-Bench-301 answers for the DARTS space only
}
