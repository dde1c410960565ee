package plots

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// everyKind are figures of the kinds that a script draws, and one that none does.
func everyKind(t *testing.T) map[string]Figure {
	line := Line{Name: "rwe", X: []float64{1, 2, 4}, Y: []float64{.1, .3, .4}, Low: []float64{0, .2, .3},
		High: []float64{.2, .4, .5}}
	other := line
	other.Name = "cost: $5 & more"
	boxes, err := NewBoxes("b", "skips", "", []string{"1", "2", "3", "4", "5", "6", "7"}, []int{0, 0, 0, 0, 0, 1, 1},
		[]float64{1, 2, 3, 4, 9, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	ranks := cloud(3, 9, 1)
	ranks.Ranks = true
	return map[string]Figure{
		"scatter": Grid{Panels: []Panel{cloud(1, 20, 1), cloud(2, 3000, 1)}, Names: []string{"a", "b,c"}, SharedY: true},
		"ranks":   ranks,
		"boxes":   boxes,
		"lines":   Lines{XLabel: "n", YLabel: Tau, LogX: true, Lines: []Line{line, other}},
		"cohorts": cohorts(2),
		"quantiles": Lines{YLabel: Rho, Sheer: true, Zero: true, Counts: "architectures", Names: []string{"1 to 2", "2 to 3", "none"},
			Lines: []Line{{Name: "rwe", X: []float64{1, 2, 3}, Y: []float64{.1, .2, math.NaN()}, Low: []float64{0, .1, math.NaN()},
				High: []float64{.2, .3, math.NaN()}, N: []int{9, 9, 0}}}},
		"points": Points{XLabel: "s", YLabel: "y", Groups: []Group{{Name: "g", Stairs: true, Labels: true,
			Points: []Point{{"p", 1, 2, 1, 3}, {"q", 2, 1, 1, 1}}}}},
		"critical": Critical{Title: "ranks", Methods: []string{"a", "b", "c"}, MeanRanks: []float64{1.2, 1.9, 2.9}, Difference: 1},
		"cells":    drawing(t, "DARTS_V2", "darts", dartsV2),
		"dots": Dots{XLabel: Tau, Groups: []string{"estimator", "baseline"}, Parts: "one seed", Rows: []Dot{
			{Name: "a", Value: .4, Low: .2, High: .6, Parts: []Part{{"seed 1", .3}}}, {Name: "b", Undefined: true, Note: "constant"},
			{Name: "c", Value: .1, Low: .1, High: .1, Group: 1}}},
		"heat": HeatMap{Rows: []string{"a", "b"}, Columns: []string{"a", "b"}, Values: [][]float64{{1, math.NaN()}, {-.4, 1}}},
		"levels": Grid{Names: []string{"epochs", "init"}, Panels: []Panel{
			Levels{Setting: "epochs", YLabel: Tau, Levels: []Level{{Name: "1", X: 1, Y: .1, Low: 0, High: .2},
				{Name: "8", X: 8, Y: .3, Low: .2, High: .4, Default: true}}},
			Levels{Setting: "init", YLabel: Tau, Words: true, Levels: []Level{{Name: "normal", Y: .1, Low: 0, High: .2}}}}},
		"level maps": LevelMaps{Label: Tau, Names: []string{"a", "b"}, Maps: []LevelMap{
			{Title: "a", Down: "x", Across: "y", Rows: []string{"1", "2"}, Columns: []string{"3"}, Values: [][]float64{{.1}, {.2}}},
			{Title: "b", Down: "x", Across: "y", Rows: []string{"1", "2"}, Columns: []string{"3"}, Values: [][]float64{{.3}, {math.NaN()}}}}},
		"shares": Shares{Title: "s", XLabel: "share (%)", Kinds: []string{"alone", "two"},
			Parts: []Share{{"x", .7, 0}, {"x, y", .3, 1}}},
		"panels": Grid{Names: []string{"p"}, Panels: []Panel{Points{Title: "p", XLabel: "s", YLabel: "y", Groups: []Group{
			{Name: "p", Joined: true, Points: []Point{{"", 1, 2, 1, 3}, {"", 2, 1, 1, 1}}},
			{Name: "chance", Joined: true, Bare: true, Points: []Point{{"", 1, 1, 1, 1}, {"", 2, 2, 2, 2}}}}}}},
	}
}

// cohorts are curves of several estimators with bands, one published, and more of it where there is room.
func cohorts(n int) Roomy {
	nan := math.NaN()
	l := Lines{Title: "nsga2", XLabel: "generation", YLabel: Rho, Whole: true, Zero: true, Points: true, Sheer: true,
		Counts: "seeds", All: 3, Fewer: "mean of fewer seeds", Band: "95% t interval over seeds",
		Published: []Line{{Name: "read off", X: []float64{1, 2, 3, 4}, Y: []float64{-.2, 0, .3, .2}}}}
	for i := range n {
		y := float64(i) / 30
		l.Lines = append(l.Lines, Line{Name: "e" + strconv.Itoa(i), X: []float64{1, 2, 3}, Y: []float64{y, y + .1, nan},
			Low: []float64{y - .1, nan, nan}, High: []float64{y + .1, nan, nan}, N: []int{3, 2, 0}})
	}
	given := l
	given.Title, given.Published = "nsga2, given macs", nil
	narrow := Grid{Panels: []Panel{l}, Names: []string{"nsga2"}, SharedX: true, SharedY: true}
	return Roomy{From: 5 * vg.Inch, Narrow: narrow, Wide: Grid{Panels: []Panel{l, given},
		Names: []string{"nsga2", "nsga2, given macs"}, SharedX: true, SharedY: true, Columns: 2}}
}

// TestRoomy shows more where it is wide, has the numbers of all, and marks what is published.
func TestRoomy(t *testing.T) {
	f := cohorts(6)
	if n, w := f.at(SingleColumn), f.at(DoubleColumn); len(n.Panels) != 1 || len(w.Panels) != 2 {
		t.Errorf("%d and %d panels", len(n.Panels), len(w.Panels))
	}
	header, rows := f.Data()
	if got := strings.Join(header, ","); got != "panel,name,x,y,low,high,seeds,published" || len(rows) != 2*6*3+4 {
		t.Errorf("%s, %d rows", got, len(rows))
	}
	if got := strings.Join(rows[1], ","); got != "nsga2,e0,2,0.1,,,2,no" {
		t.Error(got)
	}
	if got := strings.Join(rows[18], ","); got != "nsga2,read off,1,-0.2,,,,yes" {
		t.Error(got)
	}
	a := f.at(DoubleColumn).arrangement(DoubleColumn, DefaultStyle())
	if a.frames[0].X.Max != a.frames[1].X.Max || a.columns != 2 {
		t.Error("the panels have no common axis")
	}
	for format, sheer := range map[string]bool{"svg": true, "eps": false} {
		var b bytes.Buffer
		if err := Write(&b, f, SingleColumn, DefaultStyle(), format); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "fill-opacity") != sheer {
			t.Errorf("%s: bands that one sees through: %v", format, !sheer)
		}
	}
}

// TestLettersOfSVG writes the outline of a letter once, wherever it stands.
func TestLettersOfSVG(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, words("aa aa <b> & τ"), SingleColumn, DefaultStyle(), "svg"); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	var ids []string
	for _, m := range regexp.MustCompile(`<path id="(\w+)"`).FindAllStringSubmatch(text, -1) {
		ids = append(ids, m[1])
	}
	uses := strings.Count(text, "<use ")
	if len(ids) == 0 || uses < len(ids)+3 || strings.Contains(text, "<text") {
		t.Errorf("%d outlines, %d uses", len(ids), uses)
	}
	for _, m := range regexp.MustCompile(`xlink:href="#(\w+)"`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(ids, m[1]) {
			t.Errorf("no outline %s", m[1])
		}
	}
	slices.Sort(ids)
	if n := len(ids); len(slices.Compact(ids)) != n {
		t.Errorf("an outline twice: %v", ids)
	}
	if err := xml.Unmarshal(b.Bytes(), new(struct{})); err != nil {
		t.Error(err)
	}
}

