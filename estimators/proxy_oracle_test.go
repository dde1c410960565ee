package estimators

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/estimators/internal/linear"
	"rwe301/estimators/internal/precision"
	"rwe301/estimators/internal/reference"
	"rwe301/internal/oracle"
)

// proxyCase is what a network case says about scores.
type proxyCase struct {
	*oracle.Network
	want struct {
		Proxies map[string]float64
		NWOTK   [][]int `json:"nwot_K"`
	}
	perLayer []struct {
		Layer                               string
		L2Norm                              float64 `json:"l2_norm"`
		GradNorm                            float64 `json:"grad_norm"`
		SNIP, Plain, GraSP, SynFlow, Fisher float64
	}
}

func readProxies(t *testing.T, path string) *proxyCase {
	t.Helper()
	f := &proxyCase{Network: oracle.ReadNetwork(t, path)}
	for _, part := range []struct {
		raw  json.RawMessage
		into any
	}{{f.F64, &f.want}, {f.PerLayer, &f.perLayer}} {
		if part.raw == nil {
			continue // summaries have nothing a layer
		}
		if err := json.Unmarshal(part.raw, part.into); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// reference is the case as a source of inputs.
func (f *proxyCase) reference(t *testing.T) *reference.Case {
	t.Helper()
	f.Images(t) // checks that the streams agree
	return &reference.Case{
		Name: "case", Arch: archOf(f.Arch), Channels: f.C, Layers: f.Layers, Classes: f.Classes,
		Variant: bench301.VariantNASLib, Resolution: 32,
		Batch: f.Batch, Labels: f.Labels, Seeds: f.Seeds,
	}
}

// prepared is the case's environment and architecture.
func (f *proxyCase) prepared(t *testing.T) (*Env, bench301.Genotype) {
	t.Helper()
	c := f.reference(t)
	return caseEnv(c), c.Genotype()
}

// proxy are the case's settings.
func (f *proxyCase) proxy(t *testing.T) proxySettings {
	t.Helper()
	return f.configured(t, "grad_norm").Estimator.(layerScores).proxySettings
}

func (f *proxyCase) configured(t *testing.T, spec string) *Configured {
	t.Helper()
	name, more, _ := strings.Cut(spec, ":")
	defaults := configured(t, name)
	return configured(t, name+":"+strings.Trim(f.reference(t).Settings(func(key string) bool {
		_, has := defaults.Setting(key)
		return has
	})+","+more, ","))
}

// TestOracleProxies compares scores with those of PyTorch in float64 on the same weights and images: in float64 almost
// to the last digit, in float32 at the tolerances of the cases' format.
func TestOracleProxies(t *testing.T) {
	oracle.Each(t, "network", "fx_*_C*_L*.json*", func(t *testing.T, path string) int {
		f := readProxies(t, path)
		c := &near{T: t}
		env, a := f.prepared(t)
		estimate := func(spec string) Score {
			t.Helper()
			s, err := f.configured(t, spec).Estimate(context.Background(), a, env)
			if err != nil {
				t.Fatalf("%s: %v", spec, err)
			}
			return s
		}
		want := f.want.Proxies
		c.close("params", estimate("params").Value/1e6, float64(f.counts().Params)/1e6, 0)
		c.close("flops", estimate("flops").Value/1e6, float64(f.counts().Flops)/1e6, 0)
		c.close("l2_norm", estimate("l2_norm").Value, want["l2_norm"], 1e-6*want["l2_norm"])
		c.close("zen", estimate("zen").Value, want["zen"], 1e-5)
		for _, p := range []precision.Name{precision.Float64, precision.Float32} {
			score := func(name string) float64 {
				t.Helper()
				return estimate(fmt.Sprintf("%s:precision=%s", name, p)).Value
			}
			tolerance := func(single float64) float64 {
				if p == precision.Float64 {
					return 1e-9
				}
				return single
			}
			relative := func(name, field string, single float64) {
				t.Helper()
				c.close(fmt.Sprintf("%s in %s", name, p), score(name), want[field], tolerance(single)*math.Abs(want[field]))
			}
			c.close("synflow", score("synflow"), want["synflow"], tolerance(1e-6))
			relative("grad_norm", "grad_norm", 1e-4)
			relative("snip", "snip", 1e-4)
			relative("fisher", "fisher", 1e-3)
			relative("jacov-eval", "jacov_evalmode", 1e-5)
			relative("epe_nas-eval", "epe_nas_evalmode", 1e-5)
			c.close("plain", score("plain"), want["plain"], tolerance(1e-6)*want["snip"])
			checkCodes(c, f, env, a, p, score("nwot"))
			s := f.proxy(t)
			s.Precision = p
			grasp, err := precision.Either(p, graspLayers[float32], graspLayers[float64])(context.Background(), s, a,
				env)
			if err != nil {
				t.Fatal(err)
			}
			magnitude := 0.0
			for _, l := range grasp {
				magnitude += math.Abs(l)
			}
			c.close("grasp", linear.Sum(grasp), want["grasp"], tolerance(1e-5)*magnitude)
		}
		for _, name := range []string{"jacov", "epe_nas"} {
			if s := estimate(name); len(s.Warnings) == 0 {
				t.Errorf("%s does not warn", name)
			}
		}
		return c.n
	})
}

// counts are the complexity at the case's size.
func (f *proxyCase) counts() (n struct{ Params, Flops int64 }) {
	for _, k := range f.Counts {
		if int(k.C) == f.C && int(k.Layers) == f.Layers {
			n.Params, n.Flops = k.Params, k.Flops
		}
	}
	return n
}

// checkCodes compares nwot's counts, and its score where they agree to the last one.
func checkCodes(c *near, f *proxyCase, env *Env, a bench301.Architecture, p precision.Name, score float64) {
	c.Helper()
	s := f.proxy(c.T)
	s.Precision = p
	agree, err := s.agreement(context.Background(), a, env)
	if err != nil {
		c.Fatal(err)
	}
	allowed := 0.0
	if f.Kind == "summary" && p == precision.Float32 {
		allowed = 5 // of 700000: inputs near zero
	}
	exact := true
	for i, row := range f.want.NWOTK {
		for j, k := range row {
			got := agree[i*f.Batch+j]
			exact = exact && got == k
			c.close(fmt.Sprintf("nwot K[%d][%d]", i, j), float64(got), float64(k), allowed)
		}
	}
	tolerance := 1e-12
	if !exact {
		tolerance = 1e-5
	}
	c.close("nwot", score, f.want.Proxies["nwot"], tolerance*f.want.Proxies["nwot"])
}

// TestOracleProxyLayers compares every layer's part of the scores that add up over layers.
func TestOracleProxyLayers(t *testing.T) {
	oracle.Each(t, "network", "fx_*_C*_L*.json*", func(t *testing.T, path string) int {
		f := readProxies(t, path)
		c := &near{T: t}
		env, a := f.prepared(t)
		ctx := context.Background()
		if len(f.perLayer) == 0 {
			t.Skip("a summary: it has nothing a layer")
		}
		s := f.proxy(t)
		layers := func(of layerFunc) []float64 {
			t.Helper()
			out, err := of(ctx, s, a, env)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		p, err := passesOf[float32](s, a, env, false)
		if err != nil {
			t.Fatal(err)
		}
		l2 := layerNorms(p.plan, p.theta)
		grad, snip, plain, fisher, grasp := layers(gradNormLayers[float32]), layers(snipLayers[float32]),
			layers(plainLayers[float32]), layers(fisherLayers[float32]), layers(graspLayers[float32])
		flow, err := synflowSettings{s.initialSettings, precision.Float64}.layers(ctx, a, env)
		if err != nil {
			t.Fatal(err)
		}
		flow32, err := synflowSettings{s.initialSettings, precision.Float32}.layers(ctx, a, env)
		if err != nil {
			t.Fatal(err)
		}
		if len(l2) != len(f.perLayer) {
			t.Fatalf("%d layers, want %d", len(l2), len(f.perLayer))
		}
		g, all := 1e-4, f.want.Proxies
		graspAll := 0.0
		for _, l := range f.perLayer {
			graspAll += math.Abs(l.GraSP)
		}
		for i, l := range f.perLayer {
			if p.weights[i].Name != l.Layer {
				t.Errorf("layer %d: %s, want %s", i, p.weights[i].Name, l.Layer)
			}
			c.close(l.Layer+" l2_norm", l2[i], l.L2Norm, 1e-6*l.L2Norm)
			c.close(l.Layer+" grad_norm", grad[i], l.GradNorm, g*l.GradNorm+1e-6*all["grad_norm"])
			c.close(l.Layer+" snip", snip[i], l.SNIP, g*l.SNIP+1e-6*all["snip"])
			c.close(l.Layer+" plain", plain[i], l.Plain, 1e-6*all["snip"])
			c.close(l.Layer+" fisher", fisher[i], l.Fisher, 10*g*l.Fisher+1e-6*all["fisher"])
			c.close(l.Layer+" grasp", grasp[i], l.GraSP, 1e-5*graspAll)
			c.close(l.Layer+" synflow", flow[i], l.SynFlow, 1e-9*l.SynFlow)
			c.close(l.Layer+" synflow in float32", flow32[i], l.SynFlow, 1e-5*l.SynFlow)
		}
		return c.n
	})
}

// TestOracleScoreFunctions compares the functions of matrices alone.
func TestOracleScoreFunctions(t *testing.T) {
	oracle.Each(t, "network", "fx_scores*.json*", func(t *testing.T, path string) int {
		var f struct {
			Cases []struct {
				Name            string
				Rows, Cols      int
				Matrix          [][]float32
				SeedMatrix      uint64 `json:"seed_matrix"`
				SeedLabels      uint64 `json:"seed_labels"`
				Labels          []int
				Jacov           float64
				EPENAS          float64   `json:"epe_nas"`
				CorrelationRow0 []float64 `json:"corr_row0"`
				NWOTRow0        []int     `json:"nwot_K_row0"`
				LogDet          float64   `json:"nwot_logdet"`
			}
		}
		oracle.Read(t, path, &f)
		c := &near{T: t}
		for _, k := range f.Cases {
			rows := seededMatrix(k.SeedMatrix, k.Rows, k.Cols)
			labels, s := make([]int, k.Rows), oracle.NewStream(k.SeedLabels)
			for i := range labels {
				labels[i] = s.Label()
			}
			for i, row := range k.Matrix {
				for j, v := range row {
					c.close("matrix", rows[i*k.Cols+j], float64(v), 0)
				}
			}
			got, err := jacov(rows, labels)
			if err != nil {
				t.Fatal(err)
			}
			c.close(k.Name+" jacov", got, k.Jacov, 1e-10*math.Abs(k.Jacov))
			if got, err = epeNAS(rows, labels); err != nil {
				t.Fatal(err)
			}
			c.close(k.Name+" epe_nas", got, k.EPENAS, 1e-10*k.EPENAS)
			r, err := correlations(rows, k.Rows)
			if err != nil {
				t.Fatal(err)
			}
			for j, v := range k.CorrelationRow0 {
				c.close("correlation", r.At(0, j), v, 1e-12)
			}
			words := (k.Cols + 63) / 64
			signs, agree := make([]uint64, k.Rows*words), make([]int, k.Rows*k.Rows)
			for i, v := range rows {
				if v > 0 {
					signs[i/k.Cols*words+i%k.Cols/64] |= 1 << (i % k.Cols % 64)
				}
			}
			countAgreement(agree, signs, k.Rows, k.Cols)
			det := make([]float64, len(agree))
			for i, v := range agree {
				det[i] = float64(v)
			}
			for j, v := range k.NWOTRow0 {
				c.close("agreement", det[j], float64(v), 0)
			}
			if got, err = logAbsDet(det, k.Rows); err != nil {
				t.Fatal(err)
			}
			c.close(k.Name+" ln det", got, k.LogDet, 1e-11*k.LogDet)
		}
		return c.n
	})
}

// seededMatrix is row i = a[i] + 0.5*a[(i+1) mod rows] of a matrix a of normal draws.
func seededMatrix(seed uint64, rows, cols int) []float64 {
	s := oracle.NewStream(seed)
	a := make([]float32, rows*cols)
	for i := range a {
		a[i] = s.Normal12()
	}
	out := make([]float64, len(a))
	for i := range out {
		out[i] = float64(a[i] + float32(0.5*a[(i+cols)%len(a)]))
	}
	return out
}
