package reports

import (
	"fmt"
	"slices"
	"strings"

	"rwe301/analysis"
	"rwe301/correlation"
)

// remark is something to say of several cells: a raised letter marks them, and a note below explains it. Formats for
// programs have a last column of notes instead.
type remark struct {
	text    string
	details []string // of single rows
	cells   map[Cell]string
}

// letters mark remarks, in this order; what is beyond them is explained without a mark.
var letters = []rune("ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖ")

// remark notes a text, and what is to be added to it for this row, of a cell. An empty text is none.
func (t *Table) remark(row, column int, text, detail string) {
	if text == "" {
		return
	}
	i := slices.IndexFunc(t.remarks, func(r remark) bool { return r.text == text })
	if i < 0 {
		i = len(t.remarks)
		t.remarks = append(t.remarks, remark{text: text, cells: map[Cell]string{}})
	}
	r := &t.remarks[i]
	r.cells[Cell{row, column}] = detail
	if detail != "" && !slices.Contains(r.details, detail) {
		r.details = append(r.details, detail)
	}
}

// maxDetails is how many rows a note below a table names.
const maxDetails = 8

// marked is the table with raised letters in cells and notes that explain them.
func (t Table) marked() Table {
	if len(t.remarks) == 0 {
		return t
	}
	t.Notes, t.Rows = slices.Clone(t.Notes), slices.Clone(t.Rows)
	for i := range t.Rows {
		t.Rows[i] = slices.Clone(t.Rows[i])
	}
	for i, r := range t.remarks {
		mark := ""
		if i < len(letters) {
			mark = string(letters[i])
		}
		for c := range r.cells {
			t.Rows[c.Row][c.Column] += mark
		}
		note := strings.TrimSpace(mark + " " + r.text)
		if n := len(r.details); n > maxDetails {
			note += ": " + strings.Join(r.details[:maxDetails], ", ") + fmt.Sprintf(", and %d more rows", n-maxDetails)
		} else if n > 0 {
			note += ": " + strings.Join(r.details, ", ")
		}
		t.Notes = append(t.Notes, note+".")
	}
	return t
}

// noted is the table with a last column that says of each row what raised letters would.
func (t Table) noted() Table {
	if len(t.remarks) == 0 {
		return t
	}
	t.Columns = append(slices.Clone(t.Columns), Column{Name: "notes", Left: true})
	rows := make([][]string, len(t.Rows))
	for i, row := range t.Rows {
		var said []string
		for _, r := range t.remarks {
			for k := range row {
				detail, ok := r.cells[Cell{i, k}]
				if text := strings.TrimSuffix(r.text+": "+detail, ": "); ok && !slices.Contains(said, text) {
					said = append(said, text)
				}
			}
		}
		rows[i] = append(slices.Clone(row), strings.Join(said, "; "))
	}
	t.Rows = rows
	return t
}

// remarkInterval says what is unusual about an interval in a cell.
func (t *Table) remarkInterval(row, column int, name string, i *analysis.Interval) {
	if i == nil {
		return
	}
	if i.Unusual {
		t.remark(row, column, intervalText(i.Method, i.Why), "")
	}
	t.remarkUndefined(row, column, name, i.Undefined)
}

// remarkDifference says what is unusual about the interval of a difference, and about its p-value, in two cells.
func (t *Table) remarkDifference(row, interval, p int, name string, c *correlation.Comparison) {
	if c.Interval.Method != correlation.BCa {
		t.remark(row, interval, intervalText(c.Interval.Method, c.Interval.Fallback), "")
	}
	t.remarkUndefined(row, interval, name, c.Undefined)
	t.remarkSmallest(row, p, c.Smallest)
}

func (t *Table) remarkUndefined(row, column int, name string, resamples int) {
	if resamples > 0 {
		t.remark(row, column, "resamples without a value, left out", fmt.Sprintf("%s %d", name, resamples))
	}
}

func (t *Table) remarkSmallest(row, column int, smallest bool) {
	if smallest {
		t.remark(row, column, "the smallest p that these architectures support (exact test), before Holm", "")
	}
}

func intervalText(m correlation.IntervalMethod, why string) string {
	var text string
	switch m {
	case correlation.None:
		text = "no interval"
	case correlation.FisherZ:
		text = "closed form (Fieller et al. 1957)"
	case correlation.Percentile:
		text = "percentile interval of the bootstrap"
	default:
		text = "BCa bootstrap"
	}
	if why != "" {
		text += ": " + why
	}
	return text
}

// ends writes an interval, or that there is none.
func ends(i *analysis.Interval) string {
	if i.Method == correlation.None {
		return "none"
	}
	return bounds(i.Low, i.High)
}

// differenceEnds writes the interval of a difference, or that there is none.
func differenceEnds(c *correlation.Comparison) string {
	if c.Interval.Method == correlation.None {
		return "none"
	}
	return bounds(c.Interval.Low, c.Interval.High)
}
