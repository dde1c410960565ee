package scoring

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/store"
)

func TestTally(t *testing.T) {
	var got Tally
	got.Add(Answer{Record: store.Record{Seconds: 100}, Shared: 100, Warnings: []string{"from the store"}})
	for range 2 {
		got.Add(Answer{Record: store.Record{Seconds: 3}, Fresh: true, Shared: 1, Warnings: []string{"noise"}})
	}
	if want := (Tally{Scored: 2, Alone: 6, Shared: 2, Warnings: map[string]int{"noise": 2}}); !reflect.DeepEqual(got,
		want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestAccuracyWithoutNumber refuses accuracies that are no numbers, by file and line; one that a table lacks is none.
func TestAccuracyWithoutNumber(t *testing.T) {
	space := bench301.DARTS{}
	var archs []bench301.Architecture
	for a := range bench301.Samples(space, 1) {
		if archs = append(archs, a); len(archs) == 3 {
			break
		}
	}
	path := filepath.Join(t.TempDir(), "table.csv")
	table := "arch,good,bad\n"
	for i, bad := range []string{"3", "NaN"} {
		table += `"` + archs[i].String() + `",2,` + bad + "\n"
	}
	if err := os.WriteFile(path, []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
	of := func(column string) ([]float64, error) {
		in := Inputs{Space: space}
		truth, err := in.Accuracy(Accuracy{Source: Tabled, File: path, Column: column})
		if err != nil {
			t.Fatal(err)
		}
		return truth.Of(context.Background(), func(i int) (bench301.Architecture, error) { return archs[i], nil }, len(archs))
	}
	if v, err := of("good"); err != nil || v[0] != 2 || v[1] != 2 || v[2] == v[2] {
		t.Errorf("%v, %v", v, err)
	}
	if v, err := of("bad"); err != nil || v[0] != 3 || v[1] == v[1] || v[2] == v[2] {
		t.Errorf("%v, %v", v, err)
	}
}

// TestSurrogateByName opens mini everywhere, and says what there is instead of what there is not.
func TestSurrogateByName(t *testing.T) {
	t.Setenv("BENCH301_DATA", t.TempDir())
	var in Inputs
	s, path, err := in.Surrogate("mini")
	if err != nil || path != "" || s.Info().Name != surrogate.NewMini().Info().Name {
		t.Errorf("%v at %q, %v", s, path, err)
	}
	if _, _, err := in.Surrogate("maxi"); !errors.Is(err, surrogate.ErrUnknown) {
		t.Errorf("%v", err)
	}
}
