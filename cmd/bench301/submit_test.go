package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
