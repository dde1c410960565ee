package dataset

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func TestPack(t *testing.T) {
	odd, err := New("mine", []string{"a", "b\n"}, Split{2, 3, bytes.Repeat([]byte{7}, 36), []int{1, 0}}, Split{},
		ImageNetNormalisation)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Set{Sample(), odd} {
		var b bytes.Buffer
		if err := s.Pack(&b); err != nil {
			t.Fatal(err)
		}
		whole := b.Bytes()
		back, err := Unpack(bytes.NewReader(whole))
		if err != nil {
			t.Fatal(err)
		}
		if back.Hash != s.Hash || back.Name != s.Name || !reflect.DeepEqual(back.Classes, s.Classes) ||
			back.Normalisation != s.Normalisation || back.ContentHash() != s.ContentHash() {
			t.Errorf("%s came back as %s %s", s.Name, back.Name, back.Hash)
		}
		for _, n := range []int{0, 5, len(whole) / 2, len(whole) - 1} {
			if _, err := Unpack(bytes.NewReader(whole[:n])); err == nil {
				t.Errorf("%s: the first %d of %d bytes pass", s.Name, n, len(whole))
			}
		}
	}
	for _, head := range []string{
		`{"Format":1,"Train":{"N":-1}}`, `{"Format":1,"Train":{"N":1000000,"Height":16000,"Width":16000}}`, `{"Format":2}`, `[]`,
		`{"Format":1,"Train":{"N":100000000,"Height":4,"Width":4}}`,
	} {
		if _, err := Unpack(strings.NewReader(head + "\n")); err == nil {
			t.Errorf("%s: no error", head)
		}
	}
}
