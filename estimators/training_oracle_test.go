package estimators

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators/internal/linear"
	"rwe301/estimators/internal/precision"
	"rwe301/estimators/internal/reference"
	"rwe301/estimators/internal/training"
	"rwe301/internal/oracle"
	"rwe301/network"
)

// trainingCase is a case of tools/oracles/training.py.
type trainingCase struct {
	oracle.Network
	TrainImages int `json:"train_images"`
	ValImages   int `json:"val_images"`
	Epochs      int
	Settings    struct {
		LR, Momentum, Clip, Gamma float64
		WeightDecay               float64 `json:"weight_decay"`
	}
	Rates       []float64
	StepLosses  []float64 `json:"step_losses"`
	GradNorms   []float64 `json:"grad_norms"`
	TrainLoss   []float64 `json:"train_loss"`
	ValLoss     []float64 `json:"val_loss"`
	ValAccuracy []float64 `json:"val_accuracy"`
	SoTL        []float64 `json:"sotl"`
	SoTLE2      []float64 `json:"sotl_e2"`
	TSEEMA      []float64 `json:"tse_ema"`
	Params      []struct {
		Name    string
		L2, Sum float64
		First3  []float64
	}
	Running []struct {
		Name   string
		MeanL2 float64 `json:"mean_l2"`
		VarSum float64 `json:"var_sum"`
	}
}

