package store

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"os"
	"regexp"
	"sync"

	"github.com/gofrs/flock"
)

// maxLine bounds a line of a records file.
const maxLine = 1 << 20

// JSONL is a Store in a file of JSON lines, appended to one whole line at a time. It remembers where each record
// stands, not the records.
type JSONL struct {
	path string
	file *os.File
	lock *flock.Flock

	mu    sync.Mutex
	end   int64 // of the last whole line
	index map[digest]place
}

var _ Store = (*JSONL)(nil)

// digest stands for a Key. Among three million keys there are two of one digest in one process of four million; what is
// read from the file is compared with its key, so that the second one is then refused, and another process takes it.
type digest uint64

var digestSeed = maphash.MakeSeed()

func digestOf(k Key) digest { return digest(maphash.Comparable(digestSeed, k)) }

// place is where a record's line begins, doubled, plus 1 if the record is a score.
type place int64

func placeOf(offset int64, r *Record) place {
	if r.Status == OK {
		return place(2*offset + 1)
	}
	return place(2 * offset)
}

func (p place) offset() int64 { return int64(p) / 2 }
func (p place) scored() bool  { return p%2 == 1 }

// OpenJSONL opens or creates the records file at path. A last line cut short by a crash is removed; any other damage
// is an error that names the line. A second process on the same file is refused.
func OpenJSONL(path string) (*JSONL, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(cmp.Or(err, fmt.Errorf("%s: not a file: name another one", path)), f.Close())
	}
	lock, err := lockFile(path, path)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s := &JSONL{path: path, file: f, lock: lock, index: map[digest]place{}}
	if err := s.load(); err != nil {
		return nil, errors.Join(err, f.Close(), lock.Close())
	}
	return s, nil
}

// load reads where the records stand, and cuts off a torn last line.
func (s *JSONL) load() error {
	for l, err := range readLines(s.file, s.path, parseLine) {
		if err != nil {
			return err
		}
		s.end = l.offset + int64(l.length)
		d := digestOf(l.record.Key())
		if old, ok := s.index[d]; ok && old.scored() {
			earlier, err := s.read(old)
			if err != nil {
				return err
			}
			keep, err := supersedes(&earlier, &l.record)
			if err != nil {
				return fmt.Errorf("%s:%d: %w in line %d", s.path, l.number, err, s.lineAt(old.offset()))
			}
			if !keep {
				continue
			}
		}
		s.index[d] = placeOf(l.offset, &l.record)
		if l.open {
			if _, err := s.file.WriteAt([]byte("\n"), s.end); err != nil {
				return err
			}
			s.end++
		}
	}
	if info, err := s.file.Stat(); err != nil || info.Size() == s.end {
		return err
	}
	return s.file.Truncate(s.end)
}

// lineAt is the number of the line that begins at an offset.
func (s *JSONL) lineAt(offset int64) int {
	n := 1
	in := bufio.NewReader(io.NewSectionReader(s.file, 0, offset))
	for {
		line, err := in.ReadSlice('\n')
		n += bytes.Count(line, []byte("\n"))
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return n
		}
	}
}

// supersedes says whether a record takes the place of an earlier one of the same key: a score is never replaced, and
// two that differ are an error.
func supersedes(earlier, later *Record) (bool, error) {
	switch {
	case earlier.Status != OK || earlier.Key() != later.Key():
		return true, nil
	case later.Status != OK || *later.Score == *earlier.Score:
		return false, nil
	}
	return false, fmt.Errorf("%s of %s (seed %d): the score %v, where it is %v", later.Estimator, later.ID, later.Seed,
		*later.Score, *earlier.Score)
}

// line is a line of a records file.
type line struct {
	record Record
	number int // from 1
	offset int64
	length int
	open   bool // has no end of line
}

