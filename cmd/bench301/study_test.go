package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"rwe301/internal/oracle"
	"rwe301/study"
)

// program builds the real thing.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bench301")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/bench301")
	cmd.Dir = oracle.Root()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

const killed = `name: killed
seed: 5
architectures: {sample: 40}
accuracy: none
seeds: [0, 1]
estimators:
  - params
  - {name: featstd, settings: {train_images: 20, batch: 20, channels: 4, layers: 5, resolution: 16}}
  - {name: effdim, settings: {train_images: 20, batch: 20, channels: 4, layers: 5, resolution: 16}}
`

// TestKilledRunsLoseNothing kills a study with SIGKILL again and again and resumes it, with one and with eight
// workers. The exports must be those of a run that nobody disturbed.
func TestKilledRunsLoseNothing(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	definition := filepath.Join(dir, "study.yaml")
	if err := os.WriteFile(definition, []byte(killed), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) []byte {
		t.Helper()
		var errs bytes.Buffer
		cmd := exec.Command(bin, args...)
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, errs.Bytes())
		}
		return out
	}
	exports := func(runDir string) map[string][]byte {
		out := map[string][]byte{}
		for _, f := range []string{"csv", "jsonl", "parquet"} {
			out[f] = run("study", "export", runDir, "--no-times", "--format", f)
		}
		return out
	}
	quiet := filepath.Join(dir, "quiet")
	start := time.Now()
	run("study", "run", definition, "--out", quiet)
	whole := time.Since(start)
	want := exports(quiet)
	const scores = 40 * (1 + 2 + 2)
	if n := bytes.Count(want["csv"], []byte("\n")); n != scores+1 {
		t.Fatalf("%d lines, want %d", n, scores+1)
	}

	for _, workers := range []int{1, 8} {
		runDir := filepath.Join(dir, fmt.Sprint("killed", workers))
		args := []string{"study", "run", definition, "--out", runDir}
		inTheMiddle, before := 0, 0
		for attempt := 0; ; attempt++ {
			cmd := exec.Command(bin, append(args, "--jobs", fmt.Sprint(workers))...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- cmd.Wait() }()
			patience := whole/5 + time.Duration(attempt%3)*whole/20
			if attempt > 12 {
				patience = time.Hour // it makes progress too slowly to be disturbed further
			}
			finished := false
			select {
			case err := <-done:
				if err != nil {
					t.Fatalf("attempt %d ended with %v", attempt, err)
				}
				finished = true
			case <-time.After(patience):
				_ = cmd.Process.Kill()
				<-done
			}
			if finished {
				break
			}
			if have := saved(t, runDir); have > 0 {
				args = []string{"study", "resume", runDir}
				if have < before {
					t.Errorf("attempt %d: %d scores, there were %d before", attempt, have, before)
				}
				if before = have; have < scores {
					inTheMiddle++
				}
			} else if _, err := study.Open(runDir); err == nil {
				args = []string{"study", "resume", runDir}
			}
		}
		if inTheMiddle == 0 {
			t.Errorf("%d workers: no kill came in the middle of the run", workers)
		}
		t.Logf("%d workers: killed %d times in the middle", workers, inTheMiddle)
		for f, got := range exports(runDir) {
			if !bytes.Equal(got, want[f]) {
				t.Errorf("%d workers, killed: the %s export differs from an undisturbed run's", workers, f)
			}
		}
	}
}

// saved counts the scores in a run folder, 0 where it is not complete enough to be one.
func saved(t *testing.T, dir string) int {
	t.Helper()
	r, err := study.Open(dir)
	if err != nil {
		return 0
	}
	defer r.Close()
	status, err := r.Status()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range status {
		n += p.OK
	}
	return n
}
