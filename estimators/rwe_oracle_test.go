package estimators

import (
	"context"
	"fmt"
	"math"
	"testing"

	"rwe301/bench301"
	"rwe301/estimators/inputs"
	"rwe301/estimators/internal/linear"
	"rwe301/estimators/internal/reference"
	"rwe301/internal/oracle"
)

// rweCase is a case of tools/oracles/rwe.py.
type rweCase struct {
	Arch                  [2][][2]uint8
	C, Layers, Resolution int
	Variant               bench301.Variant
	Classes               int
	TrainImages           int `json:"train_images"`
	ValImages             int `json:"val_images"`
	Batch                 int
	Seeds                 map[string]uint64
	FeaturesTrain         [][]float64 `json:"features_train"`
	FeaturesVal           [][]float64 `json:"features_val"`
	Ridge                 ridgeCase
	RidgeRaw              ridgeCase `json:"ridge_raw"`
	FeatStd               float64
	EffDim                map[string]float64
	MapEffDim             map[string]float64 `json:"map_effdim"`
	Readouts              []readoutCase
	Descent               []descentCase
}

type descentCase struct {
	Solver        string
	Schedule      string
	Epochs, Batch int
	LR            float64
	Seed          uint64
	Train, Val    measureCase
}

type ridgeCase struct {
	Lambda     float64
	Train, Val measureCase
}

type measureCase struct {
	Accuracy     float64
	CrossEntropy float64 `json:"cross_entropy"`
	SquaredError float64 `json:"squared_error"`
}

type readoutCase struct {
	Readout, Pooling, Norm string
	Columns                int
	Sum, Magnitude, L2     float64
	First3                 []float64
}

// reference is the case as a source of inputs.
func (f *rweCase) reference() *reference.Case {
	return &reference.Case{
		Name: "case", Arch: archOf(f.Arch), Channels: f.C, Layers: f.Layers, Classes: f.Classes, Variant: f.Variant,
		Resolution: f.Resolution,
		Batch:      f.Batch, TrainImages: f.TrainImages, ValImages: f.ValImages, Seeds: f.Seeds,
	}
}

// archOf is an architecture as cases write it.
func archOf[N uint8 | int](arch [2][][2]N) (out [2][8][2]uint8) {
	for c, cell := range arch {
		for k, e := range cell {
			out[c][k] = [2]uint8{uint8(e[0]), uint8(e[1])}
		}
	}
	return out
}

func (f *rweCase) genotype() bench301.Architecture {
	g := f.reference().Genotype()
	return asWritten{g, g}
}

// settings are those of the case, before what a test adds.
func (f *rweCase) settings() string {
	return fmt.Sprintf("channels=%d,layers=%d,resolution=%d,variant=%s,batch=%d,train_images=%d", f.C, f.Layers,
		f.Resolution, f.Variant, f.Batch, f.TrainImages)
}

func (f *rweCase) env() *Env { return caseEnv(f.reference()) }

// caseEnv is an environment whose inputs are a case's.
func caseEnv(c *reference.Case) *Env {
	env := NewEnv(c.Data(), 0)
	env.Inputs = c
	env.work.begin(c.Genotype().ID())
	return env
}

// asWritten hides an architecture's canonical form: a case's parameters are in the order in which it is written.
type asWritten struct {
	bench301.Architecture
	bench301.OperationCounter
}

func (f *rweCase) frozen(t *testing.T) frozenSettings {
	return configured(t, "featstd:"+f.settings()).Estimator.(featStd).frozenSettings
}

// near compares numbers and counts them.
type near struct {
	*testing.T
	n int
}

func (c *near) close(what string, got, want, tolerance float64) {
	c.Helper()
	c.n++
	if !(math.Abs(got-want) <= tolerance) {
		c.Errorf("%s: %.12g, want %.12g (off by %.2g, tolerance %.2g)", what, got, want, math.Abs(got-want), tolerance)
	}
}

