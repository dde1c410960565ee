package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rwe301/internal/oracle"
)

// slurmCluster is a Slurm of two nodes that tools/slurm/run.sh started, and a folder in which commands run.
type slurmCluster struct {
	t   *testing.T
	dir string
}

// startSlurm starts a Slurm for as long as the test takes, or skips the test where that cannot be.
func startSlurm(t *testing.T) *slurmCluster {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	path := os.Getenv("PATH") + ":/usr/sbin:/sbin" // where Debian has the daemons
	t.Setenv("PATH", path)
	for _, program := range []string{"bash", "sbatch", "slurmctld", "slurmd", "munged"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s here: apt-get install slurm-wlm munge", program)
		}
	}
	cmd := exec.Command(filepath.Join(oracle.Root(), "tools", "slurm", "run.sh"), "sh", "-c", `echo "$SLURM_CONF"; cat`)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the command ends with its input, and Slurm with the command
		_ = in.Close()
		_ = cmd.Wait()
	})
	conf, err := bufio.NewReader(out).ReadString('\n')
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if err != nil {
		t.Fatalf("no Slurm: %v: %s", err, said.String())
	}
	t.Setenv("SLURM_CONF", strings.TrimSpace(conf))
	return &slurmCluster{t, t.TempDir()}
}

// run runs a command, which must succeed, and returns what it printed.
func (c *slurmCluster) run(name string, args ...string) string {
	c.t.Helper()
	out, errs, err := c.try(name, args...)
	if err != nil {
		c.t.Fatalf("%s %s: %v: %s%s", name, strings.Join(args, " "), err, out, errs)
	}
	return out
}

