package estimators

import (
	"context"
	_ "embed" // the case is part of the binary
	"encoding/json"
	"fmt"
	"iter"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/internal/splitmix"
)

// trainingReferenceCase is written by tools/oracles/check.py.
//
//go:embed reference_training.json
var trainingReferenceCase []byte

// trainingReference is a training that PyTorch did in float64, with what it came to after the last epoch.
type trainingReference struct {
	Arch        [2][8][2]uint8     `json:"arch"`
	Channels    int                `json:"C"`
	Layers      int                `json:"layers"`
	Classes     int                `json:"classes"`
	TrainImages int                `json:"train_images"`
	ValImages   int                `json:"val_images"`
	Batch       int                `json:"batch"`
	Epochs      int                `json:"epochs"`
	Auxiliary   float64            `json:"auxiliary_weight"`
	Seeds       map[string]uint64  `json:"seeds"`
	Settings    map[string]float64 `json:"settings"`
	Want        map[string]float64 `json:"want"` // by what Parse reads, without the settings of the case

	Curves []struct { // of accuracies, with what fits to them say at the final epoch
		Accuracies []float64          `json:"accuracies"`
		Final      float64            `json:"final"`
		Want       map[string]float64 `json:"want"`
	} `json:"curves"`
}

// Where the numbers come from.
const (
	trainingSource = "PyTorch 1.13 in float64 (tools/oracles/training.py)"
	curveSource    = "scipy (tools/oracles/extrapolation.py)"
)

// checkTrained trains the case in float64, has the estimators of training read its curve, and fits curves to others.
func checkTrained(ctx context.Context, compare func(estimator, source string, got, want, tolerance float64, err error)) error {
	var f trainingReference
	if err := json.Unmarshal(trainingReferenceCase, &f); err != nil {
		return fmt.Errorf("the training in the binary: %w", err)
	}
	r := reference{Arch: f.Arch, Resolution: 32, Batch: f.TrainImages + f.ValImages}
	s := training
	s.Channels, s.Layers, s.Epochs, s.Batch, s.Precision = f.Channels, f.Layers, f.Epochs, f.Batch, Double
	s.LearningRate, s.Momentum, s.WeightDecay, s.Clip = f.Settings["lr"], f.Settings["momentum"], f.Settings["weight_decay"], f.Settings["clip"]
	s.Auxiliary, s.AuxiliaryWeight = f.Auxiliary > 0, f.Auxiliary
	env := NewEnv(&dataset.Set{Name: "training", Hash: "0", Classes: make([]string, f.Classes)}, 0)
	env.work.begin(r.genotype().ID())
	defer env.work.end()
	if _, err := share(env, s, func() (*Curve, error) {
		plan, err := s.compile(r.genotype(), f.Classes)
		if err != nil {
			return nil, err
		}
		theta, stream := make([]float32, plan.NumParams()), splitmix.New(f.Seeds["params"])
		for _, v := range plan.Views() {
			stream.Fill(theta[v.Offset:v.Offset+v.Size], v.FanIn, v.Kind == bench301.NormWeight)
		}
		input, labels := splitmix.New(f.Seeds["input"]), splitmix.New(f.Seeds["labels"])
		images := dataset.Images{Height: 32, Width: 32, Pixels: r.pixels(func() float32 { return 2 * input.Symmetric() })}
		for range r.Batch {
			images.Labels = append(images.Labels, int(labels.Next()>>33%10))
		}
		t, err := newTrainer(s, plan, convert[float64](theta), env)
		if err != nil {
			return nil, err
		}
		return &t.curve, t.train(ctx, strides(images, f.TrainImages, f.Batch), func(*trainer[float64]) error { return nil })
	}); err != nil {
		return err
	}
	for spec, want := range f.Want {
		c, err := Parse(spec)
		if err != nil {
			return err
		}
		var settings, more map[string]json.RawMessage
		_, _ = json.Unmarshal(c.Settings, &settings), json.Unmarshal(canonicalSettings(s), &more)
		for k, v := range more {
			settings[k] = v
		}
		raw, _ := json.Marshal(settings)
		if c, err = New(c.Info.Name, raw); err != nil {
			return err
		}
		score, err := c.Estimate(ctx, r.genotype(), env)
		compare(c.Info.Name, trainingSource, score.Value, want, 1e-9*max(1, want, -want), err)
	}
	for _, c := range f.Curves {
		for _, family := range []struct {
			key, estimator string
			curveFamily
		}{{"power", "lce-power", powerLaw}, {"logpower", "lce-logpower", logPower}} {
			value := 0.0
			r, err := family.fit(c.Accuracies)
			if err == nil {
				value = r.at(c.Final)
			}
			compare(family.estimator, curveSource, value, c.Want[family.key], 1e-4, err)
		}
	}
	return nil
}

// strides feeds n images of which the rest validate: image i of epoch k, counted from 0, is number (i + 5k) mod n.
func strides(images dataset.Images, n, batch int) feed {
	return feed{
		val: images.Slice(n, images.Len()), steps: n / batch,
		epoch: func(k int) iter.Seq2[dataset.Images, error] {
			return func(yield func(dataset.Images, error) bool) {
				for step := range n / batch {
					m := dataset.Images{Height: images.Height, Width: images.Width}
					for i := range batch {
						at := (step*batch + i + 5*k) % n
						one := images.Slice(at, at+1)
						m.Pixels, m.Labels = append(m.Pixels, one.Pixels...), append(m.Labels, one.Labels...)
					}
					if !yield(m, nil) {
						return
					}
				}
			}
		},
	}
}
