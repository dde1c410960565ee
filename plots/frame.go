package plots

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Panel is a figure that may stand beside others in a grid.
type Panel interface {
	Data() (header []string, rows [][]string)
	frame(Style) frame
}

// frame is a plot before it is laid out: data and scales, but no text around it, which the layout places.
type frame struct {
	*plot.Plot
	name   string    // of what is shown, cut where it is too long
	stats  string    // numbers below the name, broken where they are too long
	x, y   string    // names of the axes, with units
	keys   []key     // what colours and signs mean
	fixed  vg.Length // height of the data where it does not follow from the width
	square bool      // data are as high as wide
	wide   bool      // stands alone in its row
	lines  int       // of the numbers below the axis; 0 is one

	crowd int            // points, where they are many or few
	fill  func(most int) // adds them, knowing how many the panel with the most has; nil for nothing

	settle func(size vg.Point) []key // chooses labels for data of some size, and what must be explained; may be nil
	below  vg.Length                 // more than a line of numbers below the data: names that are written upwards
}

// key is an entry of the legend, which stands above the data and hides nothing.
type key struct {
	name string
	mark plot.Thumbnailer
}

// newFrame is an empty plot.
func newFrame(s Style, name, x, y string) frame {
	p := plot.New()
	p.Title.TextStyle = s.label(s.Size, black, text.XCenter, text.YTop)
	p.Title.Padding = 3
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle = s.label(s.Size, black, text.XCenter, text.YBottom)
		a.LineStyle.Width, a.Tick.LineStyle.Width = 0.5, 0.5
		a.Tick.Length, a.Padding = 3, 3
	}
	p.X.Tick.Label = s.label(s.small(), black, text.XCenter, text.YTop)
	p.Y.Tick.Label = s.label(s.small(), black, text.XRight, text.YCenter)
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks(6), ticks(6)
	return frame{Plot: p, name: name, x: x, y: y}
}

// Sizes of a layout, in points.
const (
	narrowest = 68 // panel, where there are many
	usual     = 104
	tallest   = 8.6 * vg.Inch // figure, where more columns can prevent it
	between   = 7             // panels
	keyMark   = 15
	keySpace  = 9
)

// arrangement is a grid of frames with the keys above and the names of the axes around it.
type arrangement struct {
	style        Style
	frames       []frame
	columns      int
	width        vg.Length
	keys         [][]key           // in lines
	x, y         string            // of all frames; empty where each has its own
	xName, yName []string          // their lines, as they fit
	shared       bool              // one axis of y for all
	names        map[string]string // of frames, as they fit
	lines        []int             // of the titles of each row
	dataHigh     vg.Length
}

// arrange lays frames out at some width. Shared frames have one axis of y.
func arrange(frames []frame, width vg.Length, s Style, shared bool) arrangement {
	a := arrangement{style: s, frames: frames, width: width - leftEdge - rightEdge, columns: 1, shared: shared}
	if len(frames) == 0 {
		return a
	}
	a.keys = a.flow()
	if len(frames) > 1 {
		a.x, a.y = frames[0].x, frames[0].y
		for _, f := range frames {
			if f.x != a.x {
				a.x = ""
			}
			if f.y != a.y {
				a.y = ""
			}
		}
		wide := slices.ContainsFunc(frames, func(f frame) bool { return f.wide })
		most := max(1, int(a.width/usual))
		if s.Columns > 0 {
			a.columns = min(s.Columns, len(frames))
			a.columns = (len(frames) + a.rows() - 1) / a.rows()
			a.measure()
			return a
		}
		for columns := min(most, len(frames)); !wide && columns <= len(frames); columns++ {
			if columns > most && a.width/vg.Length(columns) < narrowest {
				break
			}
			a.columns = columns
			a.columns = (len(frames) + a.rows() - 1) / a.rows() // no row much shorter than the others
			if a.measure(); a.height() <= tallest {
				break
			}
		}
	}
	a.measure()
	for i := range frames {
		if f := &frames[i]; f.settle != nil {
			widen(&f.X)
			widen(&f.Y)
			width := a.panelWidth() - a.axisWidth(*f)
			if a.y == "" && f.y != "" {
				width -= 1.5 * s.Size
			}
			f.keys = append(f.keys, f.settle(vg.Point{X: 0.97 * width, Y: 0.97 * a.dataHigh})...)
		}
	}
	a.keys = a.flow()
	return a
}

// Space around the ink.
const leftEdge, rightEdge, topEdge, bottomEdge = 3, 5, 4, 3

