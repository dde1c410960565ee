package dataset

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"rwe301/internal/atomicfile"
	"rwe301/internal/download"
	"rwe301/internal/input"
	"rwe301/internal/printable"
)

// EnvCache names the environment variable that moves the cache folder.
const EnvCache = "BENCH301_DATA"

// ErrAbsent says that a data set is not in the cache.
var ErrAbsent = errors.New("not in the cache")

// Cache is a folder that keeps data sets. CIFAR-10 lies in its sub-folder cifar10, in the files of the official
// archive.
type Cache struct{ Dir string }

// DefaultCache is the folder that BENCH301_DATA names, or else bench301 in the user's cache folder.
func DefaultCache() (Cache, error) {
	if dir := os.Getenv(EnvCache); dir != "" {
		return Cache{dir}, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return Cache{}, fmt.Errorf("no cache folder: %w; set %s to a folder", err, EnvCache)
	}
	return Cache{filepath.Join(dir, "bench301")}, nil
}

// CIFAR10Dir is the folder of CIFAR-10 in the cache; it may be absent.
func (c Cache) CIFAR10Dir() string { return filepath.Join(c.Dir, "cifar10") }

// CIFAR10 reads CIFAR-10 from the cache. The error is ErrAbsent when it is not there.
func (c Cache) CIFAR10(ctx context.Context) (*Set, error) { return c.load(ctx, newCIFARReader()) }

func (c Cache) load(ctx context.Context, r *cifarReader) (*Set, error) {
	if _, err := os.Stat(c.CIFAR10Dir()); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cifar10: %w (%s): `bench301 data fetch` brings it", ErrAbsent, c.Dir)
	}
	s, err := r.read(ctx, c.CIFAR10Dir())
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("%w; `bench301 data fetch` replaces it", err)
	}
	return s, err
}

// Import reads CIFAR-10 from a folder or archive, as ReadCIFAR10 does, and puts a copy into the cache.
func (c Cache) Import(ctx context.Context, path string) (*Set, error) {
	return c.importFrom(ctx, newCIFARReader(), path)
}

func (c Cache) importFrom(ctx context.Context, r *cifarReader, path string) (*Set, error) {
	s, err := r.read(ctx, path)
	if err != nil {
		return nil, err
	}
	return s, c.locked(ctx, func() error { return c.store(ctx, s) })
}

// sourceFile, in the folder of a data set, has the sums of the file that it came from, and the file's name.
const sourceFile = "source.txt"

// ImportFile imports an archive whose sums have to be those that are wanted, of which an empty one is none, and returns
// the archive's. They stay in the cache, for Source. Nothing is kept of another file.
func (c Cache) ImportFile(ctx context.Context, path string, want download.Sums) (*Set, download.Sums, error) {
	return c.importFile(ctx, newCIFARReader(), path, want)
}

func (c Cache) importFile(ctx context.Context, r *cifarReader, path string, want download.Sums) (*Set, download.Sums,
	error) {
	sums, err := download.Sum(ctx, path)
	if err == nil {
		err = sums.Check(path, want)
	}
	if err != nil {
		return nil, sums, err
	}
	set, err := r.read(ctx, path)
	if err != nil {
		return nil, sums, err
	}
	return set, sums, c.locked(ctx, func() error {
		if err := c.store(ctx, set); err != nil {
			return err
		}
		line := sums.SHA256 + " " + sums.Blob + " " + printable.Line(filepath.Base(path)) + "\n"
		return atomicfile.WriteBytes(filepath.Join(c.CIFAR10Dir(), sourceFile), []byte(line))
	})
}

// Source returns the sums of the file that CIFAR-10 in the cache was imported from, and its name, where they were kept.
func (c Cache) Source() (sums download.Sums, name string, ok bool) {
	const aLine = 1 << 12
	raw, err := input.Read(filepath.Join(c.CIFAR10Dir(), sourceFile), aLine)
	if err != nil {
		return sums, "", false
	}
	parts := strings.SplitN(strings.TrimSpace(string(raw)), " ", 3)
	if len(parts) != 3 {
		return sums, "", false
	}
	sums = download.Sums{SHA256: parts[0], Blob: parts[1]}
	return sums, printable.Line(parts[2]), sums.Validate() == nil
}

// locked runs f while no other process writes to the cache.
func (c Cache) locked(ctx context.Context, f func() error) error {
	if err := os.MkdirAll(c.Dir, 0o777); err != nil {
		return fmt.Errorf("cache folder: %w; set %s to a folder that can be written", err, EnvCache)
	}
	lock := flock.New(filepath.Join(c.Dir, ".lock"), flock.SetPermissions(0o666))
	if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		return fmt.Errorf("cache folder: %w; set %s to a folder that can be written", err, EnvCache)
	}
	defer lock.Close()
	return f()
}

// store writes s to the cache in the files of the official archive. They come into place together, by renaming their
// folder, so that the cache holds the old content or the new one. The cache must be locked.
func (c Cache) store(ctx context.Context, s *Set) (err error) {
	c.sweep()
	temp := filepath.Join(c.Dir, ".cifar10-new") // the cache is locked
	if err := os.Mkdir(temp, 0o777); err != nil {
		return err
	}
	defer os.RemoveAll(temp) // what was renamed is no longer there
	perFile := s.Train.Len() / cifarBatches
	for b := range cifarBatches {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := writeRecords(filepath.Join(temp, fmt.Sprintf("data_batch_%d.bin", b+1)), s.Train, b*perFile,
			(b+1)*perFile); err != nil {
			return err
		}
	}
	if err := writeRecords(filepath.Join(temp, "test_batch.bin"), s.Test, 0, s.Test.Len()); err != nil {
		return err
	}
	names := strings.Join(s.Classes, "\n") + "\n"
	if err := atomicfile.WriteBytes(filepath.Join(temp, "batches.meta.txt"), []byte(names)); err != nil {
		return err
	}
	old := temp + "-old"
	if err := os.Rename(c.CIFAR10Dir(), old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(temp, c.CIFAR10Dir()); err != nil {
		_ = os.Rename(old, c.CIFAR10Dir())
		return err
	}
	return os.RemoveAll(old)
}

// sweep removes what an earlier, killed run left behind.
func (c Cache) sweep() {
	left, _ := filepath.Glob(filepath.Join(c.Dir, ".cifar10-*"))
	for _, dir := range left {
		_ = os.RemoveAll(dir)
	}
}

// writeRecords writes images from to to-1 as a file of the official archive.
func writeRecords(path string, s Split, from, to int) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		out := bufio.NewWriterSize(w, 1<<16)
		var record [1 + cifarImageSize]uint8
		for i := from; i < to; i++ {
			record[0] = uint8(s.Labels[i])
			for p, v := range s.Image(i) {
				record[1+p%3*cifarSide*cifarSide+p/3] = v
			}
			if _, err := out.Write(record[:]); err != nil {
				return err
			}
		}
		return out.Flush()
	})
}