// Scores from images and weights to the end, in float32 up to the features.
func TestOracleRWE(t *testing.T) {
	oracle.Each(t, "network", "rwe_*.json*", func(t *testing.T, path string) int {
		var f rweCase
		oracle.Read(t, path, &f)
		c, env := &near{T: t}, f.env()
		score := func(spec string) float64 {
			t.Helper()
			return value(t, configured(t, spec), f.genotype(), env)
		}
		net := f.settings()
		for _, r := range []struct {
			name string
			ridgeCase
			standardise bool
		}{{"ridge", f.Ridge, true}, {"raw ridge", f.RidgeRaw, false}} {
			spec := fmt.Sprintf("rwe-ridge:%s,val_images=%d,lambda=%v,standardise=%v,score=", net, f.ValImages, r.Lambda,
				r.standardise)
			c.close(r.name+" validation accuracy", score(spec+"val-accuracy"), r.Val.Accuracy, 1e-10) // of a count
			c.close(r.name+" validation cross-entropy", -score(spec+"val-cross-entropy"), r.Val.CrossEntropy, 1e-5)
			c.close(r.name+" validation error", -score(spec+"val-mse"), r.Val.SquaredError, 1e-5)
			c.close(r.name+" training accuracy", score(spec+"train-accuracy"), r.Train.Accuracy, 1e-10) // of a count
			c.close(r.name+" training loss", -score(spec+"train-loss"), r.Train.SquaredError, 1e-5)
		}
		for _, d := range f.Descent {
			f.Seeds["head"] = d.Seed
			env = f.env()
			spec := fmt.Sprintf("rwe:%s,val_images=%d,head=%s,epochs=%d,head_batch=%d,learning_rate=%v,score=", net, f.ValImages,
				d.Solver, d.Epochs, d.Batch, d.LR)
			c.close(d.Solver+" validation accuracy", score(spec+"val-accuracy"), d.Val.Accuracy, 1e-10)
			c.close(d.Solver+" validation cross-entropy", -score(spec+"val-cross-entropy"), d.Val.CrossEntropy, 2e-5)
			c.close(d.Solver+" validation error", -score(spec+"val-mse"), d.Val.SquaredError, 1e-5)
			c.close(d.Solver+" training accuracy", score(spec+"train-accuracy"), d.Train.Accuracy, 1e-10)
			c.close(d.Solver+" training loss", -score(spec+"train-loss"), d.Train.CrossEntropy, 1e-5)
		}
		c.close("featstd", score("featstd:"+net), f.FeatStd, 1e-5)
		for lambda, want := range f.EffDim {
			c.close("effdim "+lambda, score("effdim:"+net+",lambda="+lambda), want, 1e-5*want)
		}
		for lambda, want := range f.MapEffDim {
			c.close("map-effdim "+lambda, score("map-effdim:"+net+",lambda="+lambda), want, 1e-5*want)
		}
		return c.n
	})
}

// The preset near-paper on a narrow network: Kaiming normal weights, raw features, batches of which the last is short,
// and a learning rate that falls by a cosine, from images and weights to the end.
func TestOracleNearPaper(t *testing.T) {
	oracle.Each(t, "network", "near_paper*.json*", func(t *testing.T, path string) int {
		var f rweCase
		oracle.Read(t, path, &f)
		c := &near{T: t}
		net := f.settings() + fmt.Sprintf(",preset=near-paper,val_images=%d", f.ValImages)
		s := configured(t, "rwe:"+net).Estimator.(rweScore)
		m, err := s.features(context.Background(), f.genotype(), f.env(), 0, inputs.Span{To: f.TrainImages})
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range f.FeaturesTrain {
			for k, want := range row {
				c.close(fmt.Sprintf("feature %d of image %d", k, i), m.Row(i)[k], want, 1e-5)
			}
		}
		for _, d := range f.Descent {
			f.Seeds["head"] = d.Seed
			env := f.env()
			spec := fmt.Sprintf("rwe:%s,head=%s,schedule=%s,epochs=%d,learning_rate=%v,score=", net, d.Solver, d.Schedule,
				d.Epochs, d.LR)
			name := d.Solver + " " + d.Schedule + " "
			score := func(measure string) float64 { return value(t, configured(t, spec+measure), f.genotype(), env) }
			c.close(name+"validation accuracy", score("val-accuracy"), d.Val.Accuracy, 1e-10) // of a count
			c.close(name+"validation cross-entropy", -score("val-cross-entropy"), d.Val.CrossEntropy, 1e-5)
			c.close(name+"validation error", -score("val-mse"), d.Val.SquaredError, 1e-6)
			c.close(name+"training accuracy", score("train-accuracy"), d.Train.Accuracy, 1e-10)
			c.close(name+"training loss", -score("train-loss"), d.Train.CrossEntropy, 1e-5)
		}
		return c.n
	})
}

