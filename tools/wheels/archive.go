package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// file is one of a wheel.
type file struct {
	name    string // with slashes
	content []byte
	mode    fs.FileMode
}

// archive packs the files of a wheel and adds RECORD, by the binary distribution format: sorted, with the folder of
// metadata at the end. Every file is given the time.
func archive(files []file, distInfo string, when time.Time) ([]byte, error) {
	last := func(name string) int {
		if strings.HasPrefix(name, distInfo+"/") {
			return 1
		}
		return 0
	}
	slices.SortFunc(files, func(a, b file) int {
		return cmp.Or(cmp.Compare(last(a.name), last(b.name)), strings.Compare(a.name, b.name))
	})
	list, err := record(files, distInfo+"/RECORD")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for _, f := range append(files, list) {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: when}
		header.SetMode(f.mode)
		w, err := z.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	err = z.Close()
	return out.Bytes(), err
}

// record is the list of a wheel's files: name, hash, size. Its own row has the name alone.
func record(files []file, name string) (file, error) {
	var list bytes.Buffer
	w := csv.NewWriter(&list)
	for _, f := range files {
		if err := w.Write([]string{f.name, hash(f.content), strconv.Itoa(len(f.content))}); err != nil {
			return file{}, err
		}
	}
	if err := w.Write([]string{name, "", ""}); err != nil {
		return file{}, err
	}
	w.Flush()
	return file{name, list.Bytes(), 0o644}, w.Error()
}

// hash is a file's hash as RECORD has it.
func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256=" + base64.RawURLEncoding.EncodeToString(sum[:])
}
