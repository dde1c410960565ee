package study

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/internal/suggest"
)

// Definition is a study as its YAML file defines it. Relative paths are relative to that file.
type Definition struct {
	Name          string
	Space         string
	Seed          uint64 // draws the architectures
	Architectures Architectures
	Accuracy      Accuracy
	Dataset       Dataset
	Seeds         []uint64 // weight seeds of estimators without seeds of their own
	Estimators    []Entry

	file string // where it was read from, for errors
	base string // folder of relative paths
}

// Architectures says which architectures are scored: exactly one of Sample, File and Table is set.
type Architectures struct {
	Sample int    // drawn uniformly, without repetition
	File   string // one an entry, in any notation
	Table  string // CSV with a column arch, or JSON that maps architectures to scores
	Limit  int    // take the first only; 0 means all
}

// Source names where accuracies come from.
type Source string

// The sources of accuracies.
const (
	Mini   Source = "mini"   // the approximation inside the binary
	Models Source = "models" // an imported surrogate
	Table  Source = "table"  // a file with a column of accuracies
	None   Source = "none"   // none: scores only
)

// Accuracy says which accuracies the scores are compared with.
type Accuracy struct {
	Source Source
	File   string // models: the surrogate; table: the file, by default the table of the architectures
	Column string // table: the column
}

// Dataset says which images the estimators see.
type Dataset struct {
	Name string // sample or cifar10
	Path string // where cifar10 lies; empty means the cache
}

// Entry is one item of the list of estimators: a built-in one, a file of scores, or a command.
type Entry struct {
	Name     string
	Settings []Setting // a setting with several values makes a grid
	Vary     []Setting // varied one at a time around the settings
	Seeds    []uint64  // nil means those of the study
	Scores   string    // file of scores
	Column   string    // its column
	Command  []string
	Timeout  time.Duration
	Lower    bool // lower scores of the file or command are meant to be better

	at node
}

// Setting is a setting with the values it takes.
type Setting struct {
	Key    string
	Values []any // string, bool, int64 or float64

	at node
}

// Defaults that a definition may leave out.
const (
	defaultColumn  = "val_accuracy"
	defaultTimeout = time.Minute
)

// maxSample bounds the architectures of a study.
const maxSample = 10_000_000

var nameRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Parse reads a definition. file stands in errors, and its folder is where relative paths begin. Every error is
// reported, each with its line.
func Parse(file string, data []byte) (*Definition, error) {
	top, err := parseYAML(file, data)
	if err != nil {
		return nil, err
	}
	d := &Definition{
		Name: "study", Space: "darts", Seeds: []uint64{0}, Dataset: Dataset{Name: "sample"}, Accuracy: Accuracy{Source: Mini},
		file: file, base: filepath.Dir(file),
	}
	err = top.read(map[string]func(node) error{
		"name":          func(n node) error { return n.name(&d.Name) },
		"space":         func(n node) error { return n.oneOf(&d.Space, spaceNames()) },
		"seed":          func(n node) error { return n.seed(&d.Seed) },
		"seeds":         func(n node) (err error) { d.Seeds, err = n.seeds(); return err },
		"architectures": d.readArchitectures,
		"accuracy":      d.readAccuracy,
		"dataset":       d.readDataset,
		"estimators":    d.readEstimators,
	})
	if err != nil {
		return nil, err
	}
	return d, d.complete(top)
}

// complete checks what involves several keys.
func (d *Definition) complete(top node) error {
	var errs []error
	if d.Architectures == (Architectures{}) {
		errs = append(errs, top.errorf("architectures: missing: say sample, file or table"))
	}
	if len(d.Estimators) == 0 {
		errs = append(errs, top.errorf("estimators: missing: list at least one"))
	}
	if a := &d.Accuracy; a.Source == Table {
		if a.File == "" {
			a.File = d.Architectures.Table
		}
		if a.File == "" {
			errs = append(errs, top.errorf("accuracy: a table needs a file"))
		}
		if a.Column == "" {
			a.Column = defaultColumn
		}
	}
	return errors.Join(errs...)
}

func spaceNames() []string {
	var names []string
	for _, s := range bench301.Spaces() {
		names = append(names, s.Name())
	}
	return names
}

func (n node) name(into *string) error {
	if err := n.text(into); err != nil {
		return err
	}
	if !nameRule.MatchString(*into) {
		return n.errorf("%q: letters, digits and . _ - only, at most 64", *into)
	}
	return nil
}

func (n node) oneOf(into *string, legal []string) error {
	if err := n.text(into); err != nil {
		return err
	}
	if !slices.Contains(legal, *into) {
		return n.errorf("%q: unknown%s", *into, suggest.Nearest(*into, legal))
	}
	return nil
}

func (n node) seed(into *uint64) error {
	var i int64
	err := n.whole(&i, 0, math.MaxInt64)
	*into = uint64(i)
	return err
}

// seeds reads one seed, a list or a range.
func (n node) seeds() ([]uint64, error) {
	values, err := n.values()
	if err != nil {
		return nil, err
	}
	var out []uint64
	for _, v := range values {
		i, ok := v.(int64)
		if !ok || i < 0 {
			return nil, n.errorf("%v: a seed is a whole number from 0", v)
		}
		if slices.Contains(out, uint64(i)) {
			return nil, n.errorf("seed %d is given twice", i)
		}
		out = append(out, uint64(i))
	}
	return out, nil
}

func (n node) count(into *int, high int64) error {
	var i int64
	err := n.whole(&i, 1, high)
	*into = int(i)
	return err
}

