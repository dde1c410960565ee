package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/bench301"
)

// TestSearchNASBench201 searches the second space with accuracies from a table of all its architectures.
func TestSearchNASBench201(t *testing.T) {
	dir := t.TempDir()
	accuracy := map[string]float64{}
	var table strings.Builder
	table.WriteString("arch,accuracy\n")
	for n := range 15625 {
		var g bench301.Genotype201
		value := 50.0
		for k := range g {
			g[k] = bench301.Operation201(n % bench301.NumOperations201)
			value += []float64{0, 1, 3, 5, 2}[g[k]] // accurate networks are large
			n /= bench301.NumOperations201
		}
		accuracy[g.String()] = value
		fmt.Fprintf(&table, "%s,%v\n", g, value)
	}
	definition := `name: small
space: nasbench201
methods:
  - {name: params, algorithm: nsga2, objectives: [accuracy, macs]}
accuracy: {source: table, file: table.csv, column: accuracy}
population: 10
generations: 8
`
	for name, text := range map[string]string{"table.csv": table.String(), "search.yaml": definition} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	args := []string{"search", filepath.Join(dir, "search.yaml"), "--out", filepath.Join(dir, "run"), "--json"}
	if code := run(context.Background(), args, strings.NewReader(""), &out, &errs); code != exitOK {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	rows := 0
	for line := range strings.Lines(out.String()) {
		var row struct {
			Arch     string
			Accuracy float64
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		if want, ok := accuracy[row.Arch]; !ok || row.Accuracy != want {
			t.Errorf("%s has accuracy %v, want %v", row.Arch, row.Accuracy, want)
		}
		rows++
	}
	if rows < 3 {
		t.Errorf("a front of %d", rows)
	}
}
