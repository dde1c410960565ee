package correlation

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

func TestOraclePartial(t *testing.T) {
	type partialCase struct {
		XY, XZ, YZ, Partial number
		Semi                number  `json:"semipartial_x_vs_y_z_removed_from_y"`
		PNormal             *number `json:"p_normal"`
		PT                  *number `json:"p_t"`
	}
	oracle.Each(t, "correlation", "partial*.json", func(t *testing.T, path string) int {
		var file struct {
			Cases []struct {
				X, Y, Z                    []float64
				Kendall, Spearman, Pearson partialCase
			}
			Degenerate struct{ X, Y, Z []float64 }
		}
		oracle.Read(t, path, &file)
		c := &comparer{t: t}
		for i, pc := range file.Cases {
			for coefficient, want := range map[Coefficient]partialCase{KendallTauB: pc.Kendall, SpearmanRho: pc.Spearman,
				PearsonR: pc.Pearson} {
				name := fmt.Sprintf("case %d %v", i, coefficient)
				test, err := Partial(coefficient, pc.X, pc.Y, pc.Z, TwoSided)
				c.value(name, test.Statistic, err, want.Partial)
				p := want.PNormal
				if p == nil {
					p = want.PT
				}
				c.p(name+" p", test.P, err, *p)
				semi, err := Semipartial(coefficient, pc.X, pc.Y, pc.Z)
				c.value(name+" semipartial", semi, err, want.Semi)
			}
		}
		d := file.Degenerate
		_, err := Partial(KendallTauB, d.X, d.Y, d.Z, TwoSided)
		c.value("z = x", 0, err, number{v: math.NaN()})
		return c.n
	})
}

func TestOracleRankingCriteria(t *testing.T) {
	oracle.Each(t, "correlation", "ranking_criteria*.json", func(t *testing.T, path string) int {
		var file struct {
			Cases []struct {
				True, Pred []float64
				Surgery    []struct {
					K            int
					Top          number  `json:"P_at_topK"`
					Bottom       number  `json:"P_at_bottomK"`
					TauTop       number  `json:"KT_in_pred_topK"`
					TauBottom    number  `json:"KT_in_pred_bottomK"`
					BestRank     int64   `json:"BR_rank"`
					BestShare    number  `json:"BR_at_K"`
					WorstRank    int64   `json:"WR_rank"`
					WorstAtShare float64 `json:"WR_at_K"`
				}
				Precision [][2]float64      `json:"naslib_precision"`
				Overlap   [][2]int64        `json:"topk_overlap"`
				Regret    [][2]float64      `json:"regret_at_k"`
				Sparse    map[string]number `json:"sparse_kendall"`
				NDCG      [][3]float64      `json:"ndcg_linear_gain_true_minus_min"`
				Exp       struct {
					Grade  []float64
					Values [][2]float64
				} `json:"ndcg_exp_grade20"`
			}
			Rounding [][3]float64 `json:"rounding_halfeven"`
		}
		oracle.Read(t, path, &file)
		c := &comparer{t: t}
		for i, rc := range file.Cases {
			name := func(what string, k int) string { return fmt.Sprintf("case %d %s at %d", i, what, k) }
			orUndefined := func(v float64) error {
				if math.IsNaN(v) {
					return ErrUndefined
				}
				return nil
			}
			// The peers break ties by position. Here ties are broken as they do, before; what they would be on average is
			// for TestTopOfTies.
			trueLast, predLast := ordinal(t, rc.True, false), ordinal(t, rc.Pred, false)
			trueFirst, predFirst := ordinal(t, rc.True, true), ordinal(t, rc.Pred, true)
			for _, want := range rc.Surgery {
				s, err := Select(trueLast, predLast, want.K)
				if err != nil {
					t.Fatal(err)
				}
				c.value(name("top precision", want.K), s.PrecisionTop, nil, want.Top)
				c.value(name("bottom precision", want.K), s.PrecisionBottom, nil, want.Bottom)
				c.count(name("best rank", want.K), int64(s.BestRank), want.BestRank)
				c.value(name("best share", want.K), s.BestShare(), nil, want.BestShare)
				c.count(name("worst rank", want.K), int64(s.WorstRank), want.WorstRank)
				whole, err := Select(rc.True, rc.Pred, want.K)
				if err != nil {
					t.Fatal(err)
				}
				if e := edgeOf(rc.Pred, want.K); e.taken == e.tied { // else a peer takes some of the tied only
					c.value(name("tau of the top", want.K), whole.TauTop, orUndefined(whole.TauTop), want.TauTop)
				}
				if e := edgeOf(negated(rc.Pred), want.K); e.taken == e.tied {
					c.value(name("tau of the bottom", want.K), whole.TauBottom, orUndefined(whole.TauBottom), want.TauBottom)
				}
			}
			for _, want := range rc.Precision {
				p, err := PrecisionAbove(rc.True, rc.Pred, int(want[0]))
				c.value(name("NASLib precision", int(want[0])), p, err, number{v: want[1]})
			}
			for _, want := range rc.Overlap {
				n, err := TopOverlap(trueFirst, predFirst, int(want[0]))
				if err != nil {
					t.Fatal(err)
				}
				c.count(name("overlap", int(want[0])), int64(n), want[1])
			}
			for _, want := range rc.Regret {
				r, err := Regret(rc.True, predFirst, int(want[0]))
				c.value(name("regret", int(want[0])), r, err, number{v: want[1]})
			}
			for key, want := range rc.Sparse {
				var tau float64
				var err error
				switch key {
				case "kt":
					tau, err = Kendall(rc.True, rc.Pred)
				case "kt_pred_round_2dec":
					tau, err = SparseKendall(rc.True, rc.Pred, 2)
				case "kt_pred_round_1dec":
					tau, err = SparseKendall(rc.True, rc.Pred, 1)
				case "kt_both_round_1dec":
					rounded := make([]float64, len(rc.True))
					for k, v := range rc.True {
						rounded[k] = Round(v, 1)
					}
					tau, err = SparseKendall(rounded, rc.Pred, 1)
				default:
					t.Errorf("unknown key %s", key)
				}
				c.value(fmt.Sprintf("case %d %s", i, key), tau, err, want)
			}
			for _, want := range rc.NDCG {
				v, err := NDCG(LinearGains(rc.True), rc.Pred, int(want[0]))
				c.value(name("nDCG", int(want[0])), v, err, number{v: want[1]})
			}
			gains := make([]float64, len(rc.Exp.Grade))
			for k, g := range rc.Exp.Grade {
				gains[k] = math.Exp2(g) - 1
			}
			for _, want := range rc.Exp.Values {
				v, err := NDCG(gains, rc.Pred, int(want[0]))
				c.value(name("exponential nDCG", int(want[0])), v, err, number{v: want[1]})
			}
		}
		for _, r := range file.Rounding {
			c.value(fmt.Sprint("rounding ", r[0]), Round(r[0], 1), nil, number{v: r[1]})
			c.value(fmt.Sprint("rounding ", r[0]), Round(r[0], 2), nil, number{v: r[2]})
		}
		return c.n
	})
}

