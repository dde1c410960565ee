package reports

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"rwe301/internal/printable"
)

// Widths of LaTeX tables in TeX points, 72.27 an inch. Where none is asked for, a table is as wide as the column of any
// two-column page, or else as the text of any paper.
const (
	inch         = 72.27
	narrowTable  = 3.15 * inch
	wideTable    = 5.5 * inch
	widestColumn = 3.6 * inch // of a two-column page
)

// alignment is how much wider siunitx may make a column of numbers than its texts, in TeX points.
const alignment = 1.5

// captionSkip keeps the caption and the first rule apart in classes that leave no room below captions.
const captionSkip = "\\ifdim\\belowcaptionskip<6pt \\setlength{\\belowcaptionskip}{6pt}\\fi\n"

// tallest is the number of lines that a table on a page has, with its head and its notes; other rows go to another one.
const tallest = 45

// latex prints a booktabs tabular inside a table environment, at the size of \small, with the notes below it. What is
// too wide is broken or set below (printed.arrange), never shrunk. A table wider than a column of a two-column page is
// set across both.
func (p printed) latex(w io.Writer, o TableOptions) error {
	width := o.Width
	names := p.texNames()
	p.rows = p.marked(nil, func(s string) string { return s }) // minus signs are as wide as they are set
	measure := func(width float64) (printed, layout) {
		if o.SIunitx {
			for k := range p.columns {
				if p.numbers(k) != "" {
					width -= alignment
				}
			}
		}
		return p.arrange(ruler{width, texWidth, texWidth("n"), [2]float64{8, 5}, 0, boldWidth}, names)
	}
	if width == 0 {
		width = narrowTable
		_, l := measure(width)
		if len(l.blocks) > 1 || slices.ContainsFunc(l.blocks[0].widths, func(w float64) bool { return w > 0 }) {
			width = wideTable
		}
	}
	p, l := measure(width)
	names = p.texNames()
	environment := "table"
	if width > widestColumn {
		environment = "table*"
	}
	var b strings.Builder
	packages := "booktabs"
	if o.SIunitx {
		packages += ",siunitx"
	}
	pages := p.pages(l, names, width)
	for k, rows := range pages {
		fmt.Fprintf(&b, "\\begin{%s}\n\\centering\n", environment)
		if p.title != "" {
			b.WriteString(captionSkip)
			fmt.Fprintf(&b, "\\caption{%s}\n", texProse(sentences([]string{part(p.title, k, len(pages))})))
		}
		if o.Label != "" && k == 0 {
			fmt.Fprintf(&b, "\\label{%s}\n", o.Label)
		}
		fmt.Fprintf(&b, "\\small\n\\setlength{\\tabcolsep}{%gpt}\n", l.gap/2)
		for i, block := range l.blocks {
			if i > 0 {
				b.WriteString("\n\\medskip\n")
			}
			p.tabular(&b, l, block, rows, o.SIunitx)
		}
		if notes := slices.Concat(l.notes, p.notes, p.legend); len(notes) > 0 && k == len(pages)-1 {
			fmt.Fprintf(&b, "\n\\smallskip\n\\begin{minipage}{\\linewidth}\\footnotesize\\raggedright\n%s\n\\end{minipage}\n",
				texProse(sentences(notes)))
		}
		fmt.Fprintf(&b, "\\end{%s}\n", environment)
	}
	head := fmt.Sprintf("%% needs \\usepackage{%s}; %.2fin wide in a document of 10pt", packages, width/inch)
	if beyond := foreign(b.String()); beyond != "" {
		head += "; pdflatex lacks " + beyond + ", xelatex and lualatex with a font that has them do not"
	}
	_, err := io.WriteString(w, head+"\n"+b.String())
	return err
}

