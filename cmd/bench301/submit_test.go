package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSubmitWithoutSlurm writes a script all the same, and says where.
func TestSubmitWithoutSlurm(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("PATH", dir)
	text := "name: my\narchitectures: {sample: 3}\naccuracy: none\nestimators: [params]\n"
	if err := os.WriteFile("my.yaml", []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	status := run(t.Context(), []string{"study", "submit", "my.yaml", "--slurm"}, strings.NewReader(""), &out, &errs)
	want := "no sbatch on this machine's PATH: not submitted: the script is " + filepath.Join("runs", "my-slurm", "job.sh")
	if status != exitFailure || !strings.Contains(errs.String(), want) || !strings.Contains(errs.String(), "--dry-run") ||
		out.Len() > 0 {
		t.Errorf("%d: %s%s", status, out.String(), errs.String())
	}
	script, err := os.ReadFile(filepath.Join("runs", "my-slurm", "job.sh"))
	if err != nil || !strings.HasPrefix(string(script), "#!/bin/bash\n") {
		t.Errorf("%s, %v", script, err)
	}
}

// TestSubmitTwiceAtOnce has only one of two submissions at the same instant submit.
func TestSubmitTwiceAtOnce(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh here")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	for name, text := range map[string]string{
		"my.yaml": "name: my\narchitectures: {sample: 3}\naccuracy: none\nestimators: [params]\n",
		"sbatch":  "#!/bin/sh\n: >asked\nuntil [ -e answer ]; do sleep 0.05; done\necho 1\n",
		"squeue":  "#!/bin/sh\necho 1 PENDING\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	submit := func() (status int, said string) {
		var out, errs bytes.Buffer
		args := []string{"study", "submit", "my.yaml", "--slurm", "--array", "1"}
		status = run(t.Context(), args, strings.NewReader(""), &out, &errs)
		return status, out.String() + errs.String()
	}
	first := make(chan string)
	go func() {
		_, said := submit()
		first <- said
	}()
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat("asked"); err == nil {
			break
		}
		if time.Since(start) > time.Minute {
			t.Fatal("sbatch was not asked")
		}
	}
	status, said := submit()
	if status != exitFailure || !strings.Contains(said, "is being submitted by another command") {
		t.Errorf("the second at the same instant: %d: %s", status, said)
	}
	if err := os.WriteFile("answer", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if said := <-first; !strings.Contains(said, "array   job 1, tasks 1") {
		t.Errorf("the first: %s", said)
	}
	status, said = submit()
	if status != exitFailure || !strings.Contains(said, "not finished: 1 PENDING") {
		t.Errorf("the second thereafter: %d: %s", status, said)
	}
}
