package houserules

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"rwe301/internal/oracle"
)

// TestTidy needs the modules that tests of other modules use, so a network or a full module cache.
func TestTidy(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	for _, name := range []string{"go.mod", "go.sum"} { // so that go test forgets the result when they change
		if _, err := os.ReadFile(filepath.Join(oracle.Root(), name)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(ctx, "go", "mod", "tidy", "-diff")
	cmd.Dir = oracle.Root()
	diff, err := cmd.Output()
	if len(diff) > 0 {
		t.Fatalf("go.mod or go.sum is not tidy: run go mod tidy\n%s", diff)
	}
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Skipf("go mod tidy cannot tell without all modules: %v: %.300s", err, failed.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
}
