package study

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rwe301/estimators"
	"rwe301/internal/printable"
	"rwe301/internal/suggest"
	"rwe301/internal/yamldoc"
	"rwe301/scoring"
)

// Definition is a study as its YAML file defines it. Relative paths are relative to that file.
type Definition struct {
	Name          string
	Space         string
	Seed          uint64 // draws the architectures
	Architectures Architectures
	Accuracy      scoring.Accuracy
	Dataset       scoring.Images
	Seeds         []uint64 // weight seeds of estimators without seeds of their own
	Estimators    []Entry
	Repeats       scoring.Repeats // of architectures in tables

	file      string // where it was read from, for errors
	base      string // folder of relative paths
	run       string // run folder that goes on, of a study over searches; "" of a new run
	searching string // folder of searches that were begun for the study; "" of a new run
}

// Architectures says which architectures are scored: exactly one of Sample, File, Table and Search is set.
type Architectures struct {
	Sample int       // drawn uniformly, without repetition
	File   string    // one an entry, in any notation
	Table  string    // CSV with a column arch, or JSON that maps architectures to scores
	Search *Searched // those of the populations of searches
	Limit  int       // take the first only; 0 means all
}

// Entry is one item of the list of estimators: a built-in one, a file of scores, or a command.
type Entry struct {
	Name     string
	Label    string    // what tables call it; empty means its name
	Settings []Setting // a setting with several values makes a grid
	Vary     []Setting // varied one at a time around the settings
	Seeds    []uint64  // nil means those of the study
	Scores   string    // file of scores
	Column   string    // its column
	Command  []string
	Timeout  time.Duration
	Lower    bool // lower scores of the file or command are meant to be better

	group bool // a member of a group that the list names
	at    yamldoc.Node
}

// Setting is a setting with the values it takes.
type Setting struct {
	Key    string
	Values []any // string, bool, int64 or float64

	at yamldoc.Node
}

// defaultTimeout is that of commands.
const defaultTimeout = time.Minute

// maxTitle bounds the name of a study and the label of a column of scores, which may be any text.
const maxTitle = 64

// maxSample bounds the architectures of a study.
const maxSample = 10_000_000

// Parse reads a definition. file stands in errors, and its folder is where relative paths begin. Every error is
// reported, each with its line.
func Parse(file string, data []byte) (*Definition, error) {
	top, err := yamldoc.Parse(file, data, "bench301 study init")
	if err != nil {
		return nil, err
	}
	d := &Definition{
		Name: "study", Space: "darts", Seeds: []uint64{0}, Dataset: scoring.Images{Name: "sample"},
		Accuracy: scoring.Accuracy{Source: scoring.Mini},
		file:     file, base: filepath.Dir(file),
	}
	err = top.Read(map[string]func(yamldoc.Node) error{
		"name":          func(n yamldoc.Node) error { return readTitle(n, &d.Name) },
		"space":         func(n yamldoc.Node) error { return n.OneOf(&d.Space, scoring.SpaceNames()) },
		"seed":          func(n yamldoc.Node) error { return n.Seed(&d.Seed) },
		"seeds":         func(n yamldoc.Node) (err error) { d.Seeds, err = n.Seeds(); return err },
		"architectures": d.readArchitectures,
		"accuracy":      func(n yamldoc.Node) error { return d.Accuracy.Read(n) },
		"dataset":       func(n yamldoc.Node) error { return d.Dataset.Read(n) },
		"estimators":    d.readEstimators,
		"repeats": func(n yamldoc.Node) error {
			return n.OneOf((*string)(&d.Repeats), scoring.RepeatsNames())
		},
	})
	if err != nil {
		return nil, err
	}
	return d, d.complete(top)
}

// complete checks what involves several keys.
func (d *Definition) complete(top yamldoc.Node) error {
	var errs []error
	if d.Architectures == (Architectures{}) {
		errs = append(errs, top.Errorf("architectures: missing: say sample, file, table or search"))
	}
	if len(d.Estimators) == 0 {
		errs = append(errs, top.Errorf("estimators: missing: list at least one"))
	}
	if a := &d.Accuracy; a.Source == scoring.Tabled {
		if a.File == "" {
			a.File = d.Architectures.Table
		}
		if a.File == "" {
			errs = append(errs, top.Errorf("accuracy: a table needs a file"))
		}
	}
	return errors.Join(errs...)
}

