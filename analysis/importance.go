package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Importance says how much of the variance of an estimator's tau-b over the full grid of its varied settings each
// setting explains: functional ANOVA (Hooker 2007; Hutter, Hoos and Leyton-Brown 2014), exact over the grid, every
// combination with the same weight. The noise of the tau-b themselves is not removed.
type Importance struct {
	Estimator string
	Settings  []string // in alphabetical order
	Levels    [][]string
	Variance  float64 // of tau-b over the combinations
	Low, High float64 // of tau-b
	Shares    []Share // settings and pairs, the largest first; of equals the one with fewer settings
	Rest      float64 // share of interactions of three settings or more; 0 below three settings
}

// Share is what one setting, or the interaction of two beyond their own effects, explains of the variance, in [0, 1].
type Share struct {
	Settings []string
	Value    float64
}

// Name is the setting, or both settings of an interaction: epochs × width.
func (s Share) Name() string { return strings.Join(s.Settings, " × ") }

// Combinations is the number of combinations in the grid.
func (m Importance) Combinations() int {
	n := 1
	for _, l := range m.Levels {
		n *= len(l)
	}
	return n
}

// Importances lists the estimators whose settings are varied together over a full grid, in the order of the run.
// lacking says of each other estimator that varies two settings or more why there is none.
func (f *Findings) Importances() (out []Importance, lacking []string) {
	names, byName := f.families()
	for _, name := range names {
		m, why := importanceOf(name, byName[name])
		switch {
		case why != "":
			lacking = append(lacking, name+": "+why)
		case m != nil:
			out = append(out, *m)
		}
	}
	return out, lacking
}

// families are the findings of each estimator, and the estimators in the order of the run.
func (f *Findings) families() (names []string, byName map[string][]*Finding) {
	byName = map[string][]*Finding{}
	for _, r := range f.Rows {
		if r.Column.Parts != nil {
			continue
		}
		name := r.Column.Question.Estimator
		if byName[name] == nil {
			names = append(names, name)
		}
		byName[name] = append(byName[name], r)
	}
	return names, byName
}

// importanceOf decomposes the grid of one estimator. m is nil, without a reason, where fewer than two settings vary.
func importanceOf(name string, rows []*Finding) (m *Importance, why string) {
	g := newFullGrid(rows)
	if len(g.settings) < 2 {
		return nil, ""
	}
	if missing := g.missing(); missing > 0 { // what only varies one setting of a grid does not belong to it
		bases := slices.DeleteFunc(slices.Clone(rows), func(r *Finding) bool { return r.Column.OnlyVaried() })
		if inner := newFullGrid(bases); len(inner.settings) >= 2 && inner.missing() == 0 {
			g = inner
		} else if g.oneAtATime() {
			return nil, fmt.Sprintf("%s are varied one at a time, which tells nothing of how they act together",
				list(g.settings))
		} else {
			return nil, fmt.Sprintf("the grid of %s has %d of %d combinations: an exact decomposition needs all of them",
				list(g.settings), g.size()-missing, g.size())
		}
	}
	y := make([]float64, g.size())
	m = &Importance{Estimator: name, Settings: g.settings, Levels: g.levels}
	for i, r := range g.cells {
		if r.Tau == nil {
			return nil, fmt.Sprintf("tau-b of %s is undefined: %s", r.Estimator, r.Reason)
		}
		y[i] = r.Tau.Value
	}
	m.Low, m.High = slices.Min(y), slices.Max(y)
	if m.Low == m.High {
		return nil, "tau-b is the same for all combinations"
	}
	m.decompose(y)
	return m, ""
}