func (a *arrangement) rows() int { return (len(a.frames) + a.columns - 1) / a.columns }

// row are the frames of row k.
func (a *arrangement) row(k int) []frame {
	return a.frames[k*a.columns : min(len(a.frames), (k+1)*a.columns)]
}

// panelWidth is the width of a panel with its axis.
func (a *arrangement) panelWidth() vg.Length {
	w := a.width - between*vg.Length(a.columns-1)
	return (w - a.depth(a.yName)) / vg.Length(a.columns)
}

// titleWidth is that of every title. Where only the first frame of a row has numbers at its axis, all data are as wide
// nonetheless, and the others narrower with it.
func (a *arrangement) titleWidth() vg.Length {
	w := a.panelWidth()
	if a.shared && a.columns > 1 {
		numbers := vg.Length(0)
		for _, f := range a.frames {
			numbers = max(numbers, a.axisWidth(f)-8)
		}
		w -= numbers / vg.Length(a.columns)
	}
	return w
}

// depth is the room of the lines of a common name.
func (a *arrangement) depth(lines []string) vg.Length {
	if len(lines) == 0 {
		return 0
	}
	return a.style.Size * (0.3 + 1.2*vg.Length(len(lines)))
}

// nameDepth is how many lines a common name may take.
const nameDepth = 3

// measure breaks the common names, and measures the frames beside them.
func (a *arrangement) measure() {
	style := a.style.label(a.style.Size, black, text.XCenter, text.YBottom)
	a.xName, a.yName = nil, nil
	if a.x != "" {
		a.xName, _ = fold(a.x, style, a.width, nameDepth)
	}
	for range nameDepth { // each line takes room from the panels, and with it from their height
		if a.measureFrames(); a.y == "" {
			return
		}
		lines, whole := fold(a.y, style, a.height()-topEdge-bottomEdge-a.keysHeight()-a.depth(a.xName), nameDepth)
		if enough := len(lines) <= len(a.yName); enough || !whole {
			a.yName = lines
			if !enough {
				a.measureFrames()
			}
			return
		}
		a.yName = lines
	}
}

// measureFrames counts the lines of titles and chooses the height of the data.
func (a *arrangement) measureFrames() {
	width := a.panelWidth()
	a.shorten()
	a.lines = make([]int, a.rows())
	for i, f := range a.frames {
		if n, ok := f.Y.Tick.Marker.(rowNames); ok {
			f.Y.Tick.Marker = n.within(f.Y.Tick.Label, width/2)
		}
		n := 0
		if t := a.title(f); t != "" {
			n = len(marked.Lines(t))
		}
		a.lines[i/a.columns] = max(a.lines[i/a.columns], n)
	}
	a.dataHigh = min(max(0.62*width, 48), 2.3*vg.Inch)
	fixed := vg.Length(0)
	for _, f := range a.frames {
		switch {
		case f.fixed > 0:
			fixed = max(fixed, f.fixed)
			a.dataHigh = fixed
		case f.square:
			a.dataHigh = min(width-a.axisWidth(f), 3*vg.Inch)
		}
	}
}

// axisWidth estimates the width of the numbers beside a frame.
func (a *arrangement) axisWidth(f frame) (w vg.Length) {
	for _, t := range f.Y.Tick.Marker.Ticks(f.Y.Min, f.Y.Max) {
		w = max(w, f.Y.Tick.Label.Width(t.Label))
	}
	return w + 8
}

// nameLines is how many lines the name of a panel may take.
const nameLines = 3

// title is the text above a frame: its name in full where that fits, and the numbers.
func (a *arrangement) title(f frame) string {
	width := a.titleWidth()
	style := a.style.label(a.style.Size, black, text.XCenter, text.YTop)
	var lines []string
	if f.name != "" {
		lines, _ = fold(a.names[f.name], style, width, nameLines)
	}
	if f.stats != "" {
		lines = append(lines, fit(f.stats, style, width))
	}
	return strings.Join(lines, "\n")
}

// shorten finds names of the frames that fit above them, and are apart.
func (a *arrangement) shorten() {
	style, width := a.style.label(a.style.Size, black, text.XCenter, text.YTop), a.titleWidth()
	var names []string
	for _, f := range a.frames {
		names = append(names, f.name)
	}
	a.names = map[string]string{}
	for i, short := range shorten(names, func(s string) bool {
		_, whole := fold(s, style, width, nameLines)
		return whole
	}) {
		a.names[names[i]] = short
	}
}

