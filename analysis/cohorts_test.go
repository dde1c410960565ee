package analysis

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/correlation"
	"rwe301/internal/oracle"
	"rwe301/store"
)

// cohortFile are populations with scores, and their correlations by scipy.
type cohortFile struct {
	Runs []struct {
		Seed        uint64
		Generations []struct {
			Generation            int
			Arch                  []string
			Score, Accuracy, Macs []*float64
			Rho                   *float64
			TauB                  *float64 `json:"tau_b"`
			PartialRho            *float64 `json:"partial_rho"`
		}
	}
	MeanRho        []*float64 `json:"mean_rho"`
	MeanPartialRho []*float64 `json:"mean_partial_rho"`
	SD             []*float64 `json:"sd_rho_ddof1"`
}

// results are those of a file: an architecture has a row in every population that it is in, so that the file may give
// it several scores.
func (f cohortFile) results() *Results {
	r := &Results{Space: bench301.Spaces()[0]}
	var scores, macs []float64
	for _, run := range f.Runs {
		for _, g := range run.Generations {
			p := Population{Method: "search", Seed: run.Seed, Generation: g.Generation}
			seen := map[string]bool{}
			for i, a := range g.Arch {
				if seen[a] {
					continue
				}
				seen[a] = true
				p.Survived = append(p.Survived, len(r.Architectures))
				r.Architectures = append(r.Architectures, store.Named{ID: fmt.Sprint(len(r.Architectures)), Arch: a})
				r.Truth = append(r.Truth, orNaN(g.Accuracy[i]))
				scores, macs = append(scores, orNaN(g.Score[i])), append(macs, orNaN(g.Macs[i]))
			}
			r.Populations = append(r.Populations, p)
		}
	}
	r.Columns = []*Column{columnOf("score", scores), columnOf("macs", macs)}
	return r
}

// columnOf is a column of scores of one seed.
func columnOf(name string, scores []float64) *Column {
	c := NewColumn(&store.Question{Label: name, Estimator: name, Seeds: []uint64{0}}, len(scores))
	for i, v := range scores {
		if !math.IsNaN(v) {
			if err := c.Answer(i, 0, store.OK, v, 1, 1); err != nil {
				panic(err)
			}
		}
	}
	c.Finish()
	return c
}

// TestOracleCohorts compares the correlations within populations, and their means and deviations over seeds, with
// scipy's.
func TestOracleCohorts(t *testing.T) {
	oracle.Each(t, "cohorts", "cohorts*.json*", func(t *testing.T, path string) (n int) {
		var file cohortFile
		oracle.Read(t, path, &file)
		f := analysed(t, file.results())
		c, err := f.Cohorts(CohortOptions{})
		if err != nil {
			t.Fatal(err)
		}
		near := func(what string, got float64, want *float64) {
			t.Helper()
			switch {
			case want == nil || math.IsNaN(*want):
				if !math.IsNaN(got) {
					t.Errorf("%s: %v, want none", what, got)
				}
			case !(math.Abs(got-*want) <= 1e-12):
				t.Errorf("%s: %v, want %v", what, got, *want)
			}
			n++
		}
		d := c.Drivers[0]
		curve := d.Curves[0]
		for s, run := range file.Runs {
			for _, g := range run.Generations {
				v, at := curve.Points[g.Generation-1].Values[s], fmt.Sprintf("seed %d, generation %d", run.Seed, g.Generation)
				near(at+": rho", v.Of[Rho], g.Rho)
				near(at+": tau-b", v.Of[Tau], g.TauB)
				near(at+": rho given macs", v.Of[PartialRho], g.PartialRho)
			}
		}
		for k := range file.MeanRho {
			over := curve.Points[k].Over
			near(fmt.Sprintf("mean rho %d", k+1), over[Rho].Mean, file.MeanRho[k])
			near(fmt.Sprintf("mean partial rho %d", k+1), over[PartialRho].Mean, file.MeanPartialRho[k])
			if k < len(file.SD) {
				near(fmt.Sprintf("sd of rho %d", k+1), over[Rho].SD, file.SD[k])
			}
		}
		return n
	})
}

// spanFile are made-up populations, and what tools/oracles/cohorts.py says of them.
type spanFile struct {
	Seeds       []uint64
	Accuracy    map[string]*float64
	Scores      map[string]map[string]*float64
	Cohorts     [][][]string // [generation][seed]
	First, Last int
	Given       map[string]map[string]spanOf // of the estimator that is held fixed, for each estimator
}

