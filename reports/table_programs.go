package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"rwe301/internal/printable"
)

// fields are the columns of a table as programs see it: one value a cell.
func (t Table) fields(wanted []string) (names []string, rows [][]any) {
	type place struct{ column, value int }
	var places []place
	add := func(key string, p place) {
		names, places = append(names, key), append(places, p)
	}
	for k, c := range t.Columns {
		for i, key := range c.keys() {
			if wanted == nil && !c.Prose {
				add(key, place{k, i})
			}
		}
	}
	for _, want := range wanted {
		for k, c := range t.Columns {
			for i, key := range c.keys() {
				if (want == key || want == c.Key) && !slices.Contains(names, key) {
					add(key, place{k, i})
				}
			}
		}
	}
	said, some := t.said(), false
	for i, row := range t.Rows {
		out := make([]any, len(places))
		for k, p := range places {
			out[k] = t.Columns[p.column].values(row[p.column])[p.value]
		}
		rows = append(rows, out)
		some = some || said[i] != ""
	}
	if some && wanted == nil {
		names = append(names, "notes")
		for i := range rows {
			rows[i] = append(rows[i], orNil(said[i]))
		}
	}
	return names, rows
}

// said is what notes and raised letters say of each row.
func (t Table) said() []string {
	out := make([]string, len(t.Rows))
	for i, row := range t.Rows {
		var said []string
		for k, c := range t.Columns {
			if lack := c.lacks(row[k]); lack != "" {
				said = append(said, c.keys()[0]+" "+lack)
			}
		}
		for _, r := range t.remarks {
			for k := range row {
				detail, ok := r.cells[place{i, k}]
				if s := strings.TrimSuffix(r.text+": "+detail, ": "); ok && !slices.Contains(said, s) {
					said = append(said, s)
				}
			}
		}
		out[i] = strings.Join(said, "; ")
	}
	return out
}

// csvRows prints a header and rows of its values.
func csvRows(w io.Writer, header []string, rows []map[string]any) error {
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	for _, row := range rows {
		cells := make([]string, len(header))
		for i, name := range header {
			switch v := row[name].(type) {
			case nil:
			case float64:
				cells[i] = number(v)
			default:
				cells[i] = printable.Text(fmt.Sprint(v))
			}
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// json prints the table as one object in a line, the keys of its rows in the order of the columns.
func (t Table) json(w io.Writer, wanted []string) error {
	names, rows := t.fields(wanted)
	objects := make([]object, len(rows))
	for i, row := range rows {
		objects[i] = object{names, row}
	}
	notes := t.Notes
	if notes == nil {
		notes = []string{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	document := object{[]string{"table", "title", "columns", "rows", "notes"},
		[]any{t.Name, t.Title, names, objects, notes}}
	if wanted == nil {
		document.keys = append(document.keys, t.more.keys...)
		document.values = append(document.values, t.more.values...)
	}
	return e.Encode(document)
}

// object is a JSON object whose keys keep their order.
type object struct {
	keys   []string
	values []any
}

// MarshalJSON writes the keys in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, key := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		for k, v := range []any{key, o.values[i]} {
			if k > 0 {
				b.WriteByte(':')
			}
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			if err := e.Encode(v); err != nil {
				return nil, err
			}
			b.Truncate(b.Len() - 1) // the end of the line
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// number writes a number with all its digits, and nothing for NaN.
func number(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
