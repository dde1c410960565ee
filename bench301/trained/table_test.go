package trained

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
)

// column has accuracies at some places.
func column(dataset, file string, values map[int]float64) *Column {
	c := NASBench201.NewColumn(dataset, Measure{}, Source{File: file, SHA256: "0"})
	for i, v := range values {
		c.Values[i] = v
	}
	return c
}

// TestAdd: a data set that is there is completed by what agrees, and replaced only where that is said.
func TestAdd(t *testing.T) {
	first := map[int]float64{1: 80, 2: 81}
	for name, c := range map[string]struct {
		values  map[int]float64
		replace bool
		what    string
		covered int
		err     string
	}{
		"the same":        {first, false, Unchanged, 2, ""},
		"a part of it":    {map[int]float64{2: 81}, false, Unchanged, 2, ""},
		"the same, twice": {first, true, Unchanged, 2, ""},
		"more":            {map[int]float64{2: 81, 3: 82}, false, Completed, 3, ""},
		"other numbers":   {map[int]float64{2: 82, 3: 82}, false, "", 2, "81 there, 82 here: --force"},
		"and --force":     {map[int]float64{2: 82, 3: 82}, true, Replaced, 2, ""},
		"elsewhere":       {map[int]float64{7: 82}, false, "", 2, "of other architectures"},
	} {
		table := &Table{Benchmark: NASBench201}
		if what, _, err := table.Add(column("cifar100", "a", first), false); what != Added || err != nil {
			t.Fatal(what, err)
		}
		what, old, err := table.Add(column("cifar100", "b", c.values), c.replace)
		if what != c.what || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %s, %v; want %s, %s", name, what, err, c.what, c.err)
		}
		if old == nil || old.Files() != "a" {
			t.Errorf("%s: what was there is not known", name)
		}
		if n := table.Column("cifar100").Covered(); n != c.covered {
			t.Errorf("%s: %d architectures, want %d", name, n, c.covered)
		}
		if _, _, err := table.Add(column("cifar10", "c", first), false); err != nil || len(table.Columns) != 2 ||
			table.Columns[0].Dataset != "cifar10" {
			t.Errorf("%s: another data set: %v", name, err)
		}
	}
}

// TestKept: what is written is read again to the bit, and nothing is written where nothing changed.
func TestKept(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	if _, err := Load(dir, NASBench201); !errors.Is(err, ErrAbsent) {
		t.Fatalf("nothing there: %v", err)
	}
	c := column("cifar10", "a.csv", map[int]float64{0: 68.33999986572266, 15624: 0, 7: 100})
	add := func(t *Table) (bool, error) {
		what, _, err := t.Add(c, false)
		return what != Unchanged, err
	}
	if err := Update(ctx, dir, NASBench201, add); err != nil {
		t.Fatal(err)
	}
	table, err := Load(dir, NASBench201)
	if err != nil {
		t.Fatal(err)
	}
	got := table.Column("cifar10")
	for i := range got.Values {
		if math.Float64bits(got.Values[i]) != math.Float64bits(c.Values[i]) {
			t.Fatalf("%d: %v, want %v", i, got.Values[i], c.Values[i])
		}
	}
	if got.Hash() != c.Hash() || NASBench201.Label(got) != "NAS-Bench-201 cifar10 (3 of 15625 architectures)" {
		t.Errorf("%s, %s", got.Hash(), NASBench201.Label(got))
	}
	before, err := os.Stat(Path(dir, NASBench201))
	if err != nil {
		t.Fatal(err)
	}
	if err := Update(ctx, dir, NASBench201, add); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(Path(dir, NASBench201)); err != nil || !os.SameFile(before, after) {
		t.Errorf("written again: %v", err)
	}
}

// TestHash: other accuracies or another data set are other ones.
func TestHash(t *testing.T) {
	a := column("cifar10", "a", map[int]float64{1: 80})
	for _, other := range []*Column{column("cifar100", "a", map[int]float64{1: 80}), column("cifar10", "a",
		map[int]float64{1: 80.00000000000001}), column("cifar10", "a", map[int]float64{2: 80})} {
		if a.Hash() == other.Hash() {
			t.Errorf("%s and %v have one hash", other.Dataset, other.Values[:3])
		}
	}
	if b := column("cifar10", "another file", map[int]float64{1: 80}); a.Hash() != b.Hash() {
		t.Error("the name of a file changes the hash")
	}
}

// FuzzDecode: no file that is kept breaks the program.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"format":1,"benchmark":"nasbench201","datasets":[]}`))
	f.Add([]byte(`{"format":1,"benchmark":"nasbench201","datasets":[{"dataset":"cifar10","accuracies":[1,null]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := decode(NASBench201, data)
		if err != nil {
			return
		}
		for _, c := range table.Columns {
			if len(c.Values) != NASBench201.Size {
				t.Errorf("%s: %d values", c.Dataset, len(c.Values))
			}
		}
	})
}
