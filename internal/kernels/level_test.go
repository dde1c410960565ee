package kernels

import (
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	all := []Level{Portable, AVX2, AVX512}
	for _, c := range []struct {
		name   string
		levels []Level
		want   Level
		err    string
	}{
		{"", all, AVX512, ""},
		{"", all[:1], Portable, ""},
		{"avx2", all, AVX2, ""},
		{"portable", all, Portable, ""},
		{"avx512", all[:2], Portable, "BENCH301_SIMD=avx512: this program and CPU have portable, avx2"},
		{"sse", all, Portable, "BENCH301_SIMD=sse: this program and CPU have portable, avx2, avx512"},
	} {
		got, err := choose(c.name, c.levels)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%q of %v: %v, %v", c.name, c.levels, got, err)
		}
	}
}

func TestUseRefusesWhatTheCPULacks(t *testing.T) {
	before := Active()
	if _, err := Use(AVX512 + 1); err == nil {
		t.Error("accepted a level that does not exist")
	}
	if Active() != before {
		t.Error("a refused level changed the active one")
	}
}

func TestShortSlicesPanic(t *testing.T) {
	s := Shape{2, 3, 2}
	full, short := Dense(make([]float32, 2*3*32), 3, 32), Dense(make([]float32, 2*3*32-1), 3, 32)
	v, stats := make([]float32, 32), make([]float64, 64)
	planes := Planes(make([]float32, PlanesSize(2, 3, 1, 2)), 2, 3, 1)
	positions := make([]uint8, 2*3*32)
	window := Depthwise{3, 1, 1}
	for name, f := range map[string]func(){
		"affine dst":     func() { Affine(s, short, full, v, v, false, 0) },
		"affine x":       func() { Affine(s, full, short, v, v, false, 0) },
		"affine scale":   func() { Affine(s, full, full, v[:31], v, false, 0) },
		"signs":          func() { Signs(s, make([]uint16, 11), full, v, v) },
		"add":            func() { Add(s, full, full, v, v, short, v, v) },
		"combine":        func() { Combine(s, full, full, full, v, v, v[:31]) },
		"rectify stats":  func() { Rectify(s, full, full, full, v, v, true, stats[:63]) },
		"sums":           func() { Sums(s, stats[:63], full, full) },
		"share":          func() { ScalePixels(s, full, full, v[:5]) },
		"pool x":         func() { MaxPool(s, 1, full, Map{planes.Data[1:], planes.Row, planes.Pixel, planes.Block}, nil) },
		"pool stride":    func() { MaxPool(s, 3, full, planes, nil) },
		"pool argmax":    func() { MaxPoolBackward(s, 1, planes, full, positions[1:]) },
		"pool dense":     func() { SumPool(s, 1, full, full, nil) },
		"depthwise x":    func() { window.Forward(s, full, planes.At(1, 0), make([]float32, 9*32)) },
		"depthwise w":    func() { window.Forward(s, full, planes, make([]float32, 9*32-1)) },
		"depthwise kind": func() { Depthwise{4, 1, 1}.Forward(s, full, planes, make([]float32, 16*32)) },
		"weights":        func() { window.WeightGradient(s, make([]float32, 9*32-1), full, planes) },
		"product A": func() {
			(&Product{Rows: 1, Width: 2, Blocks: 1, Terms: 3, A: v[:5], APixel: 3, ATerm: 1, B: make([]float32, 48), BTerm: 16,
				C: full}).Run()
		},
		"product B": func() {
			(&Product{Rows: 1, Width: 2, Blocks: 1, Terms: 3, A: v, APixel: 3, ATerm: 1, B: make([]float32, 47), BTerm: 16,
				C: full}).Run()
		},
		"product C": func() {
			(&Product{Rows: 2, Width: 3, Blocks: 2, Terms: 1, A: v, APixel: 3, ATerm: 1, B: v, BTerm: 16, C: short}).Run()
		},
		"product terms": func() { (&Product{Rows: 1, Width: 1, Blocks: 1, A: v, B: v, C: full}).Run() },
		"negative":      func() { (&Product{Rows: 1, Width: 1, Blocks: 1, Terms: 1, A: v, ATerm: -1, B: v, C: full}).Run() },
	} {
		func() {
			defer func() {
				if text, ok := recover().(string); !ok || !strings.HasPrefix(text, "kernels: ") {
					t.Errorf("%s: panic of this package wanted, got %q", name, text)
				}
			}()
			f()
		}()
	}
	if n := testing.AllocsPerRun(10, func() {
		Affine(s, full, full, v, v, true, 0)
		window.Forward(s, full, planes, make([]float32, 9*32))
		(&Product{Rows: 2, Width: 3, Blocks: 2, Terms: 1, A: v, APixel: 1, ATerm: 1, B: v, BTerm: 16, BBlock: 16, C: full,
			Stats: stats}).Run()
		MaxPool(s, 1, full, planes, positions)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	// nothing to do is no error
	Affine(Shape{}, Map{}, Map{}, nil, nil, false, 0)
	(&Product{}).Run()
}
