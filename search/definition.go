package search

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"rwe301/analysis"
	"rwe301/internal/printable"
	"rwe301/internal/suggest"
	"rwe301/internal/yamldoc"
	"rwe301/moo"
	"rwe301/scoring"
)

// Definition says which searches are run and compared.
type Definition struct {
	analysis.Setup
	Accuracy scoring.Accuracy `json:"accuracy"`
	Repeats  scoring.Repeats  `json:"repeats,omitempty"` // of architectures in the table of accuracies
	Dataset  scoring.Images   `json:"dataset"`
	Base     string           `json:"base"` // folder of relative paths

	file string // where it was read from, for errors
}

// The policies of random weights.
const (
	CommonWeights = "common" // one draw an architecture for all runs, which share scores
	FreshWeights  = "fresh"  // each run draws its own
)

// Bounds of a definition.
const (
	maxPopulation  = 100_000
	maxGenerations = 10_000_000
	maxRuns        = 10_000        // methods times seeds
	maxEvaluations = 1_000_000_000 // of all runs
	maxLimits      = 1000
)

// algorithms makes the algorithms of package moo, by name.
var algorithms = map[string]func(objectives, population int) moo.Algorithm[string]{
	"nsga2": func(_, n int) moo.Algorithm[string] { return moo.NewNSGA2[string](n) },
	"moead": func(m, n int) moo.Algorithm[string] { return moo.NewMOEAD[string](m, n) },
	"aging": func(_, n int) moo.Algorithm[string] {
		return &moo.Aging[string]{Size: n, Sample: max(2, n/4), Batch: 4}
	},
	"local":  func(_, n int) moo.Algorithm[string] { return &moo.Local[string]{Batch: n} },
	"random": func(_, n int) moo.Algorithm[string] { return &moo.Random[string]{Size: n} },
}

// Algorithms lists the names of the search algorithms.
func Algorithms() []string { return slices.Sorted(maps.Keys(algorithms)) }

// Default is NSGA-II on RWE error and MACs: population 20, 30 generations, one seed.
func Default() Definition {
	return Definition{
		Setup: analysis.Setup{
			Name: "search", Space: "darts", Population: 20, Generations: 30, Seeds: []uint64{1}, Weights: CommonWeights,
			Methods: []analysis.Method{{Name: "nsga2", Algorithm: "nsga2", Objectives: []string{"rwe", "macs"}}},
			Budgets: []analysis.Limit{{Objective: "macs", Max: 100e6}, {Objective: "macs", Max: 150e6},
				{Objective: "macs", Max: 200e6}},
		},
		Accuracy: scoring.Accuracy{Source: scoring.Mini}, Dataset: scoring.Images{Name: "sample"},
	}
}

// Parse reads a definition in YAML; what it leaves out is as in Default. file stands in errors, each with
// its line, and its folder is where relative paths begin.
func Parse(file string, data []byte) (Definition, error) {
	d := Default()
	top, err := yamldoc.Parse(file, data, "bench301 search init")
	if err != nil {
		return d, err
	}
	err = top.Read(map[string]func(yamldoc.Node) error{
		"name":        func(n yamldoc.Node) error { return n.Name(&d.Name) },
		"space":       func(n yamldoc.Node) error { return n.OneOf(&d.Space, scoring.SpaceNames()) },
		"methods":     d.readMethods,
		"population":  func(n yamldoc.Node) error { return n.Count(&d.Population, maxPopulation) },
		"generations": func(n yamldoc.Node) error { return n.Count(&d.Generations, maxGenerations) },
		"seeds":       func(n yamldoc.Node) (err error) { d.Seeds, err = n.Seeds(); return err },
		"weights": func(n yamldoc.Node) error {
			return n.OneOf(&d.Weights, []string{CommonWeights, FreshWeights})
		},
		"limits":   func(n yamldoc.Node) (err error) { d.Limits, err = limitsOf(n); return err },
		"budgets":  func(n yamldoc.Node) (err error) { d.Budgets, err = limitsOf(n); return err },
		"accuracy": func(n yamldoc.Node) error { return d.Accuracy.Read(n) },
		"repeats": func(n yamldoc.Node) error {
			return n.OneOf((*string)(&d.Repeats), scoring.RepeatsNames())
		},
		"dataset": func(n yamldoc.Node) error { return d.Dataset.Read(n) },
	})
	if err != nil {
		return d, err
	}
	d.file = file
	if d.Base, err = filepath.Abs(filepath.Dir(file)); err != nil {
		return d, err
	}
	if err := d.Validate(); err != nil {
		return d, fmt.Errorf("%s: %w", file, err)
	}
	return d, nil
}

