package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"runtime"
	"time"

	"rwe301/tools/internal/packing"
)

// host is the platform of this machine.
const host = runtime.GOOS + "/" + runtime.GOARCH

// tarball packs files, in their order, each of the time and of nobody.
func tarball(files []packing.File, when time.Time) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	t := tar.NewWriter(z)
	for _, f := range files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: int64(len(f.Content)),
			Mode: int64(f.Mode.Perm()), ModTime: when, Format: tar.FormatUSTAR}
		if err := t.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := t.Write(f.Content); err != nil {
			return nil, err
		}
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	err = z.Close()
	return out.Bytes(), err
}
