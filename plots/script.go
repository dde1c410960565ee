package plots

import (
	"bytes"
	_ "embed" // the part that all scripts share
	"encoding/json"
	"fmt"
	"image/color"
	"io"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// Script is the format of a Python script that draws a figure again by matplotlib from the CSV beside it.
const Script = "py"

//go:embed matplotlib.py
var matplotlib string

// scriptSpec is what a script needs beside the numbers.
type scriptSpec struct {
	Width   float64       `json:"width"`
	Height  float64       `json:"height"`
	DPI     int           `json:"dpi"`
	Font    string        `json:"font"`
	Size    float64       `json:"size"`
	Colours []string      `json:"colours"`
	Columns int           `json:"columns"`
	SharedY bool          `json:"sharey"`
	SharedX bool          `json:"sharex,omitempty"`
	X       string        `json:"x"`
	Y       string        `json:"y"`
	Panels  []scriptPanel `json:"panels"`
}

type scriptPanel struct {
	Name   string                 `json:"name"`
	Title  string                 `json:"title"`
	X      string                 `json:"x"`
	Y      string                 `json:"y"`
	LogX   bool                   `json:"logx"`
	Zero   bool                   `json:"zero,omitempty"`
	Ticks  []scriptTick           `json:"ticks"`
	Groups map[string]scriptGroup `json:"groups,omitempty"`
}

type scriptTick struct {
	At    float64 `json:"at"`
	Label string  `json:"label"`
}

// scriptGroup is how the points of a group are drawn.
type scriptGroup struct {
	Joined   bool `json:"joined,omitempty"`
	Stairs   bool `json:"stairs,omitempty"`
	Labels   bool `json:"labels,omitempty"`
	Bare     bool `json:"bare,omitempty"`
	Unsigned bool `json:"unsigned,omitempty"`
}

// scripted are the columns of tables that matplotlib.py draws, as its KINDS.
var scripted = [][]string{
	{"score", "accuracy", "drawn_at"}, {"predicted_rank", "true_rank"}, {"id", "group", "value"}, {"name", "x", "y"},
	{"method", "mean_rank"}, {"level", "value", "default"}, {"row", "column", "value"}, {"name", "kind", "share"},
	{"name", "value", "low", "high"},
}

// hasScript says whether a figure is of a kind that a script can draw.
func hasScript(f Figure) bool {
	header, rows := f.Data()
	return len(rows) > 0 && slices.ContainsFunc(scripted, func(needs []string) bool {
		return !slices.ContainsFunc(needs, func(n string) bool { return !slices.Contains(header, n) })
	})
}

// writeScript writes the script of a figure.
func writeScript(w io.Writer, f Figure, width vg.Length, s Style) error {
	if !hasScript(f) {
		return fmt.Errorf("no script draws figures of this kind")
	}
	spec := scriptSpec{
		Width: float64(width / vg.Inch), Height: float64(f.Height(width, s) / vg.Inch), DPI: s.DPI, Size: s.Size.Points(),
		Font: map[string]string{"serif": "serif", "sans": "sans-serif", "mono": "monospace"}[s.Font], Columns: 1,
		Panels: []scriptPanel{{Ticks: []scriptTick{}}},
	}
	for _, c := range s.Colours {
		spec.Colours = append(spec.Colours, hexOf(c))
	}
	switch p := f.(type) {
	case Panel:
		f = Of(p)
	case LevelMaps:
		f = p.grid()
	case Roomy:
		f = p.at(width)
	}
	if g, ok := f.(Grid); ok {
		spec.fill(g, width, s)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(spec); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "#!/usr/bin/env python3\n"+
		"# Draws the figure again from the CSV beside it, by matplotlib: python3 THIS [OUT.pdf]\n"+
		"import json\n\nSPEC = json.loads(r\"\"\"%s\"\"\")\n\n%s", b.Bytes(), matplotlib)
	return err
}

// fill describes the panels of a grid.
func (spec *scriptSpec) fill(g Grid, width vg.Length, s Style) {
	a := g.arrangement(width, s)
	spec.Columns, spec.SharedY, spec.SharedX = a.columns, g.SharedY, g.SharedX
	spec.X, spec.Y = mathText(strings.Join(a.xName, "\n")), mathText(strings.Join(a.yName, "\n"))
	spec.Panels = nil
	for i, f := range a.frames {
		p := scriptPanel{Title: mathText(a.title(f)), Ticks: []scriptTick{}}
		if i < len(g.Names) {
			p.Name = g.Names[i]
		}
		if a.x == "" {
			p.X = mathText(fit(f.x, f.X.Label.TextStyle, a.panelWidth()-a.axisWidth(f)))
		}
		if a.y == "" {
			p.Y = mathText(f.y)
		}
		_, p.LogX = f.X.Scale.(plot.LogScale)
		if _, levels := f.X.Tick.Marker.(levelTicks); levels || p.LogX {
			for _, t := range f.X.Tick.Marker.Ticks(f.X.Min, f.X.Max) {
				if t.Label != "" {
					p.Ticks = append(p.Ticks, scriptTick{t.Value, mathText(t.Label)})
				}
			}
		}
		switch panel := g.Panels[i].(type) {
		case Lines:
			p.Zero = panel.Zero
		case Points:
			p.Groups = map[string]scriptGroup{}
			for _, group := range panel.Groups {
				p.Groups[group.Name] = scriptGroup{group.Joined, group.Stairs, group.Labels, group.Bare,
					group.Unsigned}
			}
		}
		spec.Panels = append(spec.Panels, p)
	}
}

func hexOf(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// mathText writes a text as matplotlib does.
func mathText(s string) string {
	return strings.NewReplacer("$", `\$`, Tau, `$\tau_b$`, Rho, `$\rho_s$`, lower, `$_{\mathrm{`, raise, `}}$`).Replace(s)
}
