package search

import (
	"bytes"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestTemplateIsLegal parses the template as it is, where it says what Default says, and with everything uncommented
// that can be at once. Every key and algorithm is in it.
func TestTemplateIsLegal(t *testing.T) {
	var b bytes.Buffer
	if err := Template(&b); err != nil {
		t.Fatal(err)
	}
	d, err := Parse("template.yaml", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Name, want.Methods, want.Base, want.file = d.Name, d.Methods, d.Base, d.file
	if !reflect.DeepEqual(d, want) {
		t.Errorf("the template says %+v, the defaults are %+v", d, want)
	}
	full := regexp.MustCompile(`(?m)^( *)# (\w+: |- \{)`).ReplaceAllString(b.String(), "$1$2")
	full = strings.NewReplacer("source: mini", "source: table", "name: sample ", "name: folder ").Replace(full)
	if d, err = Parse("template.yaml", []byte(full)); err != nil {
		t.Fatal(err)
	}
	if len(d.Methods) != 5 || len(d.Limits) != 1 || d.Accuracy.Column == "" || d.Dataset.Test == 0 {
		t.Errorf("not everything was uncommented: %+v", d)
	}
	for _, name := range Algorithms() {
		if !strings.Contains(b.String(), name) {
			t.Errorf("%s is missing", name)
		}
	}
}
