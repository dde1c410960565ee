package scoring

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"rwe301/bench301"
	"rwe301/internal/input"
	"rwe301/internal/printable"
)

// MaxFile bounds a file of architectures or scores.
const MaxFile = 1 << 30

// maxColumns bounds the columns of a table.
const maxColumns = 10_000

// Repeats says what the rows of a table mean that repeat an architecture, under the same seed if there are seeds. Rows
// with equal cells count once in any case.
type Repeats string

// The meanings of repeated rows.
const (
	RefuseRepeats Repeats = "error" // an error that names both lines
	MeanOfRepeats Repeats = "mean"  // the mean of their numbers
)

// RepeatsNames lists them, the default first.
func RepeatsNames() []string { return []string{string(RefuseRepeats), string(MeanOfRepeats)} }

// Table is a file of architectures with columns beside them: CSV with any usual separator; JSON lines; a JSON array of
// objects; JSON of the form that NAS-Bench-Suite-Zero published, {"architecture": {"proxy": {"score": 1, "time": 2},
// "val_accuracy": 93}}, which may stand below the name of its data set, {"cifar10": {"architecture": ...}}, with scores
// that may be bare numbers; or a list of architectures, without columns.
type Table struct {
	File     string // path, for errors
	Hash     string // of its content
	Space    bench301.Space
	Rows     []Row
	Repeated int      // rows whose architecture, under the same seed, stands in an earlier row
	Notes    []string // what of the file was not taken as it stands

	Recognised string // which space the notation tells, where that is worth saying

	repeats Repeats
	seeded  bool // there is a column of seeds
	columns []*column
	places  map[string]int // of columns, by name
	comma   bool           // decimal commas
	header  int            // line of the names of columns, 0 where every row names them
}

// Row is an architecture of a table.
type Row struct {
	Architecture bench301.Architecture
	ID           string
	Line         int
	Seed         uint64 // 0 where there are no seeds
	first        int    // index of the row that this one repeats, or its own
}

// Base is the name that stands in records.
func (t *Table) Base() string { return filepath.Base(t.File) }

// ReadTable reads a file of architectures of a space, or if space is nil, of the space that its notation tells.
func ReadTable(space bench301.Space, path string, repeats Repeats) (*Table, error) {
	data, once, err := readText(path)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	return tableOf(space, path, hex.EncodeToString(sum[:8]), repeats, func(r *tableReader) error {
		err := r.read(data)
		if once {
			r.say("read from a pipe, and so once: a run that names it cannot be resumed")
		}
		return err
	})
}

// tableOf is the table that fill reads.
func tableOf(space bench301.Space, path, hash string, repeats Repeats, fill func(*tableReader) error) (*Table, error) {
	t := &Table{File: path, Hash: hash, repeats: repeats, places: map[string]int{}}
	r := tableReader{Table: t, space: space, known: space != nil}
	if err := fill(&r); err != nil {
		return nil, err
	}
	t.Space = r.space
	if err := t.checkIDs(); err != nil {
		return nil, err
	}
	if err := t.findSeeds(); err != nil {
		return nil, err
	}
	if err := t.findRepeats(); err != nil {
		return nil, err
	}
	if len(r.said) > 0 {
		t.Notes = append(t.Notes, printable.Line(t.Base())+": "+strings.Join(r.said, "; "))
	}
	return t, nil
}

// pipes holds what pipes gave, by their paths: each can be read once, and the definition of a replay and its study both
// want it.
var pipes sync.Map

// readText reads a file or a pipe that holds text; once says that it cannot be read again.
func readText(path string) (data []byte, once bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, false, err
	}
	switch mode := info.Mode(); {
	case mode&os.ModeNamedPipe != 0:
		known, ok := pipes.Load(path)
		if ok {
			return known.([]byte), true, nil
		}
		if data, err = input.Read(path, MaxFile); err == nil {
			err = checkText(path, data[:min(len(data), 4096)])
		}
		if err == nil {
			pipes.Store(path, data)
		}
		return data, true, err
	case !mode.IsRegular() && !mode.IsDir():
		return nil, false, fmt.Errorf("%s: a device or a socket: want a file or a pipe", path)
	}
	head, err := headOf(path)
	if err == nil {
		err = checkText(path, head)
	}
	if err != nil {
		return nil, false, err
	}
	data, err = input.Read(path, MaxFile)
	return data, false, err
}