func (d *Definition) readArchitectures(n yamldoc.Node) error {
	a, s := &d.Architectures, &Searched{Of: OfSurvivors}
	of := "" // a key that only searches have
	says := func(key string, read func(yamldoc.Node) error) func(yamldoc.Node) error {
		return func(n yamldoc.Node) error {
			of = key
			return read(n)
		}
	}
	err := n.Read(map[string]func(yamldoc.Node) error{
		"sample": func(n yamldoc.Node) error { return n.Count(&a.Sample, maxSample) },
		"file":   func(n yamldoc.Node) error { return n.Text(&a.File) },
		"table":  func(n yamldoc.Node) error { return n.Text(&a.Table) },
		"limit":  func(n yamldoc.Node) error { return n.Count(&a.Limit, maxSample) },
		"search": func(n yamldoc.Node) error {
			a.Search, s.at = s, n
			return n.Text(&s.Path)
		},
		"methods":     says("methods", s.readMethods),
		"seeds":       says("seeds", s.readSeeds),
		"generations": says("generations", s.readGenerations),
		"of": says("of", func(n yamldoc.Node) error {
			return n.OneOf(&s.Of, []string{OfSurvivors, OfNewborn, OfBoth})
		}),
	})
	if err != nil {
		return err
	}
	given := 0
	for _, set := range []bool{a.Sample > 0, a.File != "", a.Table != "", a.Search != nil} {
		if set {
			given++
		}
	}
	switch {
	case given != 1:
		return n.Errorf("say one of sample, file, table and search, not %d of them", given)
	case a.Search == nil && of != "":
		return n.Errorf("%s: belongs to search", of)
	case a.Search != nil && a.Limit > 0:
		return n.Errorf("limit: would tear populations apart: methods and generations choose some of them")
	}
	return nil
}

func (d *Definition) readEstimators(n yamldoc.Node) error {
	items, err := n.List()
	if err != nil {
		return err
	}
	var errs []error
	named := map[string]bool{} // what the list names itself, which a group does not bring again
	lists := make([][]Entry, len(items))
	for i, item := range items {
		e, err := readEntry(item)
		errs = append(errs, err)
		if err != nil {
			continue
		}
		if !estimators.IsGroup(e.Name) {
			named[e.Name], lists[i] = true, []Entry{e}
			continue
		}
		lists[i], err = e.members()
		errs = append(errs, err)
	}
	for _, list := range lists {
		for _, e := range list {
			if e.group {
				if named[e.Name] {
					continue
				}
				named[e.Name] = true
			}
			d.Estimators = append(d.Estimators, e)
		}
	}
	return yamldoc.Join(errs)
}

// members are the entries that a group stands for. Settings go to each member that has them.
func (e Entry) members() ([]Entry, error) {
	g, err := estimators.LookupGroup(strings.TrimPrefix(e.Name, estimators.GroupPrefix))
	if err != nil {
		return nil, e.at.Errorf("%w", err)
	}
	if e.Label != "" {
		return nil, e.at.Errorf("%s: label: a group has many estimators, whose names are their labels", e.Name)
	}
	legal := g.Settings()
	for _, s := range slices.Concat(e.Settings, e.Vary) {
		if !slices.Contains(legal, s.Key) {
			return nil, s.at.Errorf("%s: none of its estimators has such a setting%s", e.Name,
				suggest.Nearest(s.Key, legal))
		}
	}
	var list []Entry
	for _, name := range g.Members {
		own, err := estimators.Keys(name)
		if err != nil {
			return nil, e.at.Errorf("%w", err)
		}
		lacks := func(s Setting) bool { return !slices.Contains(own, s.Key) }
		m := e
		m.Name, m.group = name, true
		m.Settings = slices.DeleteFunc(slices.Clone(e.Settings), lacks)
		m.Vary = slices.DeleteFunc(slices.Clone(e.Vary), lacks)
		list = append(list, m)
	}
	return list, nil
}