// readLines goes through the whole lines of a records file; a last one cut short is left out. Its errors name file and
// line. The texts that records have in common are shared.
func readLines(r io.Reader, name string, parse func(raw []byte) (Record, error)) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		in := bufio.NewReaderSize(r, maxLine)
		var texts interned
		var l line
		for {
			raw, err := in.ReadSlice('\n')
			l = line{number: l.number + 1, offset: l.offset + int64(l.length), length: len(raw)}
			switch {
			case l.number == 1 && array.Match(raw):
				err = fmt.Errorf("%s:1: a JSON array: want records one a line, as score --out writes them", name)
			case errors.Is(err, io.EOF):
				if len(raw) == 0 {
					return
				}
				if l.record, err = parse(raw); err != nil {
					if torn(raw) {
						return
					}
					err = notRecord(name, l.number, raw, err)
				}
				l.open = true
			case errors.Is(err, bufio.ErrBufferFull):
				err = fmt.Errorf("%s:%d: line longer than %d bytes: not a records file", name, l.number, maxLine)
			case err != nil:
				err = fmt.Errorf("%s: %w", name, err)
			default:
				if l.record, err = parse(raw); err != nil {
					err = notRecord(name, l.number, raw, err)
				}
			}
			texts.share(&l.record)
			if !yield(l, err) || err != nil || l.open {
				return
			}
		}
	}
}

// array begins a JSON array of records.
var array = regexp.MustCompile(`^\s*\[\s*({|$)`)

// torn says whether a last line is the beginning of a record, cut short by a crash. Any other one is somebody's text,
// which must not be cut off.
func torn(raw []byte) bool {
	const begin = `{"arch":"`
	raw = bytes.TrimRight(raw, "\x00") // a file system may have made the file longer before it was written
	return bytes.HasPrefix(raw, []byte(begin[:min(len(begin), len(raw))])) && !json.Valid(raw)
}

func notRecord(name string, number int, raw []byte, why error) error {
	if bytes.HasPrefix(raw, []byte("SQLite format 3\x00")) {
		return fmt.Errorf("%s: a SQLite database: want a file of JSON lines, as score --out writes them", name)
	}
	return fmt.Errorf("%s:%d: not a record: %w: mend or remove the line, or choose another file", name, number, why)
}

// read reads the record at a place.
func (s *JSONL) read(p place) (Record, error) {
	raw, err := bufio.NewReaderSize(io.NewSectionReader(s.file, p.offset(), maxLine), 2048).ReadBytes('\n')
	if err != nil {
		return Record{}, fmt.Errorf("%s: a record is gone: the file was changed by another program: %w", s.path, err)
	}
	return parseLine(raw)
}

// Get returns the record of a key.
func (s *JSONL) Get(k Key) (Record, bool, error) {
	s.mu.Lock()
	p, ok := s.index[digestOf(k)]
	s.mu.Unlock()
	if !ok {
		return Record{}, false, nil
	}
	r, err := s.read(p)
	return r, err == nil && r.Key() == k, err
}

// Put appends records in one write.
func (s *JSONL) Put(records ...Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := make(map[digest]place, len(records))
	lines := make([]byte, 0, 512*len(records))
	for i := range records {
		r := &records[i]
		if err := r.Validate(); err != nil {
			return err
		}
		d := digestOf(r.Key())
		if s.index[d].scored() || fresh[d].scored() {
			return &TakenError{*r}
		}
		fresh[d] = placeOf(s.end+int64(len(lines)), r)
		var err error
		if lines, err = appendLine(lines, r); err != nil {
			return err
		}
	}
	if _, err := s.file.WriteAt(lines, s.end); err != nil {
		// A full disk may have taken half the line; what stood before it must stay readable.
		return errors.Join(fmt.Errorf("record not saved: %w", err), s.file.Truncate(s.end))
	}
	s.end += int64(len(lines))
	for d, p := range fresh {
		s.index[d] = p
	}
	return nil
}

// Line is the record as one line of a records file.
func Line(r Record) ([]byte, error) { return appendLine(nil, &r) }

func appendLine(b []byte, r *Record) ([]byte, error) {
	out := bytes.NewBuffer(b)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// All goes through the current records in the order in which they were put.
func (s *JSONL) All() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		s.mu.Lock()
		end := s.end
		s.mu.Unlock()
		for l, err := range readLines(io.NewSectionReader(s.file, 0, end), s.path, parseLine) {
			if err != nil {
				yield(Record{}, err)
				return
			}
			s.mu.Lock()
			current := s.index[digestOf(l.record.Key())].offset() == l.offset
			s.mu.Unlock()
			if current && !yield(l.record, nil) {
				return
			}
		}
	}
}

// Close syncs and closes the file.
func (s *JSONL) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.file.Sync(), s.file.Close(), s.lock.Close())
}
