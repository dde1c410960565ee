package houserules

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"rwe301/internal/oracle"
)

// pages reads every page of Markdown, by its path from the root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	root, all := oracle.Root(), map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		all[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestLinks follows every relative link of every page, to the heading that it names.
func TestLinks(t *testing.T) {
	all := pages(t)
	for name, text := range all {
		for _, target := range links(text) {
			if err := follow(all, name, target); err != nil {
				t.Errorf("%s: link to %s: %v", name, target, err)
			}
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// links lists the targets of a page's links to files.
func links(text string) (targets []string) {
	for _, m := range link.FindAllStringSubmatch(prose(text), -1) {
		if !strings.Contains(m[1], "://") && !strings.HasPrefix(m[1], "mailto:") {
			targets = append(targets, m[1])
		}
	}
	return targets
}

// prose is a page without its blocks of code.
func prose(text string) string {
	var out []string
	code := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			code = !code
		} else if !code {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

// follow says what is wrong with a link of a page.
func follow(all map[string]string, name, target string) error {
	file, heading, _ := strings.Cut(target, "#")
	path := name
	if file != "" {
		path = filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
	}
	if _, err := os.Stat(filepath.Join(oracle.Root(), path)); err != nil {
		return fmt.Errorf("there is no %s", path)
	}
	if heading != "" && !slices.Contains(headings(all[path]), heading) {
		return fmt.Errorf("%s has no such heading: %v", path, headings(all[path]))
	}
	return nil
}

var notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// headings lists the anchors of a page's headings, as GitHub makes them.
func headings(text string) (anchors []string) {
	for line := range strings.Lines(prose(text)) {
		if title, ok := strings.CutPrefix(line, "#"); ok {
			title = strings.ToLower(strings.TrimSpace(strings.TrimLeft(title, "#")))
			anchors = append(anchors, strings.ReplaceAll(notInAnchors.ReplaceAllString(title, ""), " ", "-"))
		}
	}
	return anchors
}

// TestPageColumns finds lines that are too long, but for rows of tables and what programs print or have written.
func TestPageColumns(t *testing.T) {
	for name, text := range pages(t) {
		if strings.HasPrefix(name, "docs/results/") && name != "docs/results/README.md" ||
			strings.HasPrefix(name, "testdata/runs/expected/") {
			continue
		}
		code := false
		for i, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				code = !code
			}
			if !code && !strings.HasPrefix(line, "|") && utf8.RuneCountInString(line) > columns {
				t.Errorf("%s:%d: more than %d columns", name, i+1, columns)
			}
		}
	}
}

// TestEveryPageIsInTheIndex finds pages that docs/README.md does not lead to.
func TestEveryPageIsInTheIndex(t *testing.T) {
	all := pages(t)
	var led []string
	for _, target := range links(all["docs/README.md"]) {
		file, _, _ := strings.Cut(target, "#")
		led = append(led, filepath.ToSlash(filepath.Join("docs", file)))
	}
	for name := range all {
		if strings.HasPrefix(name, "docs/") && !strings.HasPrefix(name, "docs/results/") && name != "docs/README.md" &&
			!slices.Contains(led, name) {
			t.Errorf("docs/README.md does not lead to %s", name)
		}
	}
}

func TestAnchors(t *testing.T) {
	got := headings("# The `x` of y\n```sh\n# no heading\n```\n## val\\_norm, 2\n")
	if want := []string{"the-x-of-y", "val_norm-2"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