// TestTeXHasRoom plans a figure for the letters of Computer Modern, which are wider than those of the other formats.
func TestTeXHasRoom(t *testing.T) {
	s := DefaultStyle()
	here := s.label(7, black, 0, 0).Width("nothing better in less time")
	s.tex = true
	if tex := s.label(7, black, 0, 0).Width("nothing better in less time"); tex < 92.8*72/72.27 {
		t.Errorf("%.1f points, %.1f elsewhere; pdflatex sets 92.8 pt", tex, here)
	}
}

// TestPointsAtOnePlace share a number where there is no room for their names.
func TestPointsAtOnePlace(t *testing.T) {
	g := Points{LogX: true, Groups: []Group{{Name: "g", Labels: true}}}
	for i := range 12 {
		g.Groups[0].Points = append(g.Groups[0].Points, Point{strings.Repeat("long name ", 9) + strconv.Itoa(i), 2, .5, .2, .8})
	}
	g.Groups[0].Points[0].X = 1
	f := g.frame(DefaultStyle())
	var numbers []string
	for _, k := range f.settle(vg.Point{X: 150, Y: 100}) {
		numbers = append(numbers, k.mark.(numeral).text)
	}
	if got := strings.Join(slices.Compact(numbers), " "); len(numbers) != 12 || got != "1 2" {
		t.Errorf("%q", numbers)
	}
}

