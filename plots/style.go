package plots

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// Style is how figures look. Sizes are those on paper: a figure is drawn at the width at which it is printed.
type Style struct {
	Font    string       // a key of Fonts
	Size    vg.Length    // of titles and of the names of axes, in points; numbers and keys are a point smaller
	Colours []color.RGBA // of series, in order, again from the first when there are more
	DPI     int          // pixels per inch of PNG
	Columns int          // of panels beside each other, at most; 0 for as many as fit

	tex  bool // for a paper that sets the texts
	flat bool // for a format in which nothing is seen through another
}

// Fonts are the families that figures are set in; all are inside the binary.
var Fonts = map[string]font.Variant{"serif": "Serif", "sans": "Sans", "mono": "Mono"}

// Resolutions that a PNG may have.
const LeastDPI, MostDPI = 50, 1200

// Palette are the colours of Okabe and Ito by name.
var Palette = map[string]color.RGBA{"black": black, "orange": orange, "sky": sky, "green": green, "blue": blue,
	"vermillion": vermillion, "purple": purple, "grey": grey}

// smallest is the least size of letters, in points: what journals ask for.
const smallest = 6

// Sizes that titles may have, in points: other text is one point smaller.
const LeastSize, MostSize = smallest + 1, 24

// DefaultStyle suits a two-column paper: a serif of 8 points, and the palette of Okabe and Ito.
func DefaultStyle() Style {
	return Style{Font: "serif", Size: 8, Colours: series, DPI: pixelsPerInch}
}

// Check refuses a style in which figures cannot be read or drawn.
func (s Style) Check() error {
	switch {
	case Fonts[s.Font] == "":
		return fmt.Errorf("font %q: must be serif, sans or mono", s.Font)
	case !(s.Size >= LeastSize && s.Size <= MostSize):
		return fmt.Errorf("size %v: must lie between %d and %d points", s.Size.Points(), LeastSize, MostSize)
	case len(s.Colours) == 0:
		return fmt.Errorf("no colours: name at least one")
	case s.DPI < LeastDPI || s.DPI > MostDPI:
		return fmt.Errorf("dpi %d: must lie between %d and %d", s.DPI, LeastDPI, MostDPI)
	case s.Columns < 0:
		return fmt.Errorf("columns %d: must not be negative", s.Columns)
	}
	return nil
}

// colour is that of series i.
func (s Style) colour(i int) color.RGBA { return s.Colours[i%len(s.Colours)] }

// small is the size of numbers, keys and labels.
func (s Style) small() vg.Length { return max(smallest, s.Size-1) }

// line is the height of a line of small text.
func (s Style) line() vg.Length { return 1.2 * s.small() }

// label is a style of text of some size.
func (s Style) label(size vg.Length, colour color.Color, x text.XAlignment, y text.YAlignment) text.Style {
	face := font.Font{Typeface: "Liberation", Variant: Fonts[s.Font], Size: max(smallest, size)}
	handler := marked
	handler.tex = s.tex
	return text.Style{Color: colour, Font: face, XAlign: x, YAlign: y, Handler: handler}
}
