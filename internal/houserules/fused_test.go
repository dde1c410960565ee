package houserules

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rwe301/internal/oracle"
)

// fusing is where a compiler may make x*y + z one instruction, which rounds once where others round twice: the kernels'
// multiply-add, whose emulation rounds once too, and pictures, from which no number is read.
var fusing = regexp.MustCompile(`^(internal/kernels/fma\.go|plots/.*):`)

// TestNothingFuses compiles the packages for arm64, whose compiler fuses, and has it name the places. The language
// promises that float64(x*y) + z is rounded twice. With an empty cache it takes minutes, then seconds.
func TestNothingFuses(t *testing.T) {
	if os.Getenv("BENCH301_ARM64") == "" {
		t.Skip("compiles everything for arm64: make arm64 sets BENCH301_ARM64")
	}
	ctx, stop := context.WithTimeout(t.Context(), 9*time.Minute)
	defer stop()
	command := func(args ...string) string {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir = oracle.Root()
		cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", args[0], err, out)
		}
		return string(out)
	}
	packages := slices.DeleteFunc(strings.Fields(command("list", "./...")), func(p string) bool {
		return strings.HasPrefix(p, "rwe301/tools/")
	})
	var places []string
	for line := range strings.Lines(command(append([]string{"build", "-gcflags=-d=fmahash=vy"}, packages...)...)) {
		if at, ok := strings.CutPrefix(line, "fmahash triggered "); ok {
			calls := strings.Split(at, "; ") // the last is in the function that was inlined
			places = append(places, strings.TrimPrefix(strings.Fields(calls[len(calls)-1])[0], "./"))
		}
	}
	slices.Sort(places)
	kernel := false
	for _, place := range slices.Compact(places) {
		kernel = kernel || strings.HasPrefix(place, "internal/kernels/fma.go:")
		if !fusing.MatchString(place) && !strings.Contains(place, "gonum.org") {
			t.Errorf("%s: a product is added without rounding on arm64: write float64(x*y) + z or float32(x*y) + z", place)
		}
	}
	if !kernel {
		t.Error("not even the kernels' multiply-add is fused: this test no longer sees what the compiler does")
	}
}
