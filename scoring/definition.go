package scoring

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/bench301/trained"
	"rwe301/estimators"
	"rwe301/internal/yamldoc"
)

// SpaceNames lists the names of the search spaces.
func SpaceNames() []string {
	var names []string
	for _, s := range bench301.Spaces() {
		names = append(names, s.Name())
	}
	return names
}

// WriteTemplate writes the template of a definition: its head, and as comments every estimator with its default
// settings.
func WriteTemplate(w io.Writer, head string) error {
	b := new(strings.Builder)
	b.WriteString(head + "\n# The estimators, and their settings with the defaults:\n")
	for _, info := range estimators.All() {
		defaults, err := estimators.Defaults(info.Name)
		if err != nil {
			return err
		}
		var settings map[string]json.RawMessage
		if err := json.Unmarshal(defaults, &settings); err != nil {
			return fmt.Errorf("%s: %w", info.Name, err)
		}
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(settings)) {
			pairs = append(pairs, key+": "+string(settings[key]))
		}
		fmt.Fprintf(b, "#   %s: {%s}\n", info.Name, strings.Join(pairs, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Read reads accuracies from a definition: the name of a source, or a mapping with source, file, column, unit and
// dataset.
func (a *Accuracy) Read(n yamldoc.Node) error {
	source := func(n yamldoc.Node) error {
		err := n.OneOf((*string)(&a.Source), Sources())
		if a.Source == surrogate.Mini2Key {
			a.Source, a.File = Models, surrogate.Mini2Key // opened by name, as those that are imported
		}
		return err
	}
	if !n.IsMapping() {
		return source(n)
	}
	var dataset yamldoc.Node
	err := n.Read(map[string]func(yamldoc.Node) error{
		"source": source,
		"file":   func(n yamldoc.Node) error { return n.Text(&a.File) },
		"column": func(n yamldoc.Node) error { return n.Text(&a.Column) },
		"unit":   func(n yamldoc.Node) error { return n.OneOf((*string)(&a.Unit), UnitNames()) },
		"dataset": func(n yamldoc.Node) error {
			dataset = n
			return n.Text(&a.Dataset)
		},
	})
	benchmark := trained.Lookup(string(a.Source))
	switch {
	case err != nil:
		return err
	case a.Source == Models && a.File == "":
		return n.Errorf("models need a file: the surrogate that `bench301 surrogate import` wrote, or its name")
	case benchmark != nil && a.File != "":
		return n.Errorf("source %s reads no file: bench301 data import %[1]s keeps what a file has", a.Source)
	case benchmark == nil && a.Dataset != "":
		return dataset.Errorf("only source %s has data sets", strings.Join(trained.Names(), " or "))
	case a.Source == Mini && a.File != "", a.Source == None && a.File != "":
		return n.Errorf("source %s reads no file", a.Source)
	case a.Source != Tabled && a.Column != "":
		return n.Errorf("only source table has a column")
	case a.Source != Tabled && a.Unit != "":
		return n.Errorf("only source table has a unit")
	case benchmark != nil:
		if a.Dataset, err = benchmark.Dataset(a.Dataset); err != nil {
			return dataset.Errorf("%w", err)
		}
	}
	return nil
}

// Read reads images from a definition: a name, or a mapping with name, path, and what of a folder of images is read.
func (i *Images) Read(n yamldoc.Node) error {
	const most = 1 << 30
	name := func(n yamldoc.Node) error { return n.OneOf(&i.Name, []string{"sample", "cifar10", "folder"}) }
	if !n.IsMapping() {
		return name(n)
	}
	err := n.Read(map[string]func(yamldoc.Node) error{
		"name":  name,
		"path":  func(n yamldoc.Node) error { return n.Text(&i.Path) },
		"side":  func(n yamldoc.Node) error { return n.Count(&i.Side, most) },
		"train": func(n yamldoc.Node) error { return n.Count(&i.Train, most) },
		"test":  func(n yamldoc.Node) error { return n.Count(&i.Test, most) },
	})
	switch {
	case err != nil:
		return err
	case i.Path != "" && i.Name == "sample":
		return n.Errorf("the sample lies inside the binary: name: cifar10 or folder reads a path")
	case i.Path == "" && i.Name == "folder":
		return n.Errorf("a folder of images needs a path")
	case i.Name != "folder" && *i != (Images{Name: i.Name, Path: i.Path}):
		return n.Errorf("side, train and test belong to name: folder")
	}
	return nil
}
