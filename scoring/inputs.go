package scoring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/bench301/surrogate"
	"rwe301/bench301/trained"
	"rwe301/estimators"
	"rwe301/store"
)

// Inputs opens what commands and definitions name: images, accuracies and tables. Relative paths begin at Base; a table
// is read once.
type Inputs struct {
	Space   bench301.Space
	Base    string // folder of relative paths; "" is the current one
	Repeats Repeats

	tables map[string]*Table
	order  []*Table
}

// Path resolves a path.
func (in *Inputs) Path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(in.Base, p)
}

// Table reads a file of architectures with columns.
func (in *Inputs) Table(path string) (*Table, error) {
	path = in.Path(path)
	if t := in.tables[path]; t != nil {
		return t, nil
	}
	t, err := ReadTable(in.Space, path, in.Repeats)
	if err != nil {
		return nil, err
	}
	if in.tables == nil {
		in.tables = map[string]*Table{}
	}
	in.tables[path], in.order = t, append(in.order, t)
	return t, nil
}

// Notes say what of the tables was not taken as it stands.
func (in *Inputs) Notes() []string {
	var notes []string
	for _, t := range in.order {
		notes = append(notes, t.Notes...)
	}
	return notes
}

// Images says which images estimators see.
type Images struct {
	Name  string // sample, cifar10, or a path: CIFAR-10 as a folder or an archive, or a folder of images (dataset.Folder)
	Path  string // where they lie, if not where the name says
	Side  int    `json:",omitempty"` // of the images of a folder, in pixels; 0 means 32
	Train int    `json:",omitempty"` // read so many training images of a folder only; 0 means all
	Test  int    `json:",omitempty"` // the same for its test images
}

// defaultSide is that of CIFAR-10.
const defaultSide = 32

// Images reads a data set. progress may be nil.
func (in *Inputs) Images(ctx context.Context, i Images, progress dataset.Progress) (*dataset.Set, error) {
	name := i.Name
	if i.Path != "" {
		name = i.Path
	}
	if name != "sample" && name != dataset.SampleName && name != dataset.CIFAR10Name {
		name = in.Path(name)
	}
	folder := dataset.Folder{Side: i.Side, Train: i.Train, Test: i.Test, Progress: progress}
	if folder.Side == 0 {
		folder.Side = defaultSide
	}
	return dataset.Open(ctx, name, folder)
}

// AccuracySource names where accuracies come from.
type AccuracySource string

// The sources of accuracies.
const (
	Mini   AccuracySource = "mini"   // the approximation inside the binary
	Models AccuracySource = "models" // an imported surrogate
	Tabled AccuracySource = "table"  // a file with a column of accuracies
	None   AccuracySource = "none"   // none: scores only
)

// Sources lists the names of the sources of accuracies, those of benchmarks of trained networks among them.
func Sources() []string {
	names := append([]string{string(Mini), surrogate.Mini2Key}, trained.Names()...)
	return append(names, string(Models), string(Tabled), string(None))
}

// Measured says whether a source, as the settings of accuracies name it, has accuracies that were measured and not
// predicted: those of a table or of a benchmark of trained networks.
func Measured(source string) bool { return source == string(Tabled) || trained.Lookup(source) != nil }

// Accuracy says which accuracies scores are compared with.
type Accuracy struct {
	Source  AccuracySource
	File    string // models: the surrogate's file or its name among the imported ones; table: the file
	Column  string // table: the column
	Unit    Unit   `json:",omitempty"` // table: how the column writes them; "" decides by its numbers
	Dataset string `json:",omitempty"` // of a benchmark: what its networks were trained on; "" is its default
}

// AccuracyOf is the accuracy that a surrogate predicts, by the name or path that commands take, or that of a benchmark,
// by its name and perhaps a data set behind a colon.
func AccuracyOf(name string) Accuracy {
	if name == surrogate.MiniKey {
		return Accuracy{Source: Mini}
	}
	if benchmark, dataset, _ := strings.Cut(name, ":"); trained.Lookup(benchmark) != nil {
		return Accuracy{Source: AccuracySource(benchmark), Dataset: dataset}
	}
	return Accuracy{Source: Models, File: name}
}

// DefaultColumn is the column of accuracies in a table, where none is named; a table without it may have one other
// whose name says that it holds accuracies.
const DefaultColumn = "val_accuracy"

