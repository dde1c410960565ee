package study

import (
	"path/filepath"
	"strings"
	"testing"
)

// A definition takes another data set and keeps the rest.
func TestWithDataset(t *testing.T) {
	const rest = "name: d\narchitectures: {sample: 3} # few\nestimators: [params]\n"
	for _, before := range []string{
		rest, "dataset: cifar10\n" + rest, rest + "dataset: {name: cifar10, path: somewhere}\n",
	} {
		text, err := WithDataset([]byte(before), "sample")
		if err != nil {
			t.Fatalf("%q: %v", before, err)
		}
		d, err := Parse("d.yaml", text)
		if err != nil {
			t.Fatalf("%q became %q: %v", before, text, err)
		}
		if d.Dataset.Name != "sample" || d.Dataset.Path != "" || d.Name != "d" || d.Architectures.Sample != 3 {
			t.Errorf("%q became %q", before, text)
		}
		folder, err := filepath.Abs("images")
		if err != nil {
			t.Fatal(err)
		}
		if text, err = WithDataset(text, folder); err != nil {
			t.Fatal(err)
		}
		if d, err = Parse("d.yaml", text); err != nil || d.Dataset.Path != folder {
			t.Errorf("%q: %+v, %v", text, d.Dataset, err)
		}
		if !strings.Contains(string(text), "# few") {
			t.Errorf("%q lost its comment: %q", before, text)
		}
	}
}
