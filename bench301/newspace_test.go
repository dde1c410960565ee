package bench301_test

import (
	"bytes"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/estimators"
	"rwe301/export"
	"rwe301/network"
	"rwe301/plots"
)

// small is a network that tests can afford.
var small = bench301.Config{Channels: 4, Layers: 2, Classes: 10, Height: 8, Width: 8, Variant: bench301.VariantNASLib}

const synflow = "synflow:channels=4,layers=2,resolution=8"

// score scores an architecture without images.
func score(t *testing.T, a bench301.Architecture, spec string) estimators.Score {
	t.Helper()
	c, err := estimators.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Score(t.Context(), a, estimators.NewEnv(nil, 1))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestNewSpace takes a space without and with optional interfaces through the packages that know interfaces only.
func TestNewSpace(t *testing.T) {
	for _, name := range []string{"toy", "toy-published"} {
		space, err := bench301.LookupSpace(name)
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for a := range bench301.Samples(space, 1) {
			for _, n := range space.Notations() {
				text, err := space.Format(a, n)
				if err != nil {
					t.Fatal(err)
				}
				for _, asked := range []bench301.Notation{"", n} {
					if back, got, err := bench301.Parse(space, text, asked); err != nil || got != n || back.ID() != a.ID() {
						t.Fatalf("%s read back as %v in %s: %v", text, back, got, err)
					}
				}
			}
			if ids[a.ID()] = true; len(ids) == 27 {
				break
			}
		}
		var read []bench301.Architecture
		table := strings.NewReader("arch,accuracy\nconv>skip>pool,91\npool>skip>conv,92\n")
		for item, err := range bench301.Read(space, "two.csv", table, "") {
			if err != nil {
				t.Fatal(err)
			}
			read = append(read, item.Architecture)
		}
		a, b := read[0], read[1]
		if _, err := surrogate.Genotype(a); !errors.Is(err, surrogate.ErrSpace) {
			t.Errorf("a surrogate takes %s: %v", a, err)
		}

		// One convolution a cell: 4*4*9 weights and 8 of the normalisation, twice; the stem 4*3*9+8; the classifier 50.
		if s := score(t, a, "params:channels=4,layers=2"); s.Value != 2*(144+8)+108+8+50 {
			t.Errorf("%v parameters", s.Value)
		}
		for _, spec := range []string{synflow, "l2_norm:channels=4,layers=2", "zen:channels=4,layers=2,resolution=8"} {
			if s := score(t, a, spec); s.Status != estimators.OK || s.Value == 0 || s.Value == score(t, b, spec).Value {
				t.Errorf("%s: %+v", spec, s)
			}
		}
		for _, spec := range []string{"pool-count", "sepconv-count", "depth"} {
			if s := score(t, a, spec); s.Status != estimators.Failed || !strings.Contains(s.Reason, "not defined for this search space") {
				t.Errorf("%s of a space that does not count: %+v", spec, s)
			}
		}
		exported(t, space, a)
		drawn, err := plots.NewCells(a.ID(), space, a)
		if err != nil {
			t.Fatal(err)
		}
		if err := plots.SaveAs(filepath.Join(t.TempDir(), "cells.svg"), drawn, plots.CellsWidth, plots.DefaultStyle()); err != nil {
			t.Error(err)
		}
		if known := bench301.KnownNetworks(space); len(known) != strings.Count(name, "published") {
			t.Errorf("%s: %d published networks", name, len(known))
		}
	}
}

// exported writes an architecture for other programs.
func exported(t *testing.T, space bench301.Space, a bench301.Architecture) {
	t.Helper()
	graph, err := a.Graph(small)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := network.Compile(graph)
	if err != nil {
		t.Fatal(err)
	}
	theta := make([]float32, plan.NumParams())
	if err := network.Initialise(plan, theta, network.Scheme{}, 1); err != nil {
		t.Fatal(err)
	}
	python := "arch_" + a.ID() + ` = "conv>skip>pool"`
	if _, ok := space.(bench301.PythonSource); ok {
		python = "conv, skip, pool = 3, 2, 1\n\narch_" + a.ID() + " = conv>skip>pool\n"
	}
	for want, write := range map[string]func(*bytes.Buffer) error{
		`"space":"` + space.Name() + `"`: func(b *bytes.Buffer) error { return export.JSON(b, space, a, graph) },
		"cell1.edge2.pool": func(b *bytes.Buffer) error {
			return export.ONNX(b, export.Model{Name: a.ID(), Graph: graph, Theta: theta})
		},
		`label="conv"`: func(b *bytes.Buffer) error { return export.DOT(b, space, a) },
		python:         func(b *bytes.Buffer) error { return export.Python(b, space, []bench301.Architecture{a}) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%v: no %q in %.300q", err, want, b.String())
		}
	}
}

// TestOptionalInterfacesOfAnArchitecture gives an architecture counts and a canonical form.
func TestOptionalInterfacesOfAnArchitecture(t *testing.T) {
	a := bench301.ToyCounted{ToyArch: bench301.ToyArch{2, 0, 2}}
	for spec, want := range map[string]float64{"pool-count": -2, "sepconv-count": 0, "depth": 3} {
		if s := score(t, a, spec); s.Status != estimators.OK || s.Value != want {
			t.Errorf("%s: %+v, want %v", spec, s, want)
		}
	}
	sorted := bench301.ToyCounted{ToyArch: bench301.ToyArch{0, 2, 2}}
	if bench301.Canonical(a) != bench301.Architecture(sorted) {
		t.Errorf("canonical form %s", bench301.Canonical(a))
	}
	x, y := score(t, a, synflow).Value, score(t, sorted, synflow).Value
	if x == 0 || math.Float64bits(x) != math.Float64bits(y) {
		t.Errorf("%v and %v for two spellings", x, y)
	}
}

func TestRegisterRefusesAName(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a second space darts is registered")
		}
	}()
	bench301.Register(bench301.DARTS{})
}
