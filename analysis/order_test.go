package analysis_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/correlation"
	"rwe301/reports"
	"rwe301/scoring"
	"rwe301/store"
	"rwe301/study/studytest"
)

// tablesOf renders every table of findings, and the numbers of the estimators.
func tablesOf(t *testing.T, f *analysis.Findings) string {
	t.Helper()
	var b bytes.Buffer
	study := reports.Study{Findings: f}
	for _, name := range reports.TableNames() {
		if name == "protocol" { // lists the columns as they stand
			continue
		}
		table, err := study.Table(name)
		if err != nil {
			t.Fatal(err)
		}
		table.Title = ""
		if err := table.Write(&b, reports.JSON); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range f.Ranked() {
		if err := json.NewEncoder(&b).Encode(r.Association); err != nil {
			t.Fatal(err)
		}
		precision, err := r.Precision([]float64{.05, .1, .2, .5})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, precision)
	}
	ranks, err := f.RankOverParts(f.Top(3))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&b, ranks)
	return b.String()
}

// TestRecordsInAnyOrder shuffles the lines of a file of scores: every table must keep its bits, whether or not there
// are ties, undefined scores, several seeds or settings.
func TestRecordsInAnyOrder(t *testing.T) {
	var records []store.Record
	rng := rand.New(rand.NewPCG(5, 5))
	truth := map[string]float64{}
	for _, a := range studytest.Architectures(t, 130) {
		accuracy := math.Round((90+rng.NormFloat64())*10) / 10
		truth[a.ID()] = accuracy
		for _, seed := range []uint64{0, 1, 2} {
			for _, settings := range []string{`{"k":1}`, `{"k":10}`, `{"k":2}`} {
				score := math.Round(accuracy + 2*rng.NormFloat64())
				r := store.Record{Arch: a.String(), ID: a.ID(), Estimator: "e", Settings: json.RawMessage(settings),
					SettingsHash: settings, Seed: seed, Score: &score, Status: store.OK, Seconds: rng.Float64()}
				if rng.IntN(20) == 0 {
					r.Score, r.Status, r.Error = nil, store.Undefined, "no value"
				}
				records = append(records, r)
			}
		}
	}
	describe := func(r store.Record) store.Question {
		q := scoring.Describe(r)
		q.Label += string(r.Settings)
		return q
	}
	for name, read := range map[string]func(
		iter.Seq2[store.Record, error], func(store.Record) store.Question, bench301.Space) (
		*analysis.Results, error){"each": analysis.FromRecords, "mean": analysis.OverSeeds} {
		var want string
		for round := range 4 {
			r, err := read(store.Each(records), describe, bench301.DARTS{})
			if err != nil {
				t.Fatal(err)
			}
			r.SortColumns()
			for _, a := range r.Architectures {
				r.Truth = append(r.Truth, truth[a.ID])
			}
			r.InferVariations()
			labels := []string{r.Columns[0].Label, r.Columns[1].Label, r.Columns[len(r.Columns)-1].Label}
			for _, c := range []analysis.Combination{analysis.RankAverage, analysis.ZScoreSum, analysis.Linear} {
				if err := r.Combine(c, labels); err != nil {
					t.Fatal(err)
				}
			}
			f, err := analysis.Analyse(t.Context(), r,
				analysis.Options{Options: correlation.Options{Resamples: 60, Seed: 2}, Compare: true})
			if err != nil {
				t.Fatal(err)
			}
			got := tablesOf(t, f)
			if round == 0 {
				want = got
			}
			if got != want {
				t.Fatalf("%s: records in another order give\n%s\nnot\n%s", name, got, want)
			}
			rng.Shuffle(len(records), func(i, k int) { records[i], records[k] = records[k], records[i] })
		}
	}
}

// TestFilesInAnyOrder shuffles the rows of a table, and the estimators of a study over it.
func TestFilesInAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	header := "arch,val_accuracy,a,b,c,d\n"
	var rows []string
	for i, a := range studytest.Architectures(t, 120) {
		truth := math.Round(rng.NormFloat64()*20) / 10
		d := "0"
		if i%40 == 0 {
			d = "1"
		}
		rows = append(rows, fmt.Sprintf("%q,%v,%v,%v,%v,%s\n", a.String(), 90+truth, math.Round(truth+rng.NormFloat64()),
			truth+rng.NormFloat64(), rng.NormFloat64(), d))
	}
	names := []string{"a", "b", "c", "d"}
	var want string
	for round := range 4 {
		dir := t.TempDir()
		studytest.Write(t, dir, "table.csv", header+strings.Join(rows, ""))
		text := "architectures: {table: table.csv}\naccuracy: table\nestimators:\n"
		for _, n := range names {
			text += fmt.Sprintf("  - {name: %s, scores: table.csv, column: %s}\n", n, n)
		}
		_, f := studytest.Analyse(t, studytest.Write(t, dir, "study.yaml", text), filepath.Join(dir, "run"))
		got := tablesOf(t, f)
		if round == 0 {
			want = got
		}
		if got != want {
			t.Fatalf("rows in another order give\n%s\nnot\n%s", got, want)
		}
		rng.Shuffle(len(rows), func(i, k int) { rows[i], rows[k] = rows[k], rows[i] })
		rng.Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
	}
}