// ordinal replaces values by their places in ascending order, of equal ones by position: a later one the larger, or an
// earlier one.
func ordinal(t *testing.T, v []float64, earlier bool) []float64 {
	t.Helper()
	v = slices.Clone(v)
	if earlier {
		slices.Reverse(v)
	}
	out, err := Ranks(v, RankOrdinal)
	if err != nil {
		t.Fatal(err)
	}
	if earlier {
		slices.Reverse(out)
	}
	return out
}

func TestOracleRankTests(t *testing.T) {
	oracle.Each(t, "correlation", "rank_tests*.json", func(t *testing.T, path string) int {
		var file struct {
			Wilcoxon    []map[string]any
			MannWhitney []map[string]any
			Friedman    []struct {
				Scores    [][]float64 `json:"scores_rows_datasets_cols_methods_higher_better"`
				Chi       float64     `json:"friedman_chi2_tie_corrected"`
				P         float64     `json:"friedman_p"`
				F         number      `json:"iman_davenport_F"`
				PF        number      `json:"iman_davenport_p"`
				MeanRanks []number    `json:"mean_ranks_1_is_best"`
				CD05      float64     `json:"cd_alpha_0.05"`
				CD10      float64     `json:"cd_alpha_0.10"`
				Nemenyi   [][]float64 `json:"nemenyi_p"`
			} `json:"friedman_nemenyi"`
			Q       map[string]map[string]float64 `json:"nemenyi_q"`
			PAdjust struct {
				P, Holm, Bonferroni []float64
				BH                  []float64 `json:"benjamini_hochberg"`
			} `json:"p_adjust"`
		}
		oracle.Read(t, path, &file)
		c := &comparer{t: t}
		for _, w := range file.Wilcoxon {
			c.wilcoxon(w)
		}
		for _, m := range file.MannWhitney {
			c.mannWhitney(m)
		}
		for i, f := range file.Friedman {
			name := fmt.Sprintf("friedman %d", i)
			r, err := Friedman(f.Scores)
			c.within(name+" chi2", r.ChiSquare, err, number{v: f.Chi}, 1e-11)
			c.p(name+" p", r.P, err, number{v: f.P})
			c.within(name+" F", r.F, err, f.F, 1e-11)
			c.p(name+" F p", r.PF, err, f.PF)
			c.values(name+" mean ranks", r.MeanRanks, f.MeanRanks, 1e-12)
			for alpha, want := range map[float64]float64{0.05: f.CD05, 0.10: f.CD10} {
				cd, err := NemenyiDifference(r.Methods, r.Blocks, alpha)
				c.within(name+" critical difference", cd, err, number{v: want}, 1e-6)
			}
			for a := range f.Nemenyi {
				for b, want := range f.Nemenyi[a] {
					p := NemenyiP(r.MeanRanks[a]-r.MeanRanks[b], r.Methods, r.Blocks)
					c.within(fmt.Sprintf("%s Nemenyi %d %d", name, a, b), p, nil, number{v: want}, 1e-6)
				}
			}
		}
		for alpha, row := range file.Q {
			for k, want := range row {
				var a float64
				var methods int
				if _, err := fmt.Sscan(alpha, &a); err != nil {
					t.Fatal(err)
				}
				if _, err := fmt.Sscan(k, &methods); err != nil {
					t.Fatal(err)
				}
				c.within("q "+alpha+" "+k, nemenyiQ(methods, a), nil, number{v: want}, 1e-6)
			}
		}
		for name, pair := range map[string][2][]float64{
			"Holm":               {Holm(file.PAdjust.P), file.PAdjust.Holm},
			"Bonferroni":         {Bonferroni(file.PAdjust.P), file.PAdjust.Bonferroni},
			"Benjamini-Hochberg": {BenjaminiHochberg(file.PAdjust.P), file.PAdjust.BH},
		} {
			for i := range pair[0] {
				c.value(fmt.Sprintf("%s %d", name, i), pair[0][i], nil, number{v: pair[1][i]})
			}
		}
		return c.n
	})
}

