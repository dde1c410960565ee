package scoring

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/bench301/surrogate"
	"rwe301/bench301/trained"
	"rwe301/estimators"
	"rwe301/internal/printable"
	"rwe301/internal/strictjson"
	"rwe301/store"
)

// TrainedFolder is where the accuracies of trained networks are kept, a file a benchmark.
func TrainedFolder() (string, error) {
	cache, err := dataset.DefaultCache()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache.Dir, "trained"), nil
}

// Trained reads what was imported of a benchmark; the error is trained.ErrAbsent where there is nothing.
func Trained(b *trained.Benchmark) (*trained.Table, error) {
	folder, err := TrainedFolder()
	if err != nil {
		return nil, err
	}
	return trained.Load(folder, b)
}

// trained takes the accuracies from a benchmark of trained networks. Architectures that are not covered have none, as
// those that a table lacks.
func (in *Inputs) trained(b *trained.Benchmark, name string) (*Truth, error) {
	if in.Space != nil && in.Space.Name() != b.Space.Name() {
		return nil, fmt.Errorf("source %s has trained networks of the space %s, not of %s: say space: %[2]s (--space "+
			"%[2]s), or take other accuracies", b.Name, b.Space.Name(), in.Space.Name())
	}
	set, err := b.Dataset(name)
	if err != nil {
		return nil, err
	}
	t, err := Trained(b)
	if err != nil {
		return nil, err
	}
	c := t.Column(set)
	if c == nil {
		var known []string
		for _, c := range t.Columns {
			known = append(known, c.Dataset)
		}
		return nil, fmt.Errorf("%s: data set %s: %w, only %s: `bench301 data import %s FILE --dataset %[2]s` adds it", b.Name,
			set, trained.ErrAbsent, strings.Join(known, ", "), b.Name)
	}
	label := b.Label(c)
	l := &Lookup{
		scores: make(map[lookupKey]estimators.Score, b.Size), seeds: []uint64{0},
		absent: "not covered by " + label,
	}
	for i, v := range c.Values {
		if !math.IsNaN(v) {
			l.scores[lookupKey{id: b.At(i).ID()}] = estimators.Score{Status: estimators.OK, Value: v}
		}
	}
	settings := Encode(map[string]any{"source": b.Name, "dataset": set, "name": label, "sha256": c.Hash()})
	var files []string
	for _, s := range c.Sources {
		files = append(files, fmt.Sprintf("%s (SHA-256 %.16s)", printable.Cut(s.File, 80), s.SHA256))
	}
	return &Truth{
		Question: &Question{store.Question{Settings: settings}, l}, Name: label, Unit: surrogate.Percent,
		Notes: []string{fmt.Sprintf("%s %s: accuracies of trained networks: %s; from %s", b.Title, set, c.Measure,
			strings.Join(files, ", "))},
	}, nil
}

// Covers is the number of architectures that accuracies of a benchmark cover and that of all it has; ok is false of
// other sources.
func (t *Truth) Covers() (covered, all int, ok bool) {
	var s struct{ Source string }
	if json.Unmarshal(t.Settings, &s) != nil {
		return 0, 0, false
	}
	l, is := t.Source.(*Lookup)
	b := trained.Lookup(s.Source)
	if b == nil || !is {
		return 0, 0, false
	}
	return len(l.scores), b.Size, true
}

// instead says which accuracies of trained networks there are of an architecture that surrogates do not know.
func instead(a bench301.Architecture) string {
	b := trained.Of(a)
	if b == nil {
		return ""
	}
	return fmt.Sprintf("; accuracy %s has those of networks that were trained (bench301 data import %[1]s FILE)", b.Name)
}

// TrainedFile is a file with accuracies of a benchmark, and how it is read.
type TrainedFile struct {
	Path     string
	Datasets []string // of the benchmark: those that are taken, or of a table without names of data sets, which it has
	Column   string   // of a table: the accuracies; "" is the usual one
	Unit     Unit
	Repeats  Repeats
}

