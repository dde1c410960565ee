package study

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"rwe301/bench301"
	"rwe301/internal/printable"
	"rwe301/internal/yamldoc"
	"rwe301/scoring"
)

// Replay says how a published table becomes a study.
type Replay struct {
	Table    string
	Space    string   // "" is what the notation of the table tells
	Accuracy string   // column of accuracies; "" is the usual one
	Columns  []string // taken as estimators; nil are all with numbers
	Unit     scoring.Unit
	Repeats  scoring.Repeats

	NoAccuracy bool // the accuracies come from elsewhere
}

// Definition writes the definition of a study that takes everything from the table: architectures, accuracies, and
// columns of numbers as estimators. It is relative to the current folder. notes say which columns were left out or have
// another name there.
func (r Replay) Definition() (definition []byte, notes []string, err error) {
	space, err := r.space()
	if err != nil {
		return nil, nil, err
	}
	t, err := scoring.ReadTable(space, r.Table, r.Repeats)
	if err != nil {
		return nil, nil, err
	}
	if t.Recognised != "" {
		notes = append(notes, fmt.Sprintf("%s: %s", r.Table, t.Recognised))
	}
	accuracy := accuracyEntry{Source: text(scoring.None)}
	if r.NoAccuracy {
		r.Accuracy, _ = t.AccuracyColumn(r.Accuracy) // where there is one, it is no estimator all the same
	} else {
		named := r.Accuracy != ""
		if r.Accuracy, err = t.AccuracyColumn(r.Accuracy); err != nil {
			return nil, nil, err
		}
		if err := t.CheckAccuracy(r.Accuracy, r.Unit); err != nil {
			return nil, nil, err
		}
		if !named && r.Accuracy != scoring.DefaultColumn {
			notes = append(notes, fmt.Sprintf("%s: accuracies are in the column %q", r.Table,
				printable.Cut(r.Accuracy, maxTitle)))
		}
		accuracy = accuracyEntry{Source: text(scoring.Tabled), Column: text(r.Accuracy), Unit: text(r.Unit)}
	}
	numbers, without := t.Columns()
	columns := r.Columns
	if columns == nil {
		columns = slices.DeleteFunc(slices.Clone(numbers), func(c string) bool { return c == r.Accuracy })
		for _, err := range without {
			notes = append(notes, fmt.Sprintf("column left out: %v", err))
		}
	}
	if len(columns) == 0 {
		return nil, nil, fmt.Errorf("%s: no column of numbers beside the accuracies in %s", r.Table,
			printable.Cut(r.Accuracy, maxTitle))
	}
	base := strings.TrimSuffix(filepath.Base(r.Table), filepath.Ext(r.Table))
	d := replayed{
		Name: text(cmp.Or(strings.TrimSpace(printable.Cut(base, maxTitle)), "replay")), Space: text(t.Space.Name()),
		Architectures: map[string]text{"table": text(r.Table)},
		Accuracy:      accuracy,
		Repeats:       text(r.Repeats),
	}
	names, labels := map[string]bool{scoring.AccuracyName: true}, map[string]bool{scoring.AccuracyName: true}
	for i, c := range columns {
		if r.Columns != nil && c == scoring.AccuracyName {
			return nil, nil, fmt.Errorf("%s: column %q: stands for the accuracies themselves: rename it, or choose others",
				r.Table, c)
		}
		if _, err := t.Column(c); err != nil {
			return nil, nil, err
		}
		e := scoresEntry{Scores: text(r.Table), Column: text(c)}
		name := unused(nameOf(c, fmt.Sprintf("column-%d", i+1)), names)
		label := unused(printable.Cut(c, maxTitle-6), labels)
		if e.Name = text(name); label != name {
			e.Label = text(label)
		}
		if label != c {
			notes = append(notes, fmt.Sprintf("%s: column %d of the scores is called %s", r.Table, i+1, label))
		}
		d.Estimators = append(d.Estimators, e)
	}
	definition, err = yaml.Marshal(d)
	return append([]byte("# The numbers of a published table, analysed again.\n"), definition...), notes, err
}

// replayed is the definition as YAML.
type replayed struct {
	Name          text
	Space         text
	Architectures map[string]text
	Accuracy      accuracyEntry
	Repeats       text `yaml:",omitempty"`
	Estimators    []scoresEntry
}

type accuracyEntry struct {
	Source text
	Column text `yaml:",omitempty"`
	Unit   text `yaml:",omitempty"`
}

type scoresEntry struct {
	Name   text
	Label  text `yaml:",omitempty"`
	Scores text
	Column text
}

// text is a string that no reader of YAML takes for anything else: 1e3 is a number to some.
type text string

// MarshalYAML quotes the text.
func (t text) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Style: yaml.DoubleQuotedStyle, Value: string(t)}, nil
}

func (r Replay) space() (bench301.Space, error) {
	if r.Space == "" {
		return nil, nil
	}
	return bench301.LookupSpace(r.Space)
}

// nameOf makes a legal name of a title, other if nothing of it is left.
func nameOf(title, other string) string {
	if yamldoc.IsName(title) {
		return title
	}
	words := strings.FieldsFunc(title, func(c rune) bool { return !strings.ContainsRune("._-", c) && !wordRune(c) })
	name := strings.Trim(strings.Join(words, "-"), "._-")
	name = strings.Trim(name[:min(len(name), 60)], "._-")
	if !yamldoc.IsName(name) {
		return other
	}
	return name
}

func wordRune(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// unused adds a number to a name that was taken before, and takes it.
func unused(name string, taken map[string]bool) string {
	free := name
	for n := 2; taken[free]; n++ {
		free = fmt.Sprintf("%s-%d", name, n)
	}
	taken[free] = true
	return free
}
