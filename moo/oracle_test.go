package moo

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"

	"rwe301/internal/oracle"
)

// number reads the fixtures' numbers, which spell non-finite ones as strings.
type number float64

func (n *number) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case `"Inf"`:
		*n = number(math.Inf(1))
	case `"-Inf"`:
		*n = number(math.Inf(-1))
	case `"NaN"`:
		*n = number(math.NaN())
	default:
		return json.Unmarshal(data, (*float64)(n))
	}
	return nil
}

func plain(x []number) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

func matrix(x [][]number) [][]float64 {
	out := make([][]float64, len(x))
	for i := range x {
		out[i] = plain(x[i])
	}
	return out
}

func outcomes(f [][]float64, violation []float64) []Outcome {
	out := make([]Outcome, len(f))
	for i := range f {
		out[i].Objectives = f[i]
		if violation != nil {
			out[i].Violation = violation[i]
		}
	}
	return out
}

// near reports a difference above a relative tolerance.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if got == want || math.Abs(got-want) <= tolerance*max(1, math.Abs(want)) {
		return
	}
	t.Errorf("%s: %.17g, want %.17g", what, got, want)
}

func TestOracleSort(t *testing.T) {
	oracle.Each(t, "moo", "nds*.json", func(t *testing.T, path string) (n int) {
		var file struct {
			Cases []struct {
				Name          string
				F             [][]number
				Fronts        [][]int
				Rank          []int
				NumDominating []int `json:"n_dominating_me"`
			}
			Matrix struct {
				F [][]float64
				M [][]int
			} `json:"domination_matrix"`
			Constrained []struct {
				F    [][]float64
				CV   []float64
				Rank []int `json:"rank_constrained_dominance_equal_cv_compares_objectives"`
			}
		}
		oracle.Read(t, path, &file)
		for _, c := range file.Cases {
			f := matrix(c.F)
			if slices.ContainsFunc(f, func(r []float64) bool { return slices.ContainsFunc(r, math.IsNaN) }) {
				continue // informative only: NaN never reaches Sort, Run refuses it
			}
			ranks, fronts := Sort(outcomes(f, nil))
			if fmt.Sprint(fronts) != fmt.Sprint(c.Fronts) || fmt.Sprint(ranks) != fmt.Sprint(c.Rank) {
				t.Errorf("%s: fronts %v ranks %v, want %v and %v", c.Name, fronts, ranks, c.Fronts, c.Rank)
			}
			for i := range f {
				dominating := 0
				for j := range f {
					if dominates(f[j], f[i]) {
						dominating++
					}
				}
				if dominating != c.NumDominating[i] {
					t.Errorf("%s: %d dominate point %d, want %d", c.Name, dominating, i, c.NumDominating[i])
				}
			}
			n += 2*len(f) + len(fronts)
		}
		for i, row := range file.Matrix.M {
			for j, want := range row {
				got := 0
				if dominates(file.Matrix.F[i], file.Matrix.F[j]) {
					got = 1
				} else if dominates(file.Matrix.F[j], file.Matrix.F[i]) {
					got = -1
				}
				if n++; got != want {
					t.Errorf("domination of %d and %d: %d, want %d", i, j, got, want)
				}
			}
		}
		for i, c := range file.Constrained {
			if ranks, _ := Sort(outcomes(c.F, c.CV)); !slices.Equal(ranks, c.Rank) {
				t.Errorf("constrained %d: %v, want %v", i, ranks, c.Rank)
			}
			n += len(c.F)
		}
		return n
	})
}

func TestOracleCrowding(t *testing.T) {
	oracle.Each(t, "moo", "crowding*.json", func(t *testing.T, path string) (n int) {
		var file struct {
			Cases []struct {
				Name string
				F    [][]number
				CD   []number `json:"pymoo_cd"`
			}
		}
		oracle.Read(t, path, &file)
		for _, c := range file.Cases {
			for i, d := range Crowding(matrix(c.F)) {
				near(t, fmt.Sprintf("%s[%d]", c.Name, i), d, float64(c.CD[i]), 1e-12)
				n++
			}
		}
		return n
	})
}

