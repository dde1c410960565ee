package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// layout places the columns of a printed table in a width: in one block, or in several below one another that each
// begin with the names of the rows.
type layout struct {
	blocks []block
	notes  []string // what stands in a note instead of in a column of equal cells
	gap    float64  // between columns
	heads  bool     // heads of columns are broken
}

// block are some columns, with the widths of those whose text must be broken; 0 leaves a column as wide as it is.
type block struct {
	columns []int
	widths  []float64
}

// ruler measures what a page or a terminal shows.
type ruler struct {
	width   float64              // there is in all
	of      func(string) float64 // of a text
	unit    float64              // of one character at least
	gaps    [2]float64           // between columns: where there is room, and where there is not
	margins float64              // beside all columns, as parts of the gap
	bold    float64              // how much wider bold texts are
}

// brief is the number of characters that a column of text may be broken to.
const brief = 12

// legible is the number of lines that a text is broken into, at most, to keep columns beside each other.
const legible = 3

// arrange fits columns. What does not fit has, in turn, the heads broken, columns of equal cells moved to a note, the
// gaps narrowed, texts broken, and the columns dealt out over several blocks. Long names of rows get numbers, which
// stand for them in all blocks but the first; the table that is returned has these.
func (p printed) arrange(r ruler, names []string) (printed, layout) {
	all := make([]int, len(p.columns))
	for i := range all {
		all[i] = i
	}
	l := layout{gap: r.gaps[0]}
	fits := func(columns []int) bool { return p.total(r, l, names, columns) <= r.width }
	one := func(columns []int) (printed, layout) {
		l.blocks = []block{{columns, make([]float64, len(columns))}}
		return p, l
	}
	if fits(all) {
		return one(all)
	}
	if l.heads = true; fits(all) {
		return one(all)
	}
	varied := slices.DeleteFunc(slices.Clone(all), func(k int) bool { return p.equal(k) })
	if len(varied) > 0 && len(varied) < len(all) {
		var said []string
		for _, k := range all {
			if p.equal(k) && p.rows[0][k] != "" {
				said = append(said, cmp.Or(p.columns[k].Name, p.columns[k].Key)+" = "+p.rows[0][k])
			}
		}
		if all = varied; len(said) > 0 {
			l.notes = []string{"In every row: " + strings.Join(said, "; ") + "."}
		}
	}
	if fits(all) {
		return one(all)
	}
	if l.gap = r.gaps[1]; fits(all) {
		return one(all)
	}
	heads := 0
	for heads < len(all) && p.columns[all[heads]].heads() {
		heads++
	}
	dealt := p.deal(r, l, names, all, heads, all[:heads], legible)
	if len(dealt) > 1 && heads == 1 && p.wide(r, l, names[all[0]], all[0]) > r.width/longName {
		p, names = p.numbered(all[0]), append(slices.Clone(names), "")
		dealt = p.deal(r, l, names, all, heads, []int{len(p.columns) - 1}, legible-1)
	}
	for _, columns := range dealt {
		l.blocks = append(l.blocks, block{columns, p.shrink(r, l, names, columns)})
	}
	return p, l
}

// longName is the part of the width from which names of rows are not repeated.
const longName = 3

// numbered is the table with a number behind each name of column k, unless it has one, and alone in a last column.
func (p printed) numbered(k int) printed {
	p.columns = append(slices.Clone(p.columns), Column{Kind: Label})
	rows, styles := make([][]string, len(p.rows)), make([][]Style, len(p.rows))
	for i, row := range p.rows {
		number := fmt.Sprintf("(%d)", i+1)
		rows[i], styles[i] = append(slices.Clone(row), number), append(slices.Clone(p.styles[i]), 0)
		if !strings.HasSuffix(row[k], number) {
			rows[i][k] += " " + number
		}
	}
	p.rows, p.styles = rows, styles
	return p
}

// equal says whether all cells of a column of numbers are the same text.
func (p printed) equal(k int) bool {
	if p.columns[k].Kind == Label || len(p.rows) < 2 {
		return false
	}
	for i, row := range p.rows {
		if row[k] != p.rows[0][k] || p.styles[i][k] != 0 {
			return false
		}
	}
	return true
}

// total is the width of columns beside each other.
func (p printed) total(r ruler, l layout, names []string, columns []int) float64 {
	sum := l.gap * (float64(len(columns)-1) + r.margins)
	for _, k := range columns {
		sum += p.wide(r, l, names[k], k)
	}
	return sum
}

// wide is the width of a column whose cells are not broken.
func (p printed) wide(r ruler, l layout, name string, k int) float64 {
	w := r.of(name)
	if l.heads {
		w = 0
		for _, word := range strings.Fields(name) {
			w = max(w, r.of(word))
		}
	}
	for i, row := range p.rows {
		cell := r.of(row[k])
		if p.styles[i][k] == Strong {
			cell *= r.bold
		}
		w = max(w, cell)
	}
	return w
}

