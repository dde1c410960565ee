package analysis_test

import (
	"math"
	"strings"
	"testing"

	"rwe301/study/studytest"
)

// TestStrataAreThoseOfTheGenotype counts the convolutions of an architecture by hand.
func TestStrataAreThoseOfTheGenotype(t *testing.T) {
	_, f := studytest.MadeUp(t, t.TempDir(), 5, 1)
	counts, ok, err := f.Convolutions()
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	params, err := f.Params()
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range f.Architectures {
		want := 0
		for _, op := range []string{", 3)", ", 4)", ", 5)", ", 6)"} { // sep3, sep5, dil3, dil5 in NASLib's numbering
			want += strings.Count(a.Arch, op)
		}
		if counts[i] != want {
			t.Errorf("%s: %d convolutions, want %d", a.Arch, counts[i], want)
		}
		if math.IsNaN(params[i]) || params[i] < 1e5 {
			t.Errorf("%v parameters", params[i])
		}
	}
}
