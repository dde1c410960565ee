package surrogate

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/bench301/surrogate/internal/trees"
	"rwe301/internal/oracle"
)

const kind = "surrogate"

// reference returns a file or folder of reference models. Folders that hold other expectations need not repeat the
// models.
func reference(t testing.TB, name string) string {
	t.Helper()
	for _, root := range []string{oracle.Dir(kind), filepath.Join(oracle.Root(), "testdata", "oracles", kind)} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skipf("no reference model %s", name)
	return ""
}

// load reads a reference ensemble.
func load(t testing.TB, name string) *Ensemble {
	t.Helper()
	e, err := Load(reference(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func genotype(t testing.TB, text string) bench301.Genotype {
	t.Helper()
	g, _, err := bench301.ParseGenotype(text)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// csvRows are the architectures that all_rows refers to; nil when the oracle folder lacks them.
func csvRows(t testing.TB) []bench301.Genotype {
	t.Helper()
	f, err := os.Open(filepath.Join(oracle.Dir(kind), "architectures.csv"))
	if err != nil {
		return nil
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []bench301.Genotype
	for _, row := range rows[1:] {
		out = append(out, genotype(t, row[0]))
	}
	return out
}

// fits reports whether the rows are those that a file's records were computed on.
func fits[R any](t *testing.T, rows []bench301.Genotype, count int, records []R, arch func(R) (int, string)) bool {
	t.Helper()
	if len(rows) != count {
		return false
	}
	for _, r := range records {
		row, text := arch(r)
		if row < 0 || row >= len(rows) || rows[row] != genotype(t, text) {
			return false
		}
	}
	return true
}

// expected is a file expected_*.json.
type expected struct {
	Dtype   string   `json:"dtype"`
	Order   []string `json:"member_order"`
	Records []record `json:"records"`
	All     struct {
		Count   int         `json:"count"`
		Members []string    `json:"members_bits"`
		Mean    string      `json:"mean_bits"`
		Std     string      `json:"std_bits"`
		F64     [][]float64 `json:"members_f64"`
	} `json:"all_rows"`
}

type record struct {
	Row     int       `json:"row"`
	Arch    string    `json:"arch"`
	Bits    []string  `json:"members_bits"`
	Mean    string    `json:"mean_bits"`
	Std     string    `json:"std_bits"`
	F64     []float64 `json:"members_f64"`
	Members []float64 `json:"members"`
}

func (r record) arch() (int, string) { return r.Row, r.Arch }

// bits writes v as the files do.
func bits(dtype string, v float64) string {
	if dtype == "float32" {
		return fmt.Sprintf("%08x", math.Float32bits(float32(v)))
	}
	return fmt.Sprintf("%016x", math.Float64bits(v))
}

// compareBits compares an ensemble with every number of an expectation file.
func compareBits(t *testing.T, e *Ensemble, path string) (compared int) {
	var want expected
	oracle.Read(t, path, &want)
	for i, m := range e.Members() {
		if i >= len(want.Order) || m.Name != want.Order[i] {
			t.Fatalf("member %d is %s, want order %v", i, m.Name, want.Order)
		}
	}
	same := func(what string, got float64, bitsWant string) {
		compared++
		if b := bits(want.Dtype, got); b != bitsWant {
			t.Errorf("%s: %v (%s), want %s", what, got, b, bitsWant)
		}
	}
	for _, r := range want.Records {
		p := e.Predict(genotype(t, r.Arch))
		for m, b := range r.Bits {
			same(fmt.Sprintf("row %d, member %d", r.Row, m), p.Members[m], b)
		}
		same(fmt.Sprintf("row %d, mean", r.Row), p.Mean, r.Mean)
		same(fmt.Sprintf("row %d, std", r.Row), p.Std, r.Std)
	}
	rows := csvRows(t)
	if !fits(t, rows, want.All.Count, want.Records, record.arch) {
		t.Logf("all_rows of %s: skipped, the oracle folder lacks its architectures.csv", filepath.Base(path))
		return compared
	}
	out := make([]Prediction, len(rows))
	e.PredictBatch(rows, out)
	digits := len(bits(want.Dtype, 0))
	for i, p := range out {
		cut := func(s string) string { return s[i*digits : (i+1)*digits] }
		for m, s := range want.All.Members {
			same(fmt.Sprintf("all rows, row %d, member %d", i, m), p.Members[m], cut(s))
		}
		same(fmt.Sprintf("all rows, row %d, mean", i), p.Mean, cut(want.All.Mean))
		same(fmt.Sprintf("all rows, row %d, std", i), p.Std, cut(want.All.Std))
	}
	return compared
}

func TestOracleXGBoost(t *testing.T) {
	e := load(t, "xgb/ensemble")
	if i := e.Info(); i.Kind != KindXGB || i.Unit != Percent || i.Members != 3 {
		t.Errorf("info %+v", i)
	}
	oracle.Each(t, kind, "xgb/expected_*.json*", func(t *testing.T, path string) int { return compareBits(t, e, path) })
}

// TestOracleXGBoostForms reads the same boosters in every other form.
func TestOracleXGBoostForms(t *testing.T) {
	e := load(t, "xgb/ensemble")
	oracle.Each(t, kind, "xgb/alt/member_*", func(t *testing.T, path string) (compared int) {
		var m int
		if _, err := fmt.Sscanf(filepath.Base(path), "member_%d.", &m); err != nil {
			t.Fatal(err)
		}
		m0, err := parseModel("alt", oracle.Bytes(t, path), nil)
		if err != nil {
			t.Fatal(err)
		}
		alt, err := newEnsemble("alt", Percent, []*model{m0})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range sample(300) {
			compared++
			if got, want := alt.Predict(g).Mean, e.Predict(g).Members[m]; got != want {
				t.Errorf("%s: %v, want %v", g, got, want)
			}
		}
		if name, version := filepath.Base(path), m0.member.Version; strings.Contains(name,
			".110.") != strings.HasPrefix(version, "1.1.") {
			t.Errorf("written by version %s", version)
		}
		return compared
	})
}

// sample draws architectures.
func sample(n int) []bench301.Genotype {
	rng := rand.New(rand.NewPCG(1, 2))
	out := make([]bench301.Genotype, n)
	for i := range out {
		out[i] = bench301.SampleGenotype(rng)
	}
	return out
}

// vectorOf reads a vector in which null stands for NaN.
func vectorOf(t *testing.T, x []*float64) (v [Features]float64) {
	t.Helper()
	if len(x) != Features {
		t.Fatalf("%d columns", len(x))
	}
	for i, p := range x {
		v[i] = math.NaN()
		if p != nil {
			v[i] = *p
		}
	}
	return v
}

// predictRow answers one row in a batch of several and alone, which must agree to the bit.
func predictRow[T trees.Real](t *testing.T, f *trees.Forest[T], row trees.Row[T]) T {
	t.Helper()
	alone := f.Predict(&row, make([]T, f.Trees()))
	var out [6]T
	f.PredictBatch([]trees.Row[T]{row, row, row, row, row, row}, out[:])
	for _, v := range out {
		if v != alone {
			t.Errorf("%v in a batch, %v alone", v, alone)
		}
	}
	return alone
}

func TestOracleXGBoostEdge(t *testing.T) {
	type edgeRow struct {
		Row       int        `json:"row"`
		X         []*float64 `json:"x"`
		Binary110 string     `json:"pickle_or_bin_xgb110"`
		JSON110   string     `json:"json_xgb110"`
		Binary174 string     `json:"pickle_or_bin_xgb174"`
		JSON174   string     `json:"json_xgb174"`
	}
	for _, c := range []struct {
		file string
		want func(edgeRow) string
		last bool // as 1.1.0 adds up
	}{
		{"edge.p3.pkl", func(r edgeRow) string { return r.Binary110 }, true},
		{"edge.110.bin", func(r edgeRow) string { return r.Binary110 }, true},
		{"edge.110.json.gz", func(r edgeRow) string { return r.JSON110 }, true},
		{"edge.174.ubj.gz", func(r edgeRow) string { return r.JSON174 }, false},
		{"edge.p3.pkl", func(r edgeRow) string { return r.Binary174 }, false},
		{"edge.110.json.gz", func(r edgeRow) string { return r.JSON174 }, false},
	} {
		m, err := parseModel(c.file, oracle.Bytes(t, reference(t, "xgb/edge/"+c.file)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if written := strings.HasPrefix(m.member.Version, "1.1."); m.xgb.BaseFirst == written {
			t.Errorf("%s: version %s, base first %v", c.file, m.member.Version, m.xgb.BaseFirst)
		}
		m.xgb.BaseFirst = !c.last // a later version may read an earlier one's file
		oracle.Each(t, kind, "xgb/edge/edge_expected*.json*", func(t *testing.T, path string) (compared int) {
			var want struct {
				Rows []edgeRow `json:"rows"`
			}
			oracle.Read(t, path, &want)
			for _, r := range want.Rows {
				var x [Features]float32
				for i, v := range vectorOf(t, r.X) {
					x[i] = float32(v)
				}
				compared++
				if got := bits("float32", float64(predictRow(t, m.xgb, trees.NewRow(x)))); got != c.want(r) {
					t.Errorf("%s, base first %v, row %d: %s, want %s", c.file, !c.last, r.Row, got, c.want(r))
				}
			}
			return compared
		})
	}
}

func TestOracleLightGBM(t *testing.T) {
	e := load(t, "lgb/ensemble")
	if i := e.Info(); i.Kind != KindLGB || i.Unit != Seconds || i.Members != 3 {
		t.Errorf("info %+v", i)
	}
	oracle.Each(t, kind, "lgb/expected_*.json*", func(t *testing.T, path string) int { return compareBits(t, e, path) })
}

func TestOracleLightGBMForms(t *testing.T) {
	e := load(t, "lgb/ensemble")
	oracle.Each(t, kind, "lgb/alt/member_*", func(t *testing.T, path string) (compared int) {
		var m int
		if _, err := fmt.Sscanf(filepath.Base(path), "member_%d.", &m); err != nil {
			t.Fatal(err)
		}
		alt, err := parseModel("alt", oracle.Bytes(t, path), nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := e.models[m].lgb; !reflect.DeepEqual(alt.lgb, want) {
			t.Errorf("another model than member %d of the ensemble", m)
		}
		return len(alt.lgb.Nodes)
	})
}

func TestOracleLightGBMEdge(t *testing.T) {
	oracle.Each(t, kind, "lgb/edge/edge_expected*.json*", func(t *testing.T, path string) (compared int) {
		var want struct {
			Rows []struct {
				Row    int        `json:"row"`
				X      []*float64 `json:"x"`
				NaN    string     `json:"nan"`
				Zero   string     `json:"zero"`
				None   string     `json:"none"`
				Single string     `json:"single_leaf"`
			} `json:"rows"`
		}
		oracle.Read(t, path, &want)
		models := map[string]*trees.Forest[float64]{}
		for _, name := range []string{"nan", "zero", "none", "single_leaf"} {
			m, err := parseModel(name, oracle.Bytes(t, reference(t, "lgb/edge/"+name+".txt.gz")), nil)
			if err != nil {
				t.Fatal(err)
			}
			models[name] = m.lgb
		}
		for _, r := range want.Rows {
			row := trees.NewRow(vectorOf(t, r.X))
			for name, b := range map[string]string{"nan": r.NaN, "zero": r.Zero, "none": r.None, "single_leaf": r.Single} {
				compared++
				if got := bits("float64", predictRow(t, models[name], row)); got != b {
					t.Errorf("%s, row %d: %s, want %s", name, r.Row, got, b)
				}
			}
		}
		return compared
	})
}

func TestOracleMeanStd(t *testing.T) {
	oracle.Each(t, kind, "numpy_mean_std*.json", func(t *testing.T, path string) (compared int) {
		var want struct {
			Cases []struct {
				N      int      `json:"n"`
				Dtype  string   `json:"dtype"`
				Values []string `json:"values_bits"`
				Mean   string   `json:"mean_bits"`
				Std    string   `json:"std_bits"`
			} `json:"cases"`
		}
		oracle.Read(t, path, &want)
		for _, c := range want.Cases {
			var mean, std float64
			if c.Dtype == "float32" {
				x := make([]float32, c.N)
				for i, b := range c.Values {
					x[i] = math.Float32frombits(uint32(parseHex(t, b)))
				}
				m, s := meanStd(x)
				mean, std = float64(m), float64(s)
			} else {
				x := make([]float64, c.N)
				for i, b := range c.Values {
					x[i] = math.Float64frombits(parseHex(t, b))
				}
				mean, std = meanStd(x)
			}
			compared += 2
			if m, s := bits(c.Dtype, mean), bits(c.Dtype, std); m != c.Mean || s != c.Std {
				t.Errorf("n %d, %s: mean %s, std %s, want %s, %s", c.N, c.Dtype, m, s, c.Mean, c.Std)
			}
		}
		return compared
	})
}

func parseHex(t *testing.T, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