// narrowest is the least width of a column: that of its longest piece, or of brief characters.
func (p printed) narrowest(r ruler, l layout, name string, k int) float64 {
	natural := p.wide(r, l, name, k)
	if !p.columns[k].left() {
		return natural
	}
	w := 0.0
	for _, word := range strings.Fields(name) {
		w = max(w, r.of(word))
	}
	for _, row := range p.rows {
		for _, piece := range pieces(row[k], wordEnds+signEnds) {
			w = max(w, r.of(strings.TrimSpace(piece)))
		}
	}
	return min(natural, max(min(w, brief*2*r.unit), brief*r.unit))
}

// deal shares columns out over as few blocks as they need: the first begins with the heads, which name the rows, every
// other one with the columns that do so again. What is bound to a column stays with it; texts need at most so many
// lines.
func (p printed) deal(
	r ruler, l layout, names []string, columns []int, heads int, again []int, lines float64,
) (blocks [][]int) {
	least := func(columns []int) float64 {
		sum := l.gap * (float64(len(columns)-1) + r.margins)
		for _, k := range columns {
			if sum += p.narrowest(r, l, names[k], k); p.columns[k].left() {
				sum += max(0, p.wide(r, l, names[k], k)/lines-p.narrowest(r, l, names[k], k))
			}
		}
		return sum
	}
	row := columns[:heads]
	now := slices.Clone(row)
	for i := heads; i < len(columns); {
		end := i + 1
		for end < len(columns) && p.columns[columns[end]].Bound {
			end++
		}
		next := columns[i:end]
		if len(now) > len(row) && least(slices.Concat(now, next)) > r.width {
			row = again
			blocks, now = append(blocks, now), slices.Clone(row)
		}
		now, i = append(now, next...), end
	}
	return append(blocks, now)
}

// shrink finds the widths of columns of text whose cells must be broken, the widest first; names of a few characters
// only where nothing else helps.
func (p printed) shrink(r ruler, l layout, names []string, columns []int) []float64 {
	widths := make([]float64, len(columns))
	excess := p.total(r, l, names, columns) - r.width
	natural := make([]float64, len(columns))
	for i, k := range columns {
		natural[i] = p.wide(r, l, names[k], k)
	}
	for _, few := range []bool{false, true} {
		for excess > 0 {
			at, most := -1, 0.0
			for i, k := range columns {
				least := p.narrowest(r, l, names[k], k)
				if few && p.columns[k].left() {
					least = min(least, brief/2*r.unit)
				}
				if natural[i] > least && natural[i] > most {
					at, most = i, natural[i]
				}
			}
			if at < 0 {
				break
			}
			step := min(r.unit, excess)
			natural[at] -= step
			excess -= step
			widths[at] = natural[at]
		}
	}
	return widths
}

// pieces are the parts of a text that one of some characters ends.
func pieces(s, ends string) (out []string) {
	start := 0
	for i, c := range s {
		if strings.ContainsRune(ends, c) && i+1 < len(s) {
			out, start = append(out, s[start:i+1]), i+1
		}
	}
	return append(out, s[start:])
}

// Where texts are broken: between words and settings, and only within what is longer than a line also after other
// signs, or anywhere.
const (
	wordEnds = " ,;"
	signEnds = "=:+/_|-."
)

// parts are the pieces of a text of which each fits a width.
func parts(s string, width float64, of func(string) float64) (out []string) {
	fits := func(s string) bool { return of(strings.TrimRight(s, " ")) <= width || utf8.RuneCountInString(s) < 2 }
	for _, word := range pieces(s, wordEnds) {
		if fits(word) {
			out = append(out, word)
			continue
		}
		for _, piece := range pieces(word, signEnds) {
			for !fits(piece) {
				_, n := utf8.DecodeRuneInString(piece)
				for i := range piece {
					if i > n && of(piece[:i]) > width {
						break
					}
					n = max(n, i)
				}
				out, piece = append(out, piece[:n]), piece[n:]
			}
			out = append(out, piece)
		}
	}
	return out
}

// broken are the lines of a text in a width, measured by of.
func broken(s string, width float64, of func(string) float64) (lines []string) {
	line := ""
	for _, piece := range parts(s, width, of) {
		if line != "" && of(line+strings.TrimRight(piece, " ")) > width {
			lines, line = append(lines, strings.TrimRight(line, " ")), ""
		}
		line += piece
	}
	return append(lines, strings.TrimRight(line, " "))
}

// brokenHead are the lines of a head: as few as its words need in a width.
func brokenHead(s string, width float64, of func(string) float64) (lines []string) {
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && of(line+" "+word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

// filled is a text in lines of a width.
func filled(s string, width int) string {
	return strings.Join(broken(s, float64(width), runes), "\n")
}

// runes is the number of columns of a text on a terminal.
func runes(s string) float64 { return float64(utf8.RuneCountInString(s)) }

// part names one of several tables that one was dealt out over.
func part(title string, k, n int) string {
	if n == 1 {
		return title
	}
	return fmt.Sprintf("%s (part %d of %d)", title, k+1, n)
}
