package plots

import (
	"math"
	"slices"
	"strconv"
	"strings"

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

// fit breaks a text at blanks, but not at those that are not to be broken (U+00A0), into lines of some width at most, and cuts what does not fit.
func fit(s string, style text.Style, width vg.Length) string {
	var lines []string
	for paragraph := range strings.SplitSeq(s, "\n") {
		if style.Width(paragraph) <= width {
			lines = append(lines, paragraph)
			continue
		}
		line := ""
		for word := range strings.SplitSeq(paragraph, " ") {
			if longer := strings.TrimPrefix(line+" "+word, " "); style.Width(longer) <= width {
				line = longer
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			line = cut(word, style, width)
		}
		lines = append(lines, line)
	}
	if len(lines) > maxLines {
		last := lines[maxLines-1] + "…"
		for style.Width(last) > width && strings.Contains(last, " ") {
			last = last[:strings.LastIndexByte(last, ' ')] + "…"
		}
		lines = append(lines[:maxLines-1], last)
	}
	return strings.Join(lines, "\n")
}

// cut takes letters from the middle of a word until it is not wider than width, or two are left.
func cut(word string, style text.Style, width vg.Length) string {
	letters := []rune(word)
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
