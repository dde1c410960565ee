package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestStudySearchKilled ends a study in its searches, by kill -9 and by Ctrl-C. It goes on to the same bytes.
func TestStudySearchKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such signals")
	}
	if os.Getenv("BENCH301_TEST_MAIN") != "" {
		os.Args = append(os.Args[:1], strings.Split(os.Getenv("BENCH301_TEST_MAIN"), " ")...)
		main()
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"searches.yaml": "name: few\npopulation: 4\ngenerations: 4\nseeds: 1..2\nmethods:\n" +
			"  - {name: a, algorithm: nsga2, objectives: [\"rwe-ridge:resolution=16,train_images=100,val_images=100\", macs]}\n",
		"study.yaml": "name: over\narchitectures: {search: searches.yaml, of: both}\nestimators: [params, macs, " +
			"{name: rwe-ridge, settings: {resolution: 16, train_images: 100, val_images: 100}}]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	command := func(line string) (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestStudySearchKilled$")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "BENCH301_TEST_MAIN="+line, "BENCH301_DATA="+dir)
		var said bytes.Buffer
		cmd.Stderr = &said
		return cmd, &said
	}
	output := func(line string) string {
		t.Helper()
		cmd, said := command(line)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, said)
		}
		return string(out) + said.String()
	}
	// stopped runs a command until its searches are under way, and returns its exit status.
	stopped := func(line string, by os.Signal) (int, string) {
		t.Helper()
		cmd, said := command(line)
		before, _ := os.Stat(filepath.Join(dir, "run", "search", "scores.db-wal"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }).Stop()
		for range 3000 {
			now, err := os.Stat(filepath.Join(dir, "run", "search", "scores.db-wal"))
			if err == nil && now.Size() > 60_000 && (before == nil || now.ModTime().After(before.ModTime())) {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		_ = cmd.Process.Signal(by)
		_ = cmd.Wait()
		return cmd.ProcessState.ExitCode(), said.String()
	}
	if status, said := stopped("study run study.yaml --out run", syscall.SIGKILL); status != -1 {
		t.Fatalf("ended by itself, %d: %s", status, said)
	}
	for _, line := range []string{"study status run", "status run", "runs run"} {
		if got := output(line); !strings.Contains(got, "its searches come first") {
			t.Errorf("%s: %s", line, got)
		}
	}
	if status, said := stopped("study resume run", syscall.SIGINT); status != 130 ||
		!strings.Contains(said, "saved; go on with: bench301 study resume run") {
		t.Errorf("interrupted: %d: %s", status, said)
	}
	if got := output("study resume run"); !strings.Contains(got, "searches complete: ") ||
		!strings.Contains(got, "run complete: run") {
		t.Errorf("resumed: %s", got)
	}
	output("study run study.yaml --out whole")
	want, got := output("study export whole --no-times"), output("study export run --no-times")
	if got != want || strings.Count(got, "\n") < 40 {
		t.Errorf("resumed to\n%s\nwant\n%s", got, want)
	}
}
