package houserules

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"rwe301/internal/oracle"
)

// columns is the length of the longest line of Go, a tab being one column.
const columns = 120

// TestColumns reads every Go file of the repository. That also makes go test run the tests of this package again, not
// remember their results, when one of them changed.
func TestColumns(t *testing.T) {
	root := oracle.Root()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		for _, line := range long(name, text) {
			t.Errorf("%s:%d: more than %d columns", name, line, columns)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// long returns the numbers of the lines that are too long. Generated files have none, and in tests string literals do
// not count: they are data.
func long(name string, text []byte) (numbers []int) {
	lines := strings.Split(string(text), "\n")
	if strings.HasPrefix(lines[0], "// Code generated ") {
		return nil
	}
	width := make([]int, len(lines))
	for i, line := range lines {
		width[i] = utf8.RuneCountInString(line)
	}
	if strings.HasSuffix(name, "_test.go") {
		files := token.NewFileSet()
		file := files.AddFile(name, -1, len(text))
		var s scanner.Scanner
		s.Init(file, text, nil, 0)
		for {
			at, kind, literal := s.Scan()
			if kind == token.EOF {
				break
			}
			if kind == token.STRING {
				for i, part := range strings.Split(literal, "\n") {
					width[file.Line(at)-1+i] -= utf8.RuneCountInString(part)
				}
			}
		}
	}
	for i, w := range width {
		if w > columns {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}
