package analysis

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rwe301/internal/oracle"
)

// TestPublishedFronts: C-10/MOP8 by NSGA-II and C-10/MOP9 by MOEA/D in the table of the CEC 2023 competition, mean and
// population standard deviation of 31 runs. Of its other two entries there is no file. The table is that of the HV of
// the files: for MOP8 all runs but 21 have that of their points, for MOP9 none has.
func TestPublishedFronts(t *testing.T) {
	for _, c := range []struct {
		name     string
		mean, sd float64
		agree    int
	}{{"c10mop8_nsga2.json", 0.9462, 0.0067, 30}, {"c10mop9_moead.json", 0.8226, 0.0288, 0}} {
		files, err := ReadFronts(oracle.Shared(t, "data/evoxbench/"+c.name), nil)
		if err != nil {
			t.Fatal(err)
		}
		g, err := JudgeFronts(context.Background(), files, GivenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		v := g.Values(0, GivenMetrics()[1])
		mean, square := 0.0, 0.0
		for _, x := range v {
			mean, square = mean+x/31, square+x*x/31
		}
		sd := math.Sqrt(square - mean*mean)
		if len(v) != 31 || math.Abs(mean-c.mean) > 5e-5 || math.Abs(sd-c.sd) > 5e-5 {
			t.Errorf("%s: %.5f (%.5f) over %d runs", c.name, mean, sd, len(v))
		}
		agree := 0
		for _, r := range g.Rows[0] {
			if !r.Disagrees() {
				agree++
			}
		}
		if agree != c.agree {
			t.Errorf("%s: %d runs have the hypervolume of their points", c.name, agree)
		}
	}
}

// TestJudgeFronts by hand: in the unit square, (0.25, 0.5) and (0.5, 0.25) dominate 0.5, each 0.375.
func TestJudgeFronts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.csv")
	text := "method,run,error,params\na,1,0.25,0.5\na,1,0.5,0.25\na,1,0.5,0.25\na,1,0.75,0.75\na,1,2,0.1\nb,1,0.25,0.5\n"
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	files, err := ReadFronts(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	g, err := JudgeFronts(context.Background(), files, GivenOptions{Ideal: []float64{0, 0}, Nadir: []float64{1, 1}})
	if err != nil {
		t.Fatal(err)
	}
	a, b := g.Rows[0][0], g.Rows[1][0]
	if a.Hypervolume != 0.5 || b.Hypervolume != 0.375 || a.Points != 5 || a.NonDominated != 3 || a.Duplicates != 1 ||
		a.Dominated != 1 || a.Outside != 1 || a.IGDPlus != 0 || !(b.IGDPlus > 0) {
		t.Errorf("%+v\n%+v", a, b)
	}
}

func TestAttainment(t *testing.T) {
	runs := [][][2]float64{{{1, 3}, {2, 1}}, {{1, 2}}}
	if got := Attainment(runs, 1); !slices.Equal(got, [][2]float64{{1, 2}, {2, 1}}) {
		t.Errorf("best: %v", got)
	}
	if got := Attainment(runs, 2); !slices.Equal(got, [][2]float64{{1, 3}, {2, 2}}) {
		t.Errorf("worst: %v", got)
	}
}