// ReadTrained reads accuracies of a benchmark from what people have of it.
func ReadTrained(ctx context.Context, b *trained.Benchmark, f TrainedFile, told trained.Progress) (*trained.Reading,
	error) {
	for i, name := range f.Datasets {
		var err error
		if f.Datasets[i], err = b.Dataset(name); err != nil {
			return nil, err
		}
	}
	r, err := b.Read(ctx, f.Path, told)
	text := errors.Is(err, trained.ErrText)
	if text {
		r, err = f.readText(b)
	}
	if err != nil {
		return nil, err
	}
	if len(f.Datasets) > 0 {
		var had []string
		for _, c := range r.Columns {
			had = append(had, c.Dataset)
		}
		r.Columns = slices.DeleteFunc(r.Columns, func(c *trained.Column) bool {
			return !slices.Contains(f.Datasets, c.Dataset)
		})
		if len(r.Columns) == 0 {
			return nil, fmt.Errorf("%s: has %s, not %s", f.Path, strings.Join(had, ", "), strings.Join(f.Datasets, ", "))
		}
	}
	return r, nil
}

// readText reads a table, or the JSON of NAS-Bench-Suite-Zero with several data sets.
func (f TrainedFile) readText(b *trained.Benchmark) (*trained.Reading, error) {
	data, _, err := readText(f.Path)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	source := trained.Source{File: filepath.Base(f.Path), SHA256: hex.EncodeToString(sum[:])}
	sets, others, err := suiteSets(b, f.Path, data)
	if err != nil {
		return nil, err
	}
	if sets == nil {
		t, err := ReadTable(b.Space, f.Path, f.Repeats)
		if err != nil {
			return nil, err
		}
		return f.columns(b, t, source)
	}
	r := &trained.Reading{Format: "JSON of NAS-Bench-Suite-Zero"}
	if len(others) > 0 {
		r.Notes = append(r.Notes, printable.Cut("data sets left out, which "+b.Title+" does not have: "+
			strings.Join(others, ", "), maxList))
	}
	for _, s := range sets {
		if len(f.Datasets) > 0 && !slices.Contains(f.Datasets, s.dataset) {
			continue
		}
		t, err := tableOf(b.Space, f.Path, source.SHA256[:16], f.Repeats, func(r *tableReader) error {
			_, err := r.keyed(s.data, s.line, 0)
			return err
		})
		if err != nil {
			return nil, err
		}
		c, skipped, notes, err := f.column(b, t, f.Column, s.dataset, source)
		if err != nil {
			return nil, fmt.Errorf("data set %s: %w", s.dataset, err)
		}
		c.Measure.Origin = suiteZero
		r.Columns = append(r.Columns, c)
		r.Repeated, r.Skipped = r.Repeated+t.Repeated, r.Skipped+skipped
		r.Notes = append(r.Notes, append(t.Notes, notes...)...)
	}
	if len(r.Columns) == 0 {
		var had []string
		for _, s := range sets {
			had = append(had, s.dataset)
		}
		return nil, fmt.Errorf("%s: has %s, not %s", f.Path, strings.Join(had, ", "), strings.Join(f.Datasets, ", "))
	}
	return r, nil
}

// suiteZero names the origin of accuracies.
const suiteZero = "NAS-Bench-Suite-Zero"

// suiteSet is one data set of the JSON of NAS-Bench-Suite-Zero.
type suiteSet struct {
	dataset string
	data    []byte
	line    int
}

// maxSets bounds the data sets of a file.
const maxSets = 1000

// suiteSets finds the data sets of {"cifar10": {architecture: scores}, ...}, which may stand below the name of the
// space; nil of anything else. others are names that the benchmark does not have.
func suiteSets(b *trained.Benchmark, path string, data []byte) (sets []suiteSet, others []string, err error) {
	text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	if len(text) == 0 || text[0] != '{' {
		return nil, nil, nil
	}
	lines := 1 + bytes.Count(data[:len(data)-len(text)], []byte("\n"))
	text = strictjson.Quote(text)
	if !json.Valid(text) {
		return nil, nil, nil // the reader of tables says what is wrong
	}
	if isArchitecture(b, firstKey(text)) {
		return nil, nil, nil // one data set, without its name
	}
	fields, ok := objectsOf(text, lines)
	if len(fields) == 1 && ok { // {"nasbench201": {...}}
		if inner, ok := objectsOf(fields[0].data, fields[0].line); ok && len(inner) > 0 && isSet(b, inner[0]) {
			fields = inner
		}
	}
	if !ok || len(fields) == 0 || !isSet(b, fields[0]) {
		return nil, nil, nil
	}
	seen := map[string]bool{}
	for _, f := range fields {
		set, unknown := b.Dataset(f.dataset)
		if unknown != nil || f.dataset == "" {
			others = append(others, printable.Cut(f.dataset, maxShown))
			continue
		}
		if seen[set] {
			return nil, nil, fmt.Errorf("%s:%d: data set %s stands there twice", path, f.line, set)
		}
		seen[set] = true
		f.dataset = set
		sets = append(sets, f)
	}
	if sets == nil {
		return nil, nil, fmt.Errorf("%s: data sets %s: none that %s has (%s)", path, list(others), b.Title,
			strings.Join(b.Datasets[:3], ", "))
	}
	return sets, others, nil
}

