package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"rwe301/internal/oracle"
)

// The pages are what the registry and the measurements make of them.
func TestPagesAreFresh(t *testing.T) {
	m, err := readMeasurements(filepath.Join(oracle.Root(), measured))
	if err != nil {
		t.Fatal(err)
	}
	for path, render := range map[string]func(io.Writer) error{
		page:         func(w io.Writer) error { return render(w, m) },
		settingsPage: renderSettings,
	} {
		var want bytes.Buffer
		if err := render(&want); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(oracle.Root(), path))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s is stale: go run ./tools/estimatordocs", path)
		}
	}
}
