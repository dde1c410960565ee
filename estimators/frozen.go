package estimators

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rwe301/bench301"
	"rwe301/estimators/inputs"
	"rwe301/estimators/internal/linear"
	"rwe301/network"
)

const frozenMode = "train images once through the random network, batch statistics (setting norm), no gradient"

var frozen = frozenSettings{
	Channels: 8, Layers: 8, Variant: bench301.VariantNASLib, Resolution: 32, Init: network.Default, Fan: network.FanIn,
	Norm: normBatch, Batch: 100, TrainImages: 1000, Readout: "last", Pooling: poolMean, Seeds: 1,
}

// frozenSettings are the settings of a random network whose features are read.
type frozenSettings struct {
	Channels    int                  `json:"channels"`
	Layers      int                  `json:"layers"`
	Variant     bench301.Variant     `json:"variant"`
	Resolution  int                  `json:"resolution"` // images are mean-pooled 2x2 until they have this side
	Init        network.Distribution `json:"init"`
	Fan         network.FanMode      `json:"fan"`  // of the initialisations "uniform" and "normal"
	Gain        float64              `json:"gain"` // 0 means the initialisation's own
	Norm        normName             `json:"norm"`
	Batch       int                  `json:"batch"` // images of a pass
	TrainImages int                  `json:"train_images"`
	Readout     readout              `json:"readout"`
	Pooling     poolingName          `json:"pooling"`
	Seeds       int                  `json:"seeds"` // draws of the weights over which the score is averaged
}

// normName is how a frozen network normalises.
type normName string

// The ways of normalising.
const (
	normBatch      normName = "batch"      // by the statistics of each batch
	normCalibrated normName = "calibrated" // by statistics averaged over the training images
	normNone       normName = "none"       // not at all
)

// readout says which cells' outputs are the features: "last", "last2" (the last two, and so on), "all", or "cell0" (the
// first one, and so on).
type readout string

// nodes lists the graph nodes to read.
func (r readout) nodes(cells []int) ([]int, error) {
	n := len(cells)
	number := func(digits string) int {
		k, err := strconv.Atoi(digits)
		if err != nil {
			return -1
		}
		return k
	}
	switch text := string(r); {
	case text == "all":
		return cells, nil
	case text == "last":
		return cells[n-1:], nil
	case strings.HasPrefix(text, "last"):
		if k := number(text[4:]); k >= 1 && k <= n {
			return cells[n-k:], nil
		}
	case strings.HasPrefix(text, "cell"):
		if k := number(text[4:]); k >= 0 && k < n {
			return cells[k : k+1], nil
		}
	}
	return nil, fmt.Errorf(`readout: %q: must be "last", "last2" to "last%d", "all", or "cell0" to "cell%d"`, r, n, n-1)
}

func (f frozenSettings) validate() error {
	if err := f.initial(2).validate(); err != nil {
		return err
	}
	if _, err := f.Readout.nodes(make([]int, f.Layers)); err != nil {
		return err
	}
	switch {
	case f.Norm != normBatch && f.Norm != normCalibrated && f.Norm != normNone:
		return fmt.Errorf("norm: %q: must be %q, %q or %q", f.Norm, normBatch, normCalibrated, normNone)
	case f.Batch < 2:
		return fmt.Errorf("batch: %d: must be at least 2", f.Batch)
	case f.TrainImages < 2:
		return fmt.Errorf("train_images: %d: must be at least 2", f.TrainImages)
	case f.Seeds < 1 || f.Seeds > 1000:
		return fmt.Errorf("seeds: %d: must lie in [1, 1000]", f.Seeds)
	case poolings[f.Pooling] == nil:
		return fmt.Errorf("pooling: %q: must be one of %v", f.Pooling, poolingNames())
	}
	return nil
}

// initial is the network; its classifier is not used.
func (f frozenSettings) initial(classes int) initialSettings {
	return initialSettings{sizeSettings{f.Channels, classes, f.Layers, f.Resolution, f.Variant}, f.Init, f.Fan, f.Gain}
}

func (f frozenSettings) train() inputs.Span { return inputs.Span{To: f.TrainImages} }

