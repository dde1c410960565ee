package reports

import (
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/store"
)

// TestFileNames keeps labels apart that look alike as names of files, and out of other folders.
func TestFileNames(t *testing.T) {
	var columns []*analysis.Column
	for _, label := range []string{"rwe:channels=4", "rwe-channels=4", "rwe channels=4", "../../etc", "τ", strings.Repeat("x", 300)} {
		columns = append(columns, &analysis.Column{Question: &store.Question{Label: label}})
	}
	names := Study{Findings: &analysis.Findings{Results: &analysis.Results{Columns: columns}}}.fileNames()
	for label, want := range map[string]string{"rwe:channels=4": "rwe-channels=4", "rwe-channels=4": "rwe-channels=4-2",
		"rwe channels=4": "rwe-channels=4-3", "../../etc": "etc", "τ": "-2", strings.Repeat("x", 300): strings.Repeat("x", 80)} {
		if names[label] != want {
			t.Errorf("%.20s: %s, want %s", label, names[label], want)
		}
	}
}