// headOf is how a file begins; an error in reading it comes again when all is read.
func headOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, _ := f.Read(head)
	return head[:n], nil
}

// checkText refuses what begins like no text.
func checkText(path string, head []byte) error {
	if what := input.NoText(head); what != "" {
		return fmt.Errorf("%s: %s", path, what)
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return fmt.Errorf("%s: no text: it holds bytes that are 0: a table is CSV or JSON", path)
	}
	return nil
}

// ReadFile reads a file whole, up to a bound, and condenses its content.
func ReadFile(path string) (data []byte, hash string, err error) {
	data, err = input.Read(path, MaxFile)
	sum := sha256.Sum256(data)
	return data, hex.EncodeToString(sum[:8]), err
}

// at is an error at a line of the table.
func (t *Table) at(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", t.File, line, fmt.Errorf(format, args...))
}

// checkIDs refuses an id, where a column has them, that is not the one of its architecture.
func (t *Table) checkIDs() error {
	i, ok := t.places["id"]
	if !ok {
		return nil
	}
	c := t.columns[i]
	for k, text := range c.cells {
		r := t.Rows[c.row(k)]
		id := strings.ToLower(strings.TrimSpace(text))
		if len(id) == len(r.ID) && strings.Trim(id, "0123456789abcdef") == "" && id != r.ID {
			return t.at(r.Line, "id %s is not that of its architecture, which is %s", id, r.ID)
		}
	}
	return nil
}

// findRepeats finds the rows that repeat an architecture. Unless a mean is taken, their cells must be the same.
func (t *Table) findRepeats() error {
	first := make(map[lookupKey]int, len(t.Rows))
	for i := range t.Rows {
		r := &t.Rows[i]
		k := lookupKey{r.ID, r.Seed}
		j, repeated := first[k]
		if !repeated {
			j = i
			first[k] = i
		} else {
			t.Repeated++
		}
		r.first = j
	}
	if t.Repeated == 0 || t.repeats == MeanOfRepeats {
		return nil
	}
	worst := -1
	var in *column
	for _, c := range t.columns {
		for i, r := range t.Rows {
			if worst >= 0 && i >= worst {
				break
			}
			if r.first != i && !t.sameCell(c, i, r.first) {
				worst, in = i, c
			}
		}
	}
	if worst < 0 {
		return nil
	}
	r := t.Rows[worst]
	return t.at(r.Line, "the architecture of line %d again, with other values (%s: %s, there %s): remove one, or take "+
		"the mean of repeated rows (--repeats mean, or repeats: mean in a definition)", t.Rows[r.first].Line,
		shown(in.name), in.quoted(worst), in.quoted(r.first))
}

func (t *Table) sameCell(c *column, i, j int) bool {
	a, inA := c.cell(i)
	b, inB := c.cell(j)
	if inA != inB || a == b {
		return inA == inB
	}
	x, errX := t.number(a)
	y, errY := t.number(b)
	return errX == nil && errY == nil && x == y
}

// column is a column of cells as they stand in the file.
type column struct {
	name  string
	cells []string
	rows  []int32 // row of each cell, ascending; nil where every row has one
}

// cell is the cell of a row, and whether there is one.
func (c *column) cell(row int) (string, bool) {
	if c.rows == nil {
		return c.cells[row], true
	}
	k, ok := slices.BinarySearch(c.rows, int32(row))
	if !ok {
		return "", false
	}
	return c.cells[k], true
}

