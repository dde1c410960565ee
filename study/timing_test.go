package study_test

import (
	"slices"
	"testing"
	"time"

	"rwe301/study"
	"rwe301/study/studytest"
)

// What measuring says: before each estimator, how many of all were measured.
func TestTimeTells(t *testing.T) {
	p := studytest.Prepare(t, studytest.Write(t, t.TempDir(), "study.yaml",
		"name: x\narchitectures: {sample: 2}\naccuracy: mini\nestimators: [params, macs]\n"))
	var told [][2]int
	got, err := p.Time(t.Context(), 1, study.Shard{}, time.Minute, func(done, total int) {
		told = append(told, [2]int{done, total})
	})
	if err != nil {
		t.Fatal(err)
	}
	var want [][2]int
	for i := range p.Questions {
		want = append(want, [2]int{i, len(p.Questions)})
	}
	if !slices.Equal(told, want) || got.Measured != len(p.Questions) || len(want) < 2 {
		t.Errorf("told %v, measured %d, want %v", told, got.Measured, want)
	}
}