// TestScripts draws every figure again by matplotlib from its script and its CSV.
func TestScripts(t *testing.T) {
	python := ""
	for _, p := range []string{"python3", "/usr/bin/python3"} {
		probe := exec.Command(p, "-c", "import matplotlib")
		probe.Dir = t.TempDir() // not where our matplotlib.py lies
		if probe.Run() == nil {
			python = p
			break
		}
	}
	dir := t.TempDir()
	for name, f := range everyKind(t) {
		if _, err := Save(dir, name, f, SingleColumn, DefaultStyle(), Script); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name+".py")
		if _, err := os.Stat(path); (err == nil) != (name != "cells") || hasScript(f) != (name != "cells") {
			t.Errorf("%s: script: %v", name, err)
		}
		if python == "" || name == "cells" {
			continue
		}
		cmd := exec.Command(python, path, filepath.Join(dir, name+"-again.png"))
		cmd.Env = append(os.Environ(), "MPLCONFIGDIR="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		} else if inked(t, filepath.Join(dir, name+"-again.png")).Dx() < 300 {
			t.Errorf("%s: drawn again it is nearly empty", name)
		}
	}
	if python == "" {
		t.Skip("no python3 with matplotlib: the scripts are not run")
	}
}

// TestFontsOfPDF looks for fonts that are embedded and subsets.
func TestFontsOfPDF(t *testing.T) {
	if _, err := exec.LookPath("pdffonts"); err != nil {
		t.Skip("no pdffonts: fonts are not checked")
	}
	dir := t.TempDir()
	for name, f := range everyKind(t) {
		if _, err := Save(dir, name, f, SingleColumn, DefaultStyle(), "pdf"); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name+".pdf")
		out, err := exec.Command("pdffonts", path).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		fonts := strings.Split(strings.TrimSpace(string(out)), "\n")[2:]
		if len(fonts) == 0 {
			t.Errorf("%s: no fonts", name)
		}
		for _, font := range fonts {
			if !regexp.MustCompile(`^[A-Z]{6}\+Liberation.* yes yes yes `).MatchString(font) {
				t.Errorf("%s: %s: not an embedded subset whose letters are known", name, font)
			}
		}
		if info, err := os.Stat(path); err != nil || info.Size() > 100<<10 {
			t.Errorf("%s: %d bytes (%v)", name, info.Size(), err)
		}
	}
}

// TestTeX sets every figure in a paper as it comes, at the width that it was drawn for, the same at every writing.
func TestTeX(t *testing.T) {
	dir := t.TempDir()
	var body strings.Builder
	for name, f := range everyKind(t) {
		var files [2]bytes.Buffer
		for i := range files {
			if err := Write(&files[i], f, SingleColumn, DefaultStyle(), "tex"); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) {
			t.Errorf("%s: two files differ", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".tex"), files[0].Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&body, "\\setbox0\\hbox{\\input{%s}}\\typeout{width of %[1]s: \\the\\wd0}\\noindent\\box0\\par\n", name)
	}
	if _, err := exec.LookPath("pdflatex"); err != nil {
		t.Skip("no pdflatex: the figures are not set")
	}
	paper := "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{pgf}\\begin{document}\n" + body.String() +
		"\\end{document}\n"
	if err := os.WriteFile(filepath.Join(dir, "paper.tex"), []byte(paper), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("pdflatex: %v\n%s", err, out)
	}
	for name := range everyKind(t) {
		if want := fmt.Sprintf("width of %s: 234.87", name); !strings.Contains(string(out), want) {
			t.Errorf("not %spt, which is 3.25 inches", want)
		}
	}
	if strings.Contains(string(out), "Missing character") {
		t.Error("letters are missing")
	}
}

// TestTitleOfSVG says what a figure shows, and is well-formed whatever it is called.
func TestTitleOfSVG(t *testing.T) {
	s := cloud(1, 5, 1)
	s.Title = `a<b>&"c"`
	s.YLabel = Tau
	var b bytes.Buffer
	if err := Write(&b, s, SingleColumn, DefaultStyle(), "svg"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "<title>tau-b against score: a&lt;b&gt;&amp;&#34;c&#34;</title>") {
		t.Errorf("%.400s", b.String())
	}
	if err := xml.Unmarshal(b.Bytes(), new(struct{})); err != nil {
		t.Error(err)
	}
}

// TestLettersThatFontsLack draws a box for each, in every format.
func TestLettersThatFontsLack(t *testing.T) {
	for _, format := range Formats() {
		var with, without bytes.Buffer
		for b, text := range map[*bytes.Buffer]string{&with: "中文 🙂 τ", &without: "□□ □ τ"} {
			if err := Write(b, words(text), SingleColumn, DefaultStyle(), format); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(with.Bytes(), without.Bytes()) {
			t.Errorf("%s: not the same as with boxes", format)
		}
	}
}
