package plots

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// maxLines is how many lines a title or the label of an axis may take.
const maxLines = 4

// widen makes room around an axis of one value, or of values that its labels cannot tell apart.
func widen(a *plot.Axis) {
	if size := math.Abs(a.Max); a.Max >= a.Min && a.Max-a.Min <= 1e-9*size {
		a.Min, a.Max = a.Min-size/20, a.Max+size/20
	}
}

// fit breaks a text into lines of some width at most: at blanks, but not at those that are not to be broken (U+00A0),
// and within words that are too long after a sign. It cuts what does not fit.
func fit(s string, style text.Style, width vg.Length) string {
	lines, _ := fold(s, style, width, maxLines)
	return strings.Join(lines, "\n")
}

// fold is fit with a number of lines. whole says that nothing was cut.
func fold(s string, style text.Style, width vg.Length, most int) (lines []string, whole bool) {
	whole = true
	for paragraph := range strings.SplitSeq(s, "\n") {
		line := ""
		add := func(part, blank string) {
			if longer := line + blank + part; line == "" || style.Width(longer) <= width {
				line = strings.TrimPrefix(longer, " ")
			} else {
				lines, line = append(lines, line), part
			}
		}
		for word := range strings.SplitSeq(paragraph, " ") {
			blank := " "
			for _, part := range parts(word, style, width) {
				if style.Width(part) > width {
					part, whole = cut(part, style, width), false
				}
				add(part, blank)
				blank = ""
			}
		}
		lines = append(lines, line)
	}
	if len(lines) > most {
		whole = false
		last := lines[most-1] + "…"
		for style.Width(last) > width && strings.Contains(last, " ") {
			last = last[:strings.LastIndexByte(last, ' ')] + "…"
		}
		lines = append(lines[:most-1], last)
	}
	return lines, whole
}

// parts are a word, or what stands between its signs where it is wider than a line.
func parts(word string, style text.Style, width vg.Length) (out []string) {
	if style.Width(word) <= width {
		return []string{word}
	}
	signs := ",:;/_-="
	if strings.Contains(word, "\u00a0") {
		signs = "\u00a0"
	}
	for word != "" {
		end := len(word)
		if i := strings.IndexAny(word, signs); i >= 0 {
			_, size := utf8.DecodeRuneInString(word[i:])
			end = i + size
		}
		out, word = append(out, word[:end]), word[end:]
	}
	return out
}

// cut takes letters from the middle of a word until it is not wider than width, or two are left.
func cut(word string, style text.Style, width vg.Length) string {
	if style.Width(word) <= width {
		return word
	}
	letters := []rune(strings.NewReplacer(lower, "", raise, "").Replace(word))
	for n := len(letters); n > 2 && style.Width(word) > width; n-- {
		word = string(letters[:n/2]) + "…" + string(letters[len(letters)-(n-1)/2:])
	}
	return word
}

// scaled divides values of a size that overflows or vanishes in a plot by a power of ten, and says by which.
func scaled(v []float64) (out []float64, by string) {
	largest := 0.0
	for _, x := range v {
		largest = max(largest, math.Abs(x))
	}
	if largest == 0 || largest < 1e100 && largest > 1e-100 {
		return v, ""
	}
	e := int(math.Floor(math.Log10(largest)))
	out = slices.Clone(v)
	for i := range out { // in two steps: a power of ten from 1e309 has no value
		out[i] = out[i] / math.Pow10(e/2) / math.Pow10(e-e/2)
	}
	return out, " / 1e" + strconv.Itoa(e)
}
