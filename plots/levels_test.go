package plots

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// levels is a panel of n levels, of words or of numbers; every fourth is undefined.
func levels(setting string, n int, words bool) Levels {
	l := Levels{Setting: setting, YLabel: Tau + " of rwe", Words: words}
	for i := range n {
		y := 0.5 - 0.3/float64(i+1)
		v := Level{Name: fmt.Sprint(int(1) << i), X: float64(int(1) << i), Y: y, Low: y - 0.1, High: y + 0.08,
			Default: i == 1}
		if words {
			v.Name = []string{"default", "uniform", "normal", "xavier", "orthogonal"}[i%5]
		}
		if i%4 == 3 {
			v.Y, v.Low, v.High = math.NaN(), 0, 0
		}
		l.Levels = append(l.Levels, v)
	}
	return l
}

func ablation() Grid {
	return Grid{SharedY: true, Names: []string{"epochs", "channels", "head", "init"}, Panels: []Panel{
		levels("epochs", 7, false), levels("channels", 3, false), levels("head", 2, true), levels("init", 5, true)}}
}

func TestLevels(t *testing.T) { golden(t, "ablation", ablation(), SingleColumn) }

// TestLevelsData has a row a level, nothing for what is undefined, and says which is the default.
func TestLevelsData(t *testing.T) {
	header, rows := ablation().Data()
	if got, want := strings.Join(header, ","), "panel,level,value,low,high,default"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := strings.Join(rows[3], ","); len(rows) != 17 || got != "epochs,8,,,,no" || rows[1][5] != "yes" {
		t.Errorf("%d rows, %s", len(rows), got)
	}
}