// anyFloats reads a JSON array of numbers.
func anyFloats(v any) []float64 {
	items, _ := v.([]any)
	out := make([]float64, len(items))
	for i, x := range items {
		switch x := x.(type) {
		case float64:
			out[i] = x
		case string:
			out[i] = map[string]float64{"NaN": math.NaN(), "Inf": math.Inf(1), "-Inf": math.Inf(-1)}[x]
		}
	}
	return out
}

var alternatives = map[string]Alternative{"two-sided": TwoSided, "less": Less, "greater": Greater}

// pair compares a statistic and its p-value, or a refusal.
func (c *comparer) pair(name string, got Test, err error, want any) {
	c.t.Helper()
	values := anyFloats(want)
	if len(values) == 0 {
		c.n++
		if !errors.Is(err, ErrUndefined) {
			c.t.Errorf("%s: %v %v, the reference refuses", name, got, err)
		}
		return
	}
	if !math.IsNaN(values[0]) {
		c.within(name, got.Statistic, nil, number{v: values[0]}, 1e-12)
	}
	c.p(name+" p", got.P, err, number{v: values[1]})
}

func (c *comparer) wilcoxon(w map[string]any) {
	c.t.Helper()
	x, y := anyFloats(w["x"]), anyFloats(w["y"])
	for key, want := range w {
		o := WilcoxonOptions{}
		if key != "scipy_default" {
			parts := strings.Split(key, "|")
			if len(parts) != 4 {
				continue
			}
			o.Zeros = map[string]Zeros{"wilcox": ZerosDropped, "pratt": ZerosRanked, "zsplit": ZerosSplit}[parts[0]]
			o.Method = map[string]Method{"exact": Exact, "approx": Asymptotic}[parts[1]]
			o.Continuity, o.Alternative = parts[2] == "cc=1", alternatives[parts[3]]
		}
		test, err := Wilcoxon(x, y, o)
		c.pair(fmt.Sprint("wilcoxon ", w["name"], " ", key), test, err, want)
	}
}

func (c *comparer) mannWhitney(m map[string]any) {
	c.t.Helper()
	x, y := anyFloats(m["x"]), anyFloats(m["y"])
	for key, want := range m {
		parts := strings.Split(key, "|")
		if len(parts) != 3 {
			continue
		}
		method := map[string]Method{"exact": Exact, "asymptotic": Asymptotic, "auto": Auto}[parts[0]]
		test, err := MannWhitney(x, y, method, parts[2] == "cc=1", alternatives[parts[1]])
		c.pair(fmt.Sprint("mannwhitney ", m["name"], " ", key), test, err, want)
	}
	a12, err := VarghaDelaney(x, y)
	want, _ := m["A12_vargha_delaney"].(float64)
	c.value(fmt.Sprint("A12 ", m["name"]), a12, err, number{v: want})
}