// pages deals rows out over tables that fit a page, at the end of a group where that is near.
func (p printed) pages(l layout, names []string, width float64) (pages [][]int) {
	lines := func(s string) int { return 1 + int(texWidth(s)/width) }
	room, notes := tallest-lines(p.title), 0
	for _, n := range slices.Concat(l.notes, p.notes, p.legend) {
		notes += lines(n)
	}
	for _, block := range l.blocks {
		head := 1
		for j, k := range block.columns {
			head = max(head, len(p.texHead(l, names[k], k, block.widths[j])))
		}
		room -= head + 2 // with rules
	}
	fill := func(room int) (pages [][]int) {
		var now []int
		taken := 0
		for i := range p.rows {
			height := 0
			for _, block := range l.blocks {
				height += p.height(block, i)
			}
			if p.starts(i) {
				height += len(l.blocks) // for rules
			}
			if len(now) > 0 && (taken+height > room || p.starts(i) && taken > room*3/4) {
				pages, now, taken = append(pages, now), nil, 0
			}
			now, taken = append(now, i), taken+height
		}
		return append(pages, now)
	}
	if pages := fill(room - notes); len(pages) == 1 {
		return pages
	}
	pages = fill(room)
	last := pages[len(pages)-1]
	height := notes
	for _, i := range last {
		for _, block := range l.blocks {
			height += p.height(block, i)
		}
	}
	if half := len(last) / 2; height > room && half > 0 {
		pages = append(pages[:len(pages)-1], last[:half], last[half:])
	}
	return pages
}

// height is the number of lines of row i in a block.
func (p printed) height(block block, i int) int {
	lines := 1
	for j, k := range block.columns {
		if w := block.widths[j]; w > 0 {
			lines = max(lines, len(broken(p.rows[i][k], w, texWidth)))
		}
	}
	return lines
}

// texHead are the lines of the head of a column, broken to width unless that is 0.
func (p printed) texHead(l layout, name string, k int, width float64) []string {
	if !l.heads {
		return []string{name}
	}
	if width == 0 {
		width = p.wide(ruler{of: texWidth, bold: boldWidth}, l, name, k)
	}
	return brokenHead(name, width, texWidth)
}

