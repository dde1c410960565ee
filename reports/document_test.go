package reports

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"gonum.org/v1/plot/vg"

	"rwe301/plots"
)

// document is a report with a table, a cloud and a figure, whose texts try to break out.
func document(t *testing.T) string {
	t.Helper()
	rows := []Association{
		{Estimator: "middle", N: 9, Asked: 9, Tau: &Interval{0.2, 0.1, 0.3}, Seconds: 2},
		{Estimator: "</td><script>alert(1)</script>", N: 9, Asked: 9, Reason: "constant", Seconds: 0.00001},
		{Estimator: "last", N: 9, Asked: 9, Tau: &Interval{-0.5, -0.6, -0.4}, Seconds: 10},
		{Estimator: "first", N: 9, Asked: 9, Tau: &Interval{0.9, 0.8, 1}, Seconds: 0.5},
	}
	table := AssociationTable("a <b>title</b>", []string{"note & note"}, rows)
	d := Document{
		Title: "Study </title><script>alert(2)</script>",
		Lead:  []string{"lead <i>"},
		Sections: []Section{
			{Title: "Estimators", Table: &table, Clouds: []Cloud{{
				Title: "cloud", XLabel: "score", YLabel: "accuracy (%)", IDs: []string{"id1", "</script><script>alert(3)</script>"},
				Texts: []string{"[[(0, 3), (1, 3)]]", "second"}, X: []float64{1, 2.5}, Y: []float64{93.25, 94},
			}}},
			{Title: "Figures", Figures: []Drawn{{Caption: "bars", Figure: AssociationBars("tau", rows), Width: plots.SingleColumn, Height: 2 * vg.Inch}}},
			{Title: "References", Listing: "@misc{a, title = {<x>}}"},
		},
	}
	var b strings.Builder
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDocumentNeedsNothingElse(t *testing.T) {
	html := document(t)
	for _, bad := range []string{"alert(1)</script>", "<script>alert", "<i>", "<b>title", "{<x>}"} {
		if strings.Contains(html, bad) {
			t.Errorf("%q was not escaped", bad)
		}
	}
	outside := regexp.MustCompile(`(?i)(src|href|url)\s*[=(]\s*["']?(https?:|//|file:)[^"' )]*`)
	for _, m := range outside.FindAllString(html, -1) {
		t.Errorf("refers to %s", m)
	}
	for _, want := range []string{"<svg", "note &amp; note", `class="sortable"`, "@misc{a"} {
		if !strings.Contains(html, want) {
			t.Errorf("lacks %q", want)
		}
	}
}

func TestLargeCloudsAreThinned(t *testing.T) {
	c := Cloud{Title: "many"}
	for i := range 3 * maxCloud {
		c.IDs, c.Texts = append(c.IDs, fmt.Sprint(i)), append(c.Texts, "x")
		c.X, c.Y = append(c.X, float64(i)), append(c.Y, 1)
	}
	v := c.view()
	if v.Shown != maxCloud || v.All != 3*maxCloud || len(v.Points) != maxCloud {
		t.Errorf("%d of %d points", v.Shown, v.All)
	}
	for _, p := range v.Points {
		if p.X < v.Left || p.X > v.Right || p.Y < cloudTop || p.Y > v.Bottom {
			t.Fatalf("point at %v outside of the frame", p)
		}
	}
	if v := (Cloud{Title: "none"}).view(); len(v.Points) != 0 {
		t.Errorf("%d points of none", len(v.Points))
	}
}

// TestDocumentInABrowser sorts a table and points at a dot in a headless Chromium.
func TestDocumentInABrowser(t *testing.T) {
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Skip("no chromium or google-chrome on the path: the report is not tried in a browser")
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(document(t)), 0o644); err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1200, 900))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	defer stop()
	ctx, stop = chromedp.NewContext(ctx)
	defer stop()
	// The browser lives as long as the context of the first action; the others get a limit.
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+filepath.ToSlash(path))); err != nil {
		t.Fatal(err)
	}
	ctx, stop = context.WithTimeout(ctx, 2*time.Minute)
	defer stop()
	const heading = chromedp.CSS("th:nth-child(3)") // tau-b
	order := func() string {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.Click(heading)); err != nil {
			t.Fatal(err)
		}
		return evaluate[string](t, ctx, `[...document.querySelectorAll("tbody tr")].map(r => r.cells[0].textContent.trim().slice(0, 6)).join(" ")`)
	}
	descending, ascending := order(), order()
	if err := chromedp.Do(ctx, chromedp.ScrollIntoView(chromedp.CSS("circle"))); err != nil {
		t.Fatal(err)
	}
	at := evaluate[[]float64](t, ctx, `(() => { const b = document.querySelector("circle").getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()`)
	if err := chromedp.Do(ctx, chromedp.MouseEvent("mouseMoved", at[0], at[1]), chromedp.WaitVisible(chromedp.CSS("#tip"))); err != nil {
		t.Fatal(err)
	}
	tip := evaluate[string](t, ctx, `document.getElementById("tip").textContent`)
	if err := chromedp.Do(ctx, chromedp.MouseEvent("mouseMoved", 2, 2), chromedp.WaitNotVisible(chromedp.CSS("#tip"))); err != nil {
		t.Errorf("the note stays when the pointer leaves: %v", err)
	}
	if n := evaluate[int](t, ctx, `performance.getEntriesByType("resource").length`); n != 0 {
		t.Errorf("the page asked for %d other files", n)
	}
	// The undefined one is last either way.
	if want := "first middle last </td><"; descending != want {
		t.Errorf("after one click: %s, want %s", descending, want)
	}
	if want := "last middle first </td><"; ascending != want {
		t.Errorf("after two clicks: %s, want %s", ascending, want)
	}
	if want := "id1\nscore: 1\naccuracy (%): 93.25\n[[(0, 3), (1, 3)]]"; tip != want {
		t.Errorf("the dot says %q, want %q", tip, want)
	}
}

// evaluate runs a script in the page.
func evaluate[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}
