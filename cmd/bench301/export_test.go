package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

// TestModulesCheckThemselves exports networks of all variants, sizes and initialisations, imports them in PyTorch, and
// asks each by how much its logits differ from those of this program.
func TestModulesCheckThemselves(t *testing.T) {
	python, dir := oracle.Torch(t), t.TempDir()
	bounds := map[string]float64{} // FIXTURES.md, by module
	for i, c := range []struct {
		args  string
		bound float64
	}{
		{"DARTS_V2 -C 16 --calibrate 100", 1e-4},
		{"DARTS_V2 -C 16 --variant darts --seed 2 --calibrate 100", 1e-4},
		{"PC-DARTS -C 4 -L 5 --calibrate 150 --init uniform", 1e-5},
		{"GDAS -C 4 -L 5 --variant darts --auxiliary --classes 100 --calibrate 50 --init normal", 1e-5},
		{"P-DARTS -C 3 -L 3 --size 16x24 --init xavier", 1e-5},
		{"DARTS_V1 -C 4 -L 2 --variant darts --init orthogonal", 1e-5},
		{"DARTS_V1 -C 4 -L 3 --variant imagenet --size 64 --classes 1000", 1e-5},
		{"--space nasbench201 |nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2| " +
			"-C 4 -L 5 --calibrate 50", 1e-5},
	} {
		name := fmt.Sprintf("net%d", i)
		bounds[name] = c.bound
		var errs bytes.Buffer
		args := append(strings.Fields("export --to pytorch "+c.args), "--out", dir+"/"+name+".py")
		if code := run(context.Background(), args, strings.NewReader(""), &errs, &errs); code != exitOK {
			t.Fatalf("%s: exit %d: %s", c.args, code, errs.String())
		}
	}
	out, err := exec.CommandContext(t.Context(), python, "-c", `
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
names = ["net%d" % i for i in range(int(sys.argv[2]))]
print(json.dumps({name: dict(importlib.import_module(name).check()) for name in names}))
`, dir, fmt.Sprint(len(bounds))).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var differences map[string]map[string]float64
	if err := json.Unmarshal(out, &differences); err != nil || len(differences) != len(bounds) {
		t.Fatalf("%v: %s", err, out)
	}
	for name, bound := range bounds {
		for _, mode := range []string{"train", "eval"} {
			if off, ok := differences[name][mode]; !ok || !(off <= bound) {
				t.Errorf("%s: in mode %s the logits differ by %v (%v)", name, mode, off, ok)
			}
		}
	}
	// As a program, a module says the same.
	out, err = exec.CommandContext(t.Context(), python, dir+"/net2.py").CombinedOutput()
	if err != nil || strings.Count(string(out), "mode: logits differ from bench301's by at most ") != 2 {
		t.Errorf("%v: %s", err, out)
	}
}
