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
	cells   map[place]string
}

// place is a cell of a table.
type place struct{ row, column int }

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
		t.remarks = append(t.remarks, remark{text: text, cells: map[place]string{}})
	}
	r := &t.remarks[i]
	r.cells[place{row, column}] = detail
	if detail != "" && !slices.Contains(r.details, detail) {
		r.details = append(r.details, detail)
	}
}

// maxDetails is how many rows a note below a table names.
const maxDetails = 8

// mark puts raised letters into printed cells, which are those of the columns from, and adds the notes that explain
// them.
func (t Table) mark(p *printed, from []int) {
	used := 0
	for _, r := range t.remarks {
		mark := ""
		if used < len(letters) {
			mark = string(letters[used])
		}
		seen := false
		for at := range r.cells {
			if k := slices.Index(from, at.column); k >= 0 {
				p.rows[at.row][k] += mark
				seen = true
			}
		}
		if !seen {
			continue
		}
		used++
		note := strings.TrimSpace(mark + " " + r.text)
		if n := len(r.details); n > maxDetails {
			note += ": " + strings.Join(r.details[:maxDetails], ", ") + fmt.Sprintf(", and %d more rows", n-maxDetails)
		} else if n > 0 {
			note += ": " + strings.Join(r.details, ", ")
		}
		p.notes = append(p.notes, note+".")
	}
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
	if c == nil {
		return
	}
	if c.Interval.Method != correlation.BCa && !large(c) { // of these a note says it
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

// ends are those of an interval, or that there is none.
func ends(low, high float64, m correlation.IntervalMethod) Cell {
	if m == correlation.None {
		return text("none")
	}
	return value(low, high)
}

// interval writes an interval.
func interval(i *analysis.Interval) string {
	return Column{Kind: Ends, Digits: 3}.shown(ends(i.Low, i.High, i.Method))
}