// row is the row of the k-th cell.
func (c *column) row(k int) int {
	if c.rows == nil {
		return k
	}
	return int(c.rows[k])
}

func (c *column) quoted(row int) string {
	text, ok := c.cell(row)
	if !ok {
		return "nothing"
	}
	return quoted(text)
}

// Lengths to which errors cut text of a file.
const (
	maxShown = 40
	maxList  = 400
)

func shown(text string) string  { return printable.Cut(text, maxShown) }
func quoted(text string) string { return `"` + shown(strings.TrimSpace(text)) + `"` }

// list writes names for an error.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return printable.Cut(strings.Join(names[:min(len(names), maxList)], ", "), maxList)
}

// secondsOf is the column of the times of a column.
func secondsOf(column string) string { return column + " seconds" }

// aside says that a column is none of scores.
func aside(name string) bool {
	return name == "id" || name == "seed" || name == "seconds" || name == reasonColumn ||
		strings.HasSuffix(name, secondsOf(""))
}

// Columns lists the columns that could hold scores, in the order of the file: those with numbers, and those without
// any, each of which says what it holds instead.
func (t *Table) Columns() (numbers []string, without []error) {
	for _, c := range t.columns {
		if aside(c.name) {
			continue
		}
		if err := t.hasNumbers(c); err != nil {
			without = append(without, err)
			continue
		}
		numbers = append(numbers, c.name)
	}
	return numbers, without
}

// hasNumbers is an error that says what a column without any number holds.
func (t *Table) hasNumbers(c *column) error {
	found, line := errBlank, 0
	for k, text := range c.cells {
		_, err := t.number(text)
		if err == nil {
			return nil
		}
		if errors.Is(found, errBlank) && !errors.Is(err, errBlank) {
			found, line = err, t.Rows[c.row(k)].Line
		}
	}
	if line == 0 {
		return fmt.Errorf("%s: %s: every cell is empty", t.File, shown(c.name))
	}
	return t.at(line, "%s: %w, nor is any other cell of the column", shown(c.name), found)
}

// missing are the words for a number that there is not, in lower case.
var missing = []string{"", "nan", "na", "n/a", "null", "none", "inf", "+inf", "-inf", "infinity", "-infinity"}

// usable is an error for a column that holds something else than numbers: one of numbers that are all missing is not.
func (t *Table) usable(c *column) error {
	err := t.hasNumbers(c)
	if err != nil && !slices.ContainsFunc(c.cells, func(text string) bool {
		return !slices.Contains(missing, strings.ToLower(strings.TrimSpace(text)))
	}) {
		return nil
	}
	return err
}

// column finds a column by its name.
func (t *Table) column(name string) (*column, error) {
	if i, ok := t.places[strings.TrimSpace(name)]; ok {
		return t.columns[i], nil
	}
	numbers, _ := t.Columns()
	return nil, t.at(max(t.header, 1), "no column %q; columns of numbers: %s", shown(name), list(numbers))
}

// ErrNoColumn says that a table lacks a column.
var ErrNoColumn = errors.New("no column")

// AccuracyColumn finds the column of accuracies. Where name is "", it is val_accuracy, or else accuracy, or else the
// only one with numbers whose name says that it holds accuracies.
func (t *Table) AccuracyColumn(name string) (string, error) {
	name = strings.TrimSpace(name)
	wanted := cmp.Or(name, DefaultColumn)
	for _, usual := range []string{wanted, cmp.Or(name, AccuracyName)} {
		if i, ok := t.places[usual]; ok {
			return usual, t.usable(t.columns[i])
		}
	}
	var like []string
	numbers, _ := t.Columns()
	for _, n := range numbers {
		if strings.Contains(strings.ToLower(n), "acc") {
			like = append(like, n)
		}
	}
	if name == "" && len(like) == 1 {
		return like[0], nil
	}
	return "", t.at(max(t.header, 1), "%w %q of accuracies; columns of numbers: %s", ErrNoColumn, shown(wanted),
		list(numbers))
}
