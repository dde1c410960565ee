package trained

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"rwe301/internal/atomicfile"
	"rwe301/internal/input"
	"rwe301/internal/strictjson"
)

// Table is what is kept of a benchmark: a column a data set, in the order of the benchmark's data sets.
type Table struct {
	Benchmark *Benchmark
	Columns   []*Column
}

// ErrAbsent says that nothing of a benchmark was imported.
var ErrAbsent = errors.New("not imported")

// format is the version of the file.
const format = 1

// maxFile bounds the file of a table: six data sets are under 2 MB.
const maxFile = 64 << 20

// file is a table as it is kept.
type file struct {
	Format    int          `json:"format"`
	Benchmark string       `json:"benchmark"`
	Datasets  []fileColumn `json:"datasets"`
}

type fileColumn struct {
	Dataset    string     `json:"dataset"`
	Measure    Measure    `json:"measure"`
	Sources    []Source   `json:"sources"`
	Accuracies []*float64 `json:"accuracies"` // percent, null where an architecture is not covered
}

// Path is the file of a benchmark in a folder.
func Path(folder string, b *Benchmark) string { return filepath.Join(folder, b.Name+".json") }

// Load reads what is kept of a benchmark in a folder; the error is ErrAbsent where there is nothing.
func Load(folder string, b *Benchmark) (*Table, error) {
	path := Path(folder, b)
	data, err := input.Read(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: accuracies of trained networks: %w: `bench301 data import %s FILE` reads them from %s",
			b.Name, ErrAbsent, b.Name, b.FromUs)
	}
	if err != nil {
		return nil, err
	}
	t, err := decode(b, data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w (remove it, and import again)", path, err)
	}
	return t, nil
}

// decode reads the content of a file.
func decode(b *Benchmark, data []byte) (*Table, error) {
	var f file
	if err := strictjson.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	if f.Format != format || f.Benchmark != b.Name {
		return nil, fmt.Errorf("format %d of %.60q: want format %d of %s", f.Format, f.Benchmark, format, b.Name)
	}
	t := &Table{Benchmark: b}
	for _, d := range f.Datasets {
		name, err := b.Dataset(d.Dataset)
		switch {
		case err != nil:
			return nil, err
		case name != d.Dataset || t.Column(name) != nil:
			return nil, fmt.Errorf("data set %.60q: twice, or by another name", d.Dataset)
		case len(d.Accuracies) != b.Size:
			return nil, fmt.Errorf("data set %s: %d accuracies: want %d", name, len(d.Accuracies), b.Size)
		}
		c := b.NewColumn(name, d.Measure, Source{})
		c.Sources = d.Sources
		for i, v := range d.Accuracies {
			if v == nil {
				continue
			}
			if err := check(*v); err != nil {
				return nil, fmt.Errorf("data set %s: %w", name, err)
			}
			c.Values[i] = *v
		}
		t.Columns = append(t.Columns, c)
	}
	return t, nil
}

// check refuses what is no percentage.
func check(v float64) error {
	if !(v >= 0 && v <= 100) {
		return fmt.Errorf("%v: an accuracy lies between 0 and 100 %%", v)
	}
	return nil
}

// encode is the content of the file.
func (t *Table) encode() ([]byte, error) {
	f := file{Format: format, Benchmark: t.Benchmark.Name}
	for _, c := range t.Columns {
		d := fileColumn{Dataset: c.Dataset, Measure: c.Measure, Sources: c.Sources}
		for i := range c.Values {
			if math.IsNaN(c.Values[i]) {
				d.Accuracies = append(d.Accuracies, nil)
				continue
			}
			d.Accuracies = append(d.Accuracies, &c.Values[i])
		}
		f.Datasets = append(f.Datasets, d)
	}
	data, err := json.Marshal(f)
	return append(data, '\n'), err
}

// Update changes what is kept of a benchmark in a folder, which is made where there is none. The file is written whole,
// and only where change says so; no other process changes it meanwhile.
func Update(ctx context.Context, folder string, b *Benchmark, change func(*Table) (bool, error)) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(folder, ".lock"), flock.SetPermissions(0o666))
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return err
	}
	defer lock.Close()
	t, err := Load(folder, b)
	if errors.Is(err, ErrAbsent) {
		t, err = &Table{Benchmark: b}, nil
	}
	if err != nil {
		return err
	}
	changed, err := change(t)
	if err != nil || !changed {
		return err
	}
	data, err := t.encode()
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(Path(folder, b), data)
}

// Column is that of a data set, nil if there is none.
func (t *Table) Column(dataset string) *Column {
	for _, c := range t.Columns {
		if c.Dataset == dataset {
			return c
		}
	}
	return nil
}

// What adding a column did.
const (
	Added     = "added"
	Unchanged = "unchanged"
	Completed = "completed" // architectures were added that were not covered
	Replaced  = "replaced"
)

// Add adds a column. Where its data set is there already, the same numbers change nothing, and numbers that agree
// wherever both have one complete it; otherwise replace must say that the old ones go. old is the column that was
// there.
func (t *Table) Add(c *Column, replace bool) (what string, old *Column, err error) {
	i := slices.IndexFunc(t.Columns, func(k *Column) bool { return k.Dataset == c.Dataset })
	if i < 0 {
		t.Columns = append(t.Columns, c)
		slices.SortFunc(t.Columns, func(x, y *Column) int { return t.place(x) - t.place(y) })
		return Added, nil, nil
	}
	old = t.Columns[i]
	both, fresh, differs := compare(old, c)
	switch {
	case differs < 0 && both > 0 && fresh == 0:
		return Unchanged, old, nil
	case differs < 0 && both > 0:
		t.Columns[i] = t.joined(old, c)
		return Completed, old, nil
	case replace:
		t.Columns[i] = c
		return Replaced, old, nil
	case differs < 0:
		return "", old, fmt.Errorf("%s is there already, from %s, of other architectures: one data set has accuracies of "+
			"one kind: --force replaces them", c.Dataset, old.Files())
	}
	return "", old, fmt.Errorf("%s is there already, from %s, with other accuracies: %s has %v there, %v here: --force "+
		"replaces them", c.Dataset, old.Files(), t.Benchmark.At(differs), old.Values[differs], c.Values[differs])
}

func (t *Table) place(c *Column) int { return slices.Index(t.Benchmark.Datasets, c.Dataset) }

// Files names the first of the files that a column came from.
func (c *Column) Files() string {
	if len(c.Sources) == 0 {
		return "a file that is not known"
	}
	return c.Sources[0].File
}

// compare counts the architectures that two columns cover, those that only c covers, and finds the first on which they
// differ, -1 for none.
func compare(old, c *Column) (both, fresh, differs int) {
	differs = -1
	for i, v := range c.Values {
		w := old.Values[i]
		switch {
		case math.IsNaN(v):
		case math.IsNaN(w):
			fresh++
		default:
			if both++; v != w && differs < 0 {
				differs = i
			}
		}
	}
	return both, fresh, differs
}

// joined has the numbers of both columns, and the measure of the first.
func (t *Table) joined(old, c *Column) *Column {
	out := &Column{Dataset: old.Dataset, Measure: old.Measure, Values: slices.Clone(old.Values)}
	for i, v := range c.Values {
		if math.IsNaN(out.Values[i]) {
			out.Values[i] = v
		}
	}
	out.Sources = slices.Clone(old.Sources)
	for _, s := range c.Sources {
		if !slices.Contains(out.Sources, s) {
			out.Sources = append(out.Sources, s)
		}
	}
	t.Benchmark.Finish(out)
	return out
}
