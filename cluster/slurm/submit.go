package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// ErrAbsent is that of a machine without Slurm.
var ErrAbsent = errors.New("no sbatch on this machine's PATH")

// parsable is what sbatch --parsable prints: the number of the job, and on some clusters the name of the cluster.
var parsable = regexp.MustCompile(`^([0-9]+)(;\S*)?$`)

// Submit submits a part of the script in a file, and returns the number of the job.
func Submit(ctx context.Context, file string, p Part) (id string, err error) {
	if _, err := exec.LookPath("sbatch"); err != nil {
		return "", ErrAbsent
	}
	args := slices.Concat([]string{"--parsable"}, p.Options, []string{file}, p.Arguments)
	out, said, err := run(ctx, "sbatch", args...)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		if strings.Contains(said, "Invalid job array specification") {
			said += "\nthe numbers of tasks end below the cluster's MaxArraySize (scontrol show config): a smaller --array"
		}
		return "", fmt.Errorf("sbatch %s: %s", strings.Join(args, " "), said)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n") // a cluster may print before it
	m := parsable.FindStringSubmatch(lines[len(lines)-1])
	if m == nil {
		return "", fmt.Errorf("sbatch %s: printed no number of a job: %s", strings.Join(args, " "), out)
	}
	return m[1], nil
}

// Queued says which of jobs are queued or running still, each as Slurm writes it with its state: 123_4 RUNNING.
func Queued(ctx context.Context, jobs []string) ([]string, error) {
	if len(jobs) == 0 {
		return nil, nil
	}
	out, said, err := run(ctx, "squeue", "--noheader", "--format=%i %T", "--jobs="+strings.Join(jobs, ","))
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && strings.Contains(said, "Invalid job id"): // ended so long ago that Slurm has forgotten it
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("squeue cannot say whether jobs %s have ended: %s", strings.Join(jobs, ", "), said)
	}
	var queued []string
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); line != "" {
			queued = append(queued, line)
		}
	}
	return queued, nil
}

// run runs a command of Slurm. said is why it failed.
func run(ctx context.Context, name string, args ...string) (out, said string, err error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err = cmd.Run(); err != nil {
		if said = strings.TrimSpace(stderr.String()); said == "" {
			said = err.Error()
		}
	}
	return stdout.String(), said, err
}
