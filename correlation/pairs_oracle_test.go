package correlation

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"rwe301/internal/oracle"
)

type pairsFile struct {
	Cases []pairsCase
	NaN   []struct {
		X, Y       []number
		NKept      int64  `json:"n_kept"`
		Kendall    number `json:"kendall_b"`
		KendallP   number `json:"kendall_p"`
		Spearman   number
		Pearson    number
		SciKendall []number `json:"scipy_kendall_omit"`
		SciRho     []number `json:"scipy_spearman_omit"`
	} `json:"nan_omit"`
}

type pairsCase struct {
	Name        string
	X, Y        []number
	Kendall     kendallCase
	WeightedTau map[string]number
	Spearman    spearmanCase
	Pearson     pearsonCase
	RanksX      map[string][]number `json:"ranks_x"`
	RanksY      []number            `json:"ranks_y_average"`
	OrderTau    *number             `json:"order_based_tau_b"`
	OrderP      *number             `json:"order_based_p"`
	OrderRho    *number             `json:"order_based_spearman"`
}

type kendallCase struct {
	TauB      number  `json:"tau_b"`
	TauC      number  `json:"tau_c"`
	PAuto     number  `json:"p_auto"`
	PAutoC    *number `json:"p_auto_c"`
	Con       *int64
	Dis       int64
	XTie      int64
	YTie      int64
	JointTie  int64   `json:"joint_tie"`
	TauA      number  `json:"tau_a"`
	Gamma     number  `json:"goodman_kruskal_gamma"`
	SomersD   number  `json:"somers_d_y_given_x"`
	AutoChose string  `json:"auto_chose"`
	PAsym     *number `json:"p_asymptotic"`
	PExact    *number `json:"p_exact"`
	PLess     *number `json:"p_auto_less"`
	PGreater  *number `json:"p_auto_greater"`
}

type spearmanCase struct {
	Rho      number
	P        number
	PLess    *number `json:"p_less"`
	PGreater *number `json:"p_greater"`
}

type pearsonCase struct {
	R, P  number
	CI    []number `json:"ci95_fisher"`
	Error string
}

func TestOraclePairs(t *testing.T) {
	oracle.Each(t, "correlation", "pairs*.json", func(t *testing.T, path string) int {
		var file struct {
			pairsFile
			Generator string
		}
		var probe struct{ Generator string }
		oracle.Read(t, path, &probe)
		c := &comparer{t: t}
		if probe.Generator != "" {
			compareLarge(c, path)
			return c.n
		}
		oracle.Read(t, path, &file)
		for _, pc := range file.Cases {
			c.comparePair(pc)
		}
		for i, nc := range file.NaN {
			name := fmt.Sprintf("nan_omit[%d]", i)
			kept, _ := OmitNaN(floatsOf(nc.X), floatsOf(nc.Y))
			c.count(name+" n_kept", int64(len(kept[0])), nc.NKept)
			k, err := KendallTest(kept[0], kept[1], Auto, TwoSided)
			c.value(name+" tau-b", k.Statistic, err, nc.Kendall)
			c.p(name+" tau-b p", k.P, err, nc.KendallP)
			c.value(name+" scipy tau-b", k.Statistic, err, nc.SciKendall[0])
			c.p(name+" scipy tau-b p", k.P, err, nc.SciKendall[1])
			s, err := SpearmanTest(kept[0], kept[1], TwoSided)
			c.value(name+" rho", s.Statistic, err, nc.Spearman)
			c.value(name+" scipy rho", s.Statistic, err, nc.SciRho[0])
			c.p(name+" scipy rho p", s.P, err, nc.SciRho[1])
			r, err := Pearson(kept[0], kept[1])
			c.value(name+" r", r, err, nc.Pearson)
		}
		return c.n
	})
}

// bothInfinities says whether a vector holds +Inf and -Inf, which the reference takes for NaN because it looks for NaN
// by summing. Here infinities are ordered as numbers; the reference still gives the counts of that order.
func bothInfinities(x []float64) bool {
	return slices.Contains(x, math.Inf(1)) && slices.Contains(x, math.Inf(-1))
}

func (c *comparer) comparePair(pc pairsCase) {
	c.t.Helper()
	x, y := floatsOf(pc.X), floatsOf(pc.Y)
	summedToNaN := bothInfinities(x) || bothInfinities(y)
	c.compareKendall(pc.Name, x, y, pc.Kendall, summedToNaN)
	c.compareWeighted(pc.Name, x, y, pc.WeightedTau)
	c.comparePearson(pc.Name, x, y, pc.Pearson)
	if summedToNaN {
		c.compareOrderBased(pc, x, y)
	} else {
		c.compareSpearman(pc.Name, x, y, pc.Spearman)
		c.compareRanks(pc, x, y)
	}
}

