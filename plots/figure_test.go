package plots

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"gonum.org/v1/plot/cmpimg"
	"gonum.org/v1/plot/vg"
)

var update = flag.Bool("update", false, "write the golden images anew")

// golden compares a figure with its image under testdata. Text is drawn by one library version on every system, so the
// tolerance covers no more than anti-aliasing.
func golden(t *testing.T, name string, f Figure, w vg.Length) {
	t.Helper()
	dir := t.TempDir()
	if _, err := Save(dir, name, f, w, DefaultStyle(), "png"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".png")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	same, err := cmpimg.EqualApprox("png", got, want, 0.02)
	if err != nil || !same {
		t.Errorf("%s differs from its golden image (%v); look at it, then run go test ./plots -update", name, err)
	}
}

func cloud(seed uint64, n int, slope float64) Scatter {
	rng := rand.New(rand.NewPCG(seed, 0))
	s := Scatter{Title: fmt.Sprintf("estimator %d", seed), Stats: fmt.Sprintf(Tau+" = +0.31, "+Rho+" = +0.45, n = %d", n), XLabel: "score", YLabel: "accuracy (%)"}
	for i := range n {
		x := rng.NormFloat64()
		s.Labels = append(s.Labels, fmt.Sprintf("%016x", i))
		s.Scores = append(s.Scores, 1e5*x*math.Pow(100, float64(seed)))
		s.Accuracy = append(s.Accuracy, 93+slope*x+0.4*rng.NormFloat64())
	}
	return s
}

func TestScatterPanels(t *testing.T) {
	g := Grid{}
	for i := range 5 {
		g.Panels = append(g.Panels, cloud(uint64(i), 60, 0.2*float64(i)))
		g.Names = append(g.Names, fmt.Sprint(i))
	}
	golden(t, "scatter", g, DoubleColumn)
}

func TestDots(t *testing.T) {
	golden(t, "dots", Dots{
		XLabel: "Kendall " + Tau + " with accuracy, 95% interval", Groups: []string{"estimator", "trivial baseline"},
		Rows: []Dot{
			{Name: "map-effdim", Value: 0.51, Low: 0.4, High: 0.6, N: 60},
			{Name: "pool-count", Value: 0.42, Low: 0.3, High: 0.55, Group: 1, N: 60},
			{Name: "constant", Undefined: true, Note: "undefined: constant score", N: 60},
			{Name: "rwe-ridge", Value: -0.17, Low: -0.3, High: -0.02, N: 48,
				Parts: []Part{{"seed 0", -0.21}, {"seed 1", -0.12}}},
		},
		Parts: "one weight seed",
	}, SingleColumn)
}

func TestEveryFormat(t *testing.T) {
	dir := t.TempDir()
	paths, err := Save(dir, "figure", cloud(1, 5, 1), SingleColumn, DefaultStyle(), Formats()...)
	if err != nil {
		t.Fatal(err)
	}
	magic := map[string]string{".png": "\x89PNG", ".svg": "<?xml", ".pdf": "%PDF", ".eps": "%!PS", ".tex": "%", ".csv": "id,score,accuracy,drawn_at\n"}
	if len(paths) != len(magic) {
		t.Errorf("%d files, want %d", len(paths), len(magic))
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if want := magic[filepath.Ext(p)]; !bytes.HasPrefix(data, []byte(want)) {
			t.Errorf("%s starts with %q, want %q", p, data[:min(8, len(data))], want)
		}
	}
	if _, err := Save(dir, "figure", cloud(1, 5, 1), SingleColumn, DefaultStyle(), "gif"); err == nil {
		t.Error("gif was accepted")
	}
}
