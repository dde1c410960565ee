package atomicfile

import (
	"os"
	"path/filepath"
	"testing"
)

// TestVacant looks at folders with what a killed process may leave of a database and a manifest, and with other things.
func TestVacant(t *testing.T) {
	for name, want := range map[string]bool{
		"": true, "scores.db": true, "scores.db-wal": true, "scores.db-shm": true, "scores.db-journal": true,
		"scores.db.lock": true, "run.json": true, ".run.json.42": true, ".scores.db.7": true,
		"scores.db.backup": false, ".run.json.": false, ".run.json.x": false, "run.json5": false, "notes": false,
	} {
		dir := t.TempDir()
		if name != "" {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := Vacant(dir, "run.json", "scores.db"); got != want {
			t.Errorf("a folder with %q: vacant %v, want %v", name, got, want)
		}
	}
	dir := t.TempDir()
	if !Vacant(filepath.Join(dir, "absent"), "run.json") {
		t.Error("an absent folder is not vacant")
	}
	if err := os.Mkdir(filepath.Join(dir, "run.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	if Vacant(dir, "run.json") {
		t.Error("a folder with a folder is vacant")
	}
	if !Vacant(dir, "scores.db", "run.json/") {
		t.Error("a folder with a folder that may be there is not vacant")
	}
}
