package pipe

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"sync"

	"rwe301/bench301"
)

// archs are the architectures of a request, each a text in any notation, or the JSON of one.
type archs struct {
	Archs    []json.RawMessage `json:"archs"`
	Space    string            `json:"space"`
	Notation string            `json:"notation"`
}

// space is the search space that a request names, or else the first that the first architecture is of.
func (a archs) space() (bench301.Space, error) {
	if a.Space == "" {
		if len(a.Archs) > 0 {
			if of := spaceOf(a.Archs[0]); of != nil {
				return of, nil
			}
		}
		return bench301.Spaces()[0], nil
	}
	s, err := bench301.LookupSpace(a.Space)
	if err != nil {
		return nil, invalid(err)
	}
	return s, nil
}

// spaceOf is the first space that has an architecture, nil if none does.
func spaceOf(raw json.RawMessage) bench301.Space {
	for _, s := range bench301.Spaces() {
		if _, err := parse(s, raw, ""); err == nil {
			return s
		}
	}
	return nil
}

// few are not worth a goroutine.
const few = 256

// read parses the architectures on all cores. The error names the first that is none.
func (a archs) read() (bench301.Space, []bench301.Architecture, error) {
	space, err := a.space()
	if err != nil {
		return nil, nil, err
	}
	if a.Archs == nil {
		return nil, nil, invalidf("archs is missing: want a list of architectures")
	}
	n, err := notation(space, a.Notation)
	if err != nil {
		return nil, nil, err
	}
	out := make([]bench301.Architecture, len(a.Archs))
	err = inParts(len(out), func(from, to int) error {
		for i := from; i < to; i++ {
			var err error
			if out[i], err = parse(space, a.Archs[i], n); err != nil {
				if of := spaceOf(a.Archs[i]); of != nil && of != space {
					err = fmt.Errorf("an architecture of the space %s, where one of %s should stand", of.Name(), space.Name())
				}
				return invalidf("archs[%d]: %w", i, err)
			}
		}
		return nil
	})
	return space, out, err
}

// inParts does n things on all cores, in parts that follow each other, and returns the first error.
func inParts(n int, do func(from, to int) error) error {
	workers := min(runtime.GOMAXPROCS(0), n/few)
	if workers < 2 {
		return do(0, n)
	}
	errs := make([]error, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() { errs[w] = do(w*n/workers, (w+1)*n/workers) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func parse(space bench301.Space, raw json.RawMessage, n bench301.Notation) (bench301.Architecture, error) {
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, err
		}
	}
	if known, ok := bench301.KnownNetwork(space, text); ok {
		return known.Architecture, nil
	}
	a, _, err := bench301.Parse(space, text, n)
	return a, err
}

// notation is the one of a name; "" is any.
func notation(space bench301.Space, name string) (bench301.Notation, error) {
	if name == "" {
		return "", nil
	}
	n, err := bench301.LookupNotation(space, name)
	if err != nil {
		return "", invalid(err)
	}
	return n, nil
}

// sample draws architectures.
func (s *Server) sample(ctx context.Context, c *call) (any, error) {
	p := struct {
		N        number[int]    `json:"n"`
		Seed     number[uint64] `json:"seed"`
		Space    string         `json:"space"`
		Notation string         `json:"notation"`
	}{N: number[int]{10}}
	if err := c.decode(&p); err != nil {
		return nil, err
	}
	space, err := archs{Space: p.Space}.space()
	if err != nil {
		return nil, err
	}
	as, err := notation(space, or(p.Notation, string(space.Notations()[0])))
	if err != nil {
		return nil, err
	}
	if p.N.is < 0 {
		return nil, invalidf("n: %d: must not be negative", p.N.is)
	}
	out := columns{Arch: []string{}, ID: []string{}}
	for a := range bench301.Samples(space, p.Seed.is) {
		if len(out.Arch) == p.N.is {
			break
		}
		text, err := space.Format(a, as)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		out.Arch, out.ID = append(out.Arch, text), append(out.ID, a.ID())
	}
	return out, nil
}

// columns are what is known of architectures, in their order.
type columns struct {
	Arch []string `json:"arch"`
	ID   []string `json:"id"`
}

// columnsOf are the texts and ids of architectures.
func columnsOf(list []bench301.Architecture) columns {
	out := columns{make([]string, len(list)), make([]string, len(list))}
	_ = inParts(len(list), func(from, to int) error {
		for i := from; i < to; i++ {
			out.Arch[i], out.ID[i] = list[i].String(), list[i].ID()
		}
		return nil
	})
	return out
}

// convert writes architectures in another notation.
func (s *Server) convert(_ context.Context, c *call) (any, error) {
	var p struct {
		archs
		To string `json:"to"`
	}
	if err := c.decode(&p); err != nil {
		return nil, err
	}
	space, list, err := p.read()
	if err != nil {
		return nil, err
	}
	to, err := notation(space, or(p.To, string(space.Notations()[0])))
	if err != nil {
		return nil, err
	}
	out := struct {
		columns
		Text []string `json:"text"`
	}{columnsOf(list), make([]string, len(list))}
	for i, a := range list {
		if out.Text[i], err = space.Format(a, to); err != nil {
			return nil, fmt.Errorf("archs[%d]: %w", i, err)
		}
	}
	return out, nil
}

// complexity counts parameters and operations.
func (s *Server) complexity(_ context.Context, c *call) (any, error) {
	var p struct {
		archs
		Channels  int    `json:"channels"`
		Layers    int    `json:"layers"`
		Classes   int    `json:"classes"`
		Height    int    `json:"height"`
		Width     int    `json:"width"`
		Variant   string `json:"variant"`
		Auxiliary bool   `json:"auxiliary"`
	}
	if err := c.decode(&p); err != nil {
		return nil, err
	}
	space, list, err := p.read()
	if err != nil {
		return nil, err
	}
	cfg := space.Config()
	if p.Variant == string(bench301.VariantImageNet) {
		cfg = bench301.ImageNetConfig()
	}
	if p.Variant != "" {
		if len(space.Variants()) == 0 {
			return nil, invalidf("variant: space %s has one network only", space.Name())
		}
		cfg.Variant = bench301.Variant(p.Variant)
	}
	for _, set := range []struct{ to, from *int }{
		{&cfg.Channels, &p.Channels}, {&cfg.Layers, &p.Layers}, {&cfg.Classes, &p.Classes}, {&cfg.Height, &p.Height},
		{&cfg.Width, &p.Width},
	} {
		if *set.from != 0 {
			*set.to = *set.from
		}
	}
	cfg.Auxiliary = p.Auxiliary
	if err := cfg.Validate(); err != nil {
		return nil, invalid(err)
	}
	n := len(list)
	out := struct {
		columns
		Params []int64 `json:"params"`
		MACs   []int64 `json:"macs"`
		FLOPs  []int64 `json:"flops"`
	}{columnsOf(list), make([]int64, n), make([]int64, n), make([]int64, n)}
	return out, inParts(n, func(from, to int) error {
		for i := from; i < to; i++ {
			counts, err := list[i].Complexity(cfg)
			if err != nil {
				return invalidf("archs[%d]: %w", i, err)
			}
			out.Params[i], out.MACs[i], out.FLOPs[i] = counts.Params, counts.MACs, counts.FLOPs
		}
		return nil
	})
}
