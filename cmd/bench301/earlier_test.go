package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

var update = flag.Bool("update", false, "write what is printed now into testdata/runs/expected")

// changing is what differs from run to run: how long fresh scores took, and on what processor.
var changing = regexp.MustCompile(`"seconds":[^,]*,|"cpu":"[^"]*"`)

// TestRunsOfEarlierVersions opens, resumes and prints what an earlier version made (testdata/runs/README.md).
func TestRunsOfEarlierVersions(t *testing.T) {
	from := filepath.Join(oracle.Root(), "testdata", "runs")
	expected := filepath.Join(from, "expected")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	manifests, err := filepath.Glob(filepath.Join(dir, "*", "manifest.json"))
	if err != nil || len(manifests) < 4 {
		t.Fatalf("%d run folders, %v", len(manifests), err)
	}
	for _, path := range manifests {
		replaceIn(t, path, `"base": "/tmp/study"`, `"base": "`+filepath.ToSlash(dir)+`"`)
	}
	commands, err := os.ReadFile(filepath.Join(from, "commands"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	before := version
	version = "v0-before"
	t.Cleanup(func() { version = before })

	var names []string
	compare := func(name string, got []byte) {
		names = append(names, name)
		path := filepath.Join(expected, name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			return
		}
		if a, b := changing.ReplaceAll(got, nil), changing.ReplaceAll(want, nil); !bytes.Equal(a, b) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, a, b)
		}
	}
	for line := range strings.Lines(string(commands)) {
		name, args, _ := strings.Cut(strings.TrimSpace(line), ": ")
		var out, errs bytes.Buffer
		if code := run(context.Background(), strings.Fields(args), strings.NewReader(""), &out, &errs); code != 0 {
			t.Errorf("bench301 %s: exit %d: %s", args, code, errs.String())
		}
		if !strings.HasPrefix(name, "-") {
			compare(name+".txt", out.Bytes())
		}
	}
	for pattern, prefix := range map[string]string{
		"earlier/figures/*.csv": "", "search/report/*.*": "search-", "search-partial/report/*.*": "search-partial-",
		"half.jsonl": "",
	} {
		paths, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil || len(paths) == 0 {
			t.Errorf("%s: nothing, %v", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(path) != ".html" {
				compare(prefix+filepath.Base(path), text)
			}
		}
	}
	all, err := os.ReadDir(expected)
	if err != nil || len(all) != len(names) {
		t.Errorf("%d files expected, %d compared, %v", len(all), len(names), err)
	}
}

func replaceIn(t *testing.T, path, old, with string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s: no %s", path, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, with, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}
