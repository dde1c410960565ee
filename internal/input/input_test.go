package input

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := Read(path, 5); err != nil || string(data) != "12345" {
		t.Errorf("%q, %v", data, err)
	}
	large := (*TooLarge)(nil)
	if _, err := Read(path, 4); !errors.As(err, &large) || !strings.Contains(err.Error(), "more than 4 bytes") {
		t.Errorf("5 bytes of 4: %v", err)
	}
	if err := os.Truncate(path, 2<<30); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path, 1<<20); !errors.As(err, &large) || !strings.Contains(err.Error(), path) {
		t.Errorf("sparse file: %v", err)
	}
	if _, err := Read(dir, 1<<20); err == nil || !strings.Contains(err.Error(), "a folder") {
		t.Errorf("folder: %v", err)
	}
	if _, err := os.Stat("/dev/zero"); err == nil {
		if _, err := Read("/dev/zero", 1<<10); !errors.As(err, &large) {
			t.Errorf("/dev/zero: %v", err)
		}
	}
	if _, err := All(strings.NewReader("123456"), 5); !errors.As(err, &large) {
		t.Errorf("reader: %v", err)
	}
}

func TestNoText(t *testing.T) {
	for head, want := range map[string]string{
		"": "", "arch,a\n": "", "\ufeff[[": "", "caf\xe9": "", "PK\x03\x04": "zip", "\x1f\x8b\x08": "gzip", "PAR1": "Parquet",
		"\xff\xfe[\x00": "UTF-16", "\xfe\xff\x00[": "UTF-16", "[\x00[\x00": "UTF-16", "\x00[\x00[": "UTF-16",
		"\x80\x04\x95": "pickle", "\x00\x00\x00\x00": "", "abc\x00": "",
	} {
		if got := NoText([]byte(head)); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%q: %q, want %q", head, got, want)
		}
	}
}
