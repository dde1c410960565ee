package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"time"

	"rwe301/tools/internal/packing"
)

// archive packs the files of a wheel and adds RECORD, by the binary distribution format: sorted, with the folder of
// metadata at the end. Every file is given the time.
func archive(files []packing.File, distInfo string, when time.Time) ([]byte, error) {
	last := func(name string) int {
		if strings.HasPrefix(name, distInfo+"/") {
			return 1
		}
		return 0
	}
	slices.SortFunc(files, func(a, b packing.File) int {
		return cmp.Or(cmp.Compare(last(a.Name), last(b.Name)), strings.Compare(a.Name, b.Name))
	})
	list, err := record(files, distInfo+"/RECORD")
	if err != nil {
		return nil, err
	}
	return packing.Zip(append(files, list), when)
}

// record is the list of a wheel's files: name, hash, size. Its own row has the name alone.
func record(files []packing.File, name string) (packing.File, error) {
	var list bytes.Buffer
	w := csv.NewWriter(&list)
	for _, f := range files {
		if err := w.Write([]string{f.Name, hash(f.Content), strconv.Itoa(len(f.Content))}); err != nil {
			return packing.File{}, err
		}
	}
	if err := w.Write([]string{name, "", ""}); err != nil {
		return packing.File{}, err
	}
	w.Flush()
	return packing.File{Name: name, Content: list.Bytes(), Mode: 0o644}, w.Error()
}

// hash is a file's hash as RECORD has it.
func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256=" + base64.RawURLEncoding.EncodeToString(sum[:])
}
