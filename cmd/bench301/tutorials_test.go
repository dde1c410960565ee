package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

var rewrite = flag.Bool("update-tutorials", false, "write what the tutorials' commands print into the tutorials")

// TestTutorials does what docs/tutorials, docs/clusters.md and docs/protocol.md tell, each in an empty folder. Fenced
// blocks of a tutorial count by what stands behind the three ticks:
//
//	```yaml my.yaml    any language and a name: the file is written
//	```sh              commands, run by sh
//	```text            what the commands before print on standard output; "..." stands for anything in a line, a line
//	                   of "..." alone for any lines, and blanks of any width are the same
//	```console         not run
//
// A line <!-- needs: python3 --> names a program without which the rest is skipped. $BENCH301_SOURCE is the root of
// this repository; Python imports the package from there, with this program.
func TestTutorials(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the tutorials are for a POSIX shell")
	}
	pages, err := filepath.Glob(filepath.Join(oracle.Root(), "docs", "tutorials", "*.md"))
	if err != nil || len(pages) < 9 {
		t.Fatalf("%d tutorials, %v", len(pages), err)
	}
	for _, name := range []string{"clusters.md", "protocol.md"} {
		pages = append(pages, filepath.Join(oracle.Root(), "docs", name))
	}
	for _, page := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) {
			t.Parallel()
			follow(t, page)
		})
	}
}

// follow does what a tutorial says.
func follow(t *testing.T, page string) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	lines := strings.Split(string(data), "\n")
	var out []string // the page with what was printed
	printed, ran := "", false
	for i := 0; i < len(lines); i++ {
		out = append(out, lines[i])
		if program, ok := strings.CutPrefix(lines[i], "<!-- needs: "); ok {
			program = strings.TrimSuffix(program, " -->")
			if _, err := exec.LookPath(program); err != nil {
				t.Skipf("%s is not here: what comes after line %d is not tried", program, i+1)
			}
		}
		head, ok := strings.CutPrefix(lines[i], "```")
		if !ok {
			continue
		}
		end := i + 1 + slices.Index(lines[i+1:], "```")
		if end <= i {
			t.Fatalf("%s:%d: the block does not end", page, i+1)
		}
		body := lines[i+1 : end]
		language, name, named := strings.Cut(head, " ")
		switch {
		case named:
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.Join(body, "\n")+"\n"), 0o666); err != nil {
				t.Fatal(err)
			}
		case language == "sh":
			printed, ran = shell(t, dir, fmt.Sprintf("%s:%d", filepath.Base(page), i+1), strings.Join(body, "\n")), true
		case language == "text" && ran:
			got := strings.Split(strings.TrimRight(printed, "\n"), "\n")
			err := alike(body, got)
			switch {
			case *rewrite && (err != nil || slices.Equal(body, []string{"..."})):
				body = merged(body, got)
			case err != nil:
				t.Errorf("%s:%d: %v\nprinted:\n%s", page, i+1, err, printed)
			}
		}
		out = append(append(out, body...), lines[end])
		i = end
	}
	if *rewrite {
		if err := os.WriteFile(page, []byte(strings.Join(out, "\n")), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// shell runs commands and returns their standard output.
func shell(t *testing.T, dir, where, commands string) string {
	t.Helper()
	program, err := exec.LookPath("bench301")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-eu")
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(commands)
	cmd.Env = append(os.Environ(), "BENCH301_DATA="+filepath.Join(dir, "cache"), "COLUMNS=80",
		"BENCH301_SOURCE="+oracle.Root(), "BENCH301_BIN="+program, "PYTHONPATH="+filepath.Join(oracle.Root(), "python"),
		"PYTHONDONTWRITEBYTECODE=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s\n%s%s", where, err, commands, out.String(), errs.String())
	}
	return out.String()
}

// alike compares lines with patterns.
func alike(patterns, lines []string) error {
	if len(patterns) == 0 {
		if len(lines) > 0 {
			return fmt.Errorf("prints more: %s", lines[0])
		}
		return nil
	}
	if patterns[0] == "..." {
		for skip := 0; skip <= len(lines); skip++ {
			if alike(patterns[1:], lines[skip:]) == nil {
				return nil
			}
		}
		return fmt.Errorf("nothing printed fits what comes after \"...\": %s", strings.Join(patterns[1:], "\n"))
	}
	if len(lines) == 0 {
		return fmt.Errorf("not printed: %s", patterns[0])
	}
	if !fits(patterns[0], lines[0]) {
		return fmt.Errorf("%s\nwas printed where the page has\n%s", lines[0], patterns[0])
	}
	return alike(patterns[1:], lines[1:])
}

var blanks = regexp.MustCompile(`[ \t]+`)

// fits compares a line with a pattern.
func fits(pattern, line string) bool {
	pattern = strings.ReplaceAll(pattern, " ...", "...")
	quoted := regexp.QuoteMeta(strings.TrimSpace(blanks.ReplaceAllString(pattern, " ")))
	quoted = strings.ReplaceAll(quoted, `\.\.\.`, `.*`)
	if strings.Contains(pattern, "─") || strings.Contains(pattern, "---") {
		quoted = regexp.MustCompile(`─+`).ReplaceAllString(quoted, "─+")
		quoted = regexp.MustCompile(`-{3,}`).ReplaceAllString(quoted, "-{3,}")
	}
	return regexp.MustCompile("^" + quoted + "$").MatchString(strings.TrimSpace(blanks.ReplaceAllString(line, " ")))
}

// widest bounds the lines of what was printed, in characters.
const widest = 110

// merged is what was printed, in which lines that a pattern fits stand as the pattern, and long ones are cut.
func merged(patterns, lines []string) []string {
	var out []string
	for _, line := range lines {
		line = strings.TrimRight(line, " ")
		if r := []rune(line); len(r) > widest {
			line = strings.TrimRight(string(r[:widest]), " ")
			if strings.Trim(line, "─") != "" {
				line += " ..."
			}
		}
		for _, p := range patterns {
			if p != "..." && fits(p, line) {
				line = p
				break
			}
		}
		out = append(out, line)
	}
	return out
}

func TestTutorialPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, line string
		want          bool
	}{
		{"a ... c", "a b c", true},
		{" a   b", "a b ", true},
		{"a.c", "abc", false},
		{"────", "──────", true},
		{"a", "a b", false},
	} {
		if got := fits(c.pattern, c.line); got != c.want {
			t.Errorf("%q, %q: %v", c.pattern, c.line, got)
		}
	}
	if err := alike([]string{"a", "...", "d"}, []string{"a", "b", "c", "d"}); err != nil {
		t.Error(err)
	}
	if err := alike([]string{"a", "..."}, []string{"b"}); err == nil {
		t.Error("b fits a")
	}
}
