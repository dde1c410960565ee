package reports

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/plots"
)

// TestDocumentNeedsNothingElse writes a report whose texts try to break out.
func TestDocumentNeedsNothingElse(t *testing.T) {
	rows := []analysis.Association{
		{Estimator: "</td><script>alert(1)</script>", N: 9, Asked: 9, Reason: "constant"},
		{Estimator: "first", N: 9, Asked: 9, Tau: &analysis.Interval{Value: 0.9, Low: 0.8, High: 1}, Seconds: 0.5},
	}
	d := Document{
		Title: "Study </title><script>alert(2)</script>", Lead: "lead <i>", Facts: []Fact{{"<b>", "</dd>"}},
		Items: []Item{{Name: "id1", Text: "[[(0, 3), (1, 3)]]"},
			{Name: "</script><script>alert(3)</script>", Facts: [][2]string{{"params", "<1 M"}}}},
		Sections: []Section{
			{Name: "a", Title: "Estimators", Tables: []Table{AssociationTable("a <b>title</b>", []string{"note & note"}, rows)},
				Clouds: []Cloud{{
					Title: "cloud", XLabel: "score", YLabel: "accuracy (%)",
					Groups: []Dots{{Item: []int{0, 1}, X: []float64{1, 2.5}, Y: []float64{93.25, 94}}},
				}}},
			{Name: "b", Title: "Nothing", Tables: []Table{{Title: "no rows"}}},
			{Name: "c", Title: "Figures", Drawings: []Drawing{{Caption: "bars <u>", Figure: Figure{Figure: associationDots("tau", rows),
				Width: plots.SingleColumn}}}},
			{Name: "d", Title: "References", Verbatim: "@misc{a, title = {<x>}}"},
		},
	}
	var b strings.Builder
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, bad := range []string{"alert(1)</script>", "<script>alert", "<i>", "<b>title", "<u>", "{<x>}", "Nothing"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	outside := regexp.MustCompile(`(?i)(src|href|url)\s*[=(]\s*["']?(https?:|//|file:)[^"' )]*`)
	for _, m := range outside.FindAllString(text, -1) {
		t.Errorf("refers to %s", m)
	}
	for _, want := range []string{"<svg", "note &amp; note", `class="sortable"`, "@misc{a", `data-x="2.5" data-y="94"`} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q", want)
		}
	}
	_, data, _ := strings.Cut(text, `id="items">`)
	data, _, _ = strings.Cut(data, "</script>")
	var items []Item
	if err := json.Unmarshal([]byte(data), &items); err != nil || len(items) != 2 || items[1].Name != d.Items[1].Name {
		t.Errorf("items %v, %v", items, err)
	}
}

func TestLargeCloudsAreThinned(t *testing.T) {
	var g Dots
	items := make([]Item, 3*maxDots+1)
	for i := range items {
		items[i].Name = strconv.Itoa(i)
		g.Item, g.X, g.Y = append(g.Item, i), append(g.X, float64(i)), append(g.Y, 1)
	}
	v := Cloud{Groups: []Dots{g}}.view(items)
	if len(v.Dots) != maxDots || len(v.Dots)+v.Omitted != len(g.Item) {
		t.Errorf("%d points, %d omitted of %d", len(v.Dots), v.Omitted, len(g.Item))
	}
	for _, d := range v.Dots {
		x, _ := strconv.ParseFloat(d.X, 64)
		y, _ := strconv.ParseFloat(d.Y, 64)
		if x < float64(v.Left) || x > float64(v.Right) || y < float64(v.Top) || y > float64(v.Bottom) {
			t.Fatalf("point at %v, %v outside of the frame", d.X, d.Y)
		}
	}
	if v := (Cloud{Title: "none"}).view(nil); len(v.Dots) != 0 || len(v.XTicks) != 0 {
		t.Errorf("%+v of nothing", v)
	}
}
