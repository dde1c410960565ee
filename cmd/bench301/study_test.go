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
architectures: {sample: 160}
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
	run("study", "run", definition, "--out", quiet)
	want := exports(quiet)
	const scores = 160 * (1 + 2 + 2)
	if n := bytes.Count(want["csv"], []byte("\n")); n != scores+1 {
		t.Fatalf("%d lines, want %d", n, scores+1)
	}

	const kills = 4
	for _, workers := range []int{1, 8} {
		runDir := filepath.Join(dir, fmt.Sprint("killed", workers))
		args := []string{"study", "run", definition, "--out", runDir}
		inTheMiddle, have := 0, 0
		for kill := range kills {
			cmd := exec.Command(bin, append(args, "--jobs", fmt.Sprint(workers))...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- cmd.Wait() }()
			if kill == 0 {
				time.Sleep(40 * time.Millisecond) // while the folder is being made, or soon after
			} else {
				waitFor(t, runDir, have+scores/(kills+2), done)
			}
			_ = cmd.Process.Kill()
			<-done
			now := saved(t, runDir)
			if now < have {
				t.Errorf("%d workers: %d scores after a kill, there were %d before", workers, now, have)
			}
			if have = now; have > 0 && have < scores {
				inTheMiddle++
			}
			if _, err := study.Open(runDir); err == nil {
				args = []string{"study", "resume", runDir}
			}
		}
		if inTheMiddle < 2 {
			t.Errorf("%d workers: %d kills came in the middle of the run, want 2 at least", workers, inTheMiddle)
		}
		run(append(args, "--jobs", fmt.Sprint(workers))...)
		for f, got := range exports(runDir) {
			if !bytes.Equal(got, want[f]) {
				t.Errorf("%d workers, killed: the %s export differs from an undisturbed run's", workers, f)
			}
		}
	}
}

// waitFor returns when a run folder holds n scores, or when its process has ended.
func waitFor(t *testing.T, dir string, n int, done chan error) {
	t.Helper()
	for saved(t, dir) < n {
		select {
		case err := <-done:
			done <- err
			return
		case <-time.After(5 * time.Millisecond):
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
