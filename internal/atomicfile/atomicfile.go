// Package atomicfile writes files that are either whole or absent.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gofrs/flock"
)

// Write creates the file at path from what write produces, with the permissions that the umask gives. The bytes go to a
// temporary file in the same folder, are synced, and are renamed into place only when write and every system call
// succeeded; otherwise path is as before.
func Write(path string, write func(io.Writer) error) (err error) {
	var f *os.File
	name, err := unused(path, func(name string) (err error) {
		f, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		return err
	})
	if err != nil {
		return err
	}
	alive := flock.New(name) // until it is renamed; see RemoveStale
	_, _ = alive.TryLock()
	defer alive.Close()
	unfinished.add(name)
	defer func() {
		unfinished.remove(name)
		if err != nil {
			f.Close()
			os.Remove(name)
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = errors.Join(f.Close(), alive.Close()); err != nil {
		return err
	}
	if err = os.Rename(name, path); err != nil {
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

// Dir makes a new folder beside path, to be renamed to it when it is whole, with the permissions that the umask gives.
func Dir(path string) (string, error) {
	return kept(unused(path, func(name string) error { return os.Mkdir(name, 0o777) }))
}

// Temp is os.MkdirTemp for a folder that the caller removes, and that Abandon does.
func Temp(dir, pattern string) (string, error) { return kept(os.MkdirTemp(dir, pattern)) }

// kept notes a folder of a name that no other will have: once it is renamed or removed, there is nothing at its path.
func kept(path string, err error) (string, error) {
	if err == nil {
		unfinished.add(path)
	}
	return path, err
}

// unused calls create with temporary names beside path until there is none of the name yet.
func unused(path string, create func(name string) error) (string, error) {
	for try := 0; ; try++ {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d", filepath.Base(path), rand.Uint32()))
		if err := create(name); err == nil || !errors.Is(err, fs.ErrExist) || try == 100 {
			return name, err
		}
	}
}

// temporary are the names that unused makes.
var temporary = regexp.MustCompile(`^\.(.+)\.[0-9]+$`)

// Leftover says whether name is that of a temporary file, and the name which that would have got.
func Leftover(name string) (of string, ok bool) {
	m := temporary.FindStringSubmatch(name)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// RemoveStale removes from a folder and those in it the temporary files that killed processes left.
func RemoveStale(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		if _, ok := Leftover(e.Name()); !ok {
			return nil
		}
		return RemoveLeftover(path)
	})
}

// RemoveLeftover removes a temporary file, unless a process still writes it.
func RemoveLeftover(path string) error {
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	defer lock.Close()
	if held, err := lock.TryLock(); err != nil || !held {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Vacant says whether a folder is absent, empty, or holds nothing but what a killed process may have left of the given
// files before it was done with the folder: each whole, half-written, or a database with what lies beside it. A name
// that ends in a slash is that of a folder, which may hold anything.
func Vacant(dir string, files ...string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	for _, e := range entries {
		if e.IsDir() && slices.Contains(files, e.Name()+"/") {
			continue
		}
		of, _ := Leftover(e.Name())
		left := slices.ContainsFunc(files, func(f string) bool {
			beside, ok := strings.CutPrefix(e.Name(), f)
			return f == of || ok && slices.Contains([]string{"", "-journal", "-wal", "-shm", ".lock"}, beside)
		})
		if !left || !e.Type().IsRegular() {
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

// written are the files and folders that are being written.
type written struct {
	mu    sync.Mutex
	paths map[string]bool
}

var unfinished = written{paths: map[string]bool{}}

func (t *written) add(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paths[path] = true
}

func (t *written) remove(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.paths, path)
}

// Abandon removes all unfinished files and folders, and lets none begin or finish any more: for a process that ends at
// once.
func Abandon() {
	unfinished.mu.Lock() // for good
	for path := range unfinished.paths {
		for range 3 { // something may still be writing into a folder
			if os.RemoveAll(path) == nil {
				break
			}
		}
	}
}
