package trained

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"rwe301/internal/input"
	"rwe301/internal/printable"
)

// Reading is what a file holds.
type Reading struct {
	Format   string // of the file, in words
	Columns  []*Column
	Repeated int      // architectures that stood there again, with the same numbers
	Skipped  int      // architectures without a number
	Notes    []string // what was not taken as it stands
}

// ErrText says that a file is none of the binary ones: it may be a table.
var ErrText = errors.New("no pickle and no archive")

// Bounds of what is read.
const (
	maxPickle  = 512 << 20 // bytes of NASLib's pickles
	maxPacked  = 4 << 20   // bytes of one architecture of NATS-Bench, packed
	maxOne     = 16 << 20  // the same, unpacked
	maxEntries = 100_000   // of an archive or folder
	maxName    = 1000      // bytes of the name of an entry
	maxArchive = 16 << 30  // bytes of an archive
)

// natsExt ends the names of NATS-Bench's files.
const natsExt = ".pickle.pbz2"

// natsMeta is the file of NATS-Bench that only lists architectures.
const natsMeta = "meta" + natsExt

// wholeNATS says what to take instead of the files that hold all of NATS-Bench or NAS-Bench-201 at once.
const wholeNATS = "NATS-tss-v1_0-3ffb9-simple, one small file an architecture, can be read: as a tar, a zip or a folder"

// Progress hears how many architectures of how many are read.
type Progress func(done, total int)

// Read reads what lies at path and is no text: a folder, tar or zip of NATS-Bench's simple archive, one of its files,
// or a pickle of NASLib. The error is ErrText where there is something else, and otherwise names what would be right.
func (b *Benchmark) Read(ctx context.Context, path string, told Progress) (*Reading, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if told == nil {
		told = func(int, int) {}
	}
	if info.IsDir() {
		r, err := b.readFolder(ctx, path, told)
		return r, at(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, ErrText // a pipe is read as one
	}
	head, err := headOf(path)
	if err != nil {
		return nil, err
	}
	var r *Reading
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		r, err = b.readZip(ctx, path, told)
	case len(head) > 262 && string(head[257:262]) == "ustar":
		r, err = b.readTar(ctx, path, told)
	case bytes.HasPrefix(head, []byte("BZh")):
		r, err = b.readPacked(path)
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		err = errors.New("compressed by gzip: unpack it (gunzip), and import what comes out")
	case bytes.HasPrefix(head, legacyTorch):
		err = errTorch
	case len(head) > 0 && head[0] == 0x80:
		r, err = b.readPickle(ctx, path)
	default:
		return nil, ErrText
	}
	return r, at(path, err)
}

// errTorch refuses NAS-Bench-201's own files.
var errTorch = errors.New("a file of PyTorch, as NAS-Bench-201-v1_1-096897.pth, which holds every training at once: " +
	"not read: " + wholeNATS + ", and has the same networks")

// legacyTorch is how PyTorch's files began up to version 1.5.
var legacyTorch = []byte("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")

func at(path string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

func headOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return head[:n], err
}

// isNATS tells the file of an architecture by its name: 000284.pickle.pbz2.
func isNATS(name string) bool {
	stem, ok := strings.CutSuffix(path.Base(name), natsExt)
	return ok && stem != "" && strings.Trim(stem, "0123456789") == ""
}

// errNoNATS says that a folder or an archive has none of these files.
var errNoNATS = fmt.Errorf("no file called like 000000%s in it: want NATS-tss-v1_0-3ffb9-simple of NATS-Bench", natsExt)

