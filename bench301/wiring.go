package bench301

import "strconv"

// Wiring is a cell as a graph: what there is to draw.
type Wiring struct {
	Name  string
	Nodes []string // every link points from an earlier to a later one
	Links []Link
}

// Link is an edge of a Wiring. Label names its operation; it is empty where values are passed on as they are.
type Link struct {
	From, To int
	Label    string
}

// Wirings implements Space: the normal and the reduction cell. States carry the numbers that the notations use.
func (s DARTS) Wirings(a Architecture) ([]Wiring, error) {
	g, err := s.drawable(a)
	if err != nil {
		return nil, err
	}
	var out []Wiring
	for i, name := range []string{"normal cell", "reduction cell"} {
		w := Wiring{Name: name, Nodes: []string{"0: c(k-2)", "1: c(k-1)"}}
		for k, e := range g.cell(i) {
			n := 2 + k/2
			if k%2 == 0 {
				w.Nodes = append(w.Nodes, strconv.Itoa(n))
			}
			w.Links = append(w.Links, Link{int(e.Source), n, e.Op.String()})
		}
		w.Nodes = append(w.Nodes, "c(k)")
		for n := range Nodes {
			w.Links = append(w.Links, Link{2 + n, 2 + Nodes, ""})
		}
		out = append(out, w)
	}
	return out, nil
}

// Wirings implements Space: the cell, without the edges that are none.
func (s NASBench201) Wirings(a Architecture) ([]Wiring, error) {
	g, err := s.valid(a)
	if err != nil {
		return nil, err
	}
	w := Wiring{Name: "cell", Nodes: []string{"0: input", "1", "2", "3: output"}}
	for to := 1; to < Nodes201; to++ {
		for from := range to {
			if op := g[edge201(from, to)]; op != None201 {
				w.Links = append(w.Links, Link{from, to, op.String()})
			}
		}
	}
	return []Wiring{w}, nil
}
