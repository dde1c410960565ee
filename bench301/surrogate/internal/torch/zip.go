package torch

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"

	"rwe301/internal/pickle"
)

// readZip reads <stem>/data.pkl and the storages <stem>/data/<key>. PyTorch stores entries without compression, so an
// entry cannot be larger than the file.
func readZip(data []byte) ([]Tensor, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("zip: %w", err)
	}
	entries := map[string]*zip.File{}
	stem := ""
	for _, f := range archive.File {
		if entries[f.Name] != nil {
			return nil, fmt.Errorf("zip: entry %.80q stands twice", f.Name)
		}
		entries[f.Name] = f
		if s, ok := strings.CutSuffix(f.Name, "/data.pkl"); ok && !strings.Contains(s, "/") {
			stem = s
		}
	}
	program, err := content(entries, stem+"/data.pkl", len(data))
	if err != nil {
		return nil, err
	}
	v, end, err := pickle.Decode(program, 0)
	if err != nil {
		return nil, fmt.Errorf("zip: %s/data.pkl: %w", stem, err)
	}
	if end != len(program) {
		return nil, fmt.Errorf("zip: %s/data.pkl: %d bytes follow the pickle", stem, len(program)-end)
	}
	d, err := collect(v)
	if err != nil {
		return nil, fmt.Errorf("zip: %s/data.pkl: %w", stem, err)
	}
	for _, s := range d.storages {
		name := stem + "/data/" + s.key
		if s.data, err = content(entries, name, len(data)); err != nil {
			return nil, err
		}
		if int64(len(s.data)) != s.numel*int64(s.size) {
			return nil, fmt.Errorf("zip: %s: %d bytes: want %d elements of %d", name, len(s.data), s.numel, s.size)
		}
	}
	return d.tensors()
}

// content reads a stored entry and checks its CRC.
func content(entries map[string]*zip.File, name string, limit int) ([]byte, error) {
	f := entries[name]
	switch {
	case f == nil:
		return nil, fmt.Errorf("zip: entry %.80s is missing", name)
	case f.Method != zip.Store:
		return nil, fmt.Errorf("zip: %.80s is compressed: PyTorch stores entries as they are", name)
	case f.UncompressedSize64 > uint64(limit):
		return nil, fmt.Errorf("zip: %.80s: %d bytes in a file of %d", name, f.UncompressedSize64, limit)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("zip: %.80s: %w", name, err)
	}
	defer r.Close()
	out := make([]byte, f.UncompressedSize64)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, fmt.Errorf("zip: %.80s: %w", name, err)
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		return nil, fmt.Errorf("zip: %.80s: %v: want %d bytes with the checksum of the directory", name, err, len(out))
	}
	return out, nil
}