// tabular prints the rows of one block.
func (p printed) tabular(b *strings.Builder, l layout, block block, rows []int, siunitx bool) {
	names := p.texNames()
	b.WriteString("\\begin{tabular}{@{}")
	aligned := make([]bool, len(block.columns))
	heads := make([]string, len(block.columns))
	for j, k := range block.columns {
		c := p.columns[k]
		lines := p.texHead(l, names[k], k, block.widths[j])
		for i := range lines {
			lines[i] = texProse(lines[i])
		}
		side := "r"
		if c.left() {
			side = "l"
		}
		heads[j] = lines[0]
		if len(lines) > 1 {
			heads[j] = fmt.Sprintf("\\begin{tabular}[b]{@{}%s@{}}%s\\end{tabular}", side, strings.Join(lines, "\\\\"))
		}
		format := ""
		if siunitx {
			format = p.numbers(k)
		}
		switch {
		case block.widths[j] > 0:
			fmt.Fprintf(b, "p{%.1fpt}", block.widths[j])
		case format != "":
			aligned[j] = true
			fmt.Fprintf(b, "S[table-format=%s,retain-explicit-plus,detect-weight,mode=text]", format)
			heads[j] = "{" + heads[j] + "}"
		default:
			b.WriteString(side)
		}
	}
	b.WriteString("@{}}\n\\toprule\n")
	texRow(b, heads)
	b.WriteString("\\midrule\n")
	for n, i := range rows {
		if n > 0 && p.starts(i) {
			b.WriteString("\\midrule\n")
		}
		cells := make([]string, len(block.columns))
		for j, k := range block.columns {
			cells[j] = p.texCell(i, k, block.widths[j], aligned[j])
			if n > 0 && p.repeats(i, k) {
				cells[j] = ""
			}
		}
		texRow(b, cells)
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
}

// texNames are the heads of the columns, an arrow at the end of their last words.
func (p printed) texNames() []string {
	names := p.names(true)
	for i, n := range names {
		names[i] = strings.NewReplacer(" ↑", "↑", " ↓", "↓").Replace(n)
	}
	return names
}

// texRow writes cells that are LaTeX already.
func texRow(b *strings.Builder, cells []string) {
	end := ` \\`
	if strings.Contains(cells[len(cells)-1], `\raggedright`) {
		end = ` \tabularnewline` // which \raggedright leaves alone
	}
	b.WriteString(strings.Join(cells, " & ") + end + "\n")
}

// repeats says whether a cell in a group of rows repeats the name above it, as do those before it.
func (p printed) repeats(i, k int) bool {
	if len(p.groups) == 0 || i == 0 || p.starts(i) {
		return false
	}
	for j := range k + 1 {
		if p.columns[j].Kind != Label || p.rows[i][j] != p.rows[i-1][j] {
			return false
		}
	}
	return true
}

// texCell is a cell as LaTeX.
func (p printed) texCell(i, k int, width float64, aligned bool) string {
	s := p.rows[i][k]
	number := plainNumber.MatchString(s) && p.styles[i][k] != Underlined // which siunitx cannot align
	out := escape(s)
	if aligned && number {
		out = strings.Replace(s, "−", "-", 1)
	}
	if width > 0 {
		out = texBroken(s, width)
	}
	switch p.styles[i][k] {
	case Strong:
		if aligned && number {
			return `\bfseries ` + out
		}
		out = `\textbf{` + out + "}"
	case Underlined:
		out = `\underline{` + out + "}"
	}
	if aligned && !number {
		return "{" + out + "}"
	}
	if width > 0 {
		return `\raggedright ` + out
	}
	return out
}

// plainNumber is what siunitx reads.
var plainNumber = regexp.MustCompile(`^[-+−]?\d+(\.\d+)?$`)

// numbers is the format in which siunitx aligns the numbers of a column, such as +1.3; none where there are none.
func (p printed) numbers(k int) string {
	if c := p.columns[k]; c.Kind != Count && c.Kind != Real && c.Kind != Signed {
		return ""
	}
	sign, whole, digits := "", 0, 0
	for _, row := range p.rows {
		s := row[k]
		if !plainNumber.MatchString(s) {
			continue
		}
		before, after, _ := strings.Cut(strings.TrimLeft(s, "-+−"), ".")
		if len(before) < len(strings.Split(s, ".")[0]) {
			sign = "+"
		}
		whole, digits = max(whole, len(before)), max(digits, len(after))
	}
	switch {
	case whole == 0:
		return ""
	case digits == 0:
		return fmt.Sprintf("%s%d", sign, whole)
	}
	return fmt.Sprintf("%s%d.%d", sign, whole, digits)
}

// texBroken is a text that LaTeX may break where broken does.
func texBroken(s string, width float64) string {
	var b strings.Builder
	for _, piece := range parts(s, width, texWidth) {
		trimmed := strings.TrimRight(piece, " ")
		b.WriteString(escape(trimmed))
		if len(trimmed) < len(piece) {
			b.WriteByte(' ')
		} else {
			b.WriteString(`\allowbreak{}`)
		}
	}
	return strings.TrimSuffix(strings.TrimSpace(b.String()), `\allowbreak{}`)
}

var latexEscaper = strings.NewReplacer(
	`\`, `\textbackslash{}`, "&", `\&`, "%", `\%`, "$", `\$`, "#", `\#`, "_", `\_`, "{", `\{`, "}", `\}`,
	"~", `$\sim$`, "^", `\textasciicircum{}`, "--", "-{}-", "<", "$<$", ">", "$>$",
	"|", `\textbar{}`, "°", `\textdegree{}`, "ℓ", `$\ell$`, "‖", `$\|$`, "⋅", `$\cdot$`, "∞", `$\infty$`, "‑", "-",
	"₀", "$_0$", "₁", "$_1$", "₂", "$_2$", "₃", "$_3$", "₄", "$_4$", "₅", "$_5$", "₆", "$_6$", "₇", "$_7$", "₈", "$_8$",
	"₉", "$_9$", "²", "$^2$", "³", "$^3$", "≠", `$\neq$`, "∼", `$\sim$`, "Δ", `$\Delta$`, "Σ", `$\Sigma$`,
	"Ω", `$\Omega$`, "θ", `$\theta$`, "η", `$\eta$`, "κ", `$\kappa$`, "ν", `$\nu$`, "π", `$\pi$`, "χ", `$\chi$`,
	"ψ", `$\psi$`, "ξ", `$\xi$`, "∈", `$\in$`, "√", `$\surd$`, "∇", `$\nabla$`,
	"α", `$\alpha$`, "β", `$\beta$`, "γ", `$\gamma$`, "δ", `$\delta$`, "ε", `$\varepsilon$`, "λ", `$\lambda$`,
	"μ", `$\mu$`, "ρ", `$\rho$`, "σ", `$\sigma$`, "τ", `$\tau$`, "φ", `$\varphi$`, "ω", `$\omega$`,
	"−", "$-$", "×", `$\times$`, "±", `$\pm$`, "≤", `$\leq$`, "≥", `$\geq$`, "≈", `$\approx$`, "↑", `\,$\uparrow$`,
	"↓", `\,$\downarrow$`, "→", `$\rightarrow$`, "…", `\ldots{}`,
	"ᵃ", `\textsuperscript{a}`, "ᵇ", `\textsuperscript{b}`, "ᶜ", `\textsuperscript{c}`, "ᵈ", `\textsuperscript{d}`,
	"ᵉ", `\textsuperscript{e}`, "ᶠ", `\textsuperscript{f}`, "ᵍ", `\textsuperscript{g}`, "ʰ", `\textsuperscript{h}`,
	"ⁱ", `\textsuperscript{i}`, "ʲ", `\textsuperscript{j}`, "ᵏ", `\textsuperscript{k}`, "ˡ", `\textsuperscript{l}`,
	"ᵐ", `\textsuperscript{m}`, "ⁿ", `\textsuperscript{n}`, "ᵒ", `\textsuperscript{o}`, "ᵖ", `\textsuperscript{p}`,
)

// negative is a minus sign before a number, or alone: the mark of a worse value.
var negative = regexp.MustCompile(`(^|[\s\[(])-(\d|$| \()`)

// Quotation marks that LaTeX's oldest encoding has, too.
var (
	opening = regexp.MustCompile(`(^|[\s(\[=,])"`)
	quotes  = strings.NewReplacer(`"`, "''")
)

func escape(s string) string {
	s = opening.ReplaceAllString(latexEscaper.Replace(printable.Line(s)), "${1}``")
	return negative.ReplaceAllString(quotes.Replace(s), `${1}$$-$$${2}`)
}

// foreign are the characters of a text for which pdflatex needs more than its own fonts.
func foreign(s string) string {
	var out []rune
	for _, c := range s {
		if c > 'ž' && !strings.ContainsRune("–—‘’“”†‡…•€", c) && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return string(out)
}

// Symbols that captions, notes and heads call by their names.
var (
	tauName = regexp.MustCompile(`\btau-b\b`)
	tauWord = regexp.MustCompile(`\btau\b`)
	rhoName = regexp.MustCompile(`\brho\b`)
	between = regexp.MustCompile(`^([A-Z]) - ([A-Z])$`)
)

// longWord is the number of characters from which a word, such as a path, may be broken.
const longWord = 20

// texProse is a text with tau-b and rho as symbols; the name of a p-value alone is one, too.
func texProse(s string) string {
	if s == "p" {
		return "$p$"
	}
	if m := between.FindStringSubmatch(s); m != nil {
		return "$" + m[1] + " - " + m[2] + "$"
	}
	s = rhoName.ReplaceAllString(s, "ρ")
	texts := tauName.Split(s, -1)
	for i, t := range texts {
		words := strings.Split(tauWord.ReplaceAllString(t, "τ"), " ")
		for k, word := range words {
			if utf8.RuneCountInString(word) > longWord {
				words[k] = texBroken(word, texWidth("n")*longWord)
			} else {
				words[k] = escape(word)
			}
		}
		texts[i] = strings.Join(words, " ")
	}
	return strings.Join(texts, `$\tau_b$`)
}

// romanWidths are the widths of the characters from the blank on in thousandths of the size: Computer Modern at 9
// points (cmr9.tfm), wider than the fonts of most papers.
var romanWidths = [...]int{
	343, 285, 514, 856, 514, 856, 799, 285, 400, 400, 514, 799, 285, 343, 285, 514, 514, 514, 514, 514, 514, 514, 514, 514,
	514, 514, 285, 285, 799, 799, 799, 485, 799, 771, 728, 742, 785, 699, 671, 806, 771, 371, 528, 799, 642, 942, 771, 799,
	699, 799, 756, 571, 742, 771, 771, 1056, 771, 771, 628, 285, 514, 285, 514, 370, 285, 514, 571, 457, 571, 457, 314,
	514, 571, 285, 314, 542, 285, 856, 571, 514, 571, 542, 402, 405, 400, 571, 542, 742, 542, 542, 457, 514, 285, 514, 799,
}

// boldWidth is how much wider bold characters are.
const boldWidth = 1.16

// texWidth is the width of a text at the size of \small in a document of 10 points, in TeX points.
func texWidth(s string) float64 {
	s = rhoName.ReplaceAllString(tauName.ReplaceAllString(s, "tb"), "r")
	sum := 0
	for _, c := range s {
		switch i := int(c) - ' '; {
		case i >= 0 && i < len(romanWidths):
			sum += romanWidths[i]
		case strings.ContainsRune(string(letters), c):
			sum += 430
		case c < utf8.RuneSelf || c < 0x250:
			sum += 600
		default:
			sum += 800
		}
	}
	return 9 * float64(sum) / 1000
}
