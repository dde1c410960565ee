package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"sync"

	"github.com/gofrs/flock"
)

// maxLine bounds a line of a records file.
const maxLine = 1 << 20

// JSONL is a Store in a file of JSON lines, appended to one whole line at a time.
type JSONL struct {
	mu      sync.Mutex
	file    *os.File
	lock    *flock.Flock
	index   map[Key]int
	byArch  map[string][]int // records of an architecture, by id
	records []Record
}

var _ Store = (*JSONL)(nil)

// OpenJSONL opens or creates the records file at path. A last line cut short by a crash is removed; any other damage
// is an error that names the line. A second process on the same file is refused.
func OpenJSONL(path string) (*JSONL, error) {
	lock := flock.New(path)
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if !held {
		return nil, fmt.Errorf("%s: another process is writing this file: wait for it, or choose another file", path)
	}
	s := newJSONL()
	s.lock = lock
	if err := s.open(path); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return s, nil
}

func newJSONL() *JSONL { return &JSONL{index: map[Key]int{}, byArch: map[string][]int{}} }

func (s *JSONL) open(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	whole, err := readLines(f, path, s.remember)
	if err == nil {
		err = f.Truncate(whole)
	}
	if err == nil {
		_, err = f.Seek(whole, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return err
	}
	s.file = f
	return nil
}

// ReadJSONL reads a records file without writing to it. A last line cut short is left out.
func ReadJSONL(path string) ([]Record, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := newJSONL()
	if _, err := readLines(f, path, s.remember); err != nil {
		return nil, err
	}
	return s.records, nil
}

// ReadAll reads the records of several files; of records that answer the same question the last one counts. Files
// without any are an error.
func ReadAll(paths ...string) ([]Record, error) {
	s := newJSONL()
	for _, path := range paths {
		records, err := ReadJSONL(path)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			s.remember(r)
		}
	}
	if len(s.records) == 0 {
		return nil, fmt.Errorf("%s: no scores in it", strings.Join(paths, ", "))
	}
	return s.records, nil
}

// readLines calls keep with every whole line's record and returns the length of the whole lines.
func readLines(r io.Reader, name string, keep func(Record)) (int64, error) {
	var whole int64
	in := bufio.NewReaderSize(r, maxLine)
	for number := 1; ; number++ {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return whole, nil
		case errors.Is(err, bufio.ErrBufferFull):
			return 0, fmt.Errorf("%s:%d: line longer than %d bytes: not a records file", name, number, maxLine)
		case err != nil:
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		var rec Record
		if err := json.Unmarshal(line, &rec); err != nil {
			return 0, fmt.Errorf("%s:%d: not a record: %w: remove the line, or choose another file", name, number, err)
		}
		if err := rec.Validate(); err != nil {
			return 0, fmt.Errorf("%s:%d: %w", name, number, err)
		}
		keep(rec)
		whole += int64(len(line))
	}
}

// remember indexes a record; a later one of the same key takes the place of the earlier.
func (s *JSONL) remember(r Record) {
	if i, ok := s.index[r.Key()]; ok {
		s.records[i] = r
		return
	}
	s.index[r.Key()] = len(s.records)
	s.byArch[r.ID] = append(s.byArch[r.ID], len(s.records))
	s.records = append(s.records, r)
}

// Get returns the record of a key. The error is always nil.
func (s *JSONL) Get(k Key) (Record, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.index[k]
	if !ok {
		return Record{}, false, nil
	}
	return s.records[i], true, nil
}

// Of returns the records of one architecture in the order in which they were first put. The error is always nil.
func (s *JSONL) Of(id string) ([]Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Record
	for _, i := range s.byArch[id] {
		out = append(out, s.records[i])
	}
	return out, nil
}

// Put appends records in one write.
func (s *JSONL) Put(records ...Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []byte
	for _, r := range records {
		if err := r.Validate(); err != nil {
			return err
		}
		if i, ok := s.index[r.Key()]; ok && s.records[i].Status == OK {
			return fmt.Errorf("%s of %s: scored already", r.Estimator, r.ID)
		}
		line, err := Line(r)
		if err != nil {
			return err
		}
		lines = append(lines, line...)
	}
	before, err := s.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := s.file.Write(lines); err != nil {
		// A full disk may have taken half the line; what stood before it must stay readable.
		if cut := s.file.Truncate(before); cut == nil {
			_, _ = s.file.Seek(before, io.SeekStart)
		}
		return fmt.Errorf("record not saved: %w", err)
	}
	for _, r := range records {
		s.remember(r)
	}
	return nil
}

// Line is the record as one line of a records file.
func Line(r Record) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// All goes through the current records in the order in which they were first put.
func (s *JSONL) All() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, r := range s.Records() {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Records lists the current records in the order in which they were first put.
func (s *JSONL) Records() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Record(nil), s.records...)
}

// Close syncs and closes the file.
func (s *JSONL) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.file.Sync(), s.file.Close(), s.lock.Close())
}