// isSet says whether an object is one of architectures, under a name that is none.
func isSet(b *trained.Benchmark, f suiteSet) bool {
	return !isArchitecture(b, f.dataset) && isArchitecture(b, firstKey(f.data))
}

// firstKey is the first key of a JSON object, "" where it has none.
func firstKey(text []byte) string {
	j := json.NewDecoder(bytes.NewReader(text))
	if t, err := j.Token(); err != nil || t != json.Delim('{') {
		return ""
	}
	t, _ := j.Token()
	key, _ := t.(string)
	return key
}

func isArchitecture(b *trained.Benchmark, text string) bool {
	_, _, err := b.Space.Parse(text)
	return err == nil
}

// objectsOf lists the keys of a valid JSON object, all of whose values are objects; otherwise ok is false. line is that
// of its first byte.
func objectsOf(text []byte, line int) (fields []suiteSet, ok bool) {
	j := newJSONReader(text, line)
	if t, err := j.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	for j.More() {
		key, err := j.Token()
		if err != nil {
			return nil, false
		}
		var raw json.RawMessage
		if err := j.Decode(&raw); err != nil || raw[0] != '{' || len(fields) == maxSets {
			return nil, false
		}
		name, _ := key.(string)
		fields = append(fields, suiteSet{name, raw, j.line(len(raw))})
	}
	return fields, true
}

// columns reads the accuracies of a table: one column a data set where columns are called so, or else one of
// accuracies.
func (f TrainedFile) columns(b *trained.Benchmark, t *Table, source trained.Source) (*trained.Reading, error) {
	r := &trained.Reading{Format: "a table", Repeated: t.Repeated, Notes: t.Notes}
	numbers, _ := t.Columns()
	named := map[string]string{} // columns by data set
	for _, n := range numbers {
		set, err := b.Dataset(strings.TrimSpace(n))
		if err != nil || f.Column != "" {
			continue
		}
		if other, twice := named[set]; twice {
			return nil, fmt.Errorf("%s: columns %s and %s are of one data set, %s: name one with --column", f.Path, shown(other),
				shown(n), set)
		}
		named[set] = n
	}
	if len(named) == 0 {
		if len(f.Datasets) > 1 {
			return nil, fmt.Errorf("%s: one column of accuracies, which is of one data set: --dataset names one", f.Path)
		}
		set := b.Datasets[0]
		if len(f.Datasets) == 1 {
			set = f.Datasets[0]
		}
		c, skipped, notes, err := f.column(b, t, f.Column, set, source)
		if err != nil {
			return nil, err
		}
		if len(f.Datasets) == 0 {
			if _, high := c.Range(); c.Covered() >= manyTrained && high < leastBest {
				return nil, fmt.Errorf("%s: no accuracy above %.4g %%, which is not %s: say which data set they are of "+
					"(--dataset cifar100)", f.Path, high, set)
			}
			notes = append(notes, fmt.Sprintf("%s: taken as accuracies on %s (--dataset says otherwise)", shown(t.Base()),
				set))
		}
		r.Columns, r.Skipped, r.Notes = append(r.Columns, c), skipped, append(r.Notes, notes...)
		return r, nil
	}
	for _, set := range b.Datasets {
		name, ok := named[set]
		if !ok {
			continue
		}
		c, skipped, notes, err := f.column(b, t, name, set, source)
		if err != nil {
			return nil, err
		}
		r.Columns, r.Skipped, r.Notes = append(r.Columns, c), max(r.Skipped, skipped), append(r.Notes, notes...)
	}
	return r, nil
}

// Among so many networks trained on CIFAR-10 there is one that is right this often, in percent.
const (
	manyTrained = 200
	leastBest   = 80
)

