package analysis

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	text := "method,run,error,params\na,1,0.25,0.5\na,1,0.5,0.25\na,1,0.5,0.25\na,1,0.75,0.75\na,1,1,0.1\nb,1,0.25,0.5\n"
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

// TestUndominated holds the sweep of two objectives against the definition.
func TestUndominated(t *testing.T) {
	for _, c := range []struct {
		points, want [][]float64
		duplicates   int
	}{
		{[][]float64{{2, 1}, {1, 2}, {1, 2}, {1, 3}, {2, 2}, {3, 1}}, [][]float64{{1, 2}, {2, 1}}, 1},
		{[][]float64{{0, 0}}, [][]float64{{0, 0}}, 0},
		{[][]float64{{1, 2, 3}, {1, 3, 2}, {1, 3, 3}, {1, 2, 3}}, [][]float64{{1, 2, 3}, {1, 3, 2}}, 1},
	} {
		front, duplicates := undominated(c.points)
		if duplicates != c.duplicates || !slices.EqualFunc(front, c.want, slices.Equal) {
			t.Errorf("%v: %v, %d duplicates", c.points, front, duplicates)
		}
	}
}

// TestPointTables: what a table leaves out is not taken from another column, and no fraction counts as a percentage.
func TestPointTables(t *testing.T) {
	files, err := parseFronts([]byte("run,error,params\n1,0.1,5\n1,0.2,4\n2,0.1,6\n"), nil)
	if err != nil || len(files) != 1 || files[0].Name != "" || len(files[0].Runs) != 2 || len(files[0].Runs[0].Points) != 2 {
		t.Errorf("two runs of no method: %+v, %v", files, err)
	}
	files, err = parseFronts([]byte("error,params\n0.1,5\n0.2,4\n"), nil)
	if err != nil || len(files) != 1 || len(files[0].Runs) != 1 || files[0].Runs[0].Run != "1" {
		t.Errorf("neither method nor run: %+v, %v", files, err)
	}
	for text, want := range map[string]string{
		"accuracy,params\n0.94,5\n0.93,4\n":                      "accuracies of at most 0.94: they are fractions",
		`[{"accuracy": 0.94, "params": 5}]`:                      "accuracies of at most 0.94: they are fractions",
		"accuracy,params\n94,5\n101,4\n":                         `line 3: accuracy: "101": errors are fractions, accuracies`,
		"error,params\n0.5,5\n6.1,4\n":                           `line 3: error: "6.1": errors are fractions`,
		`[{"error": 0.1, "params": 5}, {"err": 1, "params": 3}]`: `point 2: error: "": must be a finite number`,
	} {
		if _, err := parseFronts([]byte(text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestFrontBounds refuses what would be held against each other for hours.
func TestFrontBounds(t *testing.T) {
	rows := func(header, format string, n int) []byte {
		var b strings.Builder
		b.WriteString(header + "\n")
		for i := range n {
			fmt.Fprintf(&b, format+"\n", i)
		}
		return []byte(b.String())
	}
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"two", "run 1: 20001 points: at most 20000 in 2 objectives", rows("error,params", "0.1,%d", maxPoints+1)},
		{"three", "run 1: 10001 points: at most 10000 in 3", rows("error,params,flops", "0.1,1,%d", maxPointsOfMore+1)},
		{"methods", `line 1002: method "1000": at most 1000 methods`, rows("method,error,params", "%d,0.1,5", maxMethods+1)},
	} {
		if _, err := parseFronts(c.data, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	many := GivenRow{}
	for i := range 40_000 {
		many.Front = append(many.Front, []float64{float64(i), float64(-i)})
	}
	file := GivenFile{Name: "many", Objectives: []string{"error", "params"}}
	g := Given{Files: []GivenFile{file, file}, Rows: [][]GivenRow{{many}, {many}}}
	err := g.distances(GivenOptions{})
	if err == nil || !strings.Contains(err.Error(), "40000 points on its fronts, 40000 on the reference front: too many") {
		t.Error(err)
	}
}

// FuzzReadFronts: whatever is read has points, all finite and in all objectives, and is judged or refused.
func FuzzReadFronts(f *testing.F) {
	for _, text := range []string{
		"method,run,error,params\na,1,0.1,5\nb,2,0.2,4\n", "accuracy;macs;seed\n95.5;3;1\n", "error\tparams\n1e999\tx\n",
		`[{"error": 0.1, "params": 5}, {"accuracy": "90"}]`, `[null, {}]`, "[", "\ufeff", "error,params\n\n,\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := parseFronts(data, nil)
		if err != nil {
			return
		}
		if len(files) == 0 {
			t.Fatal("no points and no error")
		}
		for _, file := range files {
			for _, r := range file.Runs {
				if len(r.Points) == 0 {
					t.Fatalf("run %q of %q has no points", r.Run, file.Name)
				}
				for _, p := range r.Points {
					if len(p) != len(file.Objectives) || slices.ContainsFunc(p, func(v float64) bool { return v-v != 0 }) {
						t.Fatal(p)
					}
				}
			}
		}
		if len(data) < 1000 {
			_, _ = JudgeFronts(t.Context(), files, GivenOptions{})
		}
	})
}