// drawn is a trainer whose weights are those of a case.
func drawn[T network.Real](t *testing.T, f *oracle.Network, s trainingSettings) *training.Trainer[T] {
	t.Helper()
	c := reference.Case{Arch: archOf(f.Arch), Seeds: f.Seeds}
	plan, err := s.Compile(c.Genotype(), f.Classes)
	if err != nil {
		t.Fatal(err)
	}
	theta, _ := c.Weights(plan, "", network.Scheme{}, 0)
	tr, err := newTrainer(s, plan, slices.Clone(precision.Convert[T](theta)), NewEnv(nil, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Exec.Close)
	return tr
}

// TestOracleTraining compares trainings with PyTorch's in float64: in float64 to the last digits. In float32 every
// epoch starts where float64's has come to: left to itself, a ReLU's input within rounding of zero may fall on the
// other side, and the paths part.
func TestOracleTraining(t *testing.T) {
	oracle.Each(t, "network", "training_*.json*", func(t *testing.T, path string) int {
		var f trainingCase
		oracle.Read(t, path, &f)
		c := &near{T: t}
		route := checkTraining[float64](c, &f, nil, 1e-9)
		checkTraining[float32](c, &f, route, 1e-4)
		return c.n
	})
}

// trainingState is what a training depends on between two epochs.
type trainingState struct {
	theta, velocity []float64
	running         [][]float64
}

// checkTraining trains, from state to state of a route if there is one, and returns its own.
func checkTraining[T network.Real](c *near, f *trainingCase, route []trainingState,
	tolerance float64) (taken []trainingState) {
	c.Helper()
	s := defaultTraining
	s.Channels, s.Layers, s.Epochs, s.Batch = f.C, f.Layers, f.Epochs, f.Batch
	s.LearningRate, s.Momentum, s.WeightDecay, s.Clip = f.Settings.LR, f.Settings.Momentum, f.Settings.WeightDecay,
		f.Settings.Clip
	s.Auxiliary, s.AuxiliaryWeight = f.AuxiliaryWeight > 0, f.AuxiliaryWeight
	s.TrainImages, s.ValImages, s.Resolution = f.TrainImages, f.ValImages, 32
	env := caseEnv(&reference.Case{TrainImages: f.TrainImages, ValImages: f.ValImages, Seeds: f.Seeds})
	images, err := s.Feed(env.Data, env.Inputs)
	if err != nil {
		c.Fatal(err)
	}
	t := drawn[T](c.T, &f.Network, s)
	arrive := func(t *training.Trainer[T]) error {
		state := trainingState{theta: slices.Clone(precision.Convert[float64](t.Theta)),
			velocity: slices.Clone(precision.Convert[float64](t.Velocity()))}
		for _, r := range t.Running() {
			state.running = append(state.running, slices.Clone(r))
		}
		taken = append(taken, state)
		if k := len(taken) - 1; route != nil && k+1 < f.Epochs {
			copy(t.Theta, precision.Convert[T](route[k].theta))
			copy(t.Velocity(), precision.Convert[T](route[k].velocity))
			for i, r := range t.Running() {
				copy(r, route[k].running[i])
			}
		}
		return nil
	}
	if err := t.Train(context.Background(), images, arrive); err != nil {
		c.Fatal(err)
	}
	for k := range f.Epochs {
		at := fmt.Sprintf(" of epoch %d in %T", k+1, T(0))
		c.close("rate"+at, s.Rate(k), f.Rates[k], 1e-15)
		c.close("training loss"+at, t.Curve.TrainLoss[k], f.TrainLoss[k], tolerance)
		c.close("validation loss"+at, t.Curve.ValLoss[k], f.ValLoss[k], tolerance)
		c.close("validation accuracy"+at, t.Curve.ValAccuracy[k], f.ValAccuracy[k], 1e-9) // of a count
		so := t.Curve.TrainLoss[:k+1]
		c.close("SoTL"+at, -sotl(training.Curve{TrainLoss: so}), f.SoTL[k], 3*tolerance)
		c.close("SoTL-E"+at, linear.Sum(so[max(0, len(so)-2):]), f.SoTLE2[k], 3*tolerance)
		c.close("TSE-EMA"+at, discounted(so, f.Settings.Gamma), f.TSEEMA[k], 3*tolerance)
	}
	views := map[string]network.View{}
	for _, v := range t.Exec.Plan().Views() {
		views[v.Name] = v
	}
	for _, p := range f.Params {
		v, ok := views[p.Name]
		if !ok {
			c.Fatalf("no parameter %s", p.Name)
		}
		values := precision.Convert[float64](t.Theta[v.Offset : v.Offset+v.Size])
		c.close(p.Name, linear.Sum(values), p.Sum, tolerance*max(1, p.L2))
		for i, want := range p.First3 {
			c.close(p.Name, values[i], want, tolerance)
		}
	}
	for _, r := range f.Running {
		mean, variance := t.Exec.Running(r.Name)
		if mean == nil {
			c.Fatalf("no normalisation %s", r.Name)
		}
		c.close(r.Name+" variance", linear.Sum(variance), r.VarSum, tolerance*max(1, r.VarSum))
	}
	return taken
}

// TestOracleDescent takes the five steps of the network cases, from where float64 stands before each: see
// TestOracleTraining.
func TestOracleDescent(t *testing.T) {
	oracle.Each(t, "network", "fx_*_C*_L*.json*", func(t *testing.T, path string) int {
		f := oracle.ReadNetwork(t, path)
		if len(f.SGD) == 0 {
			t.Skip("this case has no training")
		}
		c := &near{T: t}
		route := checkDescent[float64](c, f, nil, 1e-10, map[int]float64{1: 1e-10, 5: 1e-10})
		checkDescent[float32](c, f, route, 1e-5, map[int]float64{1: 1e-6, 5: 1e-5})
		return c.n
	})
}

// checkDescent descends, from place to place (theta, velocity) of a route if there is one, and returns its own.
func checkDescent[T network.Real](c *near, f *oracle.Network, route [][2][]float64, losses float64,
	parameters map[int]float64) (taken [][2][]float64) {
	c.Helper()
	var want struct {
		Settings struct {
			LR          float64 `json:"lr"`
			Momentum    float64
			WeightDecay float64 `json:"weight_decay"`
			ClipNorm    float64 `json:"clip_norm"`
			Steps       int
		}
		F64 struct {
			Losses     []float64
			ParamsFull map[string]map[string][]float64 `json:"params_full"`
		}
	}
	if err := json.Unmarshal(f.SGD, &want); err != nil {
		c.Fatal(err)
	}
	s := defaultTraining
	s.Channels, s.Layers, s.Variant, s.Batch = f.C, f.Layers, bench301.VariantNASLib, f.Batch
	s.Momentum, s.WeightDecay, s.Clip = want.Settings.Momentum, want.Settings.WeightDecay, want.Settings.ClipNorm
	t := drawn[T](c.T, f, s)
	images := dataset.Images{Height: 32, Width: 32, Pixels: f.Images(c.T), Labels: f.Labels}
	for step := range want.Settings.Steps {
		if route != nil {
			copy(t.Theta, precision.Convert[T](route[step][0]))
			copy(t.Velocity(), precision.Convert[T](route[step][1]))
		}
		taken = append(taken, [2][]float64{slices.Clone(precision.Convert[float64](t.Theta)),
			slices.Clone(precision.Convert[float64](t.Velocity()))})
		loss, _, err := t.Step(images, want.Settings.LR)
		if err != nil {
			c.Fatal(err)
		}
		c.close(fmt.Sprintf("loss before step %d", step+1), loss, want.F64.Losses[step], losses)
		for _, v := range t.Exec.Plan().Views() {
			for i, p := range want.F64.ParamsFull[strconv.Itoa(step+1)][v.Name] {
				c.close(fmt.Sprintf("%s after step %d", v.Name, step+1), float64(t.Theta[v.Offset+i]), p, parameters[step+1])
			}
		}
	}
	return taken
}
