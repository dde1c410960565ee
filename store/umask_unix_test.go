//go:build unix

package store

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"rwe301/internal/atomicfile"
)

// Files, locks and folders have the permissions that the umask gives.
func TestUmask(t *testing.T) {
	before := syscall.Umask(0)
	defer syscall.Umask(before)
	for mask, want := range map[int]os.FileMode{0o077: 0o600, 0o022: 0o644, 0o002: 0o664, 0o027: 0o640, 0: 0o666} {
		syscall.Umask(0o022)
		dir := t.TempDir()
		syscall.Umask(mask)
		db := openDB(t, filepath.Join(dir, "scores.db"))
		if err := db.Put(mixed(60)...); err != nil {
			t.Fatal(err)
		}
		lines := open(t, filepath.Join(dir, "scores.jsonl"))
		if err := atomicfile.WriteBytes(filepath.Join(dir, "whole"), nil); err != nil {
			t.Fatal(err)
		}
		check := func(names ...string) {
			for _, name := range names {
				info, err := os.Stat(filepath.Join(dir, name))
				if err != nil || info.Mode().Perm() != want {
					t.Errorf("umask %03o: %s has %v, want %v: %v", mask, name, info.Mode().Perm(), want, err)
				}
			}
		}
		check("scores.db", "scores.db.lock", "scores.db-wal", "scores.db-shm", "scores.jsonl", "whole")
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := lines.Close(); err != nil {
			t.Fatal(err)
		}
		check("scores.db")
		folder, err := atomicfile.Dir(filepath.Join(dir, "folder"))
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != os.FileMode(0o777&^mask) {
			t.Errorf("umask %03o: a folder has %v", mask, info.Mode().Perm())
		}
	}
}
