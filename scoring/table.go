package scoring

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"rwe301/bench301"
)

// MaxFile bounds a file of architectures or scores.
const MaxFile = 1 << 30

// Table is a file of architectures with columns beside them: CSV or JSON lines, or JSON of the form that
// NAS-Bench-Suite-Zero published, {"architecture": {"proxy": {"score": 1, "time": 2}, "val_accuracy": 93}}, which may stand
// below the name of its data set, {"cifar10": {"architecture": ...}}; scores may be bare numbers.
type Table struct {
	File     string // path, for errors
	Hash     string // of its content
	Rows     []Row
	Repeated int // rows left out because an equal one came before
}

// Row is an architecture with its fields.
type Row struct {
	bench301.Item
	ID string
}

// Base is the name that stands in records.
func (t *Table) Base() string { return filepath.Base(t.File) }

// secondsOf is the column of the times of a column.
func secondsOf(column string) string { return column + " seconds" }

// ReadTable reads a file of architectures, each at most once.
func ReadTable(space bench301.Space, path string) (*Table, error) {
	data, hash, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	t := &Table{File: path, Hash: hash}
	items := bench301.Read(space, path, bytes.NewReader(data), "")
	if nested, ok := suiteZero(space, path, data); ok {
		items = nested
	}
	first := map[string]int{}
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		id := item.Architecture.ID()
		if seed, ok := item.Field("seed"); ok {
			id += " " + strings.TrimSpace(seed) // one row a seed
		}
		if i, ok := first[id]; ok {
			if !slices.Equal(t.Rows[i].Fields, item.Fields) {
				return nil, fmt.Errorf("%s:%d: the architecture of line %d again, with other values: remove one", path, item.Line, t.Rows[i].Line)
			}
			t.Repeated++
			continue
		}
		first[id] = len(t.Rows)
		t.Rows = append(t.Rows, Row{item, item.Architecture.ID()})
	}
	return t, nil
}

// ReadFile reads a file whole, up to a bound, and condenses its content.
func ReadFile(path string) (data []byte, hash string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	data, err = io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, "", err
	}
	if len(data) > MaxFile {
		return nil, "", fmt.Errorf("%s: more than %d MB", path, MaxFile>>20)
	}
	sum := sha256.Sum256(data)
	return data, hex.EncodeToString(sum[:8]), nil
}

// suiteZero reads the JSON form of NAS-Bench-Suite-Zero, if data has it.
func suiteZero(space bench301.Space, path string, data []byte) (func(yield func(bench301.Item, error) bool), bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	key, err := d.Token()
	if err != nil {
		return nil, false
	}
	text, ok := key.(string)
	nested := false
	if _, _, err := space.Parse(text); !ok || err != nil {
		if t, err := d.Token(); err != nil || t != json.Delim('{') {
			return nil, false
		}
		if key, err = d.Token(); err != nil {
			return nil, false
		}
		if text, ok = key.(string); !ok {
			return nil, false
		}
		if _, _, err := space.Parse(text); err != nil {
			return nil, false
		}
		nested = true
	}
	return func(yield func(bench301.Item, error) bool) {
		for {
			text, _ := key.(string)
			item, err := suiteZeroItem(space, path, data, text, d)
			if !yield(item, err) || err != nil {
				return
			}
			if !d.More() {
				if _, err := d.Token(); err == nil && nested && d.More() {
					yield(bench301.Item{}, fmt.Errorf("%s: holds more than one data set: keep one", path))
				}
				return
			}
			if key, err = d.Token(); err != nil {
				yield(bench301.Item{}, fmt.Errorf("%s: %w", path, err))
				return
			}
		}
	}, true
}

func suiteZeroItem(space bench301.Space, path string, data []byte, text string, d *json.Decoder) (bench301.Item, error) {
	item := bench301.Item{File: path, Line: 1 + bytes.Count(data[:d.InputOffset()], []byte("\n"))}
	fail := func(err error) (bench301.Item, error) {
		return item, fmt.Errorf("%s:%d: %w", path, item.Line, err)
	}
	var err error
	if item.Architecture, item.Notation, err = space.Parse(text); err != nil {
		return fail(err)
	}
	var values map[string]json.RawMessage
	if err := d.Decode(&values); err != nil {
		return fail(err)
	}
	for name, raw := range values {
		var proxy struct {
			Score *float64 `json:"score"`
			Time  *float64 `json:"time"`
		}
		var number float64
		switch {
		case json.Unmarshal(raw, &number) == nil:
			item.Fields = append(item.Fields, bench301.Field{Name: name, Value: float(number)})
		case json.Unmarshal(raw, &proxy) == nil && proxy.Score != nil:
			item.Fields = append(item.Fields, bench301.Field{Name: name, Value: float(*proxy.Score)})
			if proxy.Time != nil {
				item.Fields = append(item.Fields, bench301.Field{Name: secondsOf(name), Value: float(*proxy.Time)})
			}
		}
	}
	slices.SortFunc(item.Fields, func(a, b bench301.Field) int { return strings.Compare(a.Name, b.Name) })
	return item, nil
}

func float(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// errBlank says that a cell holds no number.
var errBlank = errors.New("no value")

// blank is errBlank with the place of the cell.
type blank string

func (b blank) Error() string        { return string(b) }
func (b blank) Is(target error) bool { return target == errBlank }

// value reads a cell that may be blank or not a number, which is errBlank.
func (r Row) value(column string) (float64, error) {
	text, ok := r.Field(column)
	if !ok {
		return 0, fmt.Errorf("%s:%d: no column %q", r.File, r.Line, column)
	}
	text = strings.TrimSpace(text)
	none := blank(fmt.Sprintf("%s:%d: %s: %q: must be a finite number", r.File, r.Line, column, text))
	if text == "" || text == "null" || text == "None" {
		return 0, none
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%s:%d: %s: %q is not a number", r.File, r.Line, column, text)
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, none
	}
	return v, nil
}

// Numeric lists the columns that hold a number or nothing in every row and are not the times of another.
func (t *Table) Numeric() []string {
	var out []string
	if len(t.Rows) == 0 {
		return nil
	}
columns:
	for _, f := range t.Rows[0].Fields {
		if f.Name == "seed" || f.Name == "seconds" || strings.HasSuffix(f.Name, secondsOf("")) {
			continue
		}
		for _, r := range t.Rows {
			if _, err := r.value(f.Name); err != nil && !errors.Is(err, errBlank) {
				continue columns
			}
		}
		out = append(out, f.Name)
	}
	return out
}
