package reports

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"rwe301/study/studytest"
)

// browser is a headless Chromium with a page open. What it complains about and asks the network for is kept.
type browser struct {
	context.Context
	mu    sync.Mutex
	noise []string
}

// open starts the browser, or skips the test where there is none.
func open(t *testing.T, file string) *browser {
	t.Helper()
	var bin string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			bin = path
			break
		}
	}
	if bin == "" {
		t.Skip("no chromium in the path: what a browser makes of the page is not checked")
	}
	profile, err := os.MkdirTemp("", "profile")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) }) // the browser may still write to it
	allocator, stop := chromedp.NewExecAllocator(t.Context(), chromedp.ExecPath(bin), chromedp.UserDataDir(profile),
		chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true))
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(stop)
	b := &browser{Context: ctx}
	url := "file://" + file
	note := func(format string, args ...any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.noise = append(b.noise, fmt.Sprintf(format, args...))
	}
	err = chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			note("exception: %v", e.ExceptionDetails)
		case *runtime.EventConsoleAPICalled:
			note("console: %s %v", e.Type, e.Args)
		case *log.EventEntryAdded:
			note("log: %s", e.Entry.Text)
		case *network.EventRequestWillBeSent:
			if e.Request.URL != url {
				note("request: %s", e.Request.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	call(t, b, network.Enable, network.EnableParams{})
	call(t, b, log.Enable, cdp.Empty{})
	b.do(t, chromedp.EmulateViewport(1200, 900), chromedp.Navigate(url))
	return b
}

func call[P, R any](t *testing.T, b *browser, cmd cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(b, cmd, params); err != nil {
		t.Fatal(err)
	}
}

// run takes one action that has a result.
func run[T any](t *testing.T, b *browser, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(b, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b, steps...); err != nil {
		t.Fatal(err)
	}
}

// eval runs JavaScript in the page.
func eval[T any](t *testing.T, b *browser, script string, args ...any) T {
	t.Helper()
	return run(t, b, chromedp.Evaluate[T](fmt.Sprintf(script, args...)))
}

// keep saves a picture in the folder $BENCH301_SCREENSHOTS, to look at.
func keep(t *testing.T, name string, data []byte) {
	t.Helper()
	dir := os.Getenv("BENCH301_SCREENSHOTS")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		t.Error(err)
	}
}

// TestPageInABrowser sorts a table of a report, points at an architecture, and looks at the page on a phone, in the
// dark and on paper.
func TestPageInABrowser(t *testing.T) {
	_, f := studytest.MadeUp(t, t.TempDir(), 140, 1)
	d, err := Study{Findings: f}.Page(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := d.Write(&text); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	b := open(t, file)

	// A click on a head sorts by numbers, largest first, another one turns it round; what has no value stays last.
	column := func(name string) []float64 {
		cells := eval[[]string](t, b, `(() => { const table = document.querySelector('#result table');
			const k = [...table.tHead.rows[0].cells].findIndex(c => c.textContent === %q);
			return [...table.tBodies[0].rows].map(r => r.cells[k].textContent); })()`, name)
		if len(cells) != len(f.Rows) || cells[len(cells)-1] != "undefined" {
			t.Errorf("%s: %q, want %d with the undefined last", name, cells, len(f.Rows))
		}
		var out []float64
		for _, c := range cells[:len(cells)-1] {
			v, err := strconv.ParseFloat(strings.ReplaceAll(c, "−", "-"), 64)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			out = append(out, v)
		}
		return out
	}
	click := func(name string) {
		b.do(t, chromedp.Click(chromedp.Search(fmt.Sprintf(`//section[@id="result"]//th/button[text()=%q]`, name))))
	}
	click("rho ↑")
	down := column("rho ↑")
	if !slices.IsSortedFunc(down, func(x, y float64) int { return cmp.Compare(y, x) }) {
		t.Errorf("sorted by rho: %v", down)
	}
	click("rho ↑")
	if up := column("rho ↑"); !slices.IsSorted(up) || slices.Equal(up, down) {
		t.Errorf("sorted by rho the other way round: %v", up)
	}

	// Pointing at a point says which architecture it is, and marks it in every plot.
	const dot = `document.querySelector('#scatter circle:nth-of-type(7)')`
	at := eval[[]float64](t, b, `(() => { const c = %s; c.scrollIntoView({behavior: 'instant', block: 'center'}); const r = c.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2, +c.dataset.i]; })()`, dot)
	b.do(t, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at[0], at[1]))
	a := f.Architectures[int(at[2])]
	tip := eval[string](t, b, `document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent`)
	for _, want := range []string{a.ID, a.Arch, "accuracy (%)" + fmt.Sprintf("%.5g", f.Results.Truth[int(at[2])]),
		"params"} {
		if !strings.Contains(tip, want) {
			t.Errorf("the tip lacks %q: %q", want, tip)
		}
	}
	plotted := 0
	for _, c := range (Study{Findings: f}).clouds() {
		if slices.Contains(c.Groups[0].Item, int(at[2])) {
			plotted++
		}
	}
	if n := eval[int](t, b, `document.querySelectorAll('circle.on').length`); n != plotted {
		t.Errorf("the architecture is marked in %d plots, want %d", n, plotted)
	}
	keep(t, "hover.png", run(t, b, chromedp.CaptureScreenshot()))
	b.do(t, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 2, 2))
	if !eval[bool](t, b, `document.getElementById('tip').hidden`) {
		t.Error("the tip stays")
	}

	// Phone, dark, paper.
	b.do(t, chromedp.EmulateViewport(390, 844))
	if n := eval[int](t, b, `document.scrollingElement.scrollWidth`); n > 390 {
		t.Errorf("on a phone of 390 pixels the page is %d wide", n)
	}
	call(t, b, emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
	if c := eval[string](t, b, `getComputedStyle(document.body).backgroundColor`); c != "rgb(22, 24, 27)" {
		t.Errorf("dark background %s", c)
	}
	shot, paper := run(t, b, chromedp.FullScreenshot(100)), run(t, b, chromedp.PrintToPDF())
	if m, err := png.DecodeConfig(bytes.NewReader(shot)); err != nil || m.Width != 390 || m.Height < 3000 {
		t.Errorf("screenshot of %d by %d (%v)", m.Width, m.Height, err)
	}
	if !bytes.HasPrefix(paper, []byte("%PDF")) || len(paper) < 20000 {
		t.Errorf("printed %d bytes", len(paper))
	}
	keep(t, "phone.png", shot)
	keep(t, "print.pdf", paper)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.noise) > 0 {
		t.Errorf("the page is not quiet:\n%s", strings.Join(b.noise, "\n"))
	}
}
