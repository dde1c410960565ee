package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"rwe301/bench301/dataset"
	"rwe301/internal/atomicfile"
	"rwe301/internal/printable"
)

// here says whether a data set is inside the binary.
func here(name, hash string) bool {
	return name == dataset.SampleName && hash == dataset.Sample().Hash
}

// fetch returns the images of an offer: those inside the binary, those of the machine, or those that the server has,
// which are kept in the cache.
func (m *images) fetch(ctx context.Context, js jetstream.JetStream, bucket, cache string) (*dataset.Set, error) {
	if here(m.Name, m.Hash) {
		return dataset.Sample(), nil
	}
	if m.Name == dataset.CIFAR10Name {
		if c, err := dataset.DefaultCache(); err == nil {
			if set, err := c.CIFAR10(ctx); err == nil && set.Hash == m.Hash {
				return set, nil
			}
		}
	}
	if len(m.Object) != 64 || strings.Trim(m.Object, "0123456789abcdef") != "" {
		return nil, fmt.Errorf("images %s: no SHA-256", printable.Cut(m.Object, 80))
	}
	path := filepath.Join(cache, "images", m.Object)
	set, err := m.unpack(path)
	if err == nil || ctx.Err() != nil {
		return set, err
	}
	objects, err := js.ObjectStore(ctx, bucket)
	if err != nil {
		return nil, fmt.Errorf("images of %s: %w", printable.Cut(m.Name, 100), err)
	}
	object, err := objects.Get(ctx, m.Object)
	if err != nil {
		return nil, fmt.Errorf("images of %s: %w", printable.Cut(m.Name, 100), err)
	}
	defer object.Close()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	err = atomicfile.Write(path, func(w io.Writer) error {
		n, err := io.Copy(w, io.LimitReader(object, m.Bytes+1))
		if err == nil && n != m.Bytes {
			err = fmt.Errorf("images of %s: %d bytes came, not %d", printable.Cut(m.Name, 100), n, m.Bytes)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return m.unpack(path)
}

// unpack reads images from the cache, if it has them whole.
func (m *images) unpack(path string) (*dataset.Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum := sha256.New()
	set, err := dataset.Unpack(io.TeeReader(f, sum))
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(sum, f); err != nil {
		return nil, err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != m.Object || set.Hash != m.Hash || set.Name != m.Name {
		return nil, fmt.Errorf("%s: damaged: its SHA-256 is %s", path, got)
	}
	return set, nil
}
