package estimators

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/internal/oracle"
)

// Counts of genotypes and scores, as tools/oracles/effdim_cell.py has them.
func TestOracleEffDimCell(t *testing.T) {
	oracle.Each(t, "network", "effdim_cell*.json*", func(t *testing.T, path string) int {
		var f struct {
			Cases []struct {
				Name       string
				EffDimCell map[string]float64 `json:"effdim_cell"`
				MapEffDim  map[string]float64 `json:"map_effdim"`
			}
			Counts []struct {
				Arch        string
				Separable   int
				FromInputs  int `json:"from_inputs"`
				NormalSkips int `json:"normal_skips"`
			}
		}
		oracle.Read(t, path, &f)
		c := &near{T: t}
		for _, want := range f.Counts {
			g, _, err := bench301.ParseGenotype(want.Arch)
			if err != nil {
				t.Fatal(err)
			}
			n := g.CountOperations()
			if c.n += 3; n.Separable != want.Separable || n.FromInputs != want.FromInputs || n.NormalSkips != want.NormalSkips {
				t.Errorf("%s: %+v, want %+v", want.Arch, n, want)
			}
		}
		for _, want := range f.Cases {
			var r rweCase
			oracle.Read(t, strings.Replace(path, "effdim_cell.json", want.Name+".json.gz", 1), &r)
			for lambda, v := range want.EffDimCell {
				spec := fmt.Sprintf("effdim-cell:%s,lambda=%s", r.settings(), lambda)
				c.close(want.Name+" "+lambda, value(t, configured(t, spec), r.genotype(), r.env()), v,
					1e-5*want.MapEffDim[lambda]/25.5)
			}
		}
		return c.n
	})
}

// The score is the sum of its parts to the bit, under every setting that map-effdim has.
func TestEffDimCellIsItsParts(t *testing.T) {
	seen := map[float64]bool{}
	for _, s := range []string{"channels=4", "channels=6", "channels=4,preset=cheap", "lambda=0.01", "norm=none", "batch=8",
		"pooling=grid", "readout=last2", "seeds=2", "variant=naslib", "init=orthogonal"} {
		spec := "layers=3,resolution=8,train_images=40," + s
		for _, a := range sampled(t, 3) {
			g := a.(bench301.Genotype)
			env := NewEnv(dataset.Sample(), 5)
			whole := value(t, configured(t, "effdim-cell:"+spec), a, env)
			part := value(t, configured(t, "map-effdim:"+spec), a, env)
			separable := value(t, configured(t, "sepconv-count"), a, env)
			inputs, skips := 0.0, 0.0
			for k := range bench301.EdgesPerCell {
				for _, e := range []bench301.Edge{g.Normal[k], g.Reduce[k]} {
					if e.Source < 2 {
						inputs++
					}
				}
				if g.Normal[k].Op == bench301.SkipConnect {
					skips++
				}
			}
			if want := part/25.5 + separable/1.8 + inputs/1.4 + skips; math.Float64bits(whole) != math.Float64bits(want) {
				t.Errorf("%s of %s: %v, its parts sum to %v", spec, a, whole, want)
			}
			seen[part] = true
		}
	}
	if len(seen) < 25 {
		t.Errorf("%d values of map-effdim: settings do not reach it", len(seen))
	}
}

// It has the settings of map-effdim, and is spared its work.
func TestEffDimCellSharesMapEffDim(t *testing.T) {
	mine, err := Settings("effdim-cell")
	if err != nil {
		t.Fatal(err)
	}
	others, _ := Settings("map-effdim")
	if fmt.Sprint(mine) != fmt.Sprint(others) {
		t.Errorf("settings %v, of map-effdim %v", mine, others)
	}
	env, a := NewEnv(dataset.Sample(), 0), sampled(t, 1)[0]
	value(t, configured(t, "map-effdim:"+quick), a, env)
	items := len(env.work.items)
	s, err := configured(t, "effdim-cell:"+quick).Score(context.Background(), a, env)
	if err != nil || s.Seconds <= s.Shared || len(env.work.items) != items {
		t.Errorf("no work was spared: %+v, %v", s, err)
	}
}

// It is not defined where operations are not counted, which it says before any pass, and has no value where map-effdim
// has none.
func TestWhereEffDimCellHasNoValue(t *testing.T) {
	cell, _, err := bench301.NASBench201{}.Parse(
		"|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|")
	if err != nil {
		t.Fatal(err)
	}
	const undefined = "not defined for this search space"
	for _, name := range []string{"effdim-cell", "sepconv-count"} {
		c := configured(t, name)
		if err := c.Fits(cell); err == nil || !strings.HasPrefix(err.Error(), undefined) {
			t.Errorf("%s fits NAS-Bench-201: %v", name, err)
		}
		s, err := c.Score(context.Background(), cell, NewEnv(dataset.Sample(), 0))
		if err != nil || s.Status != Failed || !strings.HasPrefix(s.Reason, undefined) || s.Value != 0 {
			t.Errorf("%s of NAS-Bench-201: %+v, %v", name, s, err)
		}
	}
	a := sampled(t, 1)[0]
	if err := configured(t, "effdim-cell").Fits(a); err != nil {
		t.Error(err)
	}
	const overflow = ":norm=none,init=normal,gain=1e9," + quick
	var reasons []string
	for _, name := range []string{"map-effdim", "effdim-cell"} {
		s, err := configured(t, name+overflow).Score(context.Background(), a, NewEnv(dataset.Sample(), 0))
		if err != nil || s.Status == OK || s.Value != 0 {
			t.Errorf("%s of features that overflow: %+v, %v", name, s, err)
		}
		reasons = append(reasons, string(s.Status)+s.Reason)
	}
	if reasons[0] != reasons[1] {
		t.Errorf("reasons %q", reasons)
	}
}
