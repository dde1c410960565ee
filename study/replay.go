package study

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"rwe301/bench301"
	"rwe301/internal/yamldoc"
	"rwe301/scoring"
)

// Replay writes the definition of a study that takes everything from a published table: architectures, accuracies, and
// every column of numbers as an estimator, or the given columns only. It is relative to the current folder.
func Replay(path, accuracy string, columns []string) (definition []byte, err error) {
	space := bench301.Spaces()[0]
	t, err := scoring.ReadTable(space, path)
	if err != nil {
		return nil, err
	}
	numeric := t.Numeric()
	if !slices.Contains(numeric, accuracy) {
		return nil, fmt.Errorf("%s: no column %q of accuracies; columns of numbers: %s", path, accuracy,
			strings.Join(numeric, ", "))
	}
	if columns == nil {
		columns = slices.DeleteFunc(slices.Clone(numeric), func(c string) bool { return c == accuracy })
	}
	for _, c := range columns {
		if c == scoring.AccuracyName {
			return nil, fmt.Errorf("%s: column %q: stands for the accuracies themselves: rename it, or choose others", path, c)
		}
		if !slices.Contains(numeric, c) {
			return nil, fmt.Errorf("%s: no column of numbers %q; there are: %s", path, c, strings.Join(numeric, ", "))
		}
	}
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if !yamldoc.IsName(name) {
		name = "replay"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# The numbers of a published table, analysed again.\nname: %s\nspace: %s\narchitectures: {table: "+
		"%s}\naccuracy: {source: table, column: %s}\nestimators:\n",
		quote(name), space.Name(), quote(path), quote(accuracy))
	for _, c := range columns {
		label := c
		if !yamldoc.IsName(label) {
			return nil, fmt.Errorf("%s: column %q: letters, digits and . _ - only, at most 64: rename it", path, c)
		}
		fmt.Fprintf(&b, "  - {name: %s, scores: %s, column: %s}\n", quote(label), quote(path), quote(c))
	}
	return []byte(b.String()), nil
}

// quote writes a YAML string.
func quote(s string) string { return strconv.Quote(s) }
