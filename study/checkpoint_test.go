package study

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const slow = `name: slow
architectures: {sample: 1}
accuracy: {source: none}
estimators:
  - {name: sotl, settings: {channels: 2, layers: 3, resolution: 8, train_images: 40, val_images: 20, batch: 20, epochs: 60}}
`

// A run that ends in the middle of a training goes on from its last epoch, and clears up when all is scored.
func TestTrainingsResumeInsideAnArchitecture(t *testing.T) {
	dir := t.TempDir()
	p := prepare(t, write(t, dir, "study.yaml", slow))
	whole := create2(t, filepath.Join(dir, "whole"), p, Shard{})
	if err := whole.Do(t.Context(), p, testMachine, Options{}); err != nil {
		t.Fatal(err)
	}
	r := create2(t, filepath.Join(dir, "stopped"), p, Shard{})
	kept := func() []string {
		files, _ := filepath.Glob(filepath.Join(r.Dir, checkpointsFolder, "*.checkpoint"))
		return files
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		for len(kept()) == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		stop()
	}()
	if err := r.Do(ctx, p, testMachine, Options{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("training was over before it could be stopped: %v", err)
	}
	if len(kept()) != 1 {
		t.Fatalf("checkpoints: %v", kept())
	}
	if err := r.Do(t.Context(), p, testMachine, Options{}); err != nil {
		t.Fatal(err)
	}
	if got, want := exported(t, r), exported(t, whole); got != want {
		t.Errorf("stopped and resumed:\n%s\nin one go:\n%s", got, want)
	}
	if _, err := os.Stat(filepath.Join(r.Dir, checkpointsFolder)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of checkpoints is still there: %v", err)
	}
}
