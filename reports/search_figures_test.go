package reports

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/plots"
	"rwe301/study/studytest"
)

// madeSearches are made-up searches of some methods, as many seeds each, 5 generations; the last method's fronts have
// one member that all others are dominated by.
func madeSearches(t *testing.T, seeds int, axes ...[]int) Search {
	t.Helper()
	f := &analysis.Fronts{Space: bench301.DARTS{}, Axes: map[string][]int{},
		From:    analysis.Provenance{Truth: "mini (made up)"},
		Trainer: analysis.Trainer{Name: "mini runtime (made up)"},
		Setup:   analysis.Setup{Population: 4, Generations: 5}}
	for s := range seeds {
		f.Setup.Seeds = append(f.Setup.Seeds, uint64(s+1))
	}
	var searched []analysis.Searched
	for i, a := range axes {
		m := analysis.Method{Name: fmt.Sprintf("method-%d", i), Algorithm: "nsga2"}
		f.Setup.Methods, f.Axes[m.Name] = append(f.Setup.Methods, m), a
		for s := range seeds {
			one := analysis.Searched{Method: m.Name, Seed: uint64(s + 1), Generations: 5, Evaluations: 20, Distinct: 20}
			for g := range 5 {
				var front []analysis.Found
				for k := range 4 {
					size := int64(1+k) * 200_000
					if i == len(axes)-1 {
						size = 1_000_000 - size // the most accurate is the smallest
					}
					front = append(front, analysis.Found{Method: m.Name, Seed: one.Seed, ID: fmt.Sprint(i, s, g, k), Params: size,
						MACs: 150 * size, Accuracy: 90 + float64(k) + 0.1*float64(g*i),
						Estimates: []float64{float64(k), float64(-k)}})
				}
				one.Fronts = append(one.Fronts, front)
			}
			for k := range 20 {
				one.Training = append(one.Training, analysis.Trained{Hours: 1.3 * float64(k+1+s), Best: 90 + 0.2*float64(k+i)})
			}
			searched = append(searched, one)
		}
	}
	if err := f.Judge(t.Context(), searched); err != nil {
		t.Fatal(err)
	}
	return Search{Fronts: f}
}

var (
	byMACs   = []int{analysis.ErrorAxis, analysis.MACsAxis}
	byParams = []int{analysis.ErrorAxis, analysis.ParamsAxis}
)

// TestSearchFigures names the figures of searches after what their methods minimise.
func TestSearchFigures(t *testing.T) {
	for _, c := range []struct {
		name string
		axes [][]int
		want string
	}{
		{"MACs", [][]int{byMACs, byMACs}, "fronts generations hypervolume best-so-far"},
		{"params", [][]int{byParams}, "fronts generations hypervolume best-so-far"},
		{"both", [][]int{byMACs, byParams}, "fronts-MACs fronts-params generations-MACs generations-params " +
			"hypervolume-error-MACs hypervolume-error-params best-so-far"},
		{"neither", [][]int{{analysis.ErrorAxis}}, "fronts generations best-so-far"},
	} {
		r := madeSearches(t, 2, c.axes...)
		made, err := r.Figures(t.Context(), "fronts", "generations", "hypervolume", "best-so-far")
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, m := range made {
			names = append(names, m.Name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		for _, name := range names {
			if !slices.Contains(r.possible(SearchFigureNames()), name) {
				t.Errorf("%s: an old %s would be left", c.name, name)
			}
		}
	}
}

// TestSearchFiguresSay reads what figures say of methods, seeds, direction and lone points.
func TestSearchFiguresSay(t *testing.T) {
	for _, c := range []struct {
		figure       string
		seeds, count int
		want         []string
	}{
		{"fronts", 3, 2, []string{"fronts of seeds 1–3 together", "method-0 (nsga2)", "lower is better", "fewer are better",
			"method-1, one point: it has both the lowest error and the fewest MACs of 12 architectures"}},
		{"fronts", 1, 8, []string{"method-7 (nsga2)", "(millions)"}},
		{"generations", 2, 1, []string{"method-0 (nsga2), seed 1", "after generation 5", "lower is better"}},
		{"best-so-far", 1, 1, []string{"method-0 (nsga2), seed 1", "best accuracy of the front (%) by mini, higher is better",
			"architectures evaluated"}},
		{"best-so-far", 24, 2, []string{"median (line) and quartiles (band) over seeds 1–24"}},
		{"best-so-far-time", 3, 2, []string{"median (line) and quartiles (band) over seeds 1–3",
			"best accuracy so far (%) by mini, higher is better", "simulated hours of training each architecture as",
			"NAS-Bench-301 did, predicted by mini runtime"}},
		{"hypervolume", 2, 8, []string{"method-3 (nsga2)", "hypervolume of error, MACs, higher is better"}},
	} {
		axes := make([][]int, c.count)
		for i := range axes {
			axes[i] = byMACs
		}
		made, err := madeSearches(t, c.seeds, axes...).Figures(t.Context(), c.figure)
		if err != nil || len(made) != 1 {
			t.Fatalf("%s: %d figures, %v", c.figure, len(made), err)
		}
		said := fmt.Sprintf("%+v", made[0].Figure)
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s of %d methods does not say %q", c.figure, c.count, want)
			}
		}
	}
}