// column reads one column of a table as the accuracies of a data set. skipped are architectures without a number.
func (f TrainedFile) column(b *trained.Benchmark, t *Table, name, set string, source trained.Source) (
	c *trained.Column, skipped int, notes []string, err error) {
	if name, err = t.AccuracyColumn(name); err != nil {
		return nil, 0, nil, err
	}
	l, col, unit, notes, err := t.accuracies(name, t.unitOf(name, set, f.Unit))
	if err != nil {
		return nil, 0, nil, err
	}
	if unit == Fraction {
		l.toPercent()
	}
	c = b.NewColumn(set, trained.Measure{Field: "column " + shown(col.name)}, source)
	seen := make(map[string]bool, len(t.Rows))
	for _, row := range t.Rows {
		if seen[row.ID] {
			continue
		}
		seen[row.ID] = true
		s := l.scores[lookupKey{id: row.ID}]
		if s.Status != estimators.OK {
			skipped++
			continue
		}
		if s.Value < 0 || s.Value > 100 {
			return nil, 0, nil, t.at(row.Line, "%s: %v: an accuracy lies between 0 and 100 %%", shown(col.name), s.Value)
		}
		i, ok := b.Index(row.Architecture)
		if !ok {
			return nil, 0, nil, t.at(row.Line, "not an architecture of %s", b.Title)
		}
		c.Values[i] = s.Value
	}
	if c.Covered() == 0 {
		return nil, 0, nil, fmt.Errorf("%s: no accuracy in %s", f.Path, shown(col.name))
	}
	b.Finish(c)
	if l.Averaged > 0 {
		c.Measure.Seeds = fmt.Sprintf("mean of repeated rows for %d architectures", l.Averaged)
	}
	return c, skipped, slices.Concat(l.Notes, notes), nil
}

// unitOf is the unit that a column is read in: networks of a hundred classes may be right by less than 1 %, so that
// where some numbers are above 1 all are percentages.
func (t *Table) unitOf(name, set string, given Unit) Unit {
	c, err := t.column(name)
	if given != "" || err != nil || strings.HasPrefix(set, "cifar10") && !strings.HasPrefix(set, "cifar100") {
		return given
	}
	for _, text := range c.cells {
		if v, err := t.number(text); err == nil && v > 1 {
			return Percent
		}
	}
	return given
}

// Imported says what importing a file did.
type Imported struct {
	Dataset  string         `json:"dataset"`
	Accuracy string         `json:"accuracy"` // the source of accuracies, as tables name it
	What     string         `json:"what"`     // added, unchanged, completed or replaced
	Read     int            `json:"read"`     // architectures of the file
	Covered  int            `json:"covered"`  // that have an accuracy now
	Of       int            `json:"of"`       // that the benchmark has
	Low      float64        `json:"low"`      // percent, of the file
	High     float64        `json:"high"`
	Measure  string         `json:"measure"` // what the accuracies are
	Format   string         `json:"format"`
	Repeated int            `json:"repeated"` // architectures that the file has again, alike
	Skipped  int            `json:"skipped"`  // architectures of the file without a number
	Source   trained.Source `json:"source"`
	Before   string         `json:"before,omitempty"` // the accuracies that were replaced or completed
}

// Import keeps what was read of a benchmark; replace lets other accuracies of a data set go. It is all or nothing.
func Import(ctx context.Context, b *trained.Benchmark, r *trained.Reading, replace bool) (done []Imported, err error) {
	folder, err := TrainedFolder()
	if err != nil {
		return nil, err
	}
	err = trained.Update(ctx, folder, b, func(t *trained.Table) (bool, error) {
		changed := false
		for _, c := range r.Columns {
			what, old, err := t.Add(c, replace)
			if err != nil {
				return false, err
			}
			changed = changed || what != trained.Unchanged
			now := t.Column(c.Dataset)
			i := Imported{
				Dataset: c.Dataset, Accuracy: b.Label(now), What: what, Read: c.Covered(), Covered: now.Covered(), Of: b.Size,
				Measure: now.Measure.String(), Format: r.Format, Repeated: r.Repeated, Skipped: r.Skipped, Source: c.Sources[0],
			}
			i.Low, i.High = c.Range()
			if old != nil && what != trained.Unchanged {
				i.Before = fmt.Sprintf("%s, from %s", b.Label(old), old.Files())
			}
			done = append(done, i)
		}
		return changed, nil
	})
	return done, err
}
