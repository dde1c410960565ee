package reports

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"rwe301/analysis"
	"rwe301/plots"
)

// fileName is a name in letters that files can have on every system.
func fileName(label string) string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._=+", r):
			return r
		}
		return '-'
	}, label), "-.")
	return name[:min(len(name), 80)]
}

// fileNames gives every estimator of the run a name that files can have, no two alike.
func (f Study) fileNames() map[string]string {
	names, taken := map[string]string{}, map[string]bool{}
	for _, c := range f.Columns {
		name := fileName(c.Label)
		unique := name
		for k := 2; taken[unique] || unique == ""; k++ {
			unique = name + "-" + strconv.Itoa(k)
		}
		names[c.Label], taken[unique] = unique, true
	}
	return names
}

// tauOf names the axis of an estimator's tau-b.
func tauOf(estimator string) string { return plots.Tau + " of " + estimator }

// ablationFigures are F5: tau against each setting that is varied, a figure an estimator, a panel a setting.
func (f Study) ablationFigures() ([]Figure, error) {
	ablations, err := f.Ablations()
	if err != nil {
		return nil, err
	}
	var bases []*analysis.Finding
	grids := map[*analysis.Finding]*plots.Grid{}
	var failed []error
	for _, a := range ablations {
		panel, err := levelsOf(a)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", a.Base.Estimator, err))
			continue
		}
		if grids[a.Base] == nil {
			bases, grids[a.Base] = append(bases, a.Base), &plots.Grid{SharedY: true}
		}
		g := grids[a.Base]
		g.Panels, g.Names = append(g.Panels, panel), append(g.Names, a.Setting)
	}
	names := f.fileNames()
	var out []Figure
	for _, base := range bases {
		width := plots.SingleColumn
		if len(grids[base].Panels) > 4 {
			width = plots.DoubleColumn
		}
		out = append(out, Figure{Name: "ablation-" + names[base.Estimator], Figure: *grids[base], Width: width})
	}
	return out, errors.Join(failed...)
}

// levelsOf is the panel of one setting.
func levelsOf(a analysis.Ablation) (plots.Levels, error) {
	l := plots.Levels{Setting: a.Setting, YLabel: tauOf(a.Base.Estimator), Words: !a.Numeric()}
	for _, v := range a.Levels {
		level := plots.Level{Name: v.Value, X: v.Number, Y: math.NaN(), Default: v.Finding == a.Base}
		if v.Tau != nil {
			level.Y, level.Low, level.High = v.Tau.Value, v.Tau.Low, v.Tau.High
		}
		l.Levels = append(l.Levels, level)
	}
	return plots.NewLevels(l)
}

// gridFigures are maps of tau over two settings that were varied together, a figure a pair of settings, a panel an
// estimator and combination of its other settings.
func (f Study) gridFigures() ([]Figure, error) {
	grids, err := f.Grids()
	if err != nil {
		return nil, err
	}
	var files []string
	maps, names := map[string][]plots.LevelMap{}, map[string][]string{}
	for _, g := range grids {
		file := "grid-" + g.Down + "-" + g.Across
		if maps[file] == nil {
			files = append(files, file)
		}
		for _, s := range g.Slices {
			name := g.Estimator
			if s.Others != "" {
				name += ", " + s.Others
			}
			maps[file] = append(maps[file], levelMap(g, s, name))
			names[file] = append(names[file], name)
		}
	}
	var out []Figure
	for _, file := range files {
		figure, err := plots.NewLevelMaps(plots.Tau, names[file], maps[file])
		if err != nil {
			return out, err
		}
		width := plots.SingleColumn
		if len(maps[file]) > 2 || len(maps[file][0].Columns) > 8 {
			width = plots.DoubleColumn
		}
		out = append(out, Figure{Name: file, Figure: figure, Width: width})
	}
	return out, nil
}

// levelMap is one slice of a grid.
func levelMap(g analysis.Grid, s analysis.GridSlice, title string) plots.LevelMap {
	m := plots.LevelMap{Title: title, Down: g.Down, Across: g.Across, Rows: g.Rows, Columns: g.Columns,
		Default: [2]int{-1, -1}}
	for i, row := range s.Cells {
		values := make([]float64, len(row))
		for j, r := range row {
			if values[j] = math.NaN(); r == nil {
				continue
			}
			if r.Tau != nil {
				values[j] = r.Tau.Value
			}
			if isDefault(r, g, s) {
				m.Default = [2]int{i, j}
			}
		}
		m.Values = append(m.Values, values)
	}
	return m
}

