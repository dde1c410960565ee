package analysis

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Grid is an estimator with two of its settings varied together.
type Grid struct {
	Estimator     string
	Down, Across  string   // settings
	Rows, Columns []string // their levels: numbers ascending, words in the order of the run
	Slices        []GridSlice
	Best          *Finding          // with the highest tau-b of the grid, or nil
	Alike         map[*Finding]bool // Best, and what cannot be told from it: paired bootstrap, Holm over the grid
}

// GridSlice is a grid at one combination of the other settings that vary.
type GridSlice struct {
	Others string       // such as "head=ridge, layers=3"; empty where nothing else varies
	Cells  [][]*Finding // [row][column]; nil where the run has no such combination
}

// Grids lists the estimators of which the run varies two settings together, or more: then Down and Across are the two
// with the most levels, and there is a slice a combination of the others.
func (f *Findings) Grids() ([]Grid, error) {
	names, byName := f.families()
	var out []Grid
	for _, name := range names {
		g, ok := gridOf(name, byName[name])
		if !ok {
			continue
		}
		if err := f.best(&g); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

// gridOf arranges the findings of one estimator; ok is false where no two settings vary together.
func gridOf(name string, rows []*Finding) (g Grid, ok bool) {
	levels := levelsOf(rows)
	var varied []string
	for setting, l := range levels {
		if len(l) > 1 {
			varied = append(varied, setting)
		}
	}
	slices.SortFunc(varied, func(a, b string) int { return cmp.Or(len(levels[b])-len(levels[a]), cmp.Compare(a, b)) })
	for i, down := range varied {
		for _, across := range varied[i+1:] {
			g = Grid{Estimator: name, Down: down, Across: across, Rows: levels[down], Columns: levels[across]}
			g.fill(rows, slices.DeleteFunc(slices.Clone(varied), func(s string) bool { return s == down || s == across }))
			if len(g.Slices) > 0 {
				return g, true
			}
		}
	}
	return g, false
}

// InOrder sorts the levels of a setting where all are numbers.
func InOrder(levels []string) {
	for _, l := range levels {
		if _, err := strconv.ParseFloat(l, 64); err != nil {
			return
		}
	}
	slices.SortFunc(levels, func(a, b string) int {
		x, _ := strconv.ParseFloat(a, 64)
		y, _ := strconv.ParseFloat(b, 64)
		return cmp.Compare(x, y)
	})
}

// fill makes the slices in which both settings vary together, with the rows and columns that have something.
func (g *Grid) fill(rows []*Finding, others []string) {
	at := map[string]int{}
	for _, r := range rows {
		l := r.Column.Levels()
		var rest []string
		for _, o := range others {
			rest = append(rest, o+"="+l[o])
		}
		key := strings.Join(rest, ", ")
		k, known := at[key]
		if !known {
			k = len(g.Slices)
			at[key] = k
			s := GridSlice{Others: key}
			for range g.Rows {
				s.Cells = append(s.Cells, make([]*Finding, len(g.Columns)))
			}
			g.Slices = append(g.Slices, s)
		}
		i, j := slices.Index(g.Rows, l[g.Down]), slices.Index(g.Columns, l[g.Across])
		if i >= 0 && j >= 0 && g.Slices[k].Cells[i][j] == nil {
			g.Slices[k].Cells[i][j] = r
		}
	}
	g.Slices = slices.DeleteFunc(g.Slices, func(s GridSlice) bool { return !s.together() })
	g.drop()
}

// together says whether both settings vary at once: a setting varied alone fills one row or one column.
func (s GridSlice) together() bool {
	for i, a := range s.Cells {
		for _, b := range s.Cells[i+1:] {
			both := 0
			for j := range a {
				if a[j] != nil && b[j] != nil {
					both++
				}
			}
			if both > 1 {
				return true
			}
		}
	}
	return false
}

// drop leaves out rows and columns in which no slice has anything.
func (g *Grid) drop() {
	row := func(i int) bool {
		return slices.ContainsFunc(g.Slices, func(s GridSlice) bool {
			return slices.ContainsFunc(s.Cells[i], func(r *Finding) bool { return r != nil })
		})
	}
	column := func(j int) bool {
		return slices.ContainsFunc(g.Slices, func(s GridSlice) bool {
			return slices.ContainsFunc(s.Cells, func(r []*Finding) bool { return r[j] != nil })
		})
	}
	rows, columns := kept(len(g.Rows), row), kept(len(g.Columns), column)
	for k, s := range g.Slices {
		cells := pick(s.Cells, rows)
		for i := range cells {
			cells[i] = pick(cells[i], columns)
		}
		g.Slices[k].Cells = cells
	}
	g.Rows, g.Columns = pick(g.Rows, rows), pick(g.Columns, columns)
}

// kept are the numbers below n that are wanted.
func kept(n int, wanted func(int) bool) (out []int) {
	for i := range n {
		if wanted(i) {
			out = append(out, i)
		}
	}
	return out
}

func pick[T any](of []T, at []int) []T {
	out := make([]T, len(at))
	for k, i := range at {
		out[k] = of[i]
	}
	return out
}

// best finds the best of a grid, and what cannot be told from it.
func (f *Findings) best(g *Grid) error {
	var all []*Finding
	for _, s := range g.Slices {
		for _, row := range s.Cells {
			for _, r := range row {
				if r != nil && r.Tau != nil {
					all = append(all, r)
				}
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	ranked := slices.DeleteFunc(f.Ranked(), func(r *Finding) bool { return !slices.Contains(all, r) })
	g.Best, g.Alike = ranked[0], map[*Finding]bool{ranked[0]: true}
	var pairs [][2]*Finding
	for _, r := range ranked[1:] {
		pairs = append(pairs, [2]*Finding{r, g.Best})
	}
	cs, err := f.family(pairs)
	for i, c := range cs {
		if c != nil {
			g.Alike[pairs[i][0]] = !c.Distinguishable()
		}
	}
	return err
}
