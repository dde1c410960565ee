package reports

import (
	"fmt"
	"slices"
	"strings"

	"rwe301/analysis"
)

// ablationTables list every level of every setting that the study varies, a table an estimator and its base.
func (f Study) ablationTables() ([]Table, error) {
	ablations, err := f.Ablations()
	var out []Table
	var bases []*analysis.Finding
	for _, a := range ablations {
		if !slices.Contains(bases, a.Base) {
			bases = append(bases, a.Base)
		}
	}
	for _, base := range bases {
		out = append(out, f.ablationTable(base, ablations))
	}
	return out, err
}

func (f Study) ablationTable(base *analysis.Finding, ablations []analysis.Ablation) Table {
	above, _ := judgement(f.Findings)
	compared := 0
	for _, a := range ablations {
		compared += len(a.Levels) - 1
	}
	t := Table{
		Name:  "ablation",
		Title: f.title("Ablation of " + base.Estimator),
		Columns: slices.Concat([]Column{
			{Name: "estimator", Key: "estimator", Kind: Label, Hidden: true},
			{Name: "setting", Key: "setting", Kind: Label}, {Name: "level", Key: "level", Kind: Label},
			{Name: "default", Key: "default", Kind: Flag, Hidden: true},
			{Name: "n", Key: "n", Kind: Count, Hidden: true},
		}, coefficientColumns("tau-b", "tau_b"), differenceColumns("difference"), timeColumns("")),
		Notes: f.notes("*: the default of the study. difference: from it, by the paired bootstrap"+
			moreResamples(f.Findings, compared)+", p adjusted by Holm over all levels of all ablations; ~ not "+
			"distinguishable at 0.05.", above, f.noteSeconds()),
		subjects: []string{base.Estimator},
	}
	level, tau, d := column(t.Columns, "level"), column(t.Columns, "tau_b"), column(t.Columns, "difference")
	for _, a := range ablations {
		if a.Base != base {
			continue
		}
		if len(t.Rows) > 0 {
			t.Groups = append(t.Groups, len(t.Rows))
		}
		for _, l := range a.Levels {
			at := len(t.Rows)
			row := slices.Concat([]Cell{text(base.Column.Question.Estimator), text(a.Setting), text(l.Value),
				flag(l.Finding == base), count(l.N)}, coefficient(l.Tau), difference(nil), times(l.Association))
			t.remarkInterval(at, tau+1, l.Estimator, l.Tau)
			if l.Finding == base {
				row[level].After = " *"
			} else if l.Versus != nil {
				copy(row[d:], difference(l.Versus))
				if l.Above && l.Versus.Mark() == "+" {
					row[tau].Style = Strong
				}
				t.remarkDifference(at, d+1, d+2, l.Estimator+" - "+base.Estimator, l.Versus)
			}
			t.Rows = append(t.Rows, row)
		}
	}
	if f.Compared {
		t.Legend = []string{"Bold: significantly better than the default (+), and above the trivial baselines."}
	}
	return t
}

// gridTables are the pivots of the settings that vary together, a table an estimator. Programs see a row a combination.
func (f Study) gridTables() ([]Table, error) {
	grids, err := f.Grids()
	var out []Table
	for _, g := range grids {
		out = append(out, f.gridTable(g))
	}
	return out, err
}

func (f Study) gridTable(g analysis.Grid) Table {
	above, _ := judgement(f.Findings)
	t := Table{
		Name:     "grid",
		Title:    f.title(fmt.Sprintf("tau-b of %s by %s and %s", g.Estimator, g.Down, g.Across)),
		Notes:    f.notes(above),
		subjects: []string{g.Estimator, g.Down, g.Across},
		Programs: f.gridRows(g),
	}
	if f.Compared {
		t.Legend = []string{"Bold: the best of the grid, and what is not distinguishable from it (paired bootstrap, Holm), " +
			"where above the trivial baselines."}
	}
	several := len(g.Slices) > 1
	if several {
		t.Columns = append(t.Columns, Column{Name: "others", Key: "others", Kind: Label})
	} else if g.Slices[0].Others != "" {
		t.Notes = slices.Insert(t.Notes, 0, "At "+g.Slices[0].Others+".")
	}
	t.Columns = append(t.Columns, Column{Name: g.Down, Key: g.Down, Kind: Label, Labelled: true})
	for _, level := range g.Columns {
		t.Columns = append(t.Columns, Column{Name: g.Across + "=" + level, Key: level, Kind: Signed, Digits: 3,
			Labelled: true})
	}
	for k, s := range g.Slices {
		if k > 0 {
			t.Groups = append(t.Groups, len(t.Rows))
		}
		for i, level := range g.Rows {
			var row []Cell
			if several {
				row = append(row, text(s.Others))
			}
			row = append(row, text(level))
			for _, r := range s.Cells[i] {
				cell := Cell{}
				if r != nil {
					cell = tau(r)
					if g.Alike[r] && r.Above {
						cell.Style = Strong
					}
				}
				row = append(row, cell)
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// gridRows is a grid with a row a combination of settings.
func (f Study) gridRows(g analysis.Grid) *Table {
	t := Table{Name: "grid", Title: f.title("Grid of " + g.Estimator), Notes: f.notes(), subjects: []string{g.Estimator}}
	t.Columns = append(t.Columns, Column{Name: "estimator", Key: "estimator", Kind: Label})
	settings := []string{g.Down, g.Across}
	for _, other := range strings.Split(g.Slices[0].Others, ", ") {
		if name, _, ok := strings.Cut(other, "="); ok {
			settings = append(settings, name)
		}
	}
	for _, s := range settings {
		t.Columns = append(t.Columns, Column{Name: s, Key: s, Kind: Label, Labelled: true})
	}
	t.Columns = slices.Concat(t.Columns, []Column{{Name: "n", Key: "n", Kind: Count}},
		coefficientColumns("tau-b", "tau_b"), timeColumns(""), []Column{{Name: "best", Key: "best", Kind: Flag},
			{Name: "alike", Key: "like_best", Kind: Flag}, {Name: "above", Key: "above_baselines", Kind: Flag}})
	for _, s := range g.Slices {
		for _, line := range s.Cells {
			for _, r := range line {
				if r == nil {
					continue
				}
				row := []Cell{text(g.Estimator)}
				for _, s := range settings {
					row = append(row, text(r.Column.Levels()[s]))
				}
				t.remarkInterval(len(t.Rows), column(t.Columns, "tau_b_ci"), r.Estimator, r.Tau)
				t.Rows = append(t.Rows, slices.Concat(row, []Cell{count(r.N)}, coefficient(r.Tau), times(r.Association),
					[]Cell{flag(r == g.Best), flag(g.Alike[r]), flag(r.Above)}))
			}
		}
	}
	return &t
}
