package store

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
)

// ReadAll goes through the records of records files, one file after the other, without writing to them and without
// keeping them in memory. Of the records that answer one question a score counts before a failure, and a later failure
// before an earlier one; what is no score comes last. Two scores that differ are an error, and so are files without any
// record. A last line cut short is left out, and a score that is NaN or infinite, as Python writes it, is an undefined
// one. told, unless nil, hears how many bytes of how many have been read.
func ReadAll(told func(read, total int64), paths ...string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		r := reading{archs: map[mark]uint32{}, counting: map[Key][]uint32{}, failures: map[uint32]Record{}}
		if told != nil {
			r.told, r.total = told, sizes(paths)
		}
		for _, path := range paths {
			if more, err := r.file(path, yield); err != nil {
				yield(Record{}, err)
				return
			} else if !more {
				return
			}
		}
		if len(r.scores) == 0 {
			yield(Record{}, fmt.Errorf("%s: no scores in it", strings.Join(paths, ", ")))
			return
		}
		for _, n := range slices.Sorted(maps.Keys(r.failures)) {
			if !yield(r.failures[n], nil) {
				return
			}
		}
	}
}

// reading is what ReadAll keeps. Lines are numbered from 0 over all files.
type reading struct {
	told        func(read, total int64)
	read, total int64

	files    []string
	first    []uint32          // line of each file
	scores   []float64         // of each line
	archs    map[mark]uint32   // number of each architecture, from 0
	counting map[Key][]uint32  // by key without architecture and by architecture: 1 + the line that counts, or 0
	failures map[uint32]Record // the counting lines that are no scores
}

// mark stands for an id: among a million ids two have the same one in one process of a hundred million billions.
type mark [3]uint32

var markSeeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func markOf(id string) mark {
	d := maphash.String(markSeeds[0], id)
	return mark{uint32(d), uint32(d >> 32), uint32(maphash.String(markSeeds[1], id))}
}

// toldEvery is the number of lines after which ReadAll tells how far it is.
const toldEvery = 4096

// file reads one file and hands on its scores, as long as more are wanted.
func (r *reading) file(path string, yield func(Record, error) bool) (more bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	r.files, r.first = append(r.files, path), append(r.first, uint32(len(r.scores)))
	before := r.read
	for l, err := range readLines(f, path, parseTouched) {
		if err != nil {
			return false, err
		}
		counts, err := r.enter(&l.record)
		if err != nil {
			return false, fmt.Errorf("%s:%d: %w", path, l.number, err)
		}
		if counts && l.record.Status == OK && !yield(l.record, nil) {
			return false, nil
		}
		if r.read = before + l.offset + int64(l.length); r.told != nil && l.number%toldEvery == 0 {
			r.told(r.read, r.total)
		}
	}
	return true, nil
}

// enter notes the record of the next line and says whether it counts.
func (r *reading) enter(rec *Record) (counts bool, err error) {
	n, key, m := uint32(len(r.scores)), rec.Key(), markOf(rec.ID)
	score := 0.0
	if rec.Status == OK {
		score = *rec.Score
	}
	r.scores = append(r.scores, score)
	arch, known := r.archs[m]
	if !known {
		arch = uint32(len(r.archs))
		r.archs[m] = arch
	}
	key.ID = ""
	lines := r.counting[key]
	for len(lines) <= int(arch) {
		lines = append(lines, 0)
	}
	r.counting[key] = lines
	if lines[arch] > 0 {
		earlier := lines[arch] - 1
		failed, lost := r.failures[earlier]
		if !lost {
			failed = *rec
			failed.Status, failed.Score = OK, &r.scores[earlier]
		}
		keep, err := supersedes(&failed, rec)
		if err != nil {
			i, found := slices.BinarySearch(r.first, earlier)
			if !found {
				i--
			}
			return false, fmt.Errorf("%w in %s:%d", err, r.files[i], earlier-r.first[i]+1)
		}
		if !keep {
			return false, nil
		}
		delete(r.failures, earlier)
	}
	lines[arch] = n + 1
	if rec.Status != OK {
		r.failures[n] = *rec
	}
	return true, nil
}

// sizes is the number of bytes of regular files.
func sizes(paths []string) (total int64) {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
	}
	return total
}

// IsRecords says whether a file begins like one of records, or is empty as one without any. A pipe, which can be read
// once, is taken for one.
func IsRecords(path string) bool {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return false
	}
	if !info.Mode().IsRegular() {
		return true
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 1<<16)
	n, err := io.ReadFull(f, head)
	head = bytes.TrimLeft(head[:n], "\ufeff \t\r\n")
	switch {
	case n == 0:
		return errors.Is(err, io.EOF)
	case bytes.HasPrefix(head, []byte("{")), array.Match(head):
		return bytes.Contains(head, []byte(`"settings_hash"`)) || bytes.IndexByte(head, '\n') < 0 && torn(head)
	}
	return false
}
