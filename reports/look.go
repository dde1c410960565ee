package reports

import (
	"fmt"
	"image/color"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"

	"rwe301/analysis"
	"rwe301/internal/printable"
	"rwe301/internal/suggest"
	"rwe301/internal/yamldoc"
	"rwe301/plots"
	"rwe301/store"
)

// Look is how figures look and which estimators they show.
type Look struct {
	plots.Style
	Width      vg.Length         // of every figure; 0 for each its own
	Estimators []string          // labels, or names for all settings; nil for all
	Order      []string          // of estimators; the others follow by tau-b
	Names      map[string]string // what estimators are called
}

// DefaultLook shows all estimators, best first.
func DefaultLook() *Look { return &Look{Style: plots.DefaultStyle()} }

// look is how figures look.
func (s *Look) style() plots.Style {
	if s == nil {
		return plots.DefaultStyle()
	}
	return s.Style
}

// width is that of every figure, 0 for each its own.
func (s *Look) width() vg.Length {
	if s == nil {
		return 0
	}
	return s.Width
}

// Lengths that a figure may be wide.
const leastWidth, mostWidth = vg.Inch, 50 * vg.Inch

// ParseWidth reads the width of a figure.
func ParseWidth(text string) (vg.Length, error) {
	w, err := vg.ParseLength(strings.ReplaceAll(text, " ", ""))
	if err != nil || !(w >= leastWidth && w <= mostWidth) {
		return 0, fmt.Errorf("%s: must be a length such as 3.25in or 8cm, at least 1in", printable.Cut(text, 40))
	}
	return w, nil
}

// ReadLook reads a style in YAML. What it does not say is as in DefaultLook.
func ReadLook(file string, data []byte) (*Look, error) {
	top, err := yamldoc.Parse(file, data, "bench301 figure --help")
	if err != nil {
		return nil, err
	}
	s := DefaultLook()
	colours := func(n yamldoc.Node) (err error) { s.Colours, err = readColours(n); return err }
	err = top.Read(map[string]func(yamldoc.Node) error{
		"font":       func(n yamldoc.Node) error { return n.OneOf(&s.Font, slices.Sorted(maps.Keys(plots.Fonts))) },
		"size":       func(n yamldoc.Node) error { return readSize(n, &s.Size) },
		"colours":    colours,
		"colors":     colours,
		"dpi":        func(n yamldoc.Node) error { return readWhole(n, &s.DPI, plots.LeastDPI, plots.MostDPI) },
		"panels":     func(n yamldoc.Node) error { return readWhole(n, &s.Columns, 1, 24) },
		"width":      func(n yamldoc.Node) error { return readWidth(n, &s.Width) },
		"estimators": func(n yamldoc.Node) (err error) { s.Estimators, err = n.Texts("names of estimators"); return err },
		"order":      func(n yamldoc.Node) (err error) { s.Order, err = n.Texts("names of estimators"); return err },
		"names": func(n yamldoc.Node) error {
			fields, err := n.Fields()
			s.Names = map[string]string{}
			errs := []error{err}
			for _, f := range fields {
				var name string
				errs = append(errs, f.Text(&name))
				s.Names[f.Name] = name
			}
			return yamldoc.Join(errs)
		},
	})
	if err != nil {
		return nil, err
	}
	if err := s.Check(); err != nil {
		return nil, top.Errorf("%w", err)
	}
	return s, nil
}

func readWhole(n yamldoc.Node, into *int, low, high int64) error {
	var i int64
	err := n.Whole(&i, low, high)
	*into = int(i)
	return err
}

// readSize reads a number of points, with or without the unit.
func readSize(n yamldoc.Node, into *vg.Length) error {
	v, err := n.Scalar()
	if err != nil {
		return err
	}
	size, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(fmt.Sprint(v), "pt")), 64)
	*into = vg.Length(size)
	if err != nil || !(*into >= plots.LeastSize && *into <= plots.MostSize) {
		return n.Errorf("%v: must be a number of points in [%v, %v]", v, plots.LeastSize, plots.MostSize)
	}
	return nil
}

func readWidth(n yamldoc.Node, into *vg.Length) error {
	var text string
	err := n.Text(&text)
	if err != nil {
		return err
	}
	if *into, err = ParseWidth(text); err != nil {
		return n.Errorf("%w", err)
	}
	return nil
}