// spanOf are the numbers of one estimator.
type spanOf struct {
	Rho        spanMeasure
	Tau        spanMeasure   `json:"tau_b"`
	PartialRho spanMeasure   `json:"partial_rho"`
	PartialTau spanMeasure   `json:"partial_tau_b"`
	Versus     *spanContrast `json:"versus"`
}

type spanMeasure struct {
	Values [][]*float64
	Over   []spanSpread
	Span   spanSpread
}

type spanSpread struct {
	Mean, SD, Low, High *float64
	Defined             int
}

type spanContrast struct {
	spanSpread
	P, Adjusted *float64
}

// TestOracleCohortSpans compares all measures, their spreads over seeds and over a span, and paired comparisons with
// scipy's, among scores that are constant, tied, missing, or order as the count does.
func TestOracleCohortSpans(t *testing.T) {
	oracle.Each(t, "cohorts", "spans*.json*", func(t *testing.T, path string) (n int) {
		var file spanFile
		oracle.Read(t, path, &file)
		r := &Results{Space: bench301.Spaces()[0]}
		place := map[string]int{}
		for _, name := range slices.Sorted(maps.Keys(file.Accuracy)) {
			place[name] = len(r.Architectures)
			r.Architectures = append(r.Architectures, store.Named{ID: name})
			r.Truth = append(r.Truth, orNaN(file.Accuracy[name]))
		}
		names := slices.Sorted(maps.Keys(file.Scores))
		for _, name := range names {
			scores := make([]float64, len(r.Architectures))
			for id, v := range file.Scores[name] {
				scores[place[id]] = orNaN(v)
			}
			r.Columns = append(r.Columns, columnOf(name, scores))
		}
		for k, bySeed := range file.Cohorts {
			for s, members := range bySeed {
				p := Population{Method: "search", Seed: file.Seeds[s], Generation: k + 1}
				for _, id := range members {
					p.Survived = append(p.Survived, place[id])
				}
				r.Populations = append(r.Populations, p)
			}
		}
		near := func(what string, got float64, want *float64) {
			t.Helper()
			if n++; math.IsNaN(orNaN(want)) != math.IsNaN(got) || math.Abs(got-orNaN(want)) > 1e-12 {
				t.Errorf("%s: %v, want %v", what, got, orNaN(want))
			}
		}
		spread := func(what string, got Spread, want spanSpread) {
			t.Helper()
			near(what, got.Mean, want.Mean)
			near(what+", sd", got.SD, want.SD)
			near(what+", low", got.Low, want.Low)
			near(what+", high", got.High, want.High)
			if got.Defined != want.Defined {
				t.Errorf("%s: %d seeds, want %d", what, got.Defined, want.Defined)
			}
		}
		f := analysed(t, r)
		for given, want := range file.Given {
			c, err := f.Cohorts(CohortOptions{Given: given, First: file.First, Last: file.Last})
			if err != nil {
				t.Fatal(err)
			}
			d := c.Drivers[0]
			against, err := c.Against(d, d.Count(), Rho)
			if err != nil {
				t.Fatal(err)
			}
			for _, curve := range d.Curves {
				name := curve.Column.Question.Estimator
				of := want[name]
				for m, w := range [Measures]spanMeasure{of.Rho, of.Tau, of.PartialRho, of.PartialTau} {
					what := fmt.Sprintf("%s given %s, measure %d", name, given, m)
					spread(what+", span", curve.Span[m], w.Span)
					for k, p := range curve.Points {
						at := fmt.Sprintf("%s, generation %d", what, p.Number)
						spread(at, p.Over[m], w.Over[k])
						for s, v := range p.Values {
							near(fmt.Sprintf("%s, seed %d", at, file.Seeds[s]), v.Of[m], w.Values[k][s])
						}
					}
				}
			}
			for _, x := range against {
				what := fmt.Sprintf("%s against %s", x.A.Column.Question.Estimator, given)
				w := want[x.A.Column.Question.Estimator].Versus
				spread(what, x.Difference, w.spanSpread)
				near(what+", p", orNaN(x.P), w.P)
				near(what+", Holm", orNaN(x.PAdjusted), w.Adjusted)
			}
		}
		return n
	})
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// analysed are the findings of results.
func analysed(t *testing.T, r *Results) *Findings {
	t.Helper()
	f, err := Analyse(context.Background(), r, Options{Options: correlation.Options{Resamples: 200, Seed: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// twoSearches are results with two methods over made-up populations: every population of seed s and generation g holds
// the architectures 10g to 10g+9, scored so that tau-b is 1 where g+s is even.
func twoSearches(generations int) *Results {
	r := &Results{Space: bench301.Spaces()[0]}
	n := 10 * (generations + 1)
	up, count := make([]float64, n), make([]float64, n)
	for i := range n {
		r.Architectures = append(r.Architectures, store.Named{ID: fmt.Sprintf("%03d", i)})
		r.Truth = append(r.Truth, float64(i*37%101))
		up[i], count[i] = r.Truth[i], float64(i*53%97)
	}
	for _, method := range []string{"a", "b"} {
		for seed := range uint64(3) {
			for g := 1; g <= generations; g++ {
				p := Population{Method: method, Seed: seed, Generation: g}
				for i := range 10 {
					p.Survived = append(p.Survived, 10*g+i)
					if i < 3 {
						p.Born = append(p.Born, 10*g+i)
					}
				}
				r.Populations = append(r.Populations, p)
			}
		}
	}
	r.Columns = []*Column{columnOf("truth", up), columnOf("macs", count), columnOf("constant", make([]float64, n))}
	return r
}

// TestCohortsSayWhatIsUndefined follows constant scores, small cohorts, and the count itself.
func TestCohortsSayWhatIsUndefined(t *testing.T) {
	f := analysed(t, twoSearches(7))
	c, err := f.Cohorts(CohortOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Drivers) != 2 || c.Drivers[0].First != 5 || c.Drivers[0].Last != 7 || len(c.Drivers[0].Seeds) != 3 {
		t.Fatalf("drivers %+v", c.Drivers)
	}
	d := c.Drivers[1]
	truth, macs, constant := d.Curves[0], d.Curves[1], d.Curves[2]
	if s := truth.Span[Rho]; s.Mean != 1 || s.Defined != 3 || s.Undefined != 0 || s.SD != 0 {
		t.Errorf("perfect scores: %+v", s)
	}
	for m, why := range map[Measure]string{Rho: "the score is constant", PartialTau: "the score is constant"} {
		if s := constant.Span[m]; s.Defined != 0 || s.Undefined != 3 || s.Why != why || !math.IsNaN(s.Mean) {
			t.Errorf("constant scores: %+v", s)
		}
	}
	if s := macs.Span[PartialRho]; s.Defined != 0 || s.Why != "it is what is held fixed" {
		t.Errorf("the count: %+v", s)
	}
	if d.Count() != macs {
		t.Error("the count is not found")
	}
	c, err = f.Cohorts(CohortOptions{Of: Newborn})
	if err != nil {
		t.Fatal(err)
	}
	p := c.Drivers[0].Curves[0].Points[0]
	if got := p.Over[Rho]; got.Undefined != 3 || got.Why != "fewer than 5 distinct architectures" || p.Values[0].N != 3 {
		t.Errorf("three newborn: %+v", p)
	}
	if got := c.Drivers[0].Cohorts[0].Distinct; !slices.Equal(got, []int{3, 3, 3}) {
		t.Errorf("distinct %v", got)
	}
}

// TestCohortsPooled groups all architectures by birth and by quantiles.
func TestCohortsPooled(t *testing.T) {
	r := twoSearches(7)
	for i := range r.Populations {
		r.Populations[i].Born = r.Populations[i].Survived
	}
	f := analysed(t, r)
	c, err := f.Cohorts(CohortOptions{Of: Births, Methods: []string{"b"}})
	if err != nil {
		t.Fatal(err)
	}
	d := c.Drivers[0]
	if len(c.Drivers) != 1 || d.Name != "b" || len(d.Cohorts) != 7 || !slices.Equal(d.Cohorts[3].Distinct, []int{10}) {
		t.Errorf("births: %+v", d)
	}
	if s := d.Curves[1].Points[2].Over[Rho]; !(s.Low < s.Mean && s.Mean < s.High) {
		t.Errorf("no interval over architectures: %+v", s)
	}
	for _, by := range []Grouping{BySize, ByTruth} {
		if c, err = f.Cohorts(CohortOptions{Of: by, Quantiles: 4}); err != nil {
			t.Fatal(err)
		}
		n, high := 0, math.Inf(-1)
		for _, q := range c.Drivers[0].Cohorts {
			if q.Low <= high || q.High < q.Low {
				t.Errorf("%s: %+v behind %v", by, q, high)
			}
			n, high = n+q.Distinct[0], q.High
		}
		if n != len(r.Architectures) || len(c.Drivers[0].Cohorts) != 4 {
			t.Errorf("%s: %d architectures", by, n)
		}
	}
}

// TestQuantilesKeepTiesTogether puts equal values into one quantile.
func TestQuantilesKeepTiesTogether(t *testing.T) {
	r := twoSearches(1)
	for i := range r.Truth {
		r.Truth[i] = float64(i / 15)
	}
	c, err := analysed(t, r).Cohorts(CohortOptions{Of: ByTruth, Quantiles: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Drivers[0].Cohorts; got[0].Distinct[0] != 15 || got[1].Distinct[0] != 5 || got[0].High != 0 {
		t.Errorf("%+v", got)
	}
	if c, err = analysed(t, r).Cohorts(CohortOptions{Of: ByTruth, Quantiles: 5}); err != nil {
		t.Fatal(err)
	}
	if s := c.Drivers[0].Curves[0].Points[0].Over[Rho]; s.Undefined != 1 {
		t.Errorf("an empty quantile: %+v", s)
	}
}

// TestCohortErrors names what cannot be had.
func TestCohortErrors(t *testing.T) {
	f := analysed(t, twoSearches(3))
	bare := twoSearches(3)
	bare.Populations = nil
	for want, o := range map[string]CohortOptions{
		"must be one of":           {Of: "families"},
		"no populations of a meth": {Methods: []string{"c"}},
		"no estimator":             {Given: "depth"},
		"smaller one first":        {First: 5, Last: 2},
		"a has 3":                  {First: 4},
		"quantiles: must be":       {Of: BySize, Quantiles: -1},
	} {
		if _, err := f.Cohorts(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
	if _, err := analysed(t, bare).Cohorts(CohortOptions{}); err == nil ||
		!strings.Contains(err.Error(), "no populations") {
		t.Errorf("without populations: %v", err)
	}
}

// TestCohortContrasts compares curves over seeds, and corrects for the family.
func TestCohortContrasts(t *testing.T) {
	c, err := analysed(t, twoSearches(7)).Cohorts(CohortOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d := c.Drivers[0]
	d.Seeds = []uint64{0, 1, 2, 3}
	seeds := [][]float64{{.5, .6, .7, .65}, {.4, .35, .45, .5}, {.1, math.NaN(), .3, .2}}
	for i, curve := range d.Curves {
		for _, p := range curve.Points {
			p.Values = make([]CohortValue, len(d.Seeds))
			for s, v := range seeds[i] {
				p.Values[s].Of[Rho] = v
			}
		}
	}
	found, err := c.EveryPair(d, Rho)
	if err != nil {
		t.Fatal(err)
	}
	// R: p.adjust(c(t.test(a, b, paired = TRUE)$p.value, ...), "holm"), the pairs with c on three seeds
	want := []float64{.5 - .4, .5 - .1, .4 - .1}
	if len(found) != 3 || found[0].Difference.Defined != 4 || found[1].Difference.Defined != 3 ||
		found[1].Difference.Undefined != 1 {
		t.Fatalf("%+v", found)
	}
	for i, f := range found {
		if f.P == nil || *f.PAdjusted < *f.P || f.Difference.Mean < want[i]-.2 {
			t.Errorf("pair %d: %+v", i, f)
		}
	}
	if against, err := c.Against(d, d.Curves[1], PartialRho); err != nil || len(against) != 0 {
		t.Errorf("against the count, given the count: %v %v", against, err)
	}
}

// TestContrastsPairCohorts compares two curves over the cohorts in which both are defined, and takes no rounding for a
// difference.
func TestContrastsPairCohorts(t *testing.T) {
	nan := math.NaN()
	at := func(rows ...[]float64) *Curve {
		c := &Curve{}
		for k, row := range rows {
			p := &CohortPoint{Number: k + 1, Values: make([]CohortValue, len(row))}
			for s, v := range row {
				p.Values[s].Of[Rho] = v
			}
			c.Points = append(c.Points, p)
		}
		return c
	}
	c := &Cohorts{Findings: analysed(t, twoSearches(3)), drawn: map[int]correlation.Options{}}
	d := &Driver{Seeds: []uint64{1, 2, 3}, First: 2, Last: 3}
	d.Curves = []*Curve{
		at([]float64{9, 9, 9}, []float64{.5, .4, nan}, []float64{nan, .6, nan}),
		at([]float64{0, 0, 0}, []float64{.2, .2, .2}, []float64{.8, .3, .3}),
		at([]float64{0, 0, 0}, []float64{.2, .2 + 1e-16, .2}, []float64{.8, .3, .3 - 1e-16}),
		at([]float64{0, 0, 0}, []float64{.1, .1, .1}, []float64{.7, .2, .2 + 1e-16}),
	}
	found, err := c.Against(d, d.Curves[1], Rho)
	if err != nil {
		t.Fatal(err)
	}
	if x := found[0]; math.Abs(x.Difference.Mean-(.3+.25)/2) > 1e-15 || x.Difference.Defined != 2 ||
		x.Difference.Undefined != 1 || x.P == nil {
		t.Errorf("over the cohorts of both: %+v", x)
	}
	if x := found[1]; x.Difference.Mean != 0 || x.P != nil {
		t.Errorf("rounding: %+v", x)
	}
	if x := found[2]; math.Abs(x.Difference.Mean+.1) > 1e-15 || x.P != nil {
		t.Errorf("the same difference up to rounding: %+v, p %v", x, *x.P)
	}
}

// TestCohortsOfSomeGenerations leaves out the generations that a study did not take, and groupings that it has not.
func TestCohortsOfSomeGenerations(t *testing.T) {
	r := twoSearches(9)
	r.Populations = slices.DeleteFunc(r.Populations, func(p Population) bool { return p.Generation%3 > 0 })
	for i := range r.Populations {
		r.Populations[i].Born = nil
	}
	f := analysed(t, r)
	c, err := f.Cohorts(CohortOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d := c.Drivers[0]
	truth := d.Curves[0]
	if len(d.Cohorts) != 3 || d.Cohorts[1].Number != 6 || truth.Points[2].Number != 9 || d.First != 5 || d.Last != 9 {
		t.Errorf("%+v", d)
	}
	if s := truth.Span[Rho]; s.Mean != 1 || s.Defined != 3 || s.Why != "" {
		t.Errorf("the span: %+v", s)
	}
	for want, o := range map[string]CohortOptions{
		"the run has none of them": {First: 4, Last: 5},
		"no cohorts of newborn":    {Of: Newborn},
		"no cohorts of births":     {Of: Births},
	} {
		if _, err := f.Cohorts(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
	r.Populations[0].Generation = 2e9 // takes no room
	if c, err = f.Cohorts(CohortOptions{}); err != nil || len(c.Drivers[0].Cohorts) != 4 || c.Drivers[0].Last != 2e9 {
		t.Errorf("a number far off: %v %+v", err, c.Drivers[0])
	}
	if f.Has(Newborn) || !f.Has(Survivors) {
		t.Error("what the populations have")
	}
}

// BenchmarkCohorts judges 12 estimators in the populations of four methods, ten seeds and twenty generations.
func BenchmarkCohorts(b *testing.B) {
	r := &Results{Space: bench301.Spaces()[0]}
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 4 * 10 * 20 * 20
	for i := range n {
		r.Architectures = append(r.Architectures, store.Named{ID: fmt.Sprint(i)})
		r.Truth = append(r.Truth, rng.Float64())
	}
	for k := range 12 {
		scores := make([]float64, n)
		for i := range scores {
			scores[i] = rng.Float64()
		}
		r.Columns = append(r.Columns, columnOf(fmt.Sprint("e", k), scores))
	}
	r.Columns[0].Label, r.Columns[0].Question.Estimator = "macs", "macs"
	at := 0
	for _, method := range []string{"a", "b", "c", "d"} {
		for seed := range uint64(10) {
			for g := range 20 {
				p := Population{Method: method, Seed: seed, Generation: g + 1}
				for range 20 {
					p.Survived, at = append(p.Survived, at), at+1
				}
				r.Populations = append(r.Populations, p)
			}
		}
	}
	f, err := Analyse(context.Background(), r, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c, err := f.Cohorts(CohortOptions{})
		if err != nil {
			b.Fatal(err)
		}
		for _, d := range c.Drivers {
			if _, err := c.Against(d, d.Count(), Rho); err != nil {
				b.Fatal(err)
			}
		}
	}
}