func (c *comparer) compareKendall(name string, x, y []float64, want kendallCase, summedToNaN bool) {
	c.t.Helper()
	pairs, err := CountPairs(x, y)
	if want.Con != nil {
		c.count(name+" concordant", pairs.Concordant, *want.Con)
		c.count(name+" discordant", pairs.Discordant, want.Dis)
		c.count(name+" x ties", pairs.XTies, want.XTie)
		c.count(name+" y ties", pairs.YTies, want.YTie)
		c.count(name+" joint ties", pairs.JointTies, want.JointTie)
		c.value(name+" tau-a", pairs.TauA(), err, want.TauA)
		gamma, err := pairs.Gamma()
		c.value(name+" gamma", gamma, err, want.Gamma)
		d, err := pairs.SomersD()
		c.value(name+" Somers' D", d, err, want.SomersD)
	}
	if summedToNaN {
		return
	}
	test, err := KendallTest(x, y, Auto, TwoSided)
	tau, tauErr := Kendall(x, y)
	c.value(name+" tau-b", tau, tauErr, want.TauB)
	c.p(name+" p", test.P, err, want.PAuto)
	if tauErr != nil {
		return
	}
	tauC, err := pairs.TauC()
	c.value(name+" tau-c", tauC, err, want.TauC)
	if want.AutoChose == "exact" || want.AutoChose == "asymptotic" {
		c.n++
		if test.Method.String() != want.AutoChose {
			c.t.Errorf("%s: auto chose %v, want %s", name, test.Method, want.AutoChose)
		}
	}
	for _, p := range []struct {
		what   string
		method Method
		alt    Alternative
		want   *number
	}{
		{"auto p for tau-c", Auto, TwoSided, want.PAutoC},
		{"asymptotic p", Asymptotic, TwoSided, want.PAsym},
		{"exact p", Exact, TwoSided, want.PExact},
		{"p less", Auto, Less, want.PLess},
		{"p greater", Auto, Greater, want.PGreater},
	} {
		if p.want != nil {
			got, _, err := pairs.PValue(p.method, p.alt)
			c.p(name+" "+p.what, got, err, *p.want)
		}
	}
}

func (c *comparer) compareSpearman(name string, x, y []float64, want spearmanCase) {
	c.t.Helper()
	rho, err := Spearman(x, y)
	c.value(name+" rho", rho, err, want.Rho)
	for _, p := range []struct {
		alt  Alternative
		want *number
	}{{TwoSided, &want.P}, {Less, want.PLess}, {Greater, want.PGreater}} {
		if p.want == nil {
			continue
		}
		test, err := SpearmanTest(x, y, p.alt)
		low, high := pAround(want.Rho.v, len(x), p.alt)
		c.pBetween(fmt.Sprintf("%s rho p %d", name, p.alt), test.P, err, *p.want, low, high)
	}
}

// pAround returns the p-values of coefficients 1e-12 below and above r.
func pAround(r float64, n int, alt Alternative) (low, high float64) {
	df := float64(n - 2)
	if !(df > 0) || math.IsNaN(r) {
		return math.Inf(1), math.Inf(-1)
	}
	return correlationP(max(-1, r-1e-12), df, alt), correlationP(min(1, r+1e-12), df, alt)
}

func (c *comparer) comparePearson(name string, x, y []float64, want pearsonCase) {
	c.t.Helper()
	test, err := PearsonTest(x, y, TwoSided)
	if want.Error != "" {
		c.within(name+" r", test.Statistic, err, number{v: math.NaN(), refused: true}, 0)
		return
	}
	c.value(name+" r", test.Statistic, err, want.R)
	low, high := pAround(want.R.v, len(x), TwoSided)
	if len(x) == 2 {
		low, high = want.P.v, want.P.v
	}
	c.pBetween(name+" r p", test.P, err, want.P, low, high)
	if len(want.CI) == 2 && err == nil {
		iv, err := FisherInterval(test.Statistic, len(x), 0.95)
		c.within(name+" Fisher low", iv.Low, err, want.CI[0], 1e-9)
		c.within(name+" Fisher high", iv.High, err, want.CI[1], 1e-9)
	}
}

var rankMethods = map[string]RankMethod{"average": RankAverage, "min": RankMin, "max": RankMax, "dense": RankDense, "ordinal": RankOrdinal}

func (c *comparer) compareRanks(pc pairsCase, x, y []float64) {
	c.t.Helper()
	for method, want := range pc.RanksX {
		got, err := Ranks(x, rankMethods[method])
		if errors.Is(err, ErrNaN) {
			continue
		}
		c.values(pc.Name+" ranks "+method, got, want, 0)
	}
	if pc.RanksY != nil {
		got, err := Ranks(y, RankAverage)
		if err == nil {
			c.values(pc.Name+" ranks of y", got, pc.RanksY, 0)
		}
	}
}

