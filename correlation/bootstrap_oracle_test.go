package correlation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

type bootstrapCase struct {
	Name      string
	Data      [][]number
	Paired    bool
	Resamples int        `json:"n_resamples"`
	Rows      [][]string `json:"indices_base36_rows"`
	StdErr    number     `json:"standard_error_ddof1"`
	Observed  number     `json:"theta_hat"`
	Z0        number
	Accel     number   `json:"acceleration"`
	Levels95  []number `json:"bca_quantile_levels_0.95"`
	Levels90  []number `json:"bca_quantile_levels_0.9"`
	Jackknife [][]number
	Intervals map[string][]number
	Replicate []number `json:"bootstrap_distribution"`
}

func TestOracleBootstrap(t *testing.T) {
	oracle.Each(t, "correlation", "bootstrap*.json", func(t *testing.T, path string) int {
		var file struct{ Cases []bootstrapCase }
		oracle.Read(t, path, &file)
		c := &comparer{t: t}
		for _, bc := range file.Cases {
			for kind, d := range bc.distributions(t) {
				c.compareDistribution(bc.Name+" ("+kind+")", d, bc)
			}
		}
		return c.n
	})
}

// indices decodes rows of one base-36 digit a drawn row.
func (bc bootstrapCase) indices(t *testing.T) [][][]int {
	out := make([][][]int, len(bc.Rows))
	for s, rows := range bc.Rows {
		out[s] = make([][]int, len(rows))
		for b, digits := range rows {
			for _, d := range digits {
				i, err := strconv.ParseInt(string(d), 36, 32)
				if err != nil {
					t.Fatal(err)
				}
				out[s][b] = append(out[s][b], int(i))
			}
		}
	}
	return out
}

// distributions bootstraps the statistic that the case's name begins with; a coefficient by its own fast way and as any
// other function.
func (bc bootstrapCase) distributions(t *testing.T) map[string]*Distribution {
	t.Helper()
	data := make([][]float64, len(bc.Data))
	for i := range bc.Data {
		data[i] = floatsOf(bc.Data[i])
	}
	o := Options{Indices: bc.indices(t)}
	word, _, _ := strings.Cut(bc.Name, "_")
	out := map[string]*Distribution{}
	if c, err := ParseCoefficient(word); err == nil {
		d, err := Bootstrap(c, data[0], data[1], o)
		if err != nil {
			t.Fatalf("%s: %v", bc.Name, err)
		}
		out["counts"] = d
	}
	d, err := BootstrapFunc(data, bc.Paired, statisticNamed(t, word), o)
	if err != nil {
		t.Fatalf("%s: %v", bc.Name, err)
	}
	out["function"] = d
	return out
}

func statisticNamed(t *testing.T, word string) func([][]float64) (float64, error) {
	t.Helper()
	switch word {
	case "mean":
		return func(s [][]float64) (float64, error) {
			if len(s) == 2 {
				return mean(s[0]) - mean(s[1]), nil
			}
			return mean(s[0]), nil
		}
	case "median":
		return func(s [][]float64) (float64, error) { return median(s[0]), nil }
	}
	c, err := ParseCoefficient(word)
	if err != nil {
		t.Fatalf("statistic %q: %v", word, err)
	}
	return func(s [][]float64) (float64, error) { return c.Of(s[0], s[1]) }
}

func mean(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

func (c *comparer) compareDistribution(name string, d *Distribution, bc bootstrapCase) {
	c.t.Helper()
	c.count(name+" resamples", int64(len(d.Replicates)+d.Undefined), int64(bc.Resamples))
	c.value(name+" observed", d.Observed, nil, bc.Observed)
	c.value(name+" standard error", d.StdErr, nil, bc.StdErr)
	c.value(name+" z0", d.z0, nil, bc.Z0)
	c.value(name+" acceleration", d.accel, nil, bc.Accel)
	c.values(name+" replicates", d.Replicates, bc.Replicate, 1e-12)
	for s := range bc.Jackknife {
		c.values(name+" jackknife", d.jackknife[s], bc.Jackknife[s], 1e-12)
	}
	for level, want := range map[float64][]number{0.95: bc.Levels95, 0.9: bc.Levels90} {
		low, high := d.bcaLevels(level)
		c.values(fmt.Sprintf("%s BCa levels %v", name, level), []float64{low, high}, want, 1e-12)
	}
	for key, want := range bc.Intervals {
		method, level, _ := strings.Cut(key, "_")
		l, err := strconv.ParseFloat(level, 64)
		if err != nil {
			c.t.Fatal(err)
		}
		m, ok := map[string]IntervalMethod{"percentile": Percentile, "basic": Basic, "BCa": BCa}[method]
		if !ok {
			c.t.Fatalf("%s: interval method %q", name, method)
		}
		iv, err := d.Interval(m, l)
		if err != nil || iv.Fallback != "" {
			c.t.Errorf("%s %s: %v %s", name, key, err, iv.Fallback)
		}
		c.values(name+" "+key, []float64{iv.Low, iv.High}, want, 1e-12)
	}
}