// AccuracyName is the name of the question whose answers are the accuracies.
const AccuracyName = "accuracy"

// Truth are opened accuracies.
type Truth struct {
	*Question
	Name  string // what they are, for people
	Unit  string
	Notes []string // what the numbers of a table went through
}

// Of are the accuracies of n architectures, NaN where there is none. The error is that of ctx or of architecture, or
// says that the source answers for other spaces. architecture is called from several goroutines.
func (t *Truth) Of(ctx context.Context, architecture func(i int) (bench301.Architecture, error), n int) ([]float64,
	error) {
	out := make([]float64, n)
	workers := max(1, min(runtime.GOMAXPROCS(0), n))
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			env := estimators.NewEnv(nil, 0)
			for i := w * n / workers; i < (w+1)*n/workers && errs[w] == nil; i++ {
				out[i], errs[w] = t.of(ctx, architecture, i, env)
			}
		})
	}
	wg.Wait()
	for _, err := range errs { // the first one by architecture, however the workers took turns
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// of is the accuracy of one architecture.
func (t *Truth) of(ctx context.Context, architecture func(i int) (bench301.Architecture, error), i int,
	env *estimators.Env) (float64, error) {
	a, err := architecture(i)
	if err != nil {
		return 0, err
	}
	s, err := Ask(ctx, t.Source, a, env)
	if err = errors.Join(err, ctx.Err()); err != nil {
		return 0, err
	}
	_, tabled := t.Source.(*Lookup)
	switch {
	case s.Status == estimators.OK:
		return s.Value, nil
	case s.Status == estimators.Failed && !tabled:
		return 0, fmt.Errorf("%s: %s", t.Name, s.Reason)
	}
	return math.NaN(), nil
}

// Accuracy opens accuracies; it returns nil for None.
func (in *Inputs) Accuracy(a Accuracy) (t *Truth, err error) {
	switch a.Source {
	case None:
		return nil, nil
	case Tabled:
		t, err = in.tabulated(a)
	case Mini:
		t, err = predictedBy(surrogate.NewMini(), "")
	case Models:
		var s surrogate.Surrogate
		var hash string
		if s, hash, err = in.condensed(a.File); err == nil {
			t, err = predictedBy(s, hash)
		}
	default:
		if b := trained.Lookup(string(a.Source)); b != nil {
			t, err = in.trained(b, a.Dataset)
			break
		}
		err = fmt.Errorf("source %q: must be %s", a.Source, strings.Join(Sources(), ", "))
	}
	if err != nil {
		return nil, err
	}
	t.Label, t.Estimator, t.SettingsHash = AccuracyName, AccuracyName, estimators.Hash(t.Settings)
	t.Seeds, t.Question.Accuracy = []uint64{0}, true
	return t, nil
}

// tabulated takes the accuracies from a column. Architectures without one count as not covered.
func (in *Inputs) tabulated(a Accuracy) (*Truth, error) {
	t, err := in.Table(a.File)
	if err != nil {
		return nil, err
	}
	named := a.Column != ""
	if a.Column, err = t.AccuracyColumn(a.Column); err != nil {
		return nil, err
	}
	l, c, unit, notes, err := t.accuracies(a.Column, a.Unit)
	if err != nil {
		return nil, err
	}
	if !named && c.name != DefaultColumn {
		notes = append(notes, fmt.Sprintf("%s of %s: taken as the accuracies", shown(c.name), shown(t.Base())))
	}
	settings := map[string]any{"source": string(Tabled), "file": t.Base(), "column": c.name, "sha256": t.Hash}
	if unit == Fraction {
		l.toPercent()
		settings["unit"] = string(unit)
	}
	if l.Averaged > 0 {
		settings["repeats"] = string(MeanOfRepeats)
	}
	if errorLike(c.name) {
		notes = append(notes, fmt.Sprintf("%s of %s: named like errors, but taken as accuracies, of which higher is better",
			shown(c.name), shown(t.Base())))
	}
	return &Truth{
		Question: &Question{store.Question{Settings: Encode(settings)}, l},
		Name:     ColumnOf(c.name, t.Base()), Unit: surrogate.Percent,
		Notes: slices.Concat(l.Notes, notes),
	}, nil
}

// ColumnOf names accuracies that stand in a column of a file.
func ColumnOf(column, file string) string { return column + " of " + file }

// accuracies reads a column as accuracies.
func (t *Table) accuracies(name string, given Unit) (l *Lookup, c *column, u Unit, notes []string, err error) {
	if t.seeded && t.repeats != MeanOfRepeats {
		return nil, nil, "", nil, fmt.Errorf("%s: accuracies have no seeds: remove the column, or take the mean over the "+
			"seeds (--repeats mean, or repeats: mean in a definition)", t.File)
	}
	if c, err = t.column(name); err == nil {
		l, err = t.lookup(name, false)
	}
	if err == nil {
		u, notes, err = t.unit(c, given)
	}
	return l, c, u, notes, err
}

// CheckAccuracy says why a column cannot be one of accuracies.
func (t *Table) CheckAccuracy(column string, unit Unit) error {
	_, _, _, _, err := t.accuracies(column, unit)
	return err
}

// errorLike says whether a column is called as if it held errors or losses.
func errorLike(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return c < 'a' || c > 'z' })
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains([]string{"err", "error", "errors", "loss", "losses", "perplexity", "ppl"}, w)
	})
}