// Features of every readout, pooling and normalisation.
func TestOracleReadouts(t *testing.T) {
	oracle.Each(t, "network", "rwe_*.json*", func(t *testing.T, path string) int {
		var f rweCase
		oracle.Read(t, path, &f)
		c, env := &near{T: t}, f.env()
		val := inputs.Span{From: f.TrainImages, To: f.TrainImages + f.ValImages}
		for _, r := range f.Readouts {
			s := f.frozen(t)
			s.Readout, s.Pooling, s.Norm = readout(r.Readout), poolingName(r.Pooling), normName(r.Norm)
			m, err := s.features(context.Background(), f.genotype(), env, 0, val)
			if err != nil {
				t.Fatal(err)
			}
			name := r.Readout + " " + r.Pooling + " " + r.Norm
			c.close(name+" columns", float64(m.D), float64(r.Columns), 0)
			square := 0.0
			for _, v := range m.Values {
				square += v * v
			}
			c.close(name+" sum", linear.Sum(m.Values), r.Sum, 2e-6*r.Magnitude)
			c.close(name+" l2", math.Sqrt(square), r.L2, 2e-6*r.L2)
			for k, v := range r.First3 {
				c.close(fmt.Sprintf("%s feature %d", name, k), m.Row(m.N - 1)[k], v, 2e-5*r.L2/math.Sqrt(float64(len(m.Values))))
			}
		}
		return c.n
	})
}

// Scores of given features, in float64 from end to end.
func TestOracleFeatureSpace(t *testing.T) {
	oracle.Each(t, "network", "rwe_*.json*", func(t *testing.T, path string) int {
		var f rweCase
		oracle.Read(t, path, &f)
		c, env := &near{T: t}, f.env()
		for images, rows := range map[inputs.Span][][]float64{
			{To: f.TrainImages}: f.FeaturesTrain, {From: f.TrainImages, To: f.TrainImages + f.ValImages}: f.FeaturesVal,
		} {
			s := f.frozen(t)
			s.Seeds, s.TrainImages = 0, 0
			m := linear.Matrix{N: len(rows), D: len(rows[0])}
			for _, row := range rows {
				m.Values = append(m.Values, row...)
			}
			if _, err := share(env, featureKey{s, 0, images}, func() (linear.Matrix, error) { return m, nil }); err != nil {
				t.Fatal(err)
			}
		}
		score := func(spec string) float64 {
			t.Helper()
			return value(t, configured(t, spec), f.genotype(), env)
		}
		spec := fmt.Sprintf("rwe-ridge:%s,val_images=%d,lambda=%v,score=", f.settings(), f.ValImages, f.Ridge.Lambda)
		c.close("validation cross-entropy", -score(spec+"val-cross-entropy"), f.Ridge.Val.CrossEntropy, 1e-11)
		c.close("validation error", -score(spec+"val-mse"), f.Ridge.Val.SquaredError, 1e-11)
		c.close("training loss", -score(spec+"train-loss"), f.Ridge.Train.SquaredError, 1e-11)
		c.close("featstd", score("featstd:"+f.settings()), f.FeatStd, 1e-12)
		for lambda, want := range f.EffDim {
			c.close("effdim "+lambda, score("effdim:"+f.settings()+",lambda="+lambda), want, 1e-11*want)
		}
		return c.n
	})
}
