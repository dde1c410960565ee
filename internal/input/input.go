// Package input reads files that users name, within a bound that the caller sets before any memory is taken.
package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// TooLarge reports an input of more bytes than its kind may have.
type TooLarge struct{ Most int64 }

func (e *TooLarge) Error() string {
	return "more than " + size(e.Most) + ", which is too much for a file of this kind"
}

// Read returns the bytes of the file at path, at most that many; a pipe or a device is read until its end or the
// bound. A folder, and a longer file, is an *fs.PathError.
func Read(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fail := func(err error) ([]byte, error) { return nil, &fs.PathError{Op: "read", Path: path, Err: err} }
	switch info, err := f.Stat(); {
	case err != nil:
		return nil, err
	case info.IsDir():
		return fail(errors.New("a folder: want a file"))
	case info.Mode().IsRegular() && info.Size() > most:
		return fail(&TooLarge{most})
	}
	data, err := All(f, most)
	if large := (*TooLarge)(nil); errors.As(err, &large) {
		return fail(err)
	}
	return data, err
}

// All returns what r holds, at most that many bytes; more is a *TooLarge.
func All(r io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(data)) > most {
		return nil, &TooLarge{most}
	}
	return data, err
}

// binaries are kinds of files that are no text, by how they begin.
var binaries = []struct{ begin, what string }{
	{"PK\x03\x04", "a zip archive, as of PyTorch, or an Excel workbook: unpack it, or save it as CSV, JSON or text"},
	{"\x1f\x8b", "compressed by gzip: unpack it"},
	{"PAR1", "Parquet: save it as CSV"},
	{"\xff\xfe", "UTF-16: save it as UTF-8"},
	{"\xfe\xff", "UTF-16: save it as UTF-8"},
	{"\x80", "a pickle, or something else that is no text: save it as CSV, JSON or text"},
}

// NoText says what a file is that begins with head and is of a known kind that is no text; "" if it is not.
func NoText(head []byte) string {
	for _, b := range binaries {
		if bytes.HasPrefix(head, []byte(b.begin)) {
			return b.what
		}
	}
	zero := func(i int) bool { return head[i] == 0 }
	if len(head) > 3 && zero(0) != zero(1) && zero(0) == zero(2) && zero(1) == zero(3) {
		return "UTF-16: save it as UTF-8" // of ASCII, without a mark
	}
	return ""
}

func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.3g GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.3g MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.3g KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