func readEntry(n yamldoc.Node) (Entry, error) {
	e := Entry{at: n}
	if !n.IsMapping() { // a name alone
		err := n.Text(&e.Name)
		return e, errors.Join(err, e.check())
	}
	var seconds float64
	var direction string
	err := n.Read(map[string]func(yamldoc.Node) error{
		"name":     func(n yamldoc.Node) error { return n.Text(&e.Name) },
		"label":    func(n yamldoc.Node) error { return n.Text(&e.Label) },
		"settings": func(n yamldoc.Node) (err error) { e.Settings, err = settingsOf(n); return err },
		"vary":     func(n yamldoc.Node) (err error) { e.Vary, err = settingsOf(n); return err },
		"seeds":    func(n yamldoc.Node) (err error) { e.Seeds, err = n.Seeds(); return err },
		"scores":   func(n yamldoc.Node) error { return n.Text(&e.Scores) },
		"column":   func(n yamldoc.Node) error { return n.Text(&e.Column) },
		"command":  func(n yamldoc.Node) (err error) { e.Command, err = n.Texts("a program and its arguments"); return err },
		"timeout":  func(n yamldoc.Node) error { return n.Seconds(&seconds) },
		"direction": func(n yamldoc.Node) error {
			return n.OneOf(&direction, []string{string(estimators.Higher), string(estimators.Lower)})
		},
	})
	if err != nil {
		return e, err
	}
	e.Timeout = time.Duration(seconds * float64(time.Second))
	e.Lower = direction == string(estimators.Lower)
	if direction != "" && e.Scores == "" && e.Command == nil {
		return e, n.Errorf("%s: direction belongs to scores and commands: the built-in estimators know theirs", e.Name)
	}
	return e, e.check()
}

// check says what does not go together.
func (e *Entry) check() error {
	own := e.Scores != "" || e.Command != nil
	_, unknown := estimators.Lookup(e.Name)
	switch {
	case e.Name == "":
		return e.at.Errorf("name: missing")
	case e.Name == scoring.AccuracyName:
		return e.at.Errorf("name %s: stands for the accuracies themselves", scoring.AccuracyName)
	case e.Scores != "" && e.Command != nil:
		return e.at.Errorf("%s: scores or command, not both", e.Name)
	case own && (e.Settings != nil || e.Vary != nil):
		return e.at.Errorf("%s: settings belong to built-in estimators", e.Name)
	case own:
		if err := e.at.At("name").CheckName(e.Name); err != nil {
			return err
		}
	case unknown != nil && !estimators.IsGroup(e.Name):
		return e.at.Errorf("%w", unknown)
	}
	switch {
	case e.Label == "":
	case e.Scores == "":
		if err := e.at.At("label").CheckName(e.Label); err != nil {
			return err
		}
	case e.Label == scoring.AccuracyName:
		return e.at.Errorf("label %s: stands for the accuracies themselves", scoring.AccuracyName)
	default:
		if err := checkTitle(e.at.At("label"), e.Label); err != nil {
			return err
		}
	}
	if e.Column != "" && e.Scores == "" {
		return e.at.Errorf("%s: column belongs to scores", e.Name)
	}
	if e.Timeout != 0 && e.Command == nil {
		return e.at.Errorf("%s: timeout belongs to command", e.Name)
	}
	if e.Column == "" && e.Scores != "" {
		e.Column = "score"
	}
	if e.Timeout == 0 && e.Command != nil {
		e.Timeout = defaultTimeout
	}
	return nil
}

// readTitle reads a name that may be any text of one line.
func readTitle(n yamldoc.Node, into *string) error {
	if err := n.Text(into); err != nil {
		return err
	}
	return checkTitle(n, *into)
}

func checkTitle(n yamldoc.Node, text string) error {
	if cut := printable.Cut(text, maxTitle); cut != text || strings.TrimSpace(text) != text {
		return n.Errorf("%q: must be one line of at most %d characters", cut, maxTitle)
	}
	return nil
}

// Folder is the name of the study as one of a folder: letters, digits and . _ - only.
func (d *Definition) Folder() string { return nameOf(d.Name, "study") }

// errorf is an error of the definition as a whole.
func (d *Definition) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %w", d.file, fmt.Errorf(format, args...))
}