// flow puts the keys of all frames, each once, into lines.
func (a *arrangement) flow() (lines [][]key) {
	style := a.style.label(a.style.small(), black, text.XLeft, text.YCenter)
	var all []key
	for _, f := range a.frames {
		for _, k := range f.keys {
			if !slices.ContainsFunc(all, func(o key) bool { return o.name == k.name }) {
				all = append(all, k)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	var names []string
	for _, k := range all {
		names = append(names, k.name)
	}
	room := a.width
	if len(all) > 6 {
		room = (a.width - keySpace) / 2 // two beside each other at least
	}
	names = shorten(names, func(s string) bool { return style.Width(s)+keyMark+3 <= room })
	at := vg.Length(0)
	for i, k := range all {
		k.name = names[i]
		need := keyMark + 3 + style.Width(k.name)
		if len(lines) == 0 || at+need > a.width {
			lines, at = append(lines, nil), 0
		}
		lines[len(lines)-1] = append(lines[len(lines)-1], k)
		at += need + keySpace
	}
	return lines
}

// keysHeight is what the keys take.
func (a *arrangement) keysHeight() vg.Length {
	if len(a.keys) == 0 {
		return 0
	}
	return a.style.line()*vg.Length(len(a.keys)) + 3
}

// height is what the arrangement needs.
func (a *arrangement) height() vg.Length {
	h := vg.Length(topEdge+bottomEdge) + a.keysHeight() + a.depth(a.xName)
	size := a.style.Size
	for k, lines := range a.lines {
		if k > 0 {
			h += between
		}
		numbers := 1
		for _, f := range a.row(k) {
			numbers = max(numbers, f.lines)
		}
		h += a.dataHigh + 3 + 3 + a.style.small()*(0.1+1.2*vg.Length(numbers)) // ticks and their numbers
		if lines > 0 {
			h += vg.Length(lines)*size*1.2 + 3
		}
		own, below := 0, vg.Length(0)
		for _, f := range a.row(k) {
			below = max(below, f.below)
			if a.x == "" && f.x != "" {
				own = max(own, len(marked.Lines(fit(f.x, f.X.Label.TextStyle, a.panelWidth()-a.axisWidth(f)))))
			}
		}
		if own > 0 {
			h += vg.Length(own)*size*1.2 + 2
		}
		h += below
	}
	return h
}

// draw fills the canvas.
func (a *arrangement) draw(c draw.Canvas) {
	c = draw.Crop(c, leftEdge, -rightEdge, bottomEdge, -topEdge)
	if len(a.frames) == 0 {
		return
	}
	c.Max.Y -= a.drawKeys(c)
	whole := c
	c.Min.Y += a.depth(a.xName)
	c.Min.X += a.depth(a.yName)
	tiles := draw.Tiles{Cols: a.columns, Rows: a.rows(), PadX: between, PadY: between}
	grid := make([][]*plot.Plot, tiles.Rows)
	for i, f := range a.frames {
		row := i / a.columns
		if i%a.columns == 0 {
			grid[row] = make([]*plot.Plot, a.columns)
		}
		grid[row][i%a.columns] = f.Plot
		a.dress(f, tiles.At(c, i%a.columns, row), i%a.columns == 0)
	}
	places := inLine(grid, tiles, c)
	for i, f := range a.frames {
		at := places[i/a.columns][i%a.columns]
		thin(f.Plot, f.DataCanvas(at))
		f.Draw(at)
	}
	name := a.style.label(a.style.Size, black, text.XCenter, text.YBottom)
	data := a.frames[0].DataCanvas(places[0][0])
	last := a.frames[min(a.columns, len(a.frames))-1]
	end := last.DataCanvas(places[0][min(a.columns, len(a.frames))-1])
	if a.x != "" {
		at := vg.Point{X: (data.Min.X + end.Max.X) / 2, Y: whole.Min.Y + name.FontExtents().Descent}
		at.X = a.inside(at.X, a.xName, name, whole.Min.X, whole.Max.X)
		c.FillText(name, at, strings.Join(a.xName, "\n"))
	}
	if a.y != "" {
		bottom := a.frames[len(a.frames)-1].DataCanvas(places[a.rows()-1][(len(a.frames)-1)%a.columns])
		at := vg.Point{X: whole.Min.X, Y: a.inside((data.Max.Y+bottom.Min.Y)/2, a.yName, name, whole.Min.Y, whole.Max.Y)}
		name.Rotation, name.YAlign = math.Pi/2, text.YTop
		c.FillText(name, at, strings.Join(a.yName, "\n"))
	}
}

// inside is the middle of a name, moved so that it does not leave the canvas.
func (a *arrangement) inside(middle vg.Length, lines []string, style text.Style, low, high vg.Length) vg.Length {
	half := style.Width(strings.Join(lines, "\n")) / 2
	return max(min(middle, high-half), low+half)
}

// drawKeys draws the keys at the top and returns their height.
func (a *arrangement) drawKeys(c draw.Canvas) vg.Length {
	if len(a.keys) == 0 {
		return 0
	}
	style := a.style.label(a.style.small(), black, text.XLeft, text.YCenter)
	y := c.Max.Y - a.style.line()/2
	for _, line := range a.keys {
		x := c.Min.X
		for _, k := range line {
			mark := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: x, Y: y - a.style.small()/2 + 1}, Max: vg.Point{X: x + keyMark, Y: y + a.style.small()/2 - 1}}}
			k.mark.Thumbnail(&mark)
			write(c, style, vg.Point{X: x + keyMark + 3, Y: y}, k.name)
			x += keyMark + 3 + style.Width(k.name) + keySpace
		}
		y -= a.style.line()
	}
	return a.keysHeight()
}