// readFolder reads NATS-Bench's simple archive, unpacked.
func (b *Benchmark) readFolder(ctx context.Context, dir string, told Progress) (*Reading, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if isNATS(e.Name()) {
			names = append(names, e.Name())
		}
	}
	switch {
	case len(names) == 0:
		return nil, errNoNATS
	case len(names) > maxEntries:
		return nil, fmt.Errorf("%d files: at most %d are read", len(names), maxEntries)
	}
	slices.Sort(names)
	c := b.collect(ctx, len(names), told)
	h := sha256.New()
	for _, name := range names {
		data, err := input.Read(filepath.Join(dir, name), maxPacked)
		if err != nil {
			c.fail(err)
			break
		}
		fmt.Fprintf(h, "%x  %s\n", sha256.Sum256(data), name)
		if !c.add(name, data) {
			break
		}
	}
	return c.reading("a folder of NATS-Bench", Source{filepath.Base(dir), hex.EncodeToString(h.Sum(nil))})
}

// readZip reads the simple archive as a zip.
func (b *Benchmark) readZip(ctx context.Context, path string, told Progress) (*Reading, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("zip: %w", err)
	}
	defer archive.Close()
	if len(archive.File) > maxEntries {
		return nil, fmt.Errorf("%d entries: at most %d are read", len(archive.File), maxEntries)
	}
	var files []*zip.File
	for _, f := range archive.File {
		if strings.HasSuffix(f.Name, "/data.pkl") {
			return nil, errTorch
		}
		if len(f.Name) <= maxName && isNATS(f.Name) {
			files = append(files, f)
		}
	}
	if len(files) == 0 {
		return nil, errNoNATS
	}
	sum, err := hashOf(path)
	if err != nil {
		return nil, err
	}
	c := b.collect(ctx, len(files), told)
	for _, f := range files {
		data, err := unzip(f)
		if err != nil {
			c.fail(entry(f.Name, err))
			break
		}
		if !c.add(f.Name, data) {
			break
		}
	}
	return c.reading("a zip of NATS-Bench", Source{filepath.Base(path), sum})
}

func unzip(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return input.All(r, maxPacked)
}

// readTar reads the simple archive as it is published.
func (b *Benchmark) readTar(ctx context.Context, path string, told Progress) (*Reading, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	whole := io.TeeReader(io.LimitReader(f, maxArchive), h)
	archive := tar.NewReader(whole)
	c := b.collect(ctx, b.Size, told) // the published one has all; how many there are is known at the end
	for n := 0; ; n++ {
		head, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err == nil && n >= maxEntries {
			err = fmt.Errorf("more than %d entries", maxEntries)
		}
		if err != nil {
			c.fail(fmt.Errorf("tar: %w", err))
			break
		}
		if head.Typeflag != tar.TypeReg || len(head.Name) > maxName || !isNATS(head.Name) {
			continue
		}
		data, err := input.All(archive, maxPacked)
		if err != nil {
			c.fail(entry(head.Name, err))
			break
		}
		if !c.add(head.Name, data) {
			break
		}
	}
	if _, err := io.Copy(io.Discard, whole); err != nil {
		c.fail(err)
	}
	return c.reading("a tar of NATS-Bench", Source{filepath.Base(path), hex.EncodeToString(h.Sum(nil))})
}

func entry(name string, err error) error {
	if large := (*input.TooLarge)(nil); errors.As(err, &large) {
		err = fmt.Errorf("%w: is it of the archive with trained weights? %s", err, wholeNATS)
	}
	return fmt.Errorf("%s: %w", printable.Cut(name, 80), err)
}

// readPacked reads one file of NATS-Bench.
func (b *Benchmark) readPacked(path string) (*Reading, error) {
	name := filepath.Base(path)
	if name == natsMeta {
		return nil, errors.New("the list of architectures, without accuracies: name its folder")
	}
	data, err := input.Read(path, maxPacked)
	if large := (*input.TooLarge)(nil); errors.As(err, &large) {
		return nil, fmt.Errorf("%w: of NATS-Bench, %s", large, wholeNATS)
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	c := b.collect(context.Background(), 1, func(int, int) {})
	c.add(name, data)
	return c.reading("one file of NATS-Bench", Source{name, hex.EncodeToString(sum[:])})
}

func hashOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, io.LimitReader(f, maxArchive))
	return hex.EncodeToString(h.Sum(nil)), err
}
