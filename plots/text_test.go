package plots

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// words is a figure of one line of text.
type words string

func (w words) Height(vg.Length, Style) vg.Length { return 0.5 * vg.Inch }

func (w words) Draw(c draw.Canvas, s Style) {
	c.FillText(s.label(20, black, text.XCenter, text.YCenter), c.Center(), string(w))
}

func (w words) Data() ([]string, [][]string) { return []string{"text"}, [][]string{{string(w)}} }

// TestTextOfEveryFormat draws letters that PDF, PostScript and LaTeX each write in their own way, and compares what a
// PDF and a PostScript reader see with the PNG.
func TestTextOfEveryFormat(t *testing.T) {
	const width = 3 * vg.Inch
	const line = `τ −0.4 ρ … ±1 (a_b)`
	dir := t.TempDir()
	if _, err := Save(dir, "words", words(line), width, DefaultStyle(), Formats()...); err != nil {
		t.Fatal(err)
	}
	tex, err := os.ReadFile(filepath.Join(dir, "words.tex"))
	if err != nil {
		t.Fatal(err)
	}
	if want := `$\tau$ $-$0.4 $\rho$ \ldots{} $\pm$1 (a\_b)`; !bytes.Contains(tex, []byte(want)) {
		t.Errorf("LaTeX lacks %s", want)
	}
	if eps, err := os.ReadFile(filepath.Join(dir, "words.eps")); err != nil || bytes.Contains(eps, []byte("τ")) {
		t.Errorf("PostScript shows bytes of UTF-8 (%v)", err)
	}
	want := inked(t, filepath.Join(dir, "words.png"))
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		t.Skip("no pdftoppm: what the PDF looks like is not checked")
	}
	cmd := exec.Command("pdftoppm", "-png", "-singlefile", "-r", "220", "words.pdf", "seen")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pdftoppm: %v\n%s", err, out)
	}
	got := inked(t, filepath.Join(dir, "seen.png"))
	for _, d := range []int{got.Min.X - want.Min.X, got.Max.X - want.Max.X, got.Min.Y - want.Min.Y,
		got.Max.Y - want.Max.Y} {
		if d < -8 || d > 8 { // of 660 by 110: other letters are wider
			t.Fatalf("the text covers %v in the PDF and %v in the PNG", got, want)
		}
	}
}

// inked is the rectangle of a picture that is not white.
func inked(t *testing.T, path string) image.Rectangle {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var r image.Rectangle
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y++ {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x++ {
			if color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y < 128 {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return r
}