// SurrogateFolder is where imported surrogates are found by name.
func SurrogateFolder() (string, error) {
	cache, err := dataset.DefaultCache()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache.Dir, "surrogates"), nil
}

// Surrogate opens a surrogate: one inside the binary, whatever lies at a path, or an imported one by its name. path is
// where it lies, "" for those inside the binary. The error is surrogate.ErrUnknown where there is nothing.
func (in *Inputs) Surrogate(name string) (s surrogate.Surrogate, path string, err error) {
	if s := surrogate.OpenBuiltIn(name); s != nil {
		return s, "", nil
	}
	if benchmark, _, _ := strings.Cut(name, ":"); trained.Lookup(benchmark) != nil {
		return nil, "", fmt.Errorf("%s: accuracies of networks that were trained, no surrogate, which this asks for: they "+
			"are a source of accuracies (accuracy: %s), and bench301 query --space %s answers with them", name, benchmark,
			trained.Lookup(benchmark).Space.Name())
	}
	folder, err := SurrogateFolder()
	if err != nil {
		folder = "" // names cannot be found, paths can
	}
	if path, err = surrogate.Find(in.Path(name), name, folder); err != nil {
		return nil, "", err
	}
	e, err := surrogate.Load(path)
	if err != nil {
		return nil, "", err
	}
	return e, path, nil
}

// condensed opens a surrogate that is one file, and condenses that file; what is inside the binary has
// the hash "".
func (in *Inputs) condensed(name string) (surrogate.Surrogate, string, error) {
	s, path, err := in.Surrogate(name)
	if err != nil || path == "" {
		return s, "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", err
	}
	if info.IsDir() {
		return nil, "", fmt.Errorf("%s is a folder: `bench301 surrogate import` makes one file of it", name)
	}
	_, hash, err := ReadFile(path)
	return s, hash, err
}

// predictedBy takes the accuracies from a surrogate; hash is of its file, if there is one.
func predictedBy(s surrogate.Surrogate, hash string) (*Truth, error) {
	info := s.Info()
	if info.Unit != surrogate.Percent {
		return nil, fmt.Errorf("%s predicts %s, not accuracies", info.Name, cmp.Or(info.Unit, "an unknown unit"))
	}
	return &Truth{
		Question: &Question{store.Question{Settings: surrogateSettings(info, hash)}, predicted{s}},
		Name:     info.Name, Unit: info.Unit,
	}, nil
}

func surrogateSettings(info surrogate.Info, hash string) []byte {
	settings := map[string]any{"source": info.Kind, "name": info.Name, "members": info.Members}
	if hash != "" {
		settings["sha256"] = hash
	}
	return Encode(settings)
}

// Predicted asks for what a surrogate predicts, accuracies or anything else, under no seed yet.
func (in *Inputs) Predicted(name string) (*Question, surrogate.Info, error) {
	s, hash, err := in.condensed(name)
	if err != nil {
		return nil, surrogate.Info{}, err
	}
	info := s.Info()
	settings := surrogateSettings(info, hash)
	return &Question{store.Question{
		Label: info.Name, Estimator: "surrogate", Settings: settings, SettingsHash: estimators.Hash(settings),
	}, predicted{s}}, info, nil
}