// dress gives a plot its texts, as they fit the canvas.
func (a *arrangement) dress(f frame, c draw.Canvas, first bool) {
	p := f.Plot
	widen(&p.X)
	widen(&p.Y)
	p.Title.Text = a.title(f)
	if a.x == "" && f.x != "" {
		p.X.Label.Text = "x"
	}
	if a.y == "" && f.y != "" {
		p.Y.Label.Text = "x"
	}
	if a.shared && !first {
		p.Y.Tick.Marker = bare{p.Y.Tick.Marker}
	}
	for range 3 { // the numbers of one axis change the room of the other
		data := p.DataCanvas(c)
		coarsen(&p.X, data.Max.X-data.Min.X, func(t string) vg.Length { return along(p.X, t) + 4 })
		coarsen(&p.Y, data.Max.Y-data.Min.Y, func(string) vg.Length { return a.style.small() * 1.25 })
	}
	data := p.DataCanvas(c)
	if p.X.Label.Text != "" {
		p.X.Label.Text = fit(f.x, p.X.Label.TextStyle, data.Max.X-data.Min.X)
		p.X.Label.TextStyle.Handler = narrow{marked}
	}
	if p.Y.Label.Text != "" {
		p.Y.Label.Text = fit(f.y, p.Y.Label.TextStyle, data.Max.Y-data.Min.Y)
	}
}

// along is the room that a label takes on the axis of x.
func along(x plot.Axis, label string) vg.Length {
	r := x.Tick.Label.Rectangle(label)
	return r.Max.X - r.Min.X
}

// coarsen takes ticks away until their labels do not touch.
func coarsen(axis *plot.Axis, room vg.Length, size func(label string) vg.Length) {
	for {
		f, ok := axis.Tick.Marker.(fewer)
		if !ok || !crowded(*axis, room, size) {
			return
		}
		next := f.fewer()
		if next == nil {
			return
		}
		axis.Tick.Marker = next
	}
}

// crowded says whether labels of an axis of some length touch.
func crowded(axis plot.Axis, room vg.Length, size func(string) vg.Length) bool {
	end := vg.Length(math.Inf(-1))
	for _, t := range axis.Tick.Marker.Ticks(axis.Min, axis.Max) {
		if t.Label == "" {
			continue
		}
		at, half := room*vg.Length(axis.Norm(t.Value)), size(t.Label)/2
		if at-half < end {
			return true
		}
		end = at + half
	}
	return false
}

// thin leaves out the labels that would touch others whatever is done.
func thin(p *plot.Plot, data draw.Canvas) {
	one := func(axis *plot.Axis, room vg.Length, size func(string) vg.Length) {
		if !crowded(*axis, room, size) {
			return
		}
		end := vg.Length(math.Inf(-1))
		var kept []plot.Tick
		for _, t := range axis.Tick.Marker.Ticks(axis.Min, axis.Max) {
			at, half := room*vg.Length(axis.Norm(t.Value)), size(t.Label)/2
			switch {
			case t.Label == "":
			case at-half < end:
				t.Label = ""
			default:
				end = at + half
			}
			kept = append(kept, t)
		}
		axis.Tick.Marker = plot.ConstantTicks(kept)
	}
	one(&p.X, data.Max.X-data.Min.X, func(t string) vg.Length { return along(p.X, t) + 3 })
	one(&p.Y, data.Max.Y-data.Min.Y, func(string) vg.Length { return p.Y.Tick.Label.Font.Size * 1.1 })
}

