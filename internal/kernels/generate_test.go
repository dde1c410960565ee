package kernels

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestGenerated writes the assembly and the Go beside it anew, in a copy of this folder, and compares. The generator is
// a module of its own, which needs avo from the module cache or the network.
func TestGenerated(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	run := func(dir string, arguments ...string) ([]byte, error) {
		cmd := exec.CommandContext(ctx, "go", arguments...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOOS=", "GOARCH=") // the generator runs here
		return cmd.CombinedOutput()
	}
	if out, err := run("gen", "mod", "download"); err != nil {
		t.Skipf("no modules for the generator: %v: %.300s", err, out)
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	committed := generated(t, folder)
	for name := range committed {
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := run(filepath.Join(folder, "gen"), "generate"); err != nil {
		t.Fatalf("go generate: %v: %s", err, out)
	}
	written := generated(t, folder)
	for name, text := range committed {
		if written[name] != text {
			t.Errorf("%s is not what the generator writes: run make kernels", name)
		}
		delete(written, name)
	}
	for name := range written {
		t.Errorf("the generator writes %s, which is not here: run make kernels", name)
	}
}

// generated reads the generated files of a folder by name.
func generated(t *testing.T, folder string) map[string]string {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(text), "// Code generated ") {
			texts[f.Name()] = string(text)
		}
	}
	return texts
}
