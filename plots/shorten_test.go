package plots

import (
	"slices"
	"testing"
	"unicode/utf8"
)

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		width       int
		names, want []string
	}{
		{20, []string{"params", "nwot"}, []string{"params", "nwot"}},
		{12, []string{"a-very-long-estimator-name"}, []string{"a-very…-name"}},
		{20, []string{"rwe:channels=16,epochs=0,head=ridge", "rwe:channels=16,epochs=40,head=ridge"},
			[]string{"rwe:…epochs=0,head=…", "rwe:…epochs=40,head…"}},
		{14, []string{"rwe:channels=16,epochs=0,head=ridge", "rwe:channels=16,epochs=40,head=ridge"},
			[]string{"rwe:…epochs=0…", "…epochs=40,he…"}},
		{6, []string{"rwe:channels=16,epochs=0,head=ridge", "rwe:channels=16,epochs=40,head=ridge"}, nil},
		{22, []string{"rwe-ridge:lambda=0.01,resolution=8", "rwe-ridge:lambda=1,resolution=8",
			"rwe-ridge:lambda=1,resolution=4", "rwe-ridge:lambda=0.01,resolution=4"}, []string{"rwe-…0.01,resolution=8",
			"…lambda=1,resolution=8", "…lambda=1,resolution=4", "rwe-…0.01,resolution=4"}},
		{12, []string{"rwe-ridge:lambda=0.01,resolution=8", "rwe-ridge:lambda=1,resolution=8",
			"rwe-ridge:lambda=1,resolution=4", "rwe-ridge:lambda=0.01,resolution=4", "rwe-ridge:lambda=0.01,resolution=8"},
			[]string{"rwe-…0.01,8", "rwe-…1,8", "rwe-…1,4", "rwe-…0.01,4", "rwe-…0.01,8"}},
		{9, []string{"estimator number 1 of 2", "estimator number 2 of 2"}, []string{"esti…1 o…", "esti…2 o…"}},
	} {
		got := shorten(c.names, func(s string) bool { return utf8.RuneCountInString(s) <= c.width })
		if c.want != nil && !slices.Equal(got, c.want) {
			t.Errorf("within %d: %q, want %q", c.width, got, c.want)
		}
		for i, name := range got {
			if utf8.RuneCountInString(name) > c.width {
				t.Errorf("within %d: %q is longer", c.width, name)
			}
			if k := slices.Index(got, name); c.names[k] != c.names[i] {
				t.Errorf("within %d: %q twice", c.width, name)
			}
			if got[slices.Index(c.names, c.names[i])] != name {
				t.Errorf("within %d: %q is shortened in two ways", c.width, c.names[i])
			}
		}
	}
}
