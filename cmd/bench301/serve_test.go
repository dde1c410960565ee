package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestServe starts the server, asks it, and tells it to stop.
func TestServe(t *testing.T) {
	t.Setenv("BENCH301_DATA", t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	talk, errs := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--listen", "127.0.0.1:0"}, strings.NewReader(""), io.Discard, errs)
		errs.Close()
	}()
	lines := bufio.NewScanner(talk)
	lines.Scan()
	said := regexp.MustCompile(`^bench301: 3 surrogates at (http://127\.0\.0\.1:[0-9]+)$`)
	found := said.FindStringSubmatch(lines.Text())
	if found == nil {
		t.Fatalf("said %q", lines.Text())
	}
	r, err := http.Get(found[1] + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Errorf("health: %s", r.Status)
	}
	stop()
	for lines.Scan() {
		t.Errorf("said %q", lines.Text())
	}
	if code := <-ended; code != exitOK {
		t.Errorf("exit status %d", code)
	}
}
