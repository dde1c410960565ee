package surrogate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	Path     string                  // of the archive; its folder must exist
	Progress func(done, total int64) // may be nil; total is -1 where the server does not say
	Pause    time.Duration           // before a second try, doubled each time; 0 means a second
}

// Run downloads, continuing what an earlier run left, and returns the archive's SHA-256. What is there already is only
// checked.
func (f Fetch) Run(ctx context.Context) (sum string, err error) {
	if _, err := os.Stat(f.Path); err == nil {
		return f.check(ctx, f.Path)
	}
	part := f.Path + ".part"
	file := download.File{URL: f.URL, Max: maxArchive, Progress: f.Progress, Pause: f.Pause}
	if err := file.Run(ctx, part); err != nil {
		return "", err
	}
	if sum, err = f.check(ctx, part); err != nil {
		return "", err
	}
	return sum, os.Rename(part, f.Path)
}

// check compares the file's checksum with the recorded one, or records it.
func (f Fetch) check(ctx context.Context, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for err == nil {
		var n int
		n, err = file.Read(buf)
		h.Write(buf[:n])
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
	}
	if err != io.EOF {
		return "", err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	record := f.Path + ".sha256"
	const aLine = 1 << 12
	known, err := input.Read(record, aLine)
	if errors.Is(err, fs.ErrNotExist) {
		return sum, atomicfile.WriteBytes(record, []byte(sum+"  "+filepath.Base(f.Path)+"\n"))
	}
	if err != nil {
		return "", err
	}
	if want, _, _ := strings.Cut(string(known), " "); want != sum {
		return "", fmt.Errorf("%s: SHA-256 %s, but when it was first seen %s (%s): another file, or damaged; remove both to "+
			"take it as it is now", path, sum, want, record)
	}
	return sum, nil
}