// TestManySearches draws 1, 3, 8 and 24 methods and seeds at both widths, on a page each, with one value a cell.
func TestManySearches(t *testing.T) {
	for _, n := range []int{1, 3, 8, 24} {
		for _, seeds := range []int{1, 3} {
			axes := make([][]int, n)
			for i := range axes {
				axes[i] = [][]int{byMACs, byParams}[i%2]
			}
			r := madeSearches(t, seeds, axes...)
			dir := t.TempDir()
			if _, err := r.DrawInto(t.Context(), dir, plots.SingleColumn, []string{"svg"}, "fronts", "generations", "hypervolume",
				"best-so-far", "best-so-far-time"); err != nil {
				t.Fatal(err)
			}
			files, _ := filepath.Glob(filepath.Join(dir, "*.csv"))
			for _, file := range files {
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				rows, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
				if err != nil || len(rows) < 2 || strings.Contains(string(data), "NaN") || strings.Contains(string(data), "−") {
					t.Errorf("%s: %d rows, %v", filepath.Base(file), len(rows), err)
				}
			}
			made, err := r.Figures(t.Context(), "fronts", "generations", "hypervolume", "best-so-far", "best-so-far-time")
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range made {
				if high := m.Height(plots.SingleColumn, plots.DefaultStyle()); high > 10*72 {
					t.Errorf("%s of %d methods is %v points high", m.Name, n, high)
				}
			}
		}
	}
}

// TestNothingToDraw says why there is no figure of a kind that was asked for, and is silent where all were.
func TestNothingToDraw(t *testing.T) {
	_, found := studytest.MadeUp(t, t.TempDir(), 60, 1)
	none := madeSearches(t, 1, []int{analysis.ErrorAxis})
	draw := map[string]func(kinds ...string) ([]string, error){
		"study": func(kinds ...string) ([]string, error) {
			return Study{Findings: found}.DrawInto(t.Context(), t.TempDir(), 0, []string{"svg"}, kinds...)
		},
		"search": func(kinds ...string) ([]string, error) {
			return none.DrawInto(t.Context(), t.TempDir(), 0, []string{"svg"}, kinds...)
		},
	}
	for _, c := range [][3]string{{"study", "grid", "varied together"}, {"study", "importance", "varied together"},
		{"search", "hypervolume", "no method minimises two of"}} {
		if paths, err := draw[c[0]](c[1]); err == nil || !strings.Contains(err.Error(), c[2]) || paths != nil {
			t.Errorf("%s: %v, %v", c[1], paths, err)
		}
	}
	for name, all := range draw {
		if _, err := all(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSeedsText names seeds in few words.
func TestSeedsText(t *testing.T) {
	many := []uint64{3, 1, 4, 15, 9, 2, 6}
	for want, seeds := range map[string][]uint64{"seed 7": {7}, "seeds 1, 2": {1, 2}, "seeds 1–4": {1, 2, 3, 4},
		"seeds 1, 3, 5": {1, 3, 5}, "7 seeds": many, "seeds 0, 18446744073709551615": {0, math.MaxUint64}} {
		if got := seedsText(seeds); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestTrainingCurve: the median and the quartiles over runs of the best at the same hours, from when all have trained
// one until the first of them ends.
func TestTrainingCurve(t *testing.T) {
	runs := [][]analysis.Trained{
		{{Hours: 1, Best: math.NaN()}, {Hours: 2, Best: 90}, {Hours: 8, Best: 94}, {Hours: 9, Best: 94}},
		{{Hours: 1, Best: 80}, {Hours: 3, Best: 92}, {Hours: 16, Best: 96}},
	}
	l := trained("a", runs)
	if n := len(l.X); n != trainingPoints || l.X[0] != 2 || l.X[n-1] != 9 || l.Y[0] != 85 || l.Y[n-1] != 93 ||
		l.Low[n-1] != 92.5 || l.High[n-1] != 93.5 {
		t.Errorf("%+v", l)
	}
	if l := trained("a", runs[:1]); l.X[0] != 2 || l.Low != nil {
		t.Errorf("one run: %+v", l)
	}
	if l := trained("a", [][]analysis.Trained{{{Hours: 2, Best: 90}}}); len(l.X) != 1 || l.Y[0] != 90 {
		t.Errorf("one architecture: %+v", l)
	}
	for _, runs := range [][][]analysis.Trained{nil, {{{Hours: 2, Best: math.NaN()}}}} {
		if l := trained("a", runs); len(l.X) != 0 {
			t.Errorf("nothing known: %+v", l)
		}
	}
}