func (f frozenSettings) side() int { return f.Resolution }

func (f frozenSettings) reads() []inputs.Span { return []inputs.Span{f.train()} }

// average is the mean of a score over the draws of the weights.
func (f frozenSettings) average(score func(draw int) (float64, error)) (Score, error) {
	total := 0.0
	for draw := range f.Seeds {
		s, err := score(draw)
		if err != nil {
			return Score{}, err
		}
		total += s
	}
	return Score{Value: total / float64(f.Seeds)}, nil
}

type featureKey struct {
	frozenSettings
	draw   int
	images inputs.Span
}

// features reads the features of a span of images from the frozen network of one draw.
func (f frozenSettings) features(ctx context.Context, a bench301.Architecture, env *Env, draw int,
	images inputs.Span) (linear.Matrix, error) {
	f.Seeds = 0 // does not matter here
	if f.Norm != normCalibrated {
		f.TrainImages = 0
	}
	return share(env, featureKey{f, draw, images}, func() (linear.Matrix, error) {
		return f.read(ctx, a, env, draw, images)
	})
}

func (f frozenSettings) read(ctx context.Context, a bench301.Architecture, env *Env, draw int,
	images inputs.Span) (linear.Matrix, error) {
	x, err := env.Inputs.Images(images, f.Resolution, false)
	if err != nil {
		return linear.Matrix{}, err
	}
	m, err := f.initial(2).model(a, env, draw)
	if err != nil {
		return linear.Matrix{}, err
	}
	nodes, err := f.Readout.nodes(m.plan.Graph().Cells)
	if err != nil {
		return linear.Matrix{}, err
	}
	e, err := f.executor(ctx, m, env, nodes, draw)
	if err != nil {
		return linear.Matrix{}, err
	}
	norm := map[normName]network.Norm{normBatch: network.BatchNorm, normCalibrated: network.RunningNorm,
		normNone: network.NoNorm}[f.Norm]
	out := linear.Matrix{N: x.Len()}
	for _, node := range nodes {
		_, h, w, c := e.Output(node)
		out.D += poolings[f.Pooling].features(h, w, c)
	}
	out.Values = make([]float64, out.N*out.D)
	size := x.Height * x.Width * 3
	for _, b := range inputs.Batches(x.Len(), f.Batch) {
		if err := ctx.Err(); err != nil {
			return linear.Matrix{}, err
		}
		if err := e.Forward(m.theta, x.Pixels[b.From*size:b.To*size], b.To-b.From, norm); err != nil {
			return linear.Matrix{}, err
		}
		at := 0
		for _, node := range nodes {
			data, h, w, c := e.Output(node)
			pool := poolings[f.Pooling]
			width := pool.features(h, w, c)
			for i := range b.To - b.From {
				pool.read(out.Row(b.From + i)[at:at+width], data[i*h*w*c:(i+1)*h*w*c], h, w, c)
			}
			at += width
		}
	}
	return out, nil
}

// executor returns an executor that keeps the given nodes. With calibrated normalisation its running statistics are
// those of the training images.
func (f frozenSettings) executor(ctx context.Context, m model, env *Env, keep []int,
	draw int) (network.Runner[float32], error) {
	f.Pooling = ""
	type key struct {
		frozenSettings
		draw int
	}
	return share(env, key{f, draw}, func() (network.Runner[float32], error) {
		e, err := executor[float32](env, m.plan, network.Options{Batch: f.Batch, Keep: keep})
		if err != nil || f.Norm != normCalibrated {
			return e, err
		}
		x, err := env.Inputs.Images(f.train(), f.Resolution, false)
		if err != nil {
			return nil, err
		}
		e.SetMomentum(0)
		size := x.Height * x.Width * 3
		for _, b := range inputs.Batches(x.Len(), f.Batch) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := e.Forward(m.theta, x.Pixels[b.From*size:b.To*size], b.To-b.From, network.BatchNorm); err != nil {
				return nil, err
			}
		}
		return e, nil
	})
}

func poolingNames() []poolingName {
	names := make([]poolingName, 0, len(poolings))
	for name := range poolings {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