func (d *Definition) readMethods(n yamldoc.Node) error {
	items, err := n.List()
	if err != nil {
		return err
	}
	d.Methods = nil
	var errs []error
	for _, item := range items {
		var m analysis.Method
		errs = append(errs, item.Read(map[string]func(yamldoc.Node) error{
			"name":       func(n yamldoc.Node) error { return n.Name(&m.Name) },
			"algorithm":  func(n yamldoc.Node) error { return n.OneOf(&m.Algorithm, Algorithms()) },
			"objectives": func(n yamldoc.Node) (err error) { m.Objectives, err = objectivesOf(n); return err },
		}))
		if m.Name == "" {
			m.Name = m.Algorithm
		}
		if err := validate(m); err != nil && errs[len(errs)-1] == nil {
			errs = append(errs, item.Errorf("method %s: %w", printable.Cut(m.Name, 100), err))
		}
		d.Methods = append(d.Methods, m)
	}
	return yamldoc.Join(errs)
}

// objectivesOf reads the objectives of a method.
func objectivesOf(n yamldoc.Node) (specs []string, err error) {
	items, err := n.List()
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		var spec string
		if err := item.Text(&spec); err != nil {
			return nil, err
		}
		if err := checkSpec(spec); err != nil {
			return nil, item.Errorf("objective %s: %w", printable.Cut(spec, 100), err)
		}
		specs = append(specs, spec)
	}
	return specs, nil
}

// limitsOf reads a mapping from objectives to bounds, each one number or several.
func limitsOf(n yamldoc.Node) ([]analysis.Limit, error) {
	fields, err := n.Fields()
	if err != nil {
		return nil, err
	}
	var out []analysis.Limit
	for _, f := range fields {
		values, err := f.Values()
		if err != nil {
			return nil, err
		}
		if len(out)+len(values) > maxLimits {
			return nil, n.Errorf("more than %d of them", maxLimits)
		}
		for _, v := range values {
			l, err := ParseLimit(fmt.Sprintf("%s=%v", f.Name, v))
			if err != nil {
				return nil, f.Errorf("%w", err)
			}
			if out = append(out, l); len(out) > maxLimits {
				return nil, n.Errorf("more than %d limits", maxLimits)
			}
		}
	}
	return out, nil
}

// ParseLimit reads "macs=600M": k, M and G stand for thousands, millions and thousand millions.
func ParseLimit(text string) (analysis.Limit, error) {
	i := strings.LastIndexByte(text, '=')
	if i < 1 {
		return analysis.Limit{}, fmt.Errorf("limit %q: must be like macs=600M", printable.Cut(text, 100))
	}
	l := analysis.Limit{Objective: text[:i]}
	if err := checkSpec(l.Objective); err != nil {
		return l, fmt.Errorf("limit %s: %w", printable.Cut(l.Objective, 100), err)
	}
	digits, scale := text[i+1:], 1.0
	for suffix, s := range map[string]float64{"k": 1e3, "M": 1e6, "G": 1e9} {
		if d, ok := strings.CutSuffix(digits, suffix); ok {
			digits, scale = d, s
		}
	}
	v, err := strconv.ParseFloat(digits, 64)
	if l.Max = v * scale; err != nil || math.IsNaN(l.Max) || math.IsInf(l.Max, 0) {
		return l, fmt.Errorf("limit %q: %q is no number: must be like macs=600M, with k, M, G or nothing behind the number",
			printable.Cut(text, 100), printable.Cut(text[i+1:], 50))
	}
	return l, nil
}

