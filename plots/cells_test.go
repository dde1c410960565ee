package plots

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rwe301/bench301"
)

// drawing draws an architecture of a space.
func drawing(t *testing.T, title, space, arch string) Cells {
	t.Helper()
	s, err := bench301.LookupSpace(space)
	if err != nil {
		t.Fatal(err)
	}
	a, _, err := s.Parse(arch)
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewCells(title, s, a)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const dartsV2 = "[[(0, 3), (1, 3), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5)], [(0, 0), (1, 0), (2, 2), (1, 0), (0, 0), (2, 2), (2, 2), (1, 0)]]"

func TestCellsOfDARTSV2(t *testing.T) {
	f := drawing(t, "DARTS_V2", "darts", dartsV2)
	golden(t, "cells", f, CellsWidth)
}

func TestCellOfNASBench201(t *testing.T) {
	f := drawing(t, "", "nasbench201", "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|")
	golden(t, "cell201", f, CellsWidth)
}

func TestLayoutKeepsThingsApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(301, 1))
	crossings := 0
	for range 300 {
		g := bench301.SampleGenotype(rng)
		w, err := bench301.DARTS{}.Wirings(g)
		if err != nil {
			t.Fatal(err)
		}
		l := layOut(w[0].Nodes, w[0].Links, upright)
		for _, layer := range l.layers {
			for i := 1; i < len(layer); i++ {
				below, above := l.places[layer[i-1]], l.places[layer[i]]
				if gap := above.y - below.y - (above.height+below.height)/2; gap < placeGap-1e-9 {
					t.Fatalf("%s: %q and %q are %.3f apart", g, below.label, above.label, gap)
				}
			}
		}
		labels := 0
		for i, route := range l.routes {
			for k := 1; k < len(route); k++ {
				if l.places[route[k]].layer != l.places[route[k-1]].layer+1 {
					t.Fatalf("%s: edge %d jumps over a layer", g, i)
				}
			}
			for _, p := range route[1 : len(route)-1] {
				if l.places[p].label != "" {
					labels++
				}
			}
		}
		if labels != bench301.EdgesPerCell {
			t.Fatalf("%s: %d labels", g, labels)
		}
		crossings += l.crossings()
	}
	if mean := float64(crossings) / 300; mean > 3.5 {
		t.Errorf("%.2f crossings a cell", mean)
	} else {
		t.Logf("%.2f crossings a cell", mean)
	}
}

func TestSaveAs(t *testing.T) {
	dir := t.TempDir()
	f := drawing(t, "DARTS_V2", "darts", dartsV2)
	for _, format := range []string{"png", "svg", "pdf"} {
		var files [2][]byte
		for i := range files {
			path := filepath.Join(dir, "cells."+format)
			if err := SaveAs(path, f, CellsWidth, DefaultStyle()); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[i] = data
		}
		if !bytes.Equal(files[0], files[1]) {
			t.Errorf("two drawings as %s differ", format)
		}
	}
	if err := SaveAs(filepath.Join(dir, "cells.bmp"), f, CellsWidth, DefaultStyle()); err == nil {
		t.Error("a format that does not exist is no error")
	}
	if err := SaveAs(filepath.Join(dir, "absent", "cells.png"), f, CellsWidth, DefaultStyle()); err == nil {
		t.Error("a folder that does not exist is no error")
	}
	if left, _ := os.ReadDir(dir); len(left) != 3 {
		t.Errorf("%d files in the folder", len(left))
	}
	_, rows := f.Data()
	if len(rows) != 24 || !slices.Equal(rows[7], []string{"normal cell", "2", "5", "dil_conv_3x3"}) {
		t.Errorf("data: %v", rows)
	}
}