// isDefault says whether a cell of a grid has the estimator's own level of every setting that varies: its full name
// has the settings that are not.
func isDefault(r *analysis.Finding, g analysis.Grid, s analysis.GridSlice) bool {
	full := r.Column.Question.Full
	_, given, _ := strings.Cut(full, ":")
	settings := []string{g.Down, g.Across}
	for _, other := range strings.Split(s.Others, ", ") {
		name, _, _ := strings.Cut(other, "=")
		settings = append(settings, name)
	}
	return full != "" && !slices.ContainsFunc(strings.Split(given, ","), func(setting string) bool {
		name, _, _ := strings.Cut(setting, "=")
		return name != "" && slices.Contains(settings, name)
	})
}

// maxShares is how many shares a figure or table of importance names; the others are summed up.
const maxShares = 12

// maxImportances is how many estimators stand in one figure; more have a figure each.
const maxImportances = 4

// The kinds of shares.
var shareKinds = []string{"a setting alone", "two settings together, beyond both", "all others"}

// sharesOf are the shares of an estimator's settings as they are shown.
func sharesOf(m analysis.Importance) (out []plots.Share) {
	rest := m.Rest
	others := 0
	for i, s := range m.Shares {
		if i >= maxShares {
			rest += s.Value
			others++
			continue
		}
		out = append(out, plots.Share{Name: s.Name(), Value: s.Value, Kind: len(s.Settings) - 1})
	}
	switch {
	case others > 0:
		out = append(out, plots.Share{Name: fmt.Sprintf("%d others", others), Value: rest, Kind: 2})
	case len(m.Settings) > 2:
		out = append(out, plots.Share{Name: "three or more", Value: rest, Kind: 2})
	}
	return out
}

// importanceMethod says what the shares are.
const importanceMethod = "functional ANOVA (Hooker 2007) over the full grid, exact, every combination with the same " +
	"weight; the noise of the tau-b themselves is not removed"

// importanceFigure shows what share of the variance of tau each setting explains, a panel an estimator.
func (f Study) importanceFigure() ([]Figure, error) {
	all, _ := f.Importances()
	if len(all) == 0 {
		return nil, nil
	}
	var g plots.Grid
	var apart []Figure
	room := 0
	for _, m := range all {
		room = max(room, len(sharesOf(m)))
	}
	for _, m := range all {
		p, err := plots.NewShares(plots.Shares{
			Title: m.Estimator, Kinds: shareKinds, Parts: sharesOf(m), Room: room,
			XLabel: "share of the variance of " + plots.Tau + " (%)",
			Stats: strings.ReplaceAll(fmt.Sprintf("%d\u00a0combinations, %s from\u00a0%+.2f to\u00a0%+.2f",
				m.Combinations(), plots.Tau, m.Low, m.High), "-", "−"),
		})
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(p.Parts, func(p plots.Share) bool { return p.Kind == 2 }) {
			p.Kinds = p.Kinds[:2]
		}
		g.Panels, g.Names = append(g.Panels, p), append(g.Names, m.Estimator)
		p.Room = 0
		apart = append(apart, Figure{Name: "importance-" + fileName(m.Estimator), Figure: plots.Of(p),
			Width: plots.SingleColumn})
	}
	if len(all) > maxImportances {
		return apart, nil
	}
	return []Figure{{Name: "importance", Figure: g, Width: plots.SingleColumn}}, nil
}

// importanceTable has the same numbers.
func (f Study) importanceTable() (Table, error) {
	t := Table{
		Name:  "importance",
		Title: f.title("Importance of settings: share of the variance of tau-b"),
		Columns: []Column{{Name: "estimator", Key: "estimator", Kind: Label}, {Name: "setting", Key: "setting", Kind: Label},
			{Name: "share", Key: "share", Kind: Share}, {Name: "combinations", Key: "combinations", Kind: Count},
			{Name: "lowest tau-b", Key: "tau_b_lowest", Kind: Signed, Digits: 3},
			{Name: "highest tau-b", Key: "tau_b_highest", Kind: Signed, Digits: 3}},
		Notes: []string{"Shares: " + importanceMethod + "."},
	}
	all, lacking := f.Importances()
	for _, m := range all {
		for _, p := range sharesOf(m) {
			t.Rows = append(t.Rows, []Cell{text(m.Estimator), text(p.Name), value(p.Value), count(m.Combinations()),
				value(m.Low), value(m.High)})
		}
	}
	for _, why := range lacking {
		t.Notes = append(t.Notes, "None of "+why+".")
	}
	return t, nil
}
