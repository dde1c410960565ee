// Package atomicfile writes files that are either whole or absent.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Write creates the file at path from what write produces. The bytes go to a temporary file in the same folder, are
// synced, and are renamed into place only when write and every system call succeeded; otherwise path is as before.
func Write(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// WriteBytes is Write for content already in memory.
func WriteBytes(path string, data []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Leftover says whether name is that of a file which Write did not come to rename when it made one of the given names.
func Leftover(name string, of ...string) bool {
	return slices.ContainsFunc(of, func(path string) bool {
		digits, ok := strings.CutPrefix(name, "."+path+".")
		return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
	})
}

// Vacant says whether a folder is absent, empty, or holds nothing but what a killed process may have left of the given
// files before it was done with the folder: each whole, half-written, or a database with what lies beside it.
func Vacant(dir string, files ...string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	for _, e := range entries {
		left := e.Type().IsRegular() && (Leftover(e.Name(), files...) || slices.ContainsFunc(files, func(f string) bool {
			beside, ok := strings.CutPrefix(e.Name(), f)
			return ok && slices.Contains([]string{"", "-journal", "-wal", "-shm", ".lock"}, beside)
		}))
		if !left {
			return false
		}
	}
	return true
}

// syncDir makes a rename durable. Some systems refuse to sync a folder; the file itself is then synced all the same.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	_ = d.Sync()
	return nil
}
