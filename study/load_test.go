package study_test

import (
	"path/filepath"
	"strings"
	"testing"

	"rwe301/store"
	"rwe301/study"
	"rwe301/study/studytest"
)

// TestDamagedRunsAreNamed adds what the manifest does not know.
func TestDamagedRunsAreNamed(t *testing.T) {
	dir := t.TempDir()
	made, f := studytest.MadeUp(t, dir, 8, 1)
	for name, r := range map[string]store.Record{
		"does not ask for": {Arch: f.Architectures[0].Arch, ID: f.Architectures[0].ID, Estimator: "alien",
			Status: store.Failed},
		"does not belong to": {Arch: "x", ID: "x", Estimator: "good", SettingsHash: f.Rows[0].Column.SettingsHash,
			Status: store.Failed},
		"study does not have": {Arch: "x", ID: "2d711642b726b044", Estimator: "good", SettingsHash: f.Rows[0].Column.SettingsHash,
			Status: store.Failed},
	} {
		s, err := store.OpenSQLite(filepath.Join(t.TempDir(), "scores.db"))
		if err != nil {
			t.Fatal(err)
		}
		damaged := &study.Run{Dir: made.Dir, Manifest: made.Manifest, Store: s}
		if err := s.Put(r); err != nil {
			t.Fatal(err)
		}
		if _, err := damaged.Load(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v; want %q", err, name)
		}
		s.Close()
	}
}
