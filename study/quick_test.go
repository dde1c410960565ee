package study_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/studies"
	"rwe301/study"
	"rwe301/study/studytest"
)

// The study inside the binary is that of the demo, and an interrupted run of it keeps its scores.
func TestQuickStudy(t *testing.T) {
	dir := t.TempDir()
	p := studytest.Prepare(t, studytest.Write(t, dir, "quick.yaml", string(studies.Quick)))
	var labels []string
	for _, q := range p.Questions {
		labels = append(labels, q.Label)
		if fmt.Sprint(q.Seeds) != "[0]" {
			t.Errorf("%s: seeds %v", q.Label, q.Seeds)
		}
	}
	if got, want := strings.Join(labels, " "), "accuracy params flops pool-count l2_norm map-effdim RWE"; got != want {
		t.Errorf("questions %s, want %s", got, want)
	}
	if len(p.Architectures) != 60 || p.Definition.Seed != 301 {
		t.Errorf("%d architectures of seed %d", len(p.Architectures), p.Definition.Seed)
	}
	r := studytest.Create(t, filepath.Join(dir, "run"), p, study.Shard{})
	ctx, cancel := context.WithCancel(t.Context())
	err := r.Do(ctx, p, studytest.Machine, study.Options{Progress: func(done, total int) {
		if total != 60 {
			t.Errorf("%d architectures", total)
		}
		if done > 0 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	n := 0
	for rec, err := range r.Store.All() {
		if err != nil || rec.Code != studytest.Machine.Code {
			t.Fatal(rec, err)
		}
		n++
	}
	if n < len(p.Questions) || n >= 60*len(p.Questions) {
		t.Errorf("%d scores kept", n)
	}
}

// A label takes the place of the estimator's name.
func TestLabels(t *testing.T) {
	path := studytest.Write(t, t.TempDir(), "study.yaml", head+`estimators:
  - {name: params, label: Size}
  - {name: rwe, label: RWE, settings: {channels: [4, 8]}}
`)
	var labels []string
	for _, q := range studytest.Prepare(t, path).Questions {
		labels = append(labels, q.Label)
	}
	if got, want := strings.Join(labels, " "), "Size RWE:channels=4 RWE:channels=8"; got != want {
		t.Errorf("labels %s, want %s", got, want)
	}
}
