package surrogate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"rwe301/bench301"
)

// Checksum is the SHA-256 of the ensemble's content in the form of a surrogate file, in hex. It is the same for a file
// and for the original that it was imported from.
func (e *Ensemble) Checksum() string {
	data := e.encodeFile()
	return fmt.Sprintf("%x", data[checksumStart:prefixBytes])
}

// Compare asks two ensembles for the same n architectures, drawn from a seed, and returns an error that names the first
// number whose bits differ, or the error of ctx.
func Compare(ctx context.Context, a, b *Ensemble, n int, seed uint64) error {
	if x, y := a.info, b.info; x.Kind != y.Kind || x.Members != y.Members || x.Unit != y.Unit {
		return fmt.Errorf("%d members of kind %s in %s, %d of kind %s in %s", x.Members, x.Kind, x.Unit, y.Members, y.Kind,
			y.Unit)
	}
	rng := rand.New(rand.NewPCG(seed, 301))
	const some = 1024
	g, p, q := make([]bench301.Genotype, some), make([]Prediction, some), make([]Prediction, some)
	for done := 0; done < n; done += some {
		if err := ctx.Err(); err != nil {
			return err
		}
		k := min(some, n-done)
		for i := range k {
			g[i] = bench301.SampleGenotype(rng)
		}
		a.PredictBatch(g[:k], p[:k])
		b.PredictBatch(g[:k], q[:k])
		for i := range k {
			for m := range p[i].Members {
				if x, y := p[i].Members[m], q[i].Members[m]; math.Float64bits(x) != math.Float64bits(y) {
					return fmt.Errorf("member %s: %v and %v for %s", a.members[m].Name, x, y, g[i])
				}
			}
		}
	}
	return nil
}
