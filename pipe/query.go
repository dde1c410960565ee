package pipe

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/scoring"
)

// surrogates are those that were asked, each read once, and again when its files have changed.
type surrogates struct {
	mu     sync.Mutex
	opened map[string]*opened
	inputs scoring.Inputs
}

// opened is a surrogate that was read.
type opened struct {
	surrogate.Surrogate
	path   string // empty of those inside the program
	folder bool
	files  string // what the files were
	looked time.Time
}

// lookAgain is how long the files of a folder are taken to be what they were: looking at them takes longer than a
// question.
const lookAgain = time.Second

// changed says whether the files are no longer those that were read.
func (o *opened) changed() bool {
	if o.path == "" || o.folder && time.Since(o.looked) < lookAgain {
		return false
	}
	o.looked = time.Now()
	return filesOf(o.path) != o.files
}

// filesOf is different for a file, or for the files of a folder, after they were written.
func filesOf(path string) string {
	var all strings.Builder
	_ = filepath.WalkDir(path, func(at string, _ fs.DirEntry, err error) error { // an error is noticed when they are read
		if info, err := os.Stat(at); err == nil && !info.IsDir() {
			fmt.Fprintln(&all, at, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return all.String()
}

// open is the surrogate of a name or path, the mini surrogate for "".
func (s *surrogates) open(name string) (surrogate.Surrogate, error) {
	name = or(name, surrogate.MiniKey)
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := s.opened[name]; got != nil && !got.changed() {
		return got.Surrogate, nil
	}
	delete(s.opened, name)
	got, path, err := s.inputs.Surrogate(name)
	if err != nil {
		return nil, invalid(err)
	}
	if s.opened == nil {
		s.opened = map[string]*opened{}
	}
	is := &opened{Surrogate: got, path: path, looked: time.Now()}
	if info, err := os.Stat(path); err == nil {
		is.folder, is.files = info.IsDir(), filesOf(path)
	}
	s.opened[name] = is
	return got, nil
}

// look makes sure that a folder's files are looked at when it is opened next.
func (s *surrogates) look(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := s.opened[or(name, surrogate.MiniKey)]; got != nil {
		got.looked = time.Time{}
	}
}

// surrogate reads one, and says what it is.
func (s *Server) surrogate(_ context.Context, c *call) (any, error) {
	var p struct {
		Name string `json:"name"`
	}
	if err := c.decode(&p); err != nil {
		return nil, err
	}
	if b, c, err := trainedColumn(p.Name); b != nil || err != nil {
		if err != nil {
			return nil, err
		}
		return surrogate.Info{Name: b.Label(c), Kind: kindTrained, Unit: surrogate.Percent, Members: 1}, nil
	}
	s.surrogates.look(p.Name)
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
	if b, c, err := trainedColumn(p.Surrogate); b != nil || err != nil {
		switch {
		case err != nil:
			return nil, err
		case p.Members || p.NoiseSeed != nil:
			return nil, invalidf("members and noise_seed: of surrogates; %s has accuracies of networks that were trained",
				b.Name)
		}
		return queryTrained(ctx, b, c, p.archs)
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
