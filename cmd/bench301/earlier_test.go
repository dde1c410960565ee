package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/testscript"

	"rwe301/internal/oracle"
)

var update = flag.Bool("update", false, "write the expected outputs of testdata/runs anew")

// earlierBase is the folder in which the runs of an earlier version were made: relative paths of theirs begin there.
const earlierBase = "/tmp/earlier"

// TestRunsOfEarlierVersions runs the scripts in testdata/earlier on copies of the run folders that an earlier version
// made (testdata/runs, see its README): they must open, resume and print what they did. The scores are those of amd64.
func TestRunsOfEarlierVersions(t *testing.T) {
	if runtime.GOARCH != "amd64" || runtime.GOOS == "windows" {
		t.Skip("scores to the bit and paths with slashes")
	}
	runs := filepath.Join(oracle.Root(), "testdata", "runs")
	testscript.Run(t, testscript.Params{
		Dir: "testdata/earlier",
		Setup: func(env *testscript.Env) error {
			env.Setenv("BENCH301_DATA", env.WorkDir+"/cache")
			env.Setenv("BENCH301_TEST_VERSION", "v0-after")
			env.Setenv("COLUMNS", "1000") // so that a row is a line
			env.Setenv("EXAMPLES", filepath.Join(oracle.Root(), "docs", "examples"))
			env.Setenv("L2", "l2_norm:channels=8,resolution=16")
			env.Setenv("RWE", "rwe:batch=50,channels=4,epochs=4,layers=3,resolution=8,train_images=100,val_images=100")
			return copyRuns(env.WorkDir, runs)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"golden": func(ts *testscript.TestScript, neg bool, args []string) {
				golden(ts, filepath.Join(runs, "expected"), args)
			},
		},
	})
}

// copyRuns copies run folders, as if they had been made in the folder to.
func copyRuns(to, from string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	for _, pattern := range []string{"*/manifest.json", "*/*/manifest.json", "*/search.json"} {
		files, err := filepath.Glob(filepath.Join(to, pattern))
		if err != nil {
			return err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), earlierBase, to)), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// golden [-without FIELDS | -without-lines REGEXP] FILE EXPECTED compares an output with a file of
// testdata/runs/expected. FIELDS are columns of CSV or keys of JSON that differ from run to run. A folder stands for
// all tables in it.
func golden(ts *testscript.TestScript, expected string, args []string) {
	var option, what string
	if len(args) == 4 {
		option, what, args = args[0], args[1], args[2:]
	}
	if len(args) != 2 {
		ts.Fatalf("usage: golden [-without FIELDS | -without-lines REGEXP] FILE EXPECTED")
	}
	got, path := tablesIn(ts, args[0]), filepath.Join(expected, args[1])
	switch {
	case option == "-without-lines":
		got = regexp.MustCompile("(?m)"+what+".*\n").ReplaceAllString(got, "")
	case strings.HasSuffix(args[1], ".jsonl") && option == "-without":
		got = regexp.MustCompile(`,"(`+strings.ReplaceAll(what, ",", "|")+`)":("[^"]*"|[^,}]*)`).ReplaceAllString(got, "")
	case option == "-without":
		got = withoutColumns(ts, got, strings.Split(what, ","))
	}
	if *update {
		ts.Check(os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	ts.Check(err)
	if d := diff.Diff(args[1], want, args[0], []byte(got)); d != nil {
		ts.Fatalf("%s", d)
	}
}

// tablesIn is the text of a file or of all files of numbers in a folder.
func tablesIn(ts *testscript.TestScript, name string) string {
	path := ts.MkAbs(name)
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return ts.ReadFile(name)
	}
	var all strings.Builder
	ts.Check(filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !slices.Contains([]string{".csv", ".jsonl", ".md", ".tex"}, filepath.Ext(file)) {
			return err
		}
		text, err := os.ReadFile(file)
		relative, _ := filepath.Rel(path, file)
		fmt.Fprintf(&all, "-- %s --\n%s", filepath.ToSlash(relative), text)
		return err
	}))
	return all.String()
}

func withoutColumns(ts *testscript.TestScript, text string, names []string) string {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	ts.Check(err)
	var b strings.Builder
	w := csv.NewWriter(&b)
	for _, row := range rows {
		var kept []string
		for i, cell := range row {
			if !slices.Contains(names, rows[0][i]) {
				kept = append(kept, cell)
			}
		}
		ts.Check(w.Write(kept))
	}
	w.Flush()
	if b.Len() == 0 {
		ts.Fatalf("no rows without %s", names)
	}
	return b.String()
}