// TestTwoRecordsOfOneKey must not let one of them win in silence.
func TestTwoRecordsOfOneKey(t *testing.T) {
	one, two := 1.0, 2.0
	record := store.Record{ID: "x", Arch: "x", Estimator: "snip", Score: &one, Status: store.OK}
	other := record
	other.Score = &two
	failed := record
	failed.Score, failed.Status = nil, store.Failed
	for _, records := range [][]store.Record{{record, other}, {record, record}, {failed, record}} {
		if _, err := analysis.FromRecords(store.Each(records), scoring.Describe, bench301.DARTS{}); err == nil ||
			!strings.Contains(err.Error(), "architecture x has two records of snip") {
			t.Errorf("%v", err)
		}
	}
	other.Seed = 1
	if _, err := analysis.FromRecords(store.Each([]store.Record{record, other}), scoring.Describe,
		bench301.DARTS{}); err != nil {
		t.Error(err)
	}
	record.Estimator, other.Estimator = "params", "params" // which draws nothing
	if _, err := analysis.FromRecords(store.Each([]store.Record{record, other}), scoring.Describe,
		bench301.DARTS{}); err == nil || !strings.Contains(err.Error(), "params is 1 and 2: it draws nothing") {
		t.Error(err)
	}
}

// TestComparisonsOfLargeTables takes all architectures: a difference is that of the two tau-b of the table.
func TestComparisonsOfLargeTables(t *testing.T) {
	const n = 6000
	a, b, truth := make([]float64, n), make([]float64, n), make([]float64, n)
	rng := rand.New(rand.NewPCG(8, 8))
	for i := range n {
		truth[i] = float64(i)
		a[i] = float64(i) + 300*rng.NormFloat64()
		b[i] = float64(i) + 3000*rng.NormFloat64()
	}
	r := &analysis.Results{Space: bench301.DARTS{}, Truth: truth, Architectures: make([]store.Named, n)}
	for i, scores := range [][]float64{a, b} {
		c := analysis.NewColumn(&store.Question{Label: string(rune('a' + i)), Seeds: []uint64{0}}, n)
		for k, v := range scores {
			if err := c.Answer(k, 0, store.OK, v, 0, 0); err != nil {
				t.Fatal(err)
			}
		}
		c.Finish()
		r.Columns = append(r.Columns, c)
	}
	done := 0
	f, err := analysis.Analyse(t.Context(), r, analysis.Options{Options: correlation.Options{Resamples: 50, Seed: 4},
		Compare: true, Progress: func(n, total int) {
			if done++; n != done || total != 4 {
				t.Errorf("step %d of %d", n, total)
			}
		}})
	if err != nil || done != 4 {
		t.Fatal(err, done)
	}
	c, err := f.Versus(f.Rows[1], f.Rows[0])
	if err != nil {
		t.Fatal(err)
	}
	if whole := f.Rows[1].Tau.Value - f.Rows[0].Tau.Value; c.Difference != whole || !c.Interval.Contains(whole) ||
		c.Interval.Width() > 0.03 || !c.Distinguishable() {
		t.Errorf("%+v, difference of the table %v", c, whole)
	}
	if want := "closed forms (Fieller et al. 1957); comparisons of more than 2000 architectures normal, with the " +
		"standard error of the jackknife"; !strings.Contains(f.Method, want) {
		t.Errorf("method: %s", f.Method)
	}
	pairs, err := f.Pairs(nil)
	if err != nil || len(pairs) != 1 || pairs[0].N != n || pairs[0].Difference != -c.Difference {
		t.Errorf("pairs %+v, %v", pairs, err)
	}
}

