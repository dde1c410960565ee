// Package atomicfile writes files that are either whole or absent.
package atomicfile

import (
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Write creates the file at path from what write produces. The bytes go to a temporary file in the same folder, are
// synced, and are renamed into place only when write and every system call succeeded; otherwise path is as before.
func Write(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	unfinished.add(f.Name())
	defer func() {
		unfinished.remove(f.Name())
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

// temporary are the files and folders that are being written.
type temporary struct {
	mu    sync.Mutex
	paths map[string]bool
}

var unfinished = temporary{paths: map[string]bool{}}

func (t *temporary) add(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paths[path] = true
}

func (t *temporary) remove(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.paths, path)
}

// Abandon removes all unfinished files, and lets none begin or finish any more: for a process that ends at once.
func Abandon() {
	unfinished.mu.Lock() // for good
	for path := range unfinished.paths {
		_ = os.Remove(path)
	}
}
