package plots

import (
	"bytes"
	"fmt"
	"image"
	_ "image/png"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

type panicking struct{ words }

func (panicking) Draw(draw.Canvas, Style) { panic("index out of range") }

func TestPanicIsAnError(t *testing.T) {
	for _, format := range Formats() {
		err := Write(&bytes.Buffer{}, panicking{}, SingleColumn, DefaultStyle(), format)
		if err == nil || !strings.Contains(err.Error(), format) || !strings.Contains(err.Error(), "index out of range") {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func TestNoTemporaryFolder(t *testing.T) {
	t.Setenv("TMPDIR", "/nonexistent")
	for _, format := range Formats() {
		var b bytes.Buffer
		if err := Write(&b, cloud(1, 5, 1), SingleColumn, DefaultStyle(), format); err != nil || b.Len() < 1000 {
			t.Errorf("%s: %d bytes, %v", format, b.Len(), err)
		}
	}
}

func TestMeanRanks(t *testing.T) {
	for _, c := range []struct {
		ranks []float64
		cd    float64
		ok    bool
	}{
		{[]float64{0.9999999999999999, 2.1, 2.9}, 1, true}, {[]float64{1, 2, 3.0000000000000004}, 0, true},
		{[]float64{0.99, 2, 3}, 1, false}, {[]float64{1, 2, 3.01}, 1, false}, {[]float64{1, math.NaN(), 3}, 1, false},
		{[]float64{1, 2, 3}, math.NaN(), false}, {[]float64{1, 2, 3}, -1, false}, {[]float64{1}, 1, false},
	} {
		names := []string{"a", "b", "c"}[:len(c.ranks)]
		d, err := NewCritical("", names, c.ranks, c.cd)
		if (err == nil) != c.ok {
			t.Errorf("%v, %v: %v", c.ranks, c.cd, err)
		}
		if err == nil && (slices.Min(d.MeanRanks) < 1 || slices.Max(d.MeanRanks) > float64(len(names))) {
			t.Errorf("drawn at %v", d.MeanRanks)
		}
	}
}

// TestScatterIsNeverEmpty looks for points on pictures with values of every size and labels of every length.
func TestScatterIsNeverEmpty(t *testing.T) {
	long := "accuracy (%) by column val_accuracy of " + strings.Repeat("a_very_long_file_name_", 12) + ".csv"
	for name, c := range map[string]struct {
		label string
		score func(i int) float64
	}{
		"plain":    {"accuracy (%)", func(i int) float64 { return float64(i) }},
		"labels":   {long, func(i int) float64 { return float64(i) }},
		"words":    {strings.Repeat("a word ", 60), func(i int) float64 { return float64(i) }},
		"largest":  {"y", func(i int) float64 { return (float64(i) - 25) / 25 * math.MaxFloat64 }},
		"smallest": {"y", func(i int) float64 { return float64(i) * math.SmallestNonzeroFloat64 }},
		"alike":    {"y", func(i int) float64 { return 1e17 + 16*float64(i) }},
		"equal":    {"y", func(i int) float64 { return -1e300 }},
	} {
		s := Scatter{Title: long, XLabel: c.label, YLabel: c.label}
		for i := range 51 {
			s.Labels, s.Accuracy = append(s.Labels, fmt.Sprint(i)), append(s.Accuracy, float64(i%10))
			s.Scores = append(s.Scores, c.score(i))
		}
		var b bytes.Buffer
		if err := Write(&b, s, 2.25*vg.Inch, DefaultStyle(), "png"); err != nil {
			t.Fatal(err)
		}
		m, _, err := image.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		var inked image.Rectangle
		for y := range m.Bounds().Max.Y {
			for x := range m.Bounds().Max.X {
				if r, g, b, _ := m.At(x, y).RGBA(); r < 0x2000 && g > 0x6000 && b > 0x9000 {
					inked = inked.Union(image.Rect(x, y, x+1, y+1))
				}
			}
		}
		wide := inked.Dx() > m.Bounds().Dx()/4 || name == "equal" || name == "alike"
		if inked.Dy() < m.Bounds().Dy()/5 || !wide {
			t.Errorf("%s: the points cover %v of %v", name, inked, m.Bounds())
		}
	}
}

func TestTicksAreFew(t *testing.T) {
	for _, c := range [][2]float64{{0, 1}, {-math.MaxFloat64, math.MaxFloat64}, {0, math.SmallestNonzeroFloat64},
		{1e17, 1e17 + 16}, {1, 1 + 2.3e-16}, {-1e-300, 1e-300}, {5, 5}, {0, math.Inf(1)}, {math.NaN(), 1}} {
		for n, got := range map[int]int{5: len(Ticks(5, c[0], c[1])), 8: len(wholeTicks(8).Ticks(c[0], c[1]))} {
			if got > 3*n {
				t.Errorf("%d ticks between %v and %v", got, c[0], c[1])
			}
		}
	}
}

// TestSubset chooses the same names in every order; a figure of more points than can be told apart shows how many lie
// where.
func TestSubset(t *testing.T) {
	names := make([]string, 3*maxPoints)
	for i := range names {
		names[i] = fmt.Sprintf("%016x", i)
	}
	chosen := func(names []string) []string {
		var out []string
		for _, i := range Subset(names, 100) {
			out = append(out, names[i])
		}
		slices.Sort(out)
		return out
	}
	reversed := slices.Clone(names)
	slices.Reverse(reversed)
	if a, b := chosen(names), chosen(reversed); len(a) != 100 || !slices.Equal(a, b) {
		t.Errorf("%d chosen, %v", len(a), slices.Equal(a, b))
	}
	if got := Subset(names[:5], 100); !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
		t.Errorf("of five: %v", got)
	}
	s := cloud(0, 3*maxPoints, 1)
	var b bytes.Buffer
	if err := Write(&b, s, SingleColumn, DefaultStyle(), "svg"); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 1<<20 {
		t.Errorf("%d bytes: points are drawn where they hide each other", b.Len())
	}
	if _, rows := s.Data(); len(rows) != 3*maxPoints {
		t.Errorf("%d rows of data", len(rows))
	}
}