// TestMethodsOfIntervals mixes large and small columns, and degenerate ones.
func TestMethodsOfIntervals(t *testing.T) {
	const n = 2100
	r := &analysis.Results{Space: bench301.DARTS{}, Architectures: make([]store.Named, n)}
	rng := rand.New(rand.NewPCG(9, 9))
	for range n {
		r.Truth = append(r.Truth, rng.NormFloat64())
	}
	add := func(label string, scored int, score func(i int) float64) {
		c := analysis.NewColumn(&store.Question{Label: label, Seeds: []uint64{0}}, n)
		for i := range scored {
			if err := c.Answer(i, 0, store.OK, score(i), 0, 0); err != nil {
				t.Fatal(err)
			}
		}
		c.Finish()
		r.Columns = append(r.Columns, c)
	}
	noisy := func(i int) float64 { return r.Truth[i] + rng.NormFloat64() }
	add("large", n, noisy)
	add("perfect", n, func(i int) float64 { return r.Truth[i] })
	add("small", 100, noisy)
	add("four", 4, func(i int) float64 { return float64(i) })
	add("rare", 30, func(i int) float64 { return float64(i / 29) })
	add("perfect of thirty", 30, func(i int) float64 { return r.Truth[i] })
	f, err := analysis.Analyse(t.Context(), r,
		analysis.Options{Options: correlation.Options{Resamples: 400}, Compare: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		method  correlation.IntervalMethod
		unusual bool
		why     string
		lacking bool // some resamples have no value
	}{
		{correlation.FisherZ, true, "", false}, {correlation.None, true, "no width at +1 and -1", false},
		{correlation.BCa, false, "", false}, {correlation.None, true, "fewer than 5 architectures", false},
		{correlation.Percentile, true, "BCa has no acceleration", true},
		{correlation.None, true, "all resamples give the same value", false},
	} {
		got := f.Rows[i].Tau
		if got.Method != want.method || got.Unusual != want.unusual || !strings.Contains(got.Why, want.why) ||
			(got.Undefined > 0) != want.lacking || got.Low > got.Value || got.High < got.Value {
			t.Errorf("%s: %+v, want %+v", f.Rows[i].Estimator, got, want)
		}
		text, err := json.Marshal(got)
		if err != nil || strings.Contains(string(text), `"low":null`) != (want.method == correlation.None) ||
			!strings.Contains(string(text), fmt.Sprintf("%q:%q", "method", want.method)) {
			t.Errorf("%s: %s %v", f.Rows[i].Estimator, text, err)
		}
	}
	if !strings.Contains(f.Method, "BCa bootstrap over architectures, 400 resamples, seed 0") {
		t.Errorf("method: %s", f.Method)
	}
}

// TestNothingFromTwo: no number of architectures below five tells any estimators apart.
func TestNothingFromTwo(t *testing.T) {
	for n := 2; n <= 6; n++ {
		var same, anti []float64
		for i := range n {
			same, anti = append(same, float64(i)), append(anti, -float64(i))
		}
		r := resultsOf(t, scored{"same", false, same}, scored{"anti", false, anti})
		r.Truth = same
		f, err := analysis.Analyse(t.Context(), r, analysis.Options{Compare: true})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(f.Method, "Intervals: 95%, as marked") {
			t.Errorf("method: %s", f.Method)
		}
		p, ranked := *f.Rows[1].P, n
		if n%2 == 1 {
			ranked-- // both put the middle one in the middle
		}
		if want := math.Ldexp(2, -ranked); p != want || !f.Rows[1].Smallest || (f.Rows[1].Mark == "~") != (want >= 0.05) {
			t.Errorf("n=%d: %q p %v, want %v", n, f.Rows[1].Mark, p, want)
		}
	}
}

// TestTopsOfTies: the top of a ranking full of ties is a mean over its orders, in the table and in the figure.
func TestTopsOfTies(t *testing.T) {
	r := resultsOf(t, scored{"score", false, []float64{3, 3, 2, 2, 2, 1, math.NaN()}},
		scored{"distinct", false, []float64{1, 2, 3, 4, 5, 6, math.NaN()}})
	r.Truth = []float64{93, 92, 94, 91, 93.5, 90, 99}
	f, err := analysis.Analyse(t.Context(), r, analysis.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tops, err := f.Tops()
	if err != nil {
		t.Fatal(err)
	}
	for _, top := range tops {
		if top.Tied != (top.Estimator == "score") {
			t.Errorf("%s: tied %v", top.Estimator, top.Tied)
		}
		if top.Estimator == "score" && (top.N != 6 || top.K != 1 || top.Overlap != 0 || top.PrecisionTop != 0 ||
			top.BestRank != 3.5 || top.Regret != 1.5) {
			t.Errorf("%+v", top)
		}
	}
	precision, err := f.Rows[0].Precision([]float64{.1, .5, .7})
	if err != nil || len(precision) != 2 || precision[0].Share != .5 || precision[1].Share != .7 ||
		math.Abs(precision[0].Value-5.0/9) > 1e-15 || math.Abs(precision[1].Value-5.0/6) > 1e-15 {
		t.Errorf("precision %+v, %v", precision, err)
	}
}
