package main

import (
	"fmt"
	"strings"
	"time"

	"rwe301/analysis"
	"rwe301/moo"
)

// searchProgress prints a line a generation, at most one in a while.
type searchProgress struct {
	s       streams
	start   time.Time
	last    time.Time
	running string
}

func (p *searchProgress) print(m analysis.Method, seed uint64, g moo.Generation[string]) {
	name := fmt.Sprintf("%s seed %d", m.Name, seed)
	if name != p.running {
		p.running, p.last = name, time.Time{}
		fmt.Fprintf(p.s.err, "%s: minimising %s\n%8s %8s %8s %8s %8s  best of each objective\n", name,
			strings.Join(m.Objectives, ", "), "n_gen", "n_eval", "n_new", "n_nds", "seconds")
	}
	if time.Since(p.last) < quiet/2 {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.s.err, "%8d %8d %8d %8d %8.1f ", g.Number, g.Evaluations, g.Distinct, len(g.Front),
		time.Since(p.start).Seconds())
	for k := range m.Objectives {
		least := 0.0
		for i, f := range g.Front {
			if i == 0 || f.Objectives[k] < least {
				least = f.Objectives[k]
			}
		}
		fmt.Fprintf(p.s.err, " %.6g", least)
	}
	fmt.Fprintln(p.s.err)
}