func levelMaps(t *testing.T, low float64) LevelMaps {
	t.Helper()
	var maps []LevelMap
	var names []string
	for k := range 2 {
		m := LevelMap{Title: fmt.Sprintf("rwe-ridge, resolution=%d", 4<<k), Down: "lambda", Across: "channels",
			Rows: []string{"0.01", "0.1", "1", "10"}, Columns: []string{"2", "4", "8"}, Default: [2]int{1, 2}}
		for i := range m.Rows {
			var row []float64
			for j := range m.Columns {
				v := low + 0.05*float64(i) + 0.1*float64(j*k)
				if i == 3 && j == 0 {
					v = math.NaN()
				}
				row = append(row, v)
			}
			m.Values = append(m.Values, row)
		}
		maps, names = append(maps, m), append(names, m.Title)
	}
	l, err := NewLevelMaps(Tau, names, maps)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLevelMaps(t *testing.T) {
	golden(t, "grid", levelMaps(t, 0.2), SingleColumn)
	golden(t, "grid-both-signs", levelMaps(t, -0.1), SingleColumn)
	header, rows := levelMaps(t, 0.2).Data()
	if got := strings.Join(rows[1], ","); len(header) != 7 || len(rows) != 24 ||
		got != `rwe-ridge, resolution=4,lambda,0.01,channels,4,0.2,no` {
		t.Errorf("%d rows, %s", len(rows), got)
	}
}

func shares(t *testing.T) Shares {
	t.Helper()
	s, err := NewShares(Shares{
		Title: "rwe-ridge", Stats: "24 combinations", XLabel: "share of the variance of " + Tau + " (%)",
		Kinds: []string{"a setting alone", "two settings together"},
		Parts: []Share{{"train_images", 0.812, 0}, {"channels × train_images", 0.15, 1}, {"channels", 0.038, 0}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestShares(t *testing.T) { golden(t, "importance", shares(t), SingleColumn) }

// TestApart has the data of each curve once, and the others behind it.
func TestApart(t *testing.T) {
	l := mustLines(t, Lines{XLabel: "architectures evaluated", YLabel: "best accuracy (%)", Band: "quartiles",
		Lines: []Line{curve("a", 0.55, 2, 4, 8, 16), curve("b", 0.4, 2, 4, 8, 16), curve("c", 0.2, 2, 4, 8, 16),
			curve("d", -0.2, 2, 4, 8, 16)}})
	g := l.Apart()
	golden(t, "apart", g, SingleColumn)
	if _, rows := g.Data(); len(rows) != 16 || rows[4][0] != "b" || rows[4][1] != "b" {
		t.Errorf("%d rows, %v", len(rows), rows[4])
	}
}

// TestManySeries draws 1, 3, 8 and 24 series, which no two look alike, at both widths.
func TestManySeries(t *testing.T) {
	s := DefaultStyle()
	looks := map[string]bool{}
	for i := range 64 {
		colour, dash, shape := s.look(i)
		looks[fmt.Sprint(colour, dash, fmt.Sprintf("%T", shape))] = true
	}
	if len(looks) != 64 {
		t.Errorf("%d looks of 64", len(looks))
	}
	for _, n := range []int{1, 3, 8, 24} {
		var l Lines
		for i := range n {
			l.Lines = append(l.Lines, curve(fmt.Sprintf("rwe:channels=16,epochs=%d,head=ridge,train_images=400", i), 0.02*float64(i),
				2, 4, 8, 16))
		}
		for _, width := range []vg.Length{SingleColumn, DoubleColumn} {
			for name, f := range map[string]Figure{"together": l, "apart": l.Apart()} {
				if high := f.Height(width, s); high < 60 || high > 10*vg.Inch {
					t.Errorf("%d lines %s are %v points high", n, name, high)
				}
				var b bytes.Buffer
				if err := Write(&b, f, width, s, "svg"); err != nil || strings.Contains(b.String(), "NaN") {
					t.Errorf("%d lines %s: %v", n, name, err)
				}
			}
		}
	}
}

// TestUndefinedLevels draws what has no values, one level, or negative ones, in every format.
func TestUndefinedLevels(t *testing.T) {
	none := Levels{Setting: "a", Levels: []Level{{Name: "1", X: 1, Y: math.NaN()}}}
	maps := LevelMaps{Label: Tau, Names: []string{"a"}, Maps: []LevelMap{{Rows: []string{"1"}, Columns: []string{"x"},
		Values: [][]float64{{math.NaN()}}, Default: [2]int{-1, -1}}}}
	for name, f := range map[string]Figure{"undefined": none, "none": Levels{}, "one": levels("a", 1, false),
		"one word": levels("a", 1, true), "maps": maps, "no maps": LevelMaps{}, "shares": Shares{},
		"negative": Levels{Levels: []Level{{Name: "-2", X: -2, Y: 1, Low: 1, High: 1}, {Name: "0", Y: 1, Low: 1, High: 1}}}} {
		for _, format := range Formats() {
			var b bytes.Buffer
			if err := Write(&b, f, SingleColumn, DefaultStyle(), format); err != nil ||
				format == "svg" && strings.Contains(b.String(), "NaN") {
				t.Errorf("%s as %s: %v", name, format, err)
			}
		}
	}
}

func TestLevelsRefuse(t *testing.T) {
	one := LevelMap{Rows: []string{"1"}, Columns: []string{"a", "b"}}
	for name, err := range map[string]error{
		"descending":  second(NewLevels(Levels{Levels: []Level{{X: 2}, {X: 1}}})),
		"infinite":    second(NewLevels(Levels{Levels: []Level{{X: 2, Y: math.Inf(1)}}})),
		"no interval": second(NewLevels(Levels{Levels: []Level{{X: 2, Y: 1, Low: math.NaN()}}})),
		"no rows":     second(NewLevelMaps("", []string{"a"}, []LevelMap{one})),
		"no such cell": second(NewLevelMaps("", []string{"a"}, []LevelMap{{Rows: []string{"1"}, Columns: []string{"a"},
			Values: [][]float64{{1}}, Default: [2]int{0, 1}}})),
		"a map too many": second(NewLevelMaps("", nil, []LevelMap{one})),
		"share of 2":     second(NewShares(Shares{Kinds: []string{"a"}, Parts: []Share{{Value: 2}}})),
		"no such kind":   second(NewShares(Shares{Parts: []Share{{Value: 1}}})),
	} {
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
