package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"rwe301/internal/oracle"
)

// The page is what the registry and the measurements make of it.
func TestPageIsFresh(t *testing.T) {
	m, err := readMeasurements(filepath.Join(oracle.Root(), measured))
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := render(&want, m); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(oracle.Root(), page))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is stale: go run ./tools/estimatordocs", page)
	}
}
