package surrogate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rwe301/internal/atomicfile"
	"rwe301/internal/download"
	"rwe301/internal/input"
)

// Published are the archives of NAS-Bench-301's models, by version.
var Published = map[string]string{
	"0.9": "https://ndownloader.figshare.com/files/24693026",
	"1.0": "https://ndownloader.figshare.com/files/24992018",
}

// maxArchive bounds a download.
const maxArchive = 16 << 30

// Fetch brings an archive from a web server. Upstream publishes no checksums: the SHA-256 is written beside the archive
// when it is first seen, and a later download must have the same.
type Fetch struct {
	URL      string
	From     string                  // an archive that was downloaded, to copy instead; "" is none
	Want     download.Sums           // of the archive; an empty sum is none
	Path     string                  // of the archive; its folder must exist
	Progress func(done, total int64) // may be nil; total is -1 where the server does not say
	Pause    time.Duration           // before a second try, doubled each time; 0 means a second
}

// Run downloads, continuing what an earlier run left, and returns the archive's sums. What is there already is only
// checked.
func (f Fetch) Run(ctx context.Context) (sums download.Sums, err error) {
	if f.From != "" {
		return f.take(ctx)
	}
	if _, err := os.Stat(f.Path); err == nil {
		return f.check(ctx, f.Path)
	}
	part := f.Path + ".part"
	file := download.File{URL: f.URL, Max: maxArchive, Progress: f.Progress, Pause: f.Pause}
	if err := file.Run(ctx, part); err != nil {
		return sums, err
	}
	if sums, err = f.check(ctx, part); err != nil {
		if errors.As(err, new(otherFile)) {
			_ = os.Remove(part)
		}
		return sums, err
	}
	return sums, os.Rename(part, f.Path)
}

// take copies the archive From once it has been checked.
func (f Fetch) take(ctx context.Context) (download.Sums, error) {
	sums, err := f.check(ctx, f.From)
	if err != nil {
		return sums, err
	}
	in, err := os.Open(f.From)
	if err != nil {
		return sums, err
	}
	defer in.Close()
	return sums, atomicfile.Write(f.Path, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

// otherFile says that an archive is not the one that is wanted.
type otherFile struct{ error }

// check compares the file's sums with those that are wanted and its checksum with the recorded one, or records it.
func (f Fetch) check(ctx context.Context, path string) (download.Sums, error) {
	sums, err := download.Sum(ctx, path)
	if err != nil {
		return sums, err
	}
	if err := sums.Check(path, f.Want); err != nil {
		return sums, otherFile{err}
	}
	record := f.Path + ".sha256"
	const aLine = 1 << 12
	known, err := input.Read(record, aLine)
	if errors.Is(err, fs.ErrNotExist) {
		line := sums.SHA256 + "  " + filepath.Base(f.Path) + "\n"
		return sums, atomicfile.WriteBytes(record, []byte(line))
	}
	if err != nil {
		return sums, err
	}
	if want, _, _ := strings.Cut(string(known), " "); want != sums.SHA256 {
		return sums, fmt.Errorf("%s: SHA-256 %s, but when it was first seen %s (%s): another file, or damaged; remove both "+
			"to take it as it is now", path, sums.SHA256, want, record)
	}
	return sums, nil
}