func TestOracleTournament(t *testing.T) {
	oracle.Each(t, "moo", "tournament*.json", func(t *testing.T, path string) (n int) {
		var file struct {
			Cases []struct {
				FA   []float64 `json:"f_a"`
				FB   []float64 `json:"f_b"`
				CVA  float64   `json:"cv_a"`
				CVB  float64   `json:"cv_b"`
				CDA  number    `json:"cd_a"`
				CDB  number    `json:"cd_b"`
				Wins string    `json:"comp_by_dom_and_crowding"`
			}
		}
		oracle.Read(t, path, &file)
		for i, c := range file.Cases {
			a := Individual[int]{Outcome: Outcome{Objectives: c.FA, Violation: c.CVA}, Crowding: Extended(c.CDA)}
			b := Individual[int]{Outcome: Outcome{Objectives: c.FB, Violation: c.CVB}, Crowding: Extended(c.CDB)}
			if got := map[int]string{-1: "a", 0: "random", 1: "b"}[better(a, b)]; got != c.Wins {
				t.Errorf("case %d: %s, want %s", i, got, c.Wins)
			}
			n++
		}
		return n
	})
}

func TestOracleHypervolume(t *testing.T) {
	oracle.Each(t, "moo", "hypervolume*.json", func(t *testing.T, path string) (n int) {
		var file struct {
			Cases []struct {
				Name      string
				F         [][]number
				Ref       []float64
				Pymoo     float64   `json:"hv_pymoo"`
				Exact     *float64  `json:"hv_exact"`
				Exclusive []float64 `json:"exclusive_contribution"`
			}
			EvoXBench []struct {
				Problem      string
				Raw          [][]float64 `json:"F_raw"`
				Utopian      []float64
				Nadir        []float64   `json:"nadir_is_hv_reference"`
				Normalised   [][]float64 `json:"F_normalised"`
				NonDominated []int       `json:"nd_indices"`
				Volume       float64     `json:"hv"`
			} `json:"evoxbench_style"`
		}
		oracle.Read(t, path, &file)
		volumeOf := func(f [][]float64, ref []float64) float64 {
			v, err := Hypervolume(f, ref)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		for _, c := range file.Cases {
			f := matrix(c.F)
			got := volumeOf(f, c.Ref)
			near(t, c.Name, got, c.Pymoo, 1e-9)
			n++
			if c.Exact != nil {
				near(t, c.Name+" exact", got, *c.Exact, 1e-12)
				n++
			}
			for i, want := range c.Exclusive {
				near(t, fmt.Sprintf("%s without %d", c.Name, i), got-volumeOf(slices.Delete(slices.Clone(f), i, i+1), c.Ref), want,
					1e-9)
				n++
			}
		}
		for _, c := range file.EvoXBench {
			scaled := Box{Low: c.Utopian, High: c.Nadir}.Scale(c.Raw)
			for i := range scaled {
				for k := range scaled[i] {
					near(t, c.Problem, scaled[i][k], c.Normalised[i][k], 1e-12)
					n++
				}
			}
			_, fronts := Sort(outcomes(c.Raw, nil))
			if !slices.Equal(fronts[0], c.NonDominated) {
				t.Errorf("%s: front %v, want %v", c.Problem, fronts[0], c.NonDominated)
			}
			ones := []float64{1, 1, 1}[:len(c.Utopian)]
			near(t, c.Problem, volumeOf(scaled, ones), c.Volume, 1e-9)
			n += 2
		}
		return n
	})
}

func TestOracleIndicators(t *testing.T) {
	type values struct {
		GD      *float64 `json:"gd"`
		IGD     *float64 `json:"igd"`
		GDPlus  *float64 `json:"gd_plus"`
		IGDPlus *float64 `json:"igd_plus"`
		Spacing *float64 `json:"spacing_pymoo_cityblock_over_n"`
		Epsilon *float64 `json:"eps_additive"`
		Covers  *float64 `json:"coverage_A_over_pf"`
		Covered *float64 `json:"coverage_pf_over_A"`
	}
	check := func(t *testing.T, name string, a, pf [][]float64, w values) (n int) {
		for what, c := range map[string]struct {
			got  func() (float64, error)
			want *float64
		}{
			"gd":       {func() (float64, error) { return GD(a, pf) }, w.GD},
			"igd":      {func() (float64, error) { return IGD(a, pf) }, w.IGD},
			"gd+":      {func() (float64, error) { return GDPlus(a, pf) }, w.GDPlus},
			"igd+":     {func() (float64, error) { return IGDPlus(a, pf) }, w.IGDPlus},
			"spacing":  {func() (float64, error) { return Spacing(a) }, w.Spacing},
			"epsilon":  {func() (float64, error) { return EpsilonAdditive(a, pf) }, w.Epsilon},
			"coverage": {func() (float64, error) { return Coverage(a, pf) }, w.Covers},
			"covered":  {func() (float64, error) { return Coverage(pf, a) }, w.Covered},
		} {
			if c.want == nil {
				continue
			}
			got, err := c.got()
			if err != nil {
				t.Errorf("%s %s: %v", name, what, err)
			}
			near(t, name+" "+what, got, *c.want, 1e-12)
			n++
		}
		return n
	}
	oracle.Each(t, "moo", "indicators*.json", func(t *testing.T, path string) (n int) {
		var file struct {
			Cases []struct {
				Name  string
				A, PF [][]float64
				values
				Scaled values `json:"zero_to_one"`
			}
		}
		oracle.Read(t, path, &file)
		for _, c := range file.Cases {
			n += check(t, c.Name, c.A, c.PF, c.values)
			box, err := BoxOf(c.PF)
			if err != nil {
				t.Fatal(err)
			}
			n += check(t, c.Name+" scaled", box.Scale(c.A), box.Scale(c.PF), c.Scaled)
		}
		return n
	})
}

func TestOracleArchives(t *testing.T) {
	type steps struct {
		F     [][]float64
		Eps   []float64
		Steps [][2]any `json:"steps_accept_then_members"`
	}
	oracle.Each(t, "moo", "archives*.json", func(t *testing.T, path string) (n int) {
		var file struct {
			Pareto  []steps `json:"pareto_archive"`
			Epsilon []steps `json:"epsilon_archive"`
			Trap    []struct{ F, Eps, Box float64 }
		}
		oracle.Read(t, path, &file)
		for _, c := range append(file.Pareto, file.Epsilon...) {
			a := Archive[int]{Epsilon: c.Eps}
			for i, f := range c.F {
				taken := 0
				if a.Add(Individual[int]{X: i, Outcome: Outcome{Objectives: f}}) {
					taken = 1
				}
				var members []int
				for _, m := range a.Members {
					members = append(members, m.X)
				}
				if got := fmt.Sprint(taken, members); got != fmt.Sprint(c.Steps[i][0], c.Steps[i][1]) {
					t.Errorf("step %d: %s, want %v", i, got, c.Steps[i])
				}
				n++
			}
		}
		return n
	})
}

func TestOracleOperators(t *testing.T) {
	oracle.Each(t, "moo", "operators*.json", func(t *testing.T, path string) (n int) {
		var file struct {
			SBX []struct {
				P1, P2, XL, XU, Eta, U float64
				Low                    float64 `json:"child_low"`
				High                   float64 `json:"child_high"`
			}
			PM []struct{ X, XL, XU, Eta, U, Y float64 }
		}
		oracle.Read(t, path, &file)
		for i, c := range file.SBX {
			low, high := SBX(c.P1, c.P2, c.XL, c.XU, c.Eta, c.U)
			near(t, fmt.Sprintf("sbx %d low", i), low, c.Low, 1e-12)
			near(t, fmt.Sprintf("sbx %d high", i), high, c.High, 1e-12)
			n += 2
		}
		for i, c := range file.PM {
			near(t, fmt.Sprintf("pm %d", i), PolynomialMutation(c.X, c.XL, c.XU, c.Eta, c.U), c.Y, 1e-12)
			n++
		}
		return n
	})
}

func TestOracleFinalFronts(t *testing.T) {
	var reference struct{ Fronts map[string][][]float64 }
	oracle.Read(t, oracle.Files(t, "moo", "pareto_fronts*.json")[0], &reference)
	oracle.Each(t, "moo", "nsga2_final_fronts*.json", func(t *testing.T, path string) (n int) {
		var file map[string]struct {
			F       [][]float64
			HV      float64 `json:"hv_ref_1.1"`
			IGD     float64
			GD      float64
			IGDPlus float64 `json:"igd_plus"`
			Spacing float64 `json:"spacing_pymoo"`
		}
		oracle.Read(t, path, &file)
		for name, c := range file {
			problem, _, _ := cut(name)
			pf := reference.Fronts["front_"+problem]
			hv, err := Hypervolume(c.F, []float64{1.1, 1.1, 1.1}[:len(c.F[0])])
			if err != nil {
				t.Fatal(err)
			}
			igd, _ := IGD(c.F, pf)
			gd, _ := GD(c.F, pf)
			igdPlus, _ := IGDPlus(c.F, pf)
			spacing, _ := Spacing(c.F)
			near(t, name+" hv", hv, c.HV, 1e-9)
			near(t, name+" igd", igd, c.IGD, 1e-12)
			near(t, name+" gd", gd, c.GD, 1e-12)
			near(t, name+" igd+", igdPlus, c.IGDPlus, 1e-12)
			near(t, name+" spacing", spacing, c.Spacing, 1e-12)
			n += 5
		}
		return n
	})
}

// TestCrowdingOfFailures has a front without objectives, which a saved search must be able to write.
func TestCrowdingOfFailures(t *testing.T) {
	for _, d := range Crowding([][]float64{nil, nil, nil}) {
		if d != 0 {
			t.Errorf("distance %v, want 0", d)
		}
	}
}