// compareOrderBased compares with the values that follow from the order alone, where the reference has them.
func (c *comparer) compareOrderBased(pc pairsCase, x, y []float64) {
	c.t.Helper()
	k, err := KendallTest(x, y, Auto, TwoSided)
	if want := pc.OrderTau; want != nil && !want.undefined() {
		c.value(pc.Name+" order-based tau-b", k.Statistic, err, *want)
	}
	if want := pc.OrderP; want != nil && !want.undefined() {
		c.p(pc.Name+" order-based p", k.P, err, *want)
	}
	if want := pc.OrderRho; want != nil && !want.undefined() {
		rho, err := Spearman(x, y)
		c.value(pc.Name+" order-based rho", rho, err, *want)
	}
	if w := pc.Kendall; w.Con != nil { // tau-b by its definition, from the reference's counts
		all := float64(*w.Con + w.Dis + w.XTie + w.YTie - w.JointTie)
		tau := float64(*w.Con-w.Dis) / math.Sqrt((all-float64(w.XTie))*(all-float64(w.YTie)))
		c.value(pc.Name+" tau-b from counts", k.Statistic, err, number{v: tau})
	}
}

var weightedVariants = map[string]WeightedOptions{
	"default_hyperbolic_rank_true": {},
	"rank_none_xy":                 {Ranking: RankByX},
	"rank_none_yx":                 {Ranking: RankByY},
	"rank_false":                   {Ranking: RankByPosition},
	"multiplicative_rank_true":     {Multiplicative: true},
	"unweighted_weigher_1":         {Weigher: func(int) float64 { return 1 }},
}

// compareWeighted compares all variants. The reference takes a NaN as the smallest value; here the caller says so.
func (c *comparer) compareWeighted(name string, x, y []float64, want map[string]number) {
	c.t.Helper()
	x, y = NaNSmallest(x), NaNSmallest(y)
	for variant, w := range want {
		o, ok := weightedVariants[variant]
		if !ok {
			c.t.Errorf("%s: weighted tau %q is not known", name, variant)
			continue
		}
		got, err := WeightedTau(x, y, o)
		c.value(name+" weighted tau "+variant, got, err, w)
	}
}

// largeCase has no vectors but the recurrence that makes them.
type largeCase struct {
	N           int
	SeedX       int64 `json:"seed_x"`
	SeedY       int64 `json:"seed_y"`
	ModX        int64 `json:"mod_x"`
	ModY        int64 `json:"mod_y"`
	Mix         int
	XHead       []number `json:"x_head"`
	YHead       []number `json:"y_head"`
	XSum        int64    `json:"x_sum"`
	YSum        int64    `json:"y_sum"`
	TauB        number   `json:"tau_b"`
	TauC        number   `json:"tau_c"`
	PAuto       number   `json:"p_auto"`
	PMethod     string   `json:"p_method"`
	Spearman    number
	SpearmanP   number `json:"spearman_p"`
	Pearson     number
	PearsonP    number `json:"pearson_p"`
	WeightedTau map[string]number
	Counts      *kendallCase `json:"kendall_counts"`
}

func compareLarge(c *comparer, path string) {
	var file struct{ Cases []largeCase }
	oracle.Read(c.t, path, &file)
	for i, lc := range file.Cases {
		name := fmt.Sprintf("case %d (n=%d)", i, lc.N)
		x, y := lc.vectors()
		c.values(name+" x head", x[:len(lc.XHead)], lc.XHead, 0)
		c.values(name+" y head", y[:len(lc.YHead)], lc.YHead, 0)
		c.count(name+" sum of x", sum(x), lc.XSum)
		c.count(name+" sum of y", sum(y), lc.YSum)
		k := kendallCase{}
		if lc.Counts != nil {
			k = *lc.Counts
			gamma := math.NaN()
			if *k.Con+k.Dis > 0 { // not in the file: by their definitions, from the reference's counts
				gamma = float64(*k.Con-k.Dis) / float64(*k.Con+k.Dis)
			}
			k.Gamma = number{v: gamma}
			k.SomersD = number{v: float64(*k.Con-k.Dis) / (float64(lc.N)*float64(lc.N-1)/2 - float64(k.XTie))}
		}
		k.TauB, k.TauC, k.PAuto, k.AutoChose = lc.TauB, lc.TauC, lc.PAuto, lc.PMethod
		c.compareKendall(name, x, y, k, false)
		c.compareSpearman(name, x, y, spearmanCase{Rho: lc.Spearman, P: lc.SpearmanP})
		c.comparePearson(name, x, y, pearsonCase{R: lc.Pearson, P: lc.PearsonP})
		c.compareWeighted(name, x, y, lc.WeightedTau)
	}
}

// vectors runs the 31-bit recurrence that the file describes under "generator".
func (lc largeCase) vectors() (x, y []float64) {
	x, y = congruential(lc.SeedX, lc.ModX, lc.N), congruential(lc.SeedY, lc.ModY, lc.N)
	if lc.Mix == 1 {
		ratio := float64(lc.ModY) / float64(lc.ModX)
		for i := range y {
			y[i] += 2 * math.Floor(x[i]*ratio)
		}
	}
	return x, y
}

func congruential(seed, mod int64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		seed = (1103515245*seed + 12345) % (1 << 31)
		out[i] = float64((seed >> 8) % mod)
	}
	return out
}

func sum(v []float64) (s int64) {
	for _, x := range v {
		s += int64(x)
	}
	return s
}