func (d *Definition) readArchitectures(n node) error {
	a := &d.Architectures
	err := n.read(map[string]func(node) error{
		"sample": func(n node) error { return n.count(&a.Sample, maxSample) },
		"file":   func(n node) error { return n.text(&a.File) },
		"table":  func(n node) error { return n.text(&a.Table) },
		"limit":  func(n node) error { return n.count(&a.Limit, maxSample) },
	})
	if err != nil {
		return err
	}
	given := 0
	for _, set := range []bool{a.Sample > 0, a.File != "", a.Table != ""} {
		if set {
			given++
		}
	}
	if given != 1 {
		return n.errorf("say one of sample, file and table, not %d of them", given)
	}
	return nil
}

func (d *Definition) readAccuracy(n node) error {
	source := func(n node) error {
		return n.oneOf((*string)(&d.Accuracy.Source), []string{string(Mini), string(Models), string(Table), string(None)})
	}
	if !n.isMapping() {
		return source(n)
	}
	err := n.read(map[string]func(node) error{
		"source": source,
		"file":   func(n node) error { return n.text(&d.Accuracy.File) },
		"column": func(n node) error { return n.text(&d.Accuracy.Column) },
	})
	switch a := d.Accuracy; {
	case err != nil:
		return err
	case a.Source == Models && a.File == "":
		return n.errorf("models need a file: the surrogate that `bench301 surrogate import` wrote")
	case a.Source == Mini && a.File != "", a.Source == None && a.File != "":
		return n.errorf("source %s reads no file", a.Source)
	case a.Source != Table && a.Column != "":
		return n.errorf("only source table has a column")
	}
	return nil
}

func (d *Definition) readDataset(n node) error {
	name := func(n node) error { return n.oneOf(&d.Dataset.Name, []string{"sample", "cifar10"}) }
	if !n.isMapping() {
		return name(n)
	}
	err := n.read(map[string]func(node) error{
		"name": name,
		"path": func(n node) error { return n.text(&d.Dataset.Path) },
	})
	if err == nil && d.Dataset.Path != "" && d.Dataset.Name == "sample" {
		return n.errorf("the sample lies inside the binary: name: cifar10 reads a path")
	}
	return err
}

func (d *Definition) readEstimators(n node) error {
	items, err := n.list()
	if err != nil {
		return err
	}
	var errs []error
	for _, item := range items {
		e, err := readEntry(item)
		if err == nil {
			d.Estimators = append(d.Estimators, e)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// accuracyName is the estimator name under which accuracies are stored.
const accuracyName = "accuracy"

func readEntry(n node) (Entry, error) {
	e := Entry{at: n}
	if !n.isMapping() { // a name alone
		err := n.text(&e.Name)
		return e, errors.Join(err, e.check())
	}
	var seconds float64
	var direction string
	err := n.read(map[string]func(node) error{
		"name":     func(n node) error { return n.text(&e.Name) },
		"settings": func(n node) (err error) { e.Settings, err = n.settings(); return err },
		"vary":     func(n node) (err error) { e.Vary, err = n.settings(); return err },
		"seeds":    func(n node) (err error) { e.Seeds, err = n.seeds(); return err },
		"scores":   func(n node) error { return n.text(&e.Scores) },
		"column":   func(n node) error { return n.text(&e.Column) },
		"command":  func(n node) (err error) { e.Command, err = n.texts(); return err },
		"timeout":  func(n node) error { return n.positive(&seconds) },
		"direction": func(n node) error {
			return n.oneOf(&direction, []string{string(estimators.Higher), string(estimators.Lower)})
		},
	})
	if err != nil {
		return e, err
	}
	e.Timeout = time.Duration(seconds * float64(time.Second))
	e.Lower = direction == string(estimators.Lower)
	if direction != "" && e.Scores == "" && e.Command == nil {
		return e, n.errorf("%s: direction belongs to scores and commands: the built-in estimators know theirs", e.Name)
	}
	return e, e.check()
}

// check says what does not go together.
func (e *Entry) check() error {
	own := e.Scores != "" || e.Command != nil
	_, unknown := estimators.Lookup(e.Name)
	switch {
	case e.Name == "":
		return e.at.errorf("name: missing")
	case e.Name == accuracyName:
		return e.at.errorf("name %s: stands for the accuracies themselves", accuracyName)
	case e.Scores != "" && e.Command != nil:
		return e.at.errorf("%s: scores or command, not both", e.Name)
	case own && (e.Settings != nil || e.Vary != nil):
		return e.at.errorf("%s: settings belong to built-in estimators", e.Name)
	case own:
		if err := (node{file: e.at.file, line: e.at.line, path: e.at.path + ".name"}).nameOf(e.Name); err != nil {
			return err
		}
	case unknown != nil:
		return e.at.errorf("%w", unknown)
	}
	if e.Column != "" && e.Scores == "" {
		return e.at.errorf("%s: column belongs to scores", e.Name)
	}
	if e.Timeout != 0 && e.Command == nil {
		return e.at.errorf("%s: timeout belongs to command", e.Name)
	}
	if e.Column == "" && e.Scores != "" {
		e.Column = "score"
	}
	if e.Timeout == 0 && e.Command != nil {
		e.Timeout = defaultTimeout
	}
	return nil
}

func (n node) nameOf(name string) error {
	if !nameRule.MatchString(name) {
		return n.errorf("%q: letters, digits and . _ - only, at most 64", name)
	}
	return nil
}

// path resolves a path of the definition.
func (d *Definition) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(d.base, p)
}

// errorf is an error of the definition as a whole.
func (d *Definition) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %w", d.file, fmt.Errorf(format, args...))
}
