package store

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/parquet-go/parquet-go"
)

// Format names a way of writing records out.
type Format string

// The formats of Export.
const (
	FormatCSV     Format = "csv"
	FormatJSONL   Format = "jsonl"
	FormatParquet Format = "parquet"
)

// Export writes records to w in the order given. Without times, seconds and the machine are left empty: what
// remains is the same whatever the number of workers, interruptions or shards.
func Export(w io.Writer, f Format, records iter.Seq2[Record, error], times bool) error {
	write, finish, err := exporter(w, f)
	if err != nil {
		return err
	}
	for r, err := range records {
		if err != nil {
			return err
		}
		if !times {
			r.Seconds, r.CPUSeconds, r.CPU = 0, 0, ""
		}
		if err := write(r); err != nil {
			return err
		}
	}
	return finish()
}

func exporter(w io.Writer, f Format) (write func(Record) error, finish func() error, err error) {
	switch f {
	case FormatCSV:
		out := csv.NewWriter(w)
		if err := out.Write([]string{"arch", "id", "estimator", "settings", "settings_hash", "dataset", "seed", "score",
			"seconds", "status", "error", "code", "cpu", "cpu_seconds"}); err != nil {
			return nil, nil, err
		}
		return func(r Record) error { return out.Write(cells(r)) }, func() error { out.Flush(); return out.Error() }, nil
	case FormatJSONL:
		return func(r Record) error {
			line, err := Line(r)
			if err == nil {
				_, err = w.Write(line)
			}
			return err
		}, func() error { return nil }, nil
	case FormatParquet:
		p := newParquet(w)
		return p.write, p.finish, nil
	}
	return nil, nil, fmt.Errorf("export format %q: must be %s, %s or %s", f, FormatCSV, FormatJSONL, FormatParquet)
}

func cells(r Record) []string {
	score := ""
	if r.Score != nil {
		score = strconv.FormatFloat(*r.Score, 'g', -1, 64)
	}
	cpu := ""
	if r.CPUSeconds > 0 {
		cpu = strconv.FormatFloat(r.CPUSeconds, 'g', -1, 64)
	}
	return []string{
		r.Arch, r.ID, r.Estimator, string(r.Settings), r.SettingsHash, r.Dataset, strconv.FormatUint(r.Seed, 10),
		score, strconv.FormatFloat(r.Seconds, 'g', -1, 64), string(r.Status), r.Error, r.Code, r.CPU, cpu,
	}
}

// parquetRow is a Record as a row of a Parquet file.
type parquetRow struct {
	Arch         string   `parquet:"arch,dict"`
	ID           string   `parquet:"id,dict"`
	Estimator    string   `parquet:"estimator,dict"`
	Settings     string   `parquet:"settings,dict"`
	SettingsHash string   `parquet:"settings_hash,dict"`
	Dataset      string   `parquet:"dataset,dict"`
	Seed         int64    `parquet:"seed"`
	Score        *float64 `parquet:"score,optional"`
	Seconds      float64  `parquet:"seconds"`
	Status       string   `parquet:"status,dict"`
	Error        string   `parquet:"error,dict"`
	Code         string   `parquet:"code,dict"`
	CPU          string   `parquet:"cpu,dict"`
	CPUSeconds   *float64 `parquet:"cpu_seconds,optional"`
}

// rowGroup is the number of rows that are held in memory and written together.
const rowGroup = 1 << 16

type parquetWriter struct {
	out  *parquet.GenericWriter[parquetRow]
	rows []parquetRow
}

func newParquet(w io.Writer) *parquetWriter {
	return &parquetWriter{
		out: parquet.NewGenericWriter[parquetRow](w, parquet.Compression(&parquet.Zstd),
			parquet.CreatedBy("bench301", "", "")),
		rows: make([]parquetRow, 0, rowGroup),
	}
}

func (p *parquetWriter) write(r Record) error {
	var cpu *float64
	if r.CPUSeconds > 0 {
		cpu = &r.CPUSeconds
	}
	p.rows = append(p.rows, parquetRow{
		r.Arch, r.ID, r.Estimator, string(r.Settings), r.SettingsHash, r.Dataset, int64(r.Seed), r.Score, r.Seconds,
		string(r.Status), r.Error, r.Code, r.CPU, cpu,
	})
	if len(p.rows) < rowGroup {
		return nil
	}
	return p.flush()
}

func (p *parquetWriter) flush() error {
	if _, err := p.out.Write(p.rows); err != nil {
		return err
	}
	clear(p.rows)
	p.rows = p.rows[:0]
	return p.out.Flush()
}

func (p *parquetWriter) finish() error {
	if err := p.flush(); err != nil {
		return err
	}
	return p.out.Close()
}
