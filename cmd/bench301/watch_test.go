package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"rwe301/cluster"
)

// goes is a snapshot of a run with so many workers.
func goes(workers int) snapshot {
	left := 125.4
	s := cluster.Status{
		Name: "a-study-with-a-name-that-is-long-enough", Server: "tls://coordinator.of.the.lab.example:4222", Done: 1200,
		Total: 10000, Unit: "architectures", Left: &left, Published: 240, Failed: 3, PerMinute: 1234.5,
	}
	for i := range workers {
		s.Workers = append(s.Workers, cluster.Working{
			Name: fmt.Sprintf("bench301-workers-6d4b75cb6d-hwh%02d/1", i), Cores: 8 + i%2, Pieces: 1000 * i, PerMinute: 400,
			Doing: []cluster.Doing{
				{Architecture: "1f12981529e3fa09", Of: 3, Seconds: 2.4}, {Architecture: "b5daa7f85c46ca1e", Of: 1, Seconds: 61},
			},
		})
	}
	for i := range 20 {
		s.Complaints = append(s.Complaints, cluster.Complaint{
			Worker: "host/1", Text: fmt.Sprintf("trouble %d: %s", i, strings.Repeat("long ", 40)), At: time.Unix(int64(i), 0),
		})
	}
	return snapshot{Run: "runs/long", Coordinator: works, Status: &s}
}

func TestPageFitsTheTerminal(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 50, 1000} {
		for _, size := range [][2]int{{80, 24}, {80, 50}, {40, 10}, {200, 60}} {
			lines := goes(workers).page(size[0], size[1]-1)
			if len(lines) > size[1]-1 {
				t.Errorf("%d workers: %d lines in a height of %d", workers, len(lines), size[1])
			}
			for _, line := range lines {
				if n := utf8.RuneCountInString(line); n >= size[0] {
					t.Errorf("%d workers: %d columns in a width of %d: %s", workers, n, size[0], line)
				}
			}
			text := strings.Join(lines, "\n")
			wanted := []string{"1200 of 10000", "\n" + workforce(workers, goes(workers).Status.Cores())}
			if size[1] >= 24 {
				wanted = append(wanted, "240 pieces open", "trouble 19", "3 scores failed", "2m5s left")
				if workers > 0 {
					wanted = append(wanted, "b5daa7f85c46ca1e for 1m1s, 1 more", "a minute")
				}
				if workers == 1000 {
					wanted = append(wanted, " more ")
				}
			}
			for _, part := range wanted {
				if workers == 0 && part == "2m5s left" {
					continue // nobody works
				}
				if size[0] > 40 && !strings.Contains(text, part) {
					t.Errorf("%d workers, %v: without %q:\n%s", workers, size, part, text)
				}
			}
		}
	}
}

func TestChangesAreToldOnce(t *testing.T) {
	var out bytes.Buffer
	c := changes{w: &out}
	show := func(p snapshot) string {
		out.Reset()
		if err := c.show(p); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	p := goes(2)
	if got := show(p); strings.Count(got, "\n") != 21 || !strings.Contains(got, "2 workers, 17 cores, 240 pieces open\n") {
		t.Errorf("first: %s", got)
	}
	p.Status.Done++
	if got := show(p); got != "" {
		t.Errorf("a second later, with nothing but progress: %s", got)
	}
	c.at = c.at.Add(-often)
	if got := show(p); !strings.Contains(got, ": 1201 of 10000 architectures, 2m5s left, 3 scores failed, 2 workers") {
		t.Errorf("some time later: %s", got)
	}
	if got := show(goes(3)); !strings.Contains(got, "3 workers, 25 cores") {
		t.Errorf("a worker came: %s", got)
	}
	p.Coordinator, p.Age = stale, 192
	if got := show(p); !strings.Contains(got, "its coordinator has said nothing for 3m12s") ||
		!strings.Contains(got, "bench301 study resume runs/long goes on") {
		t.Errorf("stale: %s", got)
	}
	if got := show(snapshot{Run: "runs/long", Coordinator: none}); !strings.Contains(got,
		"not complete, and nobody offers its work to workers: bench301 study resume runs/long --listen or --nats does") {
		t.Errorf("none: %s", got)
	}
	if got := show(snapshot{Run: "runs/long", Complete: true}); got != "runs/long: complete\n" {
		t.Errorf("complete: %s", got)
	}
}

// TestWatcherJudgesByItsOwnClock gives a coordinator another clock, stops it, and starts it again.
func TestWatcherJudgesByItsOwnClock(t *testing.T) {
	deadFor = 50 * time.Millisecond
	defer func() { deadFor = 15 * time.Second }()
	dir := filepath.Join(t.TempDir(), "run")
	if code := run(t.Context(), []string{"study", "run", "../../studies/quick.yaml", "--out", dir, "--listen", "nowhere"},
		strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}); code != exitFailure {
		t.Fatalf("status %d", code)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Fatal("a run was begun without a server")
	}
	if err := os.MkdirAll(filepath.Join(dir, "cluster"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "searching.json"), nil, 0o666); err != nil { // not complete
		t.Fatal(err)
	}
	write := func(at time.Time) {
		s := *goes(1).Status
		s.Written = at
		text, err := json.Marshal(s)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "cluster", "status.json"), text, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w := watcher{dir: dir}
	look := func(want string) {
		t.Helper()
		got, err := w.look(t.Context())
		if err != nil || got.Coordinator != want || got.Complete {
			t.Errorf("%q, complete %v, %v; want %q", got.Coordinator, got.Complete, err, want)
		}
	}
	look(none)
	hourAgo := time.Now().Add(-time.Hour)
	write(hourAgo)
	look("")
	write(hourAgo.Add(time.Second))
	look(works)
	look(works)
	time.Sleep(2 * deadFor)
	look(stale)
	write(hourAgo.Add(2 * time.Second))
	look(works)
	w = watcher{dir: dir}
	look("")
	look(stale)
}
