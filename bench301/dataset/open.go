package dataset

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Names of sets that Open knows.
const (
	SampleName  = "cifar10-sample"
	CIFAR10Name = "cifar10"
)

// Open finds a data set: SampleName (or "sample"), CIFAR10Name from the cache, or else a path: CIFAR-10's archive or
// files, or an image folder, for which f says how to read it (f.Dir is ignored).
func Open(ctx context.Context, name string, f Folder) (*Set, error) {
	switch name {
	case "sample", SampleName:
		return Sample(), nil
	case CIFAR10Name:
		cache, err := DefaultCache()
		if err != nil {
			return nil, err
		}
		return cache.CIFAR10(ctx)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("data set %q: neither %s nor %s nor a folder or archive: %w", name, SampleName, CIFAR10Name,
			err)
	}
	if info.IsDir() {
		if train, err := os.Stat(filepath.Join(name, "train")); err == nil && train.IsDir() {
			f.Dir = name
			return f.Read(ctx)
		}
	}
	return ReadCIFAR10(ctx, name)
}
