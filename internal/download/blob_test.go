package download

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSum has the ids that `git hash-object` and `sha256sum` print.
func TestSum(t *testing.T) {
	for _, c := range []struct{ content, blob, sha256 string }{
		{"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
			"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"hello\n", "ce013625030ba8dba906f756967f9e9ca394464a",
			"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"},
	} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(c.content), 0o666); err != nil {
			t.Fatal(err)
		}
		got, err := Sum(t.Context(), path)
		if err != nil || got != (Sums{c.sha256, c.blob}) {
			t.Errorf("%q: %+v, %v", c.content, got, err)
		}
		for _, want := range []Sums{{}, {Blob: strings.ToUpper(c.blob)}, {c.sha256, c.blob}} {
			if err := got.Check(path, want); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestSumRefuses(t *testing.T) {
	got := Sums{strings.Repeat("0", 64), strings.Repeat("1", 40)}
	for _, c := range []struct {
		want Sums
		text string
	}{
		{Sums{SHA256: strings.Repeat("2", 64)}, "f: its SHA-256 is 000"},
		{Sums{Blob: strings.Repeat("A", 40)}, "f: its git blob id is " + got.Blob + ", not " + strings.Repeat("a", 40)},
		{Sums{Blob: "12"}, `blob id "12": must be 40 hexadecimal digits`},
		{Sums{SHA256: strings.Repeat("g", 64)}, "must be 64 hexadecimal digits"},
	} {
		if err := got.Check("f", c.want); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%v, want %q", err, c.text)
		}
	}
	if _, err := Sum(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("a folder: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "f")
	_ = os.WriteFile(path, []byte("x"), 0o666)
	if _, err := Sum(ctx, path); err == nil {
		t.Error("a cancelled sum has no error")
	}
}