func (c *slurmCluster) try(name string, args ...string) (out, errs string, err error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "BENCH301_DATA="+filepath.Join(c.dir, "cache"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// until waits for something.
func (c *slurmCluster) until(what string, is func() bool) {
	c.t.Helper()
	for start := time.Now(); !is(); time.Sleep(200 * time.Millisecond) {
		if time.Since(start) > 3*time.Minute {
			c.t.Fatalf("%s: not within 3 minutes: %s\n%s", what, c.run("squeue", "--array"), c.logs())
		}
	}
}

// idle waits until no job is left.
func (c *slurmCluster) idle() {
	c.t.Helper()
	c.until("the jobs end", func() bool { return c.run("squeue", "--noheader") == "" })
}

// logs is what the tasks said.
func (c *slurmCluster) logs() string {
	files, _ := filepath.Glob(filepath.Join(c.dir, "runs", "*-slurm", "*.log"))
	var all strings.Builder
	for _, f := range files {
		text, _ := os.ReadFile(f)
		fmt.Fprintf(&all, "== %s\n%s", filepath.Base(f), text)
	}
	return all.String()
}

// export are the scores of a run, those of a shard too while it is worked on; "" where there is no run yet.
func (c *slurmCluster) export(run string, flags ...string) string {
	out, _, _ := c.try("bench301", append([]string{"study", "export", run}, flags...)...)
	return out
}

// scored says whether a run has so many scores of the slow estimator at least.
func (c *slurmCluster) scored(run string, n int) bool {
	return strings.Count(c.export(run), ",mine,") >= n
}

// napping is a study with an estimator that takes half a second: 24 architectures, so that each of four shards takes
// three seconds.
const napping = `name: nap
architectures: {sample: 24}
accuracy: mini
estimators:
  - params
  - {name: rwe, settings: {channels: 2, layers: 3, resolution: 16, train_images: 20, batch: 20, epochs: 2}}
  - name: mine
    command: [sh, -c, 'sleep 0.5; read l; echo "{\"score\": $(echo "$l" | cksum | cut -c 1-4)}"']
`

// TestSlurm runs studies on a real Slurm with two node names. Each time the scores must be those of one machine to the
// byte, and nothing that was on disk may be made again.
func TestSlurm(t *testing.T) {
	c := startSlurm(t)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("nap.yaml", napping)
	c.run("bench301", "study", "run", "nap.yaml", "--out", "whole", "--jobs", "12")
	want := c.export("whole", "--no-times")
	same := func(run string) {
		t.Helper()
		if got := c.export(run, "--no-times"); got != want {
			t.Errorf("%s: another export:\n%s\nwant\n%s\n%s", run, got, want, c.logs())
		}
	}
	// Scores stay as they were, with their seconds.
	kept := func(before, run string) {
		t.Helper()
		after := c.export(run)
		for line := range strings.Lines(before) {
			if !strings.Contains(after, line) {
				t.Errorf("%s: made again: %s", run, line)
			}
		}
	}

	t.Run("undisturbed", func(t *testing.T) {
		out := c.run("bench301", "study", "submit", "nap.yaml", "--slurm", "--array", "4")
		if !strings.Contains(out, "tasks 1-4") || !strings.Contains(out, "into "+filepath.Join("runs", "nap")) {
			t.Errorf("printed %s", out)
		}
		_, errs, err := c.try("bench301", "study", "submit", "nap.yaml", "--slurm")
		if err == nil || !strings.Contains(errs, "jobs of the last submission are not finished") {
			t.Errorf("a second submission while the first runs: %v: %s", err, errs)
		}
		c.idle()
		same(filepath.Join("runs", "nap"))
		for _, node := range []string{"on node1", "on node2"} {
			if !strings.Contains(c.logs(), node) {
				t.Errorf("no task %s: %s", node, c.logs())
			}
		}
		_, errs, err = c.try("bench301", "study", "submit", "nap.yaml", "--slurm")
		if err != nil || !strings.Contains(errs, "is complete: nothing to submit") {
			t.Errorf("%v: %s", err, errs)
		}
	})

	if os.Getenv("BENCH301_TEST_SLURM") != "all" {
		t.Log("the rest takes minutes: BENCH301_TEST_SLURM=all tries it too")
		return
	}
	t.Run("disturbed", func(t *testing.T) {
		out := filepath.Join("runs", "hit")
		part := func(i int) string { return fmt.Sprintf("%s-%d-of-4", out, i) }
		text := c.run("bench301", "study", "submit", "nap.yaml", "--slurm", "--array", "4", "--requeue", "3", "--out", out)
		id := regexp.MustCompile(`array +job (\d+)`).FindStringSubmatch(text)[1]
		c.until("every shard has a score", func() bool {
			return c.scored(part(1), 1) && c.scored(part(2), 1) && c.scored(part(3), 1) && c.scored(part(4), 1)
		})
		before := []string{c.export(part(1)), c.export(part(2)), c.export(part(3)), c.export(part(4))}
		c.run("scontrol", "requeue", id+"_1")                 // as where a node fails
		c.run("scancel", "--signal=TERM", "--batch", id+"_2") // as before the time is up
		c.run("scancel", id+"_3")                             // by the user, and for good
		c.run("scancel", "--signal=KILL", "--full", id+"_4")  // as where there is no memory
		c.idle()
		logs := c.logs()
		if !strings.Contains(logs, "out of time: back into the queue") {
			t.Errorf("the task that was told to end did not go back into the queue: %s", logs)
		}
		if n := strings.Count(logs, "study resume "+part(3)); n != 1 { // what the first told at its end
			t.Errorf("the task that was cancelled was begun again: %s", logs)
		}
		if !strings.Contains(logs, "not merged, the study is not complete:\n  "+part(3)+": lacks") {
			t.Errorf("the merge did not say what lacks: %s", logs)
		}
		for i := range before {
			kept(before[i], part(i+1))
		}
		if _, err := os.Stat(filepath.Join(c.dir, out)); err == nil {
			t.Error("a study that is not complete was merged")
		}
		done := c.export(part(1)) + c.export(part(2))
		_, errs, err := c.try("bench301", "study", "submit", "nap.yaml", "--slurm", "--out", out)
		if err != nil || !strings.Contains(errs, "2 of 4 shards are complete: left is 3-4") {
			t.Fatalf("%v: %s%s", err, errs, c.logs())
		}
		c.idle()
		same(out)
		kept(done, out)
		for i := range before {
			kept(before[i], out)
		}
	})

	t.Run("searches first", func(t *testing.T) {
		write("s.yaml", "name: s\nmethods: [{name: random, algorithm: random, objectives: [params, macs]}]\n"+
			"population: 4\ngenerations: 2\nseeds: [1]\n")
		write("over.yaml", "name: over\narchitectures: {search: s.yaml}\naccuracy: mini\nestimators: [params, depth]\n")
		c.run("bench301", "study", "submit", "over.yaml", "--slurm", "--array", "2")
		c.idle()
		c.run("bench301", "study", "run", "over.yaml", "--out", "over")
		got, want := c.export(filepath.Join("runs", "over"), "--no-times"), c.export("over", "--no-times")
		if got != want || got == "" {
			t.Errorf("another export:\n%s\nwant\n%s\n%s", got, want, c.logs())
		}
	})

	// A task with a limit of a minute is told to save half a minute before, and goes on later.
	t.Run("time limit", func(t *testing.T) {
		write("long.yaml", strings.ReplaceAll(strings.Replace(napping, "sleep 0.5", "sleep 3", 1), "name: nap", "name: long"))
		c.run("bench301", "study", "submit", "long.yaml", "--slurm", "--array", "1", "--time", "1", "--grace", "30")
		c.until("a score", func() bool { return c.scored(filepath.Join("runs", "long"), 1) })
		c.idle()
		before := c.export(filepath.Join("runs", "long"))
		if n := strings.Count(before, ",mine,"); n < 1 || n == 24 {
			t.Errorf("%d scores within the limit of time", n)
		}
		if logs := c.logs(); !strings.Contains(logs, "saved; go on with: bench301 study resume runs/long") {
			t.Errorf("not told to save: %s", logs)
		}
		c.run("bench301", "study", "submit", "long.yaml", "--slurm", "--array", "1", "--cpus-per-task", "2")
		c.idle()
		kept(before, filepath.Join("runs", "long"))
		if n := strings.Count(c.export(filepath.Join("runs", "long")), ",mine,"); n != 24 {
			t.Errorf("%d of 24 scores", n)
		}
	})
}

// TestSlurmPage does what docs/slurm.md tells a user to do.
func TestSlurmPage(t *testing.T) {
	startSlurm(t)
	follow(t, filepath.Join(oracle.Root(), "docs", "slurm.md"))
}