// readColours reads a list of colours: #rrggbb, or names of the default palette.
func readColours(n yamldoc.Node) (out []color.RGBA, _ error) {
	items, err := n.List()
	errs := []error{err}
	for _, item := range items {
		var text string
		if err := item.Text(&text); err != nil {
			errs = append(errs, err)
			continue
		}
		named, ok := plots.Palette[text]
		if !ok {
			var read bool
			if named, read = hexColour(text); !read {
				errs = append(errs, item.Errorf("%q: must be a colour as \"#0072b2\", or one of %s", printable.Cut(text, 40),
					strings.Join(slices.Sorted(maps.Keys(plots.Palette)), ", ")))
			}
		}
		out = append(out, named)
	}
	if err == nil && len(items) == 0 {
		errs = append(errs, n.Errorf("empty: must be at least one colour"))
	}
	return out, yamldoc.Join(errs)
}

func hexColour(text string) (c color.RGBA, ok bool) {
	digits, found := strings.CutPrefix(text, "#")
	v, err := strconv.ParseUint(digits, 16, 32)
	return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255}, found && len(digits) == 6 && err == nil
}

// Show is what a style shows of findings: its estimators, in its order and under its names. A style may name estimators
// that the run has not, but those that it asks for it must have.
func (s *Look) Show(f *analysis.Findings) (*analysis.Findings, error) {
	if s == nil || s.Estimators == nil && s.Order == nil && s.Names == nil {
		return f, nil
	}
	out := *f
	if s.Estimators != nil {
		rows, err := s.chosen(f)
		if err != nil {
			return nil, err
		}
		out.Rows = rows
	}
	if s.Order != nil {
		out.Rows, out.Ordered = s.ordered(&out), true
	}
	return s.named(&out), nil
}

// chosen are the rows of the estimators that are asked for, with what varies their settings.
func (s *Look) chosen(f *analysis.Findings) (rows []*analysis.Finding, err error) {
	wanted := map[*analysis.Finding]bool{}
	for _, name := range s.Estimators {
		found := false
		for _, r := range f.Rows {
			if is(r, name) {
				found, wanted[r] = true, true
				for _, v := range f.Rows {
					wanted[v] = wanted[v] || varies(v, r)
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("%s: no estimator %q%s", f.From.Dir, printable.Cut(name, 80),
				suggest.Nearest(name, labels(f.Rows)))
		}
	}
	for _, r := range f.Rows {
		if wanted[r] {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// is says whether a name is that of an estimator: its label, its settings in full, or the estimator's with any
// settings.
func is(r *analysis.Finding, name string) bool {
	return name == r.Estimator || name == r.Column.Full || name == r.Column.Question.Estimator
}

// varies says whether a row varies a setting of another one.
func varies(v, base *analysis.Finding) bool {
	return v.Column.Question.Estimator == base.Column.Question.Estimator &&
		slices.ContainsFunc(v.Column.Varied, func(x store.Variation) bool { return x.Base == base.Column.SettingsHash })
}

// ordered puts the estimators in the order of the style first.
func (s *Look) ordered(f *analysis.Findings) (rows []*analysis.Finding) {
	for _, name := range s.Order {
		for _, r := range f.Ranked() {
			if is(r, name) && !slices.Contains(rows, r) {
				rows = append(rows, r)
			}
		}
	}
	for _, r := range f.Ranked() {
		if !slices.Contains(rows, r) {
			rows = append(rows, r)
		}
	}
	return rows
}

// named gives estimators their names. The results are copied, so that those of the run keep theirs.
func (s *Look) named(f *analysis.Findings) *analysis.Findings {
	if s.Names == nil {
		return f
	}
	results, columns := *f.Results, map[*analysis.Column]*analysis.Column{}
	results.Columns = nil
	for _, c := range f.Columns {
		renamed, question := *c, *c.Question
		question.Label = s.name(c.Label)
		renamed.Question = &question
		columns[c] = &renamed
		results.Columns = append(results.Columns, &renamed)
	}
	out := *f
	out.Results, out.Rows = &results, nil
	for _, r := range f.Rows {
		renamed := *r
		renamed.Estimator = s.name(r.Estimator)
		if c := columns[r.Column]; c != nil {
			renamed.Column = c
		}
		out.Rows = append(out.Rows, &renamed)
	}
	return &out
}

// name is what the style calls an estimator: by its label, or by what it begins with where settings follow.
func (s *Look) name(label string) string {
	if name, ok := s.Names[label]; ok {
		return name
	}
	if head, settings, found := strings.Cut(label, ":"); found && s.Names[head] != "" {
		return s.Names[head] + ":" + settings
	}
	return label
}
