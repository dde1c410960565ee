package analysis

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"rwe301/correlation"
)

// Ablation is one setting varied around a base: the levels of one line of a figure.
type Ablation struct {
	Base    *Finding
	Setting string
	Levels  []Level // numbers ascending, words in the order of the study
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
	type key struct{ estimator, base, setting string }
	byHash := map[[2]string]*Finding{}
	var order []key
	groups := map[key][]*Finding{}
	for _, r := range f.Rows {
		q := r.Column.Question
		byHash[[2]string{q.Estimator, q.SettingsHash}] = r
		for _, v := range q.Varied {
			k := key{q.Estimator, v.Base, v.Setting}
			if groups[k] == nil {
				order = append(order, k)
			}
			groups[k] = append(groups[k], r)
		}
	}
	var out []Ablation
	var cs []*correlation.Comparison
	for _, k := range order {
		a := Ablation{Base: byHash[[2]string{k.estimator, k.base}], Setting: k.setting}
		if a.Base == nil || len(groups[k]) < 2 {
			continue
		}
		for _, r := range groups[k] {
			l := Level{Finding: r, Value: r.Column.Levels()[k.setting]}
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