// Validate says what is wrong with a definition. Files that it names are not looked at.
func (d Definition) Validate() error {
	if !yamldoc.IsName(d.Name) {
		return fmt.Errorf("name %q: letters, digits and . _ - only, at most 64", printable.Cut(d.Name, 100))
	}
	if names := scoring.SpaceNames(); !slices.Contains(names, d.Space) {
		return fmt.Errorf("space %q: unknown%s", printable.Cut(d.Space, 100), suggest.Nearest(d.Space, names))
	}
	if len(d.Methods) == 0 || len(d.Seeds) == 0 {
		return errors.New("methods, seeds: at least one of each")
	}
	if d.Population < 2 || d.Generations < 1 {
		return fmt.Errorf("population %d, generations %d: must be at least 2 and 1", d.Population, d.Generations)
	}
	if d.Weights != CommonWeights && d.Weights != FreshWeights {
		return fmt.Errorf("weights %q: must be %s or %s", printable.Cut(d.Weights, 100), CommonWeights, FreshWeights)
	}
	runs := len(d.Methods) * len(d.Seeds)
	switch {
	case d.Population > maxPopulation || d.Generations > maxGenerations:
		return fmt.Errorf("population %d, generations %d: must be at most %d and %d", d.Population, d.Generations,
			maxPopulation, maxGenerations)
	case runs > maxRuns:
		return fmt.Errorf("%d methods with %d seeds: at most %d searches in all", len(d.Methods), len(d.Seeds), maxRuns)
	case runs > 0 && d.Generations > maxEvaluations/(d.Population*runs):
		return fmt.Errorf("population %d x generations %d x %d searches: at most %d evaluations in all", d.Population,
			d.Generations, runs, maxEvaluations)
	}
	seeds := map[uint64]bool{}
	for _, s := range d.Seeds {
		switch {
		case s > math.MaxInt64:
			return fmt.Errorf("seed %d: must be below 2^63", s)
		case seeds[s]:
			return fmt.Errorf("seed %d is given twice", s)
		}
		seeds[s] = true
	}
	names := map[string]bool{}
	for _, m := range d.Methods {
		if err := validate(m); err != nil {
			return fmt.Errorf("method %s: %w", printable.Cut(m.Name, 100), err)
		}
		if names[m.Name] {
			return fmt.Errorf("method %s: the name is given twice", m.Name)
		}
		names[m.Name] = true
	}
	if err := validateLimits(d.Limits, false); err != nil {
		return fmt.Errorf("limits: %w", err)
	}
	if err := validateLimits(d.Budgets, true); err != nil {
		return fmt.Errorf("budgets: %w", err)
	}
	switch a := d.Accuracy; {
	case a.Source == "" || !slices.Contains(scoring.Sources(), string(a.Source)):
		return fmt.Errorf("accuracy: source %q: must be %s", printable.Cut(string(a.Source), 100),
			strings.Join(scoring.Sources(), ", "))
	case a.Source == scoring.Tabled && a.File == "":
		return errors.New("accuracy: a table needs a file")
	case a.Source == scoring.Models && a.File == "":
		return errors.New("accuracy: models need a file")
	}
	if i := d.Dataset; i.Name == "" || i.Side < 0 || i.Train < 0 || i.Test < 0 {
		return errors.New("dataset: needs a name, and no number of it may be negative")
	}
	return nil
}

// validate says what is wrong with a method.
func validate(m analysis.Method) error {
	switch n := len(m.Objectives); {
	case !yamldoc.IsName(m.Name):
		return errors.New("a name has letters, digits and . _ - only, at most 64")
	case algorithms[m.Algorithm] == nil:
		return fmt.Errorf("algorithm %q: must be one of %s%s", printable.Cut(m.Algorithm, 100),
			strings.Join(Algorithms(), ", "), suggest.Near(m.Algorithm, Algorithms()))
	case n < 1 || n > 3:
		return fmt.Errorf("%d objectives: a search has one to three, such as rwe and macs", n)
	case n == 1 && m.Algorithm == "moead":
		return errors.New("moead divides several objectives among its weights: with one, take nsga2, aging, local or random")
	case slices.Contains(m.Objectives[1:], m.Objectives[0]) || n == 3 && m.Objectives[1] == m.Objectives[2]:
		return errors.New("the same objective twice")
	}
	for _, spec := range m.Objectives {
		if err := checkSpec(spec); err != nil {
			return fmt.Errorf("objective %s: %w", printable.Cut(spec, 100), err)
		}
	}
	return nil
}

// validateLimits says what is wrong with bounds; several tells whether an objective may have more than one.
func validateLimits(limits []analysis.Limit, several bool) error {
	if len(limits) > maxLimits {
		return fmt.Errorf("more than %d", maxLimits)
	}
	for i, l := range limits {
		if err := checkSpec(l.Objective); err != nil {
			return err
		}
		for _, other := range limits[:i] {
			if other.Objective == l.Objective && (!several || other.Max == l.Max) {
				return fmt.Errorf("%s is bounded twice", l.Objective)
			}
		}
	}
	return nil
}

// All is the number of evaluations that the searches may ask for, all together.
func (d Definition) All() int { return d.Evaluations() * len(d.Methods) * len(d.Seeds) }

// Same says whether two definitions are of the same searches. Budgets, and where their files lie, do not count.
func (d Definition) Same(other Definition) bool { return d.digest() == other.digest() }

// specs lists every objective that the definition names.
func (d Definition) specs() []string {
	var out []string
	for _, m := range d.Methods {
		out = append(out, m.Objectives...)
	}
	for _, l := range slices.Concat(d.Limits, d.Budgets) {
		out = append(out, l.Objective)
	}
	return out
}
