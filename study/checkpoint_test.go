package study_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rwe301/study"
	"rwe301/study/studytest"
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
	p := studytest.Prepare(t, studytest.Write(t, dir, "study.yaml", slow))
	whole := studytest.Create(t, filepath.Join(dir, "whole"), p, study.Shard{})
	if err := whole.Do(t.Context(), p, studytest.Machine, study.Options{}); err != nil {
		t.Fatal(err)
	}
	r := studytest.Create(t, filepath.Join(dir, "stopped"), p, study.Shard{})
	kept := func() []string {
		files, _ := filepath.Glob(filepath.Join(r.Dir, "checkpoints", "*.checkpoint"))
		return files
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		for len(kept()) == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		stop()
	}()
	if err := r.Do(ctx, p, studytest.Machine, study.Options{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("training was over before it could be stopped: %v", err)
	}
	if len(kept()) != 1 {
		t.Fatalf("checkpoints: %v", kept())
	}
	if err := r.Do(t.Context(), p, studytest.Machine, study.Options{}); err != nil {
		t.Fatal(err)
	}
	if got, want := exported(t, r), exported(t, whole); got != want {
		t.Errorf("stopped and resumed:\n%s\nin one go:\n%s", got, want)
	}
	if _, err := os.Stat(filepath.Join(r.Dir, "checkpoints")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of checkpoints is still there: %v", err)
	}
}