func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// decompose fills in the shares. y has the value of every combination, the last setting running fastest.
func (m *Importance) decompose(y []float64) {
	mean := 0.0
	for _, v := range y {
		mean += v
	}
	mean /= float64(len(y))
	for _, v := range y {
		m.Variance += float64((v - mean) * (v - mean))
	}
	m.Variance /= float64(len(y))
	// The main effect of a setting is the mean over all others, less the mean of all; the interaction of two is what
	// their common mean has beyond both (Hooker 2007, equations 3 and 4, for a product of uniform weights).
	main := make([][]float64, len(m.Settings))
	explained := 0.0
	for i, setting := range m.Settings {
		main[i] = m.means(y, i)
		sum := 0.0
		for k := range main[i] {
			main[i][k] -= mean
			sum += float64(main[i][k] * main[i][k])
		}
		m.Shares = append(m.Shares, Share{[]string{setting}, sum / float64(len(main[i])) / m.Variance})
	}
	for i := range m.Settings {
		for j := i + 1; j < len(m.Settings); j++ {
			both := m.means(y, i, j)
			sum := 0.0
			for k, v := range both {
				d := v - mean - main[i][k/len(m.Levels[j])] - main[j][k%len(m.Levels[j])]
				sum += float64(d * d)
			}
			m.Shares = append(m.Shares, Share{[]string{m.Settings[i], m.Settings[j]}, sum / float64(len(both)) / m.Variance})
		}
	}
	for _, s := range m.Shares {
		explained += s.Value
	}
	if len(m.Settings) > 2 {
		m.Rest = max(0, 1-explained)
	}
	slices.SortStableFunc(m.Shares, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(len(a.Settings), len(b.Settings)))
	})
}

// means is the mean of y at every combination of the levels of some settings, over all others.
func (m *Importance) means(y []float64, settings ...int) []float64 {
	size := 1
	for _, s := range settings {
		size *= len(m.Levels[s])
	}
	out := make([]float64, size)
	at := make([]int, len(m.Settings))
	for i, v := range y {
		for s, rest := len(at)-1, i; s >= 0; s-- {
			at[s], rest = rest%len(m.Levels[s]), rest/len(m.Levels[s])
		}
		k := 0
		for _, s := range settings {
			k = k*len(m.Levels[s]) + at[s]
		}
		out[k] += v
	}
	for k := range out {
		out[k] /= float64(len(y) / size)
	}
	return out
}

// fullGrid are the findings of one estimator by the levels of the settings in which they differ.
type fullGrid struct {
	settings []string
	levels   [][]string
	cells    map[int]*Finding // by combination, the last setting running fastest
}

func newFullGrid(rows []*Finding) fullGrid {
	g := fullGrid{cells: map[int]*Finding{}}
	levels := levelsOf(rows)
	for setting, l := range levels {
		if len(l) > 1 {
			g.settings = append(g.settings, setting)
		}
	}
	slices.Sort(g.settings)
	for _, s := range g.settings {
		g.levels = append(g.levels, levels[s])
	}
	for _, r := range rows {
		at, k := r.Column.Levels(), 0
		for i, s := range g.settings {
			k = k*len(g.levels[i]) + slices.Index(g.levels[i], at[s])
		}
		if g.cells[k] == nil {
			g.cells[k] = r
		}
	}
	return g
}

// levelsOf are the levels of every setting of some findings: numbers ascending, words in the order of the run.
func levelsOf(rows []*Finding) map[string][]string {
	levels := map[string][]string{}
	for _, r := range rows {
		for setting, level := range r.Column.Levels() {
			if !slices.Contains(levels[setting], level) {
				levels[setting] = append(levels[setting], level)
			}
		}
	}
	for _, l := range levels {
		InOrder(l)
	}
	return levels
}

func (g fullGrid) size() int {
	n := 1
	for _, l := range g.levels {
		if n *= len(l); n > 1<<30 {
			return n // more than any run has
		}
	}
	return n
}

func (g fullGrid) missing() int { return g.size() - len(g.cells) }

// oneAtATime says whether some combination differs from every other one in a single setting.
func (g fullGrid) oneAtATime() bool {
	var combinations [][]int
	for k := range g.cells {
		at := make([]int, len(g.settings))
		for s := len(at) - 1; s >= 0; s-- {
			at[s], k = k%len(g.levels[s]), k/len(g.levels[s])
		}
		combinations = append(combinations, at)
	}
	return slices.ContainsFunc(combinations, func(base []int) bool {
		return !slices.ContainsFunc(combinations, func(other []int) bool {
			n := 0
			for s := range base {
				if base[s] != other[s] {
					n++
				}
			}
			return n > 1
		})
	})
}