// bare are ticks with labels that take the same height and show nothing.
type bare struct{ plot.Ticker }

// Ticks implements plot.Ticker.
func (b bare) Ticks(low, high float64) []plot.Tick {
	out := slices.Clone(b.Ticker.Ticks(low, high))
	for i := range out {
		if out[i].Label != "" {
			out[i].Label = " "
		}
	}
	return out
}

func (b bare) fewer() plot.Ticker {
	if f, ok := b.Ticker.(fewer); ok {
		if next := f.fewer(); next != nil {
			return bare{next}
		}
	}
	return nil
}

// Grid shows panels row by row, as many beside each other as fit; a single one fills it.
type Grid struct {
	Panels  []Panel
	Names   []string // one a panel, for the data table; nil of a single panel
	SharedY bool     // all have one axis of y, with one range
	SharedX bool     // all have one range of x
	Columns int      // of panels beside each other, unless the style says it; 0 for as many as fit
}

// Of is the grid of one panel.
func Of(p Panel) Grid { return Grid{Panels: []Panel{p}} }

func (g Grid) arrangement(width vg.Length, s Style) arrangement {
	s.Columns = cmp.Or(s.Columns, g.Columns)
	frames := make([]frame, len(g.Panels))
	for i, p := range g.Panels {
		frames[i] = p.frame(s)
	}
	most := 0
	for _, f := range frames {
		most = max(most, f.crowd)
	}
	for _, f := range frames {
		if f.fill != nil {
			f.fill(most)
		}
	}
	if g.SharedY {
		low, high := math.Inf(1), math.Inf(-1)
		for _, f := range frames {
			low, high = min(low, f.Y.Min), max(high, f.Y.Max)
		}
		for _, f := range frames {
			f.Y.Min, f.Y.Max = low, high
		}
	}
	if g.SharedX {
		low, high := math.Inf(1), math.Inf(-1)
		for _, f := range frames {
			low, high = min(low, f.X.Min), max(high, f.X.Max)
		}
		for _, f := range frames {
			f.X.Min, f.X.Max = low, high
		}
	}
	a := arrange(frames, width, s, g.SharedY)
	a.squeeze()
	return a
}

// squeeze lowers panels that do not fit on a page otherwise, but not below what they need.
func (a *arrangement) squeeze() {
	const lowest = 34
	if slices.ContainsFunc(a.frames, func(f frame) bool { return f.fixed > 0 || f.square }) {
		return
	}
	if more := a.height() - tallest; more > 0 {
		a.dataHigh = max(min(lowest, a.dataHigh), a.dataHigh-more/vg.Length(a.rows()))
	}
}

// Height implements Figure.
func (g Grid) Height(width vg.Length, s Style) vg.Length {
	a := g.arrangement(width, s)
	return a.height()
}

// Draw implements Figure.
func (g Grid) Draw(c draw.Canvas, s Style) {
	a := g.arrangement(c.Max.X-c.Min.X, s)
	a.draw(c)
}

// Data implements Figure: the rows of all panels, with their names in front where there are several.
func (g Grid) Data() ([]string, [][]string) {
	if g.Names == nil && len(g.Panels) == 1 {
		return g.Panels[0].Data()
	}
	header := []string{"panel"}
	var rows [][]string
	for i, p := range g.Panels {
		h, body := p.Data()
		header = append([]string{"panel"}, h...)
		for _, row := range body {
			rows = append(rows, append([]string{g.Names[i]}, row...))
		}
	}
	return header, rows
}

// Roomy is a figure that shows more where it is wide.
type Roomy struct {
	Narrow, Wide Grid // the panels of Narrow are among those of Wide
	From         vg.Length
}

// at is the grid that is drawn at a width.
func (r Roomy) at(width vg.Length) Grid {
	if width < r.From {
		return r.Narrow
	}
	return r.Wide
}

// Draw implements Figure.
func (r Roomy) Draw(c draw.Canvas, s Style) { r.at(c.Max.X-c.Min.X).Draw(c, s) }

// Height implements Figure.
func (r Roomy) Height(width vg.Length, s Style) vg.Length { return r.at(width).Height(width, s) }

// Data implements Figure.
func (r Roomy) Data() ([]string, [][]string) { return r.Wide.Data() }
