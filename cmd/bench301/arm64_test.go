package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"rwe301/estimators"
	"rwe301/internal/oracle"
)

// lastDigits are the estimators whose scores may differ between processors in the last digits. They end in eigenvalues,
// inverses, determinants or fits by a library that adds in another order, or fuses, on another processor, or in
// logarithms and exponentials: Go's are not of the same bits everywhere.
var lastDigits = strings.Fields(`zico zen synflow regswap val-loss train-loss sotl sotl-e tse-ema
	effdim map-effdim effdim-cell nwot jacov epe_nas jacov-eval epe_nas-eval meco meco_opt
	az-expressivity az-progressivity az-trainability near ntk-eval dextr-eval wrcor vkdnw
	lce-power lce-logpower lce-ensemble`)

// TestScoresOnArm64 scores an architecture with every estimator on this processor and, emulated, on arm64: the scores
// have the same bits, but for lastDigits.
func TestScoresOnArm64(t *testing.T) {
	if os.Getenv("BENCH301_ARM64") == "" {
		t.Skip("compiles the program for arm64 and scores with every estimator: make arm64 sets BENCH301_ARM64")
	}
	emulator, err := exec.LookPath("qemu-aarch64-static")
	if err != nil || runtime.GOARCH != "amd64" || runtime.GOOS != "linux" {
		t.Skip("needs linux/amd64 and qemu-aarch64-static (Debian's qemu-user-static)")
	}
	here, there := filepath.Join(t.TempDir(), "amd64"), filepath.Join(t.TempDir(), "arm64")
	for arch, program := range map[string]string{"amd64": here, "arm64": there} {
		build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/bench301")
		build.Dir = oracle.Root()
		build.Env = append(os.Environ(), "GOARCH="+arch, "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	args := []string{"score", "--json", "[[(0, 5), (1, 0), (0, 5), (2, 4), (0, 3), (1, 0), (3, 6), (4, 1)], " +
		"[(0, 5), (1, 0), (1, 1), (2, 1), (1, 2), (3, 1), (2, 2), (3, 1)]]"}
	for _, e := range estimators.All() {
		args = append(args, "-e", small(t, e.Name))
	}
	want, got := scores(t, here, args...), scores(t, emulator, append([]string{there}, args...)...)
	for _, e := range estimators.All() {
		w, ok := want[e.Name]
		g, also := got[e.Name]
		switch {
		case !ok || !also:
			t.Errorf("%s: no score", e.Name)
		case w == g:
		case !slices.Contains(lastDigits, e.Name):
			t.Errorf("%s is %v on arm64, %v on amd64", e.Name, g, w)
		case !(math.Abs(w-g) <= 1e-9*math.Abs(w)):
			t.Errorf("%s is %v on arm64, %v on amd64: more than the last digits differ", e.Name, g, w)
		}
	}
}

// small is an estimator with settings that make it fast.
func small(t *testing.T, name string) string {
	t.Helper()
	defaults, err := estimators.Defaults(name)
	if err != nil {
		t.Fatal(err)
	}
	var has map[string]any
	if err := json.Unmarshal(defaults, &has); err != nil {
		t.Fatal(err)
	}
	var chosen []string
	for _, pair := range strings.Fields("channels=4 layers=3 resolution=8 batch=10 train_images=20 val_images=10 epochs=4 " +
		"head_batch=10 mu=800 sigma=40000") {
		if key, _, _ := strings.Cut(pair, "="); has[key] != nil {
			chosen = append(chosen, pair)
		}
	}
	return strings.TrimSuffix(name+":"+strings.Join(chosen, ","), ":")
}

// scores runs a program that prints scores of one architecture.
func scores(t *testing.T, program string, args ...string) map[string]float64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	var failed bytes.Buffer
	cmd.Stderr = &failed
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, failed.String())
	}
	all := map[string]float64{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var row struct {
			Estimator string
			Score     *float64
		}
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		if row.Score != nil {
			all[row.Estimator] = *row.Score
		}
	}
	return all
}
