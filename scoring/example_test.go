package scoring_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/scoring"
)

// Two estimators of two architectures.
func Example() {
	rng := rand.New(rand.NewPCG(301, 0))
	archs := []bench301.Architecture{bench301.SampleGenotype(rng), bench301.SampleGenotype(rng)}
	var questions []*scoring.Question
	for _, spec := range []string{"params", "l2_norm:channels=8"} {
		c, err := estimators.Parse(spec)
		if err != nil {
			log.Fatal(err)
		}
		q := scoring.QuestionOf(c, nil)
		q.Seeds = []uint64{0}
		questions = append(questions, q)
	}
	err := scoring.NewRunner(questions, scoring.Options{}).Run(context.Background(), archs,
		func(i int, answers []scoring.Answer) error {
			fmt.Printf("architecture %d: %.0f parameters, norm %.1f\n", i, *answers[0].Score, *answers[1].Score)
			return nil
		})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// architecture 0: 954666 parameters, norm 345.8
	// architecture 1: 882154 parameters, norm 323.6
}
