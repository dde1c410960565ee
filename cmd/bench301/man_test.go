package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// TestManPages writes a manual page of every command, for make release into the folder that BENCH301_MAN names, dated
// by SOURCE_DATE_EPOCH. It is a test so that what cobra makes pages with stays out of the program.
func TestManPages(t *testing.T) {
	folder := os.Getenv("BENCH301_MAN")
	if folder == "" {
		folder = t.TempDir()
	} else if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	root := newRoot(silent)
	root.DisableAutoGenTag = true
	header := doc.GenManHeader{Section: "1", Manual: "bench301", Source: "bench301 " + version}
	err := doc.GenManTreeFromOpts(root, doc.GenManTreeOptions{Header: &header, Path: folder, CommandSeparator: "-"})
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		page, err := os.ReadFile(filepath.Join(folder, strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".1"))
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, want := range []string{".SH NAME\n", ".SH SYNOPSIS\n", cmd.CommandPath()} {
			if !strings.Contains(strings.ReplaceAll(string(page), `\-`, "-"), want) {
				t.Errorf("the page of %s has no %q", cmd.CommandPath(), want)
			}
		}
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				check(c)
			}
		}
	}
	check(root)
	files, err := filepath.Glob(filepath.Join(folder, "*.1"))
	if err != nil || len(files) != pages {
		t.Errorf("%d pages, %v: want %d, one of each command", len(files), err, pages)
	}
}
