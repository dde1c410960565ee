package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rwe301/scoring"
)

// TestBegunHere goes on with what another version or processor began only where it may.
func TestBegunHere(t *testing.T) {
	here := machine()
	other := scoring.Machine{Code: here.Code, CPU: "another"}
	for _, c := range []struct {
		begun scoring.Machine
		on    string
		want  string
		cpu   bool // whether any processor of the kind may
	}{
		{here, platform, "", true},
		{scoring.Machine{Code: here.Code}, "", "", true}, // folders of early versions do not say
		{other, platform, `run: begun on "another", this is`, true},
		{other, "linux/s390x", `run: begun on "another", this is`, false},
		{other, "", `run: begun on "another", this is`, false},
		{scoring.Machine{Code: "0123456789ab", CPU: here.CPU}, platform, "run: begun by version 0123456789ab, this is",
			false},
		{scoring.Machine{Code: "\x1b[2J" + strings.Repeat("x", 5000), CPU: here.CPU}, platform,
			`run: begun by version \x1b[2J`, false},
	} {
		err := begunHere("run", c.begun, c.on, beginners{})
		if (err == nil) != (c.want == "") || err != nil &&
			(!strings.HasPrefix(err.Error(), c.want) || len(err.Error()) > 400) {
			t.Errorf("%.50v: %v, want %q", c.begun, err, c.want)
		}
		if err := begunHere("run", c.begun, c.on, beginners{anyVersion: true}); err != nil {
			t.Errorf("%.50v: %v although any version may", c.begun, err)
		}
		if err := begunHere("run", c.begun, c.on, beginners{anyCPU: true}); (err == nil) != c.cpu {
			t.Errorf("%.50v on %s: %v although any processor of the kind may", c.begun, c.on, err)
		}
	}
}

const killedSearch = `name: killed
methods:
  - {name: nsga2, algorithm: nsga2, objectives: ["featstd:train_images=20,batch=20,channels=4,layers=5,resolution=16", macs]}
  - {name: aging, algorithm: aging, objectives: ["featstd:train_images=20,batch=20,channels=4,layers=5,resolution=16", macs]}
population: 6
generations: 5
seeds: [1, 2]
`

// TestKilledSearchesEndAlike kills a search with SIGKILL again and again and resumes it, with one and with eight
// workers, or begins it again where the kill came before it was made. The fronts
// and indicators must be those of a search that nobody disturbed.
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
			} // else it is made again, in what the kill left
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
