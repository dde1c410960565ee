package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

// TestPace gives the time left of jobs that were resumed, that begin slowly, and that are long.
func TestPace(t *testing.T) {
	type step struct {
		after time.Duration
		done  int64
		want  string // "" for none yet
	}
	for name, c := range map[string]struct {
		total int64
		steps []step
	}{
		"from the start": {100, []step{{0, 0, ""}, {time.Second, 1, ""}, {11 * time.Second, 11, "1m29s"}, {51 * time.Second, 51, "49s"}}},
		"resumed":        {2000, []step{{0, 1900, ""}, {time.Second, 1901, ""}, {11 * time.Second, 1911, "1m29s"}}},
		"slow first": {1000, []step{{0, 0, ""}, {30 * time.Second, 1, ""}, {31 * time.Second, 40, ""},
			{32 * time.Second, 81, "23s"}}},
		"large, at its beginning": {20000, []step{{0, 0, ""}, {time.Second, 1, ""}, {4 * time.Second, 4, ""},
			{12 * time.Second, 23, "2h46m"}}},
		"nothing done": {10, []step{{0, 3, ""}, {time.Minute, 3, ""}}},
		"the last":     {10, []step{{0, 0, ""}, {time.Second, 1, ""}, {10 * time.Second, 10, "0s"}}},
	} {
		var p pace
		start := time.Now()
		for _, s := range c.steps {
			left, known := p.left(start.Add(s.after), s.done, c.total)
			if got := left.String(); known != (s.want != "") || known && !strings.HasPrefix(got, s.want) {
				t.Errorf("%s: after %v with %d of %d: %v, %v, want %q", name, s.after, s.done, c.total, got, known, s.want)
			}
		}
	}
}

// TestProgress looks at what a pipe gets to hear of work that takes a while, and of work that does not.
func TestProgress(t *testing.T) {
	var heard bytes.Buffer
	s := streams{err: &heard}
	s.progress("short")()
	done := s.progress("comparing \x1b]0;owned\a")
	time.Sleep(quiet + 300*time.Millisecond)
	done()
	done()
	if got := heard.String(); got != "comparing \\x1b]0;owned\\x07: 2s\n" {
		t.Errorf("%q", got)
	}
}

func TestShortened(t *testing.T) {
	for in, want := range map[string]string{
		"a\x1b[31mb\nc":              "a\\x1b[31mb\nc",
		strings.Repeat(":", 1<<20):   strings.Repeat(":", widestError-3) + "...",
		strings.Repeat("x\n", 1<<10): strings.Repeat("x\n", mostErrors) + "(and 925 lines more)",
		"tab\there \u202e \xff":      `tab\there \u202e \xff`,
	} {
		if got := shortened(in); got != want {
			t.Errorf("%.80q: %.200q", in, got)
		}
	}
}

// TestMeterOfStages: where less is done than before, other work has begun, with a pace of its own.
func TestMeterOfStages(t *testing.T) {
	m := newMeter(io.Discard, "report", "parts")
	m.count(1, 4)
	first := m.start
	if m.count(4, 4); m.start != first || m.done != 4 {
		t.Errorf("one stage became %+v", m)
	}
	m.start = first.Add(-time.Hour)
	if m.count(0, 9); m.start.Before(first) || m.done != 0 || m.what != "report" {
		t.Errorf("the second stage is %+v", m)
	}
}
