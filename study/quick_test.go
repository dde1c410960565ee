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

// A label takes the place of the estimator's name, and needs settings behind it only where two share it.
func TestLabels(t *testing.T) {
	for entries, want := range map[string]string{
		"{name: params, label: Size}, {name: rwe, label: RWE, settings: {channels: [4, 8]}}": "Size RWE:channels=4 " +
			"RWE:channels=8",
		"{name: near, label: A}, {name: near, label: B, settings: {batch: 4}}, {name: near, settings: {batch: 8}}": "A B near",
		"{name: near, label: A}, {name: near, label: A, settings: {batch: 4}}, {name: near, label: B, settings: {batch: 8}}": "" +
			"A:batch=32 A:batch=4 B",
		"{name: near, label: near}, {name: near, settings: {batch: 4}}":                  "near:batch=32 near:batch=4",
		"{name: rwe, label: R, vary: {epochs: [2]}}, {name: rwe, settings: {epochs: 3}}": "R R:epochs=2 rwe",
	} {
		path := studytest.Write(t, t.TempDir(), "study.yaml", head+"estimators: ["+entries+"]\n")
		var labels []string
		for _, q := range studytest.Prepare(t, path).Questions {
			labels = append(labels, q.Label)
		}
		if got := strings.Join(labels, " "); got != want {
			t.Errorf("%s: labels %s, want %s", entries, got, want)
		}
	}
}
