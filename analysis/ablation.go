package analysis

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"rwe301/correlation"
	"rwe301/store"
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
	type varied struct {
		*Finding
		level string
	}
	groups := map[key][]varied{}
	for _, r := range f.Rows {
		q := r.Column.Question
		byHash[[2]string{q.Estimator, q.SettingsHash}] = r
		for _, v := range q.Varied {
			k := key{q.Estimator, v.Base, v.Setting}
			if groups[k] == nil {
				order = append(order, k)
			}
			groups[k] = append(groups[k], varied{r, cmp.Or(v.Level, r.Column.Levels()[v.Setting])})
		}
	}
	var out []Ablation
	var pairs [][2]*Finding
	for _, k := range order {
		a := Ablation{Base: byHash[[2]string{k.estimator, k.base}], Setting: k.setting}
		if a.Base == nil || len(groups[k]) < 2 {
			continue
		}
		for _, r := range groups[k] {
			l := Level{Finding: r.Finding, Value: r.level}
			l.Number, _ = strconv.ParseFloat(l.Value, 64)
			if r.Finding != a.Base && r.Tau != nil && a.Base.Tau != nil {
				pairs = append(pairs, [2]*Finding{r.Finding, a.Base})
			}
			a.Levels = append(a.Levels, l)
		}
		if a.Numeric() {
			slices.SortStableFunc(a.Levels, func(x, y Level) int { return cmp.Compare(x.Number, y.Number) })
		}
		out = append(out, a)
	}
	cs, err := f.family(pairs)
	if err != nil {
		return nil, err
	}
	versus := map[[2]*Finding]*correlation.Comparison{}
	for i, p := range pairs {
		versus[p] = cs[i]
	}
	for _, a := range out {
		for i, l := range a.Levels {
			a.Levels[i].Versus = versus[[2]*Finding{l.Finding, a.Base}]
		}
	}
	return out, nil
}

// InferVariations finds out which settings the columns of single records vary, as a study's definition says it of its
// own. The base of an estimator has its default settings, or else is the column from which most others differ in
// exactly one setting, the first of equals; a column that differs from it in one setting, on the same images, varies
// that setting.
func (r *Results) InferVariations() {
	byEstimator := map[string][]*Column{}
	for _, c := range r.Columns {
		if c.Parts == nil {
			byEstimator[c.Question.Estimator] = append(byEstimator[c.Question.Estimator], c)
		}
	}
	inferred := false
	for _, name := range slices.Sorted(maps.Keys(byEstimator)) {
		columns := byEstimator[name]
		hashes := map[string]bool{}
		for _, c := range columns {
			hashes[c.SettingsHash] = true
		}
		if len(hashes) < len(columns) {
			if len(hashes) > 1 {
				r.From.Notes = append(r.From.Notes,
					name+": no ablation: some settings were scored under several seeds or on several data sets.")
			}
			continue
		}
		inferred = vary(columns) || inferred
	}
	if inferred {
		r.From.Notes = append(r.From.Notes,
			"The settings marked * are the estimator's defaults, or else those from which most others differ in one.")
	}
}

// vary marks what varies a setting of the base of one estimator's columns, and says whether anything does.
func vary(columns []*Column) bool {
	var base *Column
	var most map[*Column]string
	for _, c := range columns {
		varied := map[*Column]string{}
		for _, o := range columns {
			if setting, one := onlyDifference(c, o); one && images(c) == images(o) {
				varied[o] = setting
			}
		}
		if c.Full == c.Question.Estimator {
			base, most = c, varied
			break
		}
		if base == nil || len(varied) > len(most) {
			base, most = c, varied
		}
	}
	settings := map[string]bool{}
	for _, c := range columns {
		if setting, ok := most[c]; ok {
			c.Varied = append(c.Varied, store.Variation{Setting: setting, Base: base.SettingsHash})
			settings[setting] = true
		}
	}
	for _, setting := range slices.Sorted(maps.Keys(settings)) {
		base.Varied = append(base.Varied, store.Variation{Setting: setting, Base: base.SettingsHash})
	}
	return len(settings) > 0
}

// onlyDifference is the setting in which two columns differ, if it is the only one.
func onlyDifference(a, b *Column) (setting string, one bool) {
	x, y := a.Levels(), b.Levels()
	n := 0
	for _, levels := range []map[string]string{x, y} {
		for key := range levels {
			if x[key] != y[key] && key != setting {
				setting, n = key, n+1
			}
		}
	}
	return setting, n == 1
}

// images is the name and hash of the data set of a column; which of its images are read follows from the settings.
func images(c *Column) string {
	fields := strings.Fields(c.Dataset)
	return strings.Join(fields[:min(2, len(fields))], " ")
}
