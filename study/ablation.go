package study

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"rwe301/correlation"
	"rwe301/reports"
)

// Ablation is one setting varied around a base: the levels of one line of a figure.
type Ablation struct {
	Base   *Finding
	Knob   string
	Levels []Level // numbers ascending, words in the order of the study
}

// Level is one value of the varied setting.
type Level struct {
	*Finding
	Value  string
	Number float64 // of Value, if Numeric
	Versus *correlation.Comparison
}

// Numeric says whether all levels are numbers.
func (a Ablation) Numeric() bool {
	for _, l := range a.Levels {
		if _, err := strconv.ParseFloat(l.Value, 64); err != nil {
			return false
		}
	}
	return true
}

// Ablations lists what the study varies, with the difference of each level from the base (paired bootstrap, Holm over
// all levels of the study).
func (f *Findings) Ablations() ([]Ablation, error) {
	type key struct{ estimator, base, knob string }
	byHash := map[[2]string]*Finding{}
	var order []key
	groups := map[key][]*Finding{}
	for _, r := range f.Rows {
		q := r.Column.Question
		byHash[[2]string{q.Estimator, q.Hash}] = r
		for _, v := range q.Varied {
			k := key{q.Estimator, v.Base, v.Knob}
			if groups[k] == nil {
				order = append(order, k)
			}
			groups[k] = append(groups[k], r)
		}
	}
	var out []Ablation
	var cs []*correlation.Comparison
	for _, k := range order {
		a := Ablation{Base: byHash[[2]string{k.estimator, k.base}], Knob: k.knob}
		if a.Base == nil || len(groups[k]) < 2 {
			continue
		}
		for _, r := range groups[k] {
			l := Level{Finding: r, Value: r.Column.Question.value(k.knob)}
			l.Number, _ = strconv.ParseFloat(l.Value, 64)
			if r != a.Base && r.Tau != nil && a.Base.Tau != nil {
				c, err := f.Versus(r, a.Base)
				if err != nil && !errors.Is(err, correlation.ErrUndefined) {
					return nil, err
				}
				if err == nil {
					l.Versus, cs = c, append(cs, c)
				}
			}
			a.Levels = append(a.Levels, l)
		}
		if a.Numeric() {
			slices.SortStableFunc(a.Levels, func(x, y Level) int { return cmp.Compare(x.Number, y.Number) })
		}
		out = append(out, a)
	}
	adjusted(cs)
	return out, nil
}

// ablationTable lists every level of every setting that the study varies.
func (f *Findings) ablationTable() (reports.Table, error) {
	t := reports.Table{
		Title: f.title("Ablation"),
		Columns: []reports.Column{
			{Name: "setting", Left: true}, {Name: "level", Left: true}, {Name: "tau-b"}, {Name: "95% CI"}, {Name: "difference"}, {Name: "95% CI"}, {Name: "p"},
			{Name: "", Left: true}, {Name: "s/arch"},
		},
		Notes: f.notes("*: the default of the study. difference: from it, by the paired bootstrap, p adjusted by Holm over all rows; ~ not distinguishable at 0.05.",
			"s/arch: median wall time of one estimate on its own, on one core."),
	}
	ablations, err := f.Ablations()
	if err != nil {
		return t, err
	}
	for _, a := range ablations {
		knob := a.Knob
		if many := slices.ContainsFunc(ablations, func(b Ablation) bool { return b.Base != a.Base }); many {
			knob = a.Base.Estimator + ": " + knob
		}
		for _, l := range a.Levels {
			row := []string{knob, l.Value, "undefined", "", "", "", "", "", reports.Seconds(l.Seconds)}
			if l.Tau != nil {
				row[2], row[3] = signed(l.Tau.Value), bounds(l.Tau.Low, l.Tau.High)
			}
			switch {
			case l.Finding == a.Base:
				row[1] += " *"
			case l.Versus != nil:
				v := l.Versus
				row[4], row[5], row[6], row[7] = signed(v.Difference), bounds(v.Interval.Low, v.Interval.High), reports.Probability(v.PAdjusted), v.Mark()
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t, nil
}
