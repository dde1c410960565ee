package reports

import (
	"slices"

	"rwe301/analysis"
)

// ablationTable lists every level of every setting that the study varies.
func (f Study) ablationTable() (Table, error) {
	t := Table{
		Title: f.title("Ablation"),
		Columns: []Column{
			{Name: "setting", Left: true}, {Name: "level", Left: true}, {Name: "tau-b"}, {Name: "95% CI"}, {Name: "difference"},
			{Name: "95% CI"}, {Name: "p"}, {Name: "", Left: true}, {Name: "s/arch"},
		},
		Notes: f.notes("*: the default of the study. difference: from it, by the paired bootstrap, p adjusted by Holm over "+
			"all rows; ~ not distinguishable at 0.05.", f.noteSeconds()),
	}
	ablations, err := f.Ablations()
	if err != nil {
		return t, err
	}
	for _, a := range ablations {
		knob := a.Setting
		if many := slices.ContainsFunc(ablations, func(b analysis.Ablation) bool { return b.Base != a.Base }); many {
			knob = a.Base.Estimator + ": " + knob
		}
		for _, l := range a.Levels {
			row := []string{knob, l.Value, "undefined", "", "", "", "", "", Seconds(l.Seconds)}
			if l.Tau != nil {
				t.remarkInterval(len(t.Rows), 3, l.Estimator, l.Tau)
				row[2], row[3] = signed(l.Tau.Value), ends(l.Tau)
			}
			switch {
			case l.Finding == a.Base:
				row[1] += " *"
			case l.Versus != nil:
				v := l.Versus
				t.remarkDifference(len(t.Rows), 5, 6, l.Estimator+" - "+a.Base.Estimator, v)
				row[4], row[5], row[6], row[7] = signed(v.Difference), differenceEnds(v),
					probability(v.PAdjusted), v.Mark()
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t, nil
}
