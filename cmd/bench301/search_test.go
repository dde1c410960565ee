package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const killedSearch = `name: killed
methods:
  - {name: nsga2, algorithm: nsga2, objectives: ["featstd:train_images=20,batch=20,channels=4,layers=5,resolution=16", macs]}
  - {name: aging, algorithm: aging, objectives: ["featstd:train_images=20,batch=20,channels=4,layers=5,resolution=16", macs]}
population: 6
generations: 5
seeds: [1, 2]
`

// TestKilledSearchesEndAlike kills a search with SIGKILL again and again and resumes it, with one and with eight
// workers. The fronts and indicators must be those of a search that nobody disturbed.
func TestKilledSearchesEndAlike(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	definition := filepath.Join(dir, "search.yaml")
	if err := os.WriteFile(definition, []byte(killedSearch), 0o644); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	quiet := filepath.Join(dir, "quiet")
	want, err := exec.Command(bin, "search", definition, "--out", quiet, "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	whole := time.Since(start)
	for _, workers := range []int{1, 8} {
		runDir := filepath.Join(dir, fmt.Sprint("killed", workers))
		var got []byte
		kills := 0
		for {
			args := []string{"search", definition, "--out", runDir}
			if _, err := os.Stat(filepath.Join(runDir, "search.json")); err == nil {
				args = []string{"search", "--resume", runDir}
			} else if err := os.RemoveAll(runDir); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			cmd := exec.Command(bin, append(args, "--json", "--jobs", fmt.Sprint(workers))...)
			cmd.Stdout = &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- cmd.Wait() }()
			patience := whole/3 + time.Duration(kills)*whole/20
			if kills > 8 {
				patience = time.Hour // it makes progress too slowly to be disturbed further
			}
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				got = out.Bytes()
			case <-time.After(patience):
				_ = cmd.Process.Kill()
				<-done
				kills++
			}
			if got != nil {
				break
			}
		}
		if kills == 0 {
			t.Errorf("%d workers: the search ended before it could be killed", workers)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%d workers, killed %d times: other fronts than an undisturbed search's", workers, kills)
		}
		for _, name := range []string{"runs.csv", "fronts.csv", "summary.md"} {
			a, errA := os.ReadFile(filepath.Join(quiet, "report", name))
			b, errB := os.ReadFile(filepath.Join(runDir, "report", name))
			if errA != nil || errB != nil || !bytes.Equal(a, b) {
				t.Errorf("%d workers, killed %d times: %s differs (%v %v)", workers, kills, name, errA, errB)
			}
		}
	}
}
