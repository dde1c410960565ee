package pipe

import (
	"context"
	"fmt"
	"sync"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/scoring"
)

// surrogates are those that were asked, each read once.
type surrogates struct {
	mu     sync.Mutex
	opened map[string]surrogate.Surrogate
	inputs scoring.Inputs
}

// open is the surrogate of a name or path, the mini surrogate for "".
func (s *surrogates) open(name string) (surrogate.Surrogate, error) {
	name = or(name, surrogate.MiniKey)
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := s.opened[name]; got != nil {
		return got, nil
	}
	got, _, err := s.inputs.Surrogate(name)
	if err != nil {
		return nil, invalid(err)
	}
	if s.opened == nil {
		s.opened = map[string]surrogate.Surrogate{}
	}
	s.opened[name] = got
	return got, nil
}

// surrogate reads one, and says what it is.
func (s *Server) surrogate(_ context.Context, c *call) (any, error) {
	var p struct {
		Name string `json:"name"`
	}
	if err := c.decode(&p); err != nil {
		return nil, err
	}
	got, err := s.surrogates.open(p.Name)
	if err != nil {
		return nil, err
	}
	e, published := got.(*surrogate.Ensemble)
	return struct {
		surrogate.Info
		Training bool `json:"training"` // depends on hyperparameters of the training
	}{got.Info(), published && e.SplitsOnTraining()}, nil
}

// prediction is what surrogates predict, a column a property.
type prediction struct {
	columns
	Surrogate string      `json:"surrogate"`
	Unit      string      `json:"unit"`
	Value     []float64   `json:"value"`
	Std       []float64   `json:"std"`
	InRange   []bool      `json:"in_range"`
	Noisy     []float64   `json:"noisy,omitempty"`
	Members   [][]float64 `json:"members,omitempty"`
}

// query asks a surrogate.
func (s *Server) query(ctx context.Context, c *call) (any, error) {
	var p struct {
		archs
		Surrogate string  `json:"surrogate"`
		Members   bool    `json:"members"`
		NoiseSeed *uint64 `json:"noise_seed"`
	}
	if err := c.decode(&p); err != nil {
		return nil, err
	}
	asked, err := s.surrogates.open(p.Surrogate)
	if err != nil {
		return nil, err
	}
	space, list, err := p.read()
	if err != nil {
		return nil, err
	}
	genotypes := make([]bench301.Genotype, len(list))
	for i, a := range list {
		if genotypes[i], err = surrogate.Genotype(a); err != nil {
			return nil, invalidf("archs[%d], of the space %s: %w", i, space.Name(), err)
		}
	}
	n := len(list)
	info := asked.Info()
	out := prediction{columns: columnsOf(list), Surrogate: info.Name, Unit: info.Unit, Value: make([]float64, n),
		Std: make([]float64, n), InRange: make([]bool, n)}
	if p.Members {
		out.Members = make([][]float64, n)
	}
	if p.NoiseSeed != nil {
		out.Noisy = make([]float64, n)
	}
	return out, inParts(n, func(from, to int) error {
		predictions := make([]surrogate.Prediction, to-from)
		asked.PredictBatch(genotypes[from:to], predictions)
		for i, got := range predictions {
			k := from + i
			out.Value[k], out.Std[k], out.InRange[k] = got.Mean, got.Std, got.InRange
			if p.Members {
				out.Members[k] = got.Members
			}
			if p.NoiseSeed != nil {
				out.Noisy[k] = got.Noisy(genotypes[k], *p.NoiseSeed)
			}
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("query: %w", err)
		}
		return nil
	})
}
