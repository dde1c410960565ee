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

// TestSignals ends commands that read what never comes.
func TestSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such signals")
	}
	if os.Getenv("BENCH301_TEST_MAIN") != "" {
		os.Args = append(os.Args[:1], strings.Split(os.Getenv("BENCH301_TEST_MAIN"), " ")...)
		main()
	}
	dir := t.TempDir()
	if err := exec.Command("mkfifo", filepath.Join(dir, "pipe")).Run(); err != nil {
		t.Skip(err)
	}
	nap := "name: nap\narchitectures: {sample: 2}\naccuracy: none\n" +
		"estimators: [params, {name: mine, command: [sleep, \"60\"]}]\n"
	if err := os.WriteFile(filepath.Join(dir, "nap.yaml"), []byte(nap), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line    string
		signals []syscall.Signal
		status  int
	}{
		{"complexity pipe", []syscall.Signal{syscall.SIGINT}, 130},
		{"study plan pipe", []syscall.Signal{syscall.SIGTERM}, 143},
		{"surrogate info pipe", []syscall.Signal{syscall.SIGTERM, syscall.SIGTERM}, 143},
		{"correlate pipe", []syscall.Signal{syscall.SIGHUP}, 129},
		{"query -", []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}, 143},
		{"study run nap.yaml", []syscall.Signal{syscall.SIGTERM, syscall.SIGTERM}, 143}, // told twice, and saves
		{"serve --listen 127.0.0.1:0", []syscall.Signal{syscall.SIGTERM}, 0},
	} {
		t.Run(c.line, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestSignals$")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "BENCH301_TEST_MAIN="+c.line, "BENCH301_DATA="+dir)
			in, err := cmd.StdinPipe() // never closed
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			var said bytes.Buffer
			cmd.Stderr = &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }).Stop()
			time.Sleep(2 * time.Second)
			for _, s := range c.signals {
				_ = cmd.Process.Signal(s)
				time.Sleep(20 * time.Millisecond)
			}
			_ = cmd.Wait()
			if strings.HasPrefix(c.line, "study run") && !strings.Contains(said.String(), "bench301: saved; go on with") {
				t.Errorf("not saved: %s", said.String())
			}
			if got := cmd.ProcessState.ExitCode(); got != c.status {
				t.Errorf("exit status %d, want %d: %s", got, c.status, said.String())
			}
		})
	}
}
