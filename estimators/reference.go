package estimators

import (
	_ "embed" // the cases are part of the binary
	"encoding/json"
	"fmt"
	"strings"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/internal/splitmix"
)

// referenceCases are written by tools/oracles/check.py.
//
//go:embed reference.json
var referenceCases []byte

// reference is a network with weights and images that a program in another language draws alike, and scores of it.
type reference struct {
	Name        string            `json:"name"`
	Reference   string            `json:"reference"` // what computed the scores
	Arch        [2][8][2]uint8    `json:"arch"`      // sources and operations as written: the parameters are in this order
	Channels    int               `json:"channels"`
	Layers      int               `json:"layers"`
	Classes     int               `json:"classes"`
	Variant     bench301.Variant  `json:"variant"`
	Resolution  int               `json:"resolution"`
	Batch       int               `json:"batch"`
	Labels      []int             `json:"labels"`
	TrainImages int               `json:"train_images"` // 0 where one batch of images is all there is
	ValImages   int               `json:"val_images"`
	Seeds       map[string]uint64 `json:"seeds"`
	Scores      []struct {
		Estimator string  `json:"estimator"` // as Parse reads it, without the settings of the case
		Want      float64 `json:"want"`
		Tolerance float64 `json:"tolerance"` // absolute, of float32 passes
	} `json:"scores"`
}

// references reads the cases in the binary.
func references() ([]reference, error) {
	var cases []reference
	if err := json.Unmarshal(referenceCases, &cases); err != nil {
		return nil, fmt.Errorf("the reference cases in the binary: %w", err)
	}
	return cases, nil
}

func (r *reference) genotype() (g bench301.Genotype) {
	for k := range bench301.EdgesPerCell {
		g.Normal[k] = bench301.Edge{Source: r.Arch[0][k][0], Op: bench301.Operation(r.Arch[0][k][1])}
		g.Reduce[k] = bench301.Edge{Source: r.Arch[1][k][0], Op: bench301.Operation(r.Arch[1][k][1])}
	}
	return g
}

// configure binds an estimator to the settings of the case, as far as it has them.
func (r *reference) configure(spec string) (*Configured, error) {
	name, more, _ := strings.Cut(spec, ":")
	d, err := find(name)
	if err != nil {
		return nil, err
	}
	var has map[string]json.RawMessage
	if err := json.Unmarshal(d.defaults, &has); err != nil {
		return nil, err
	}
	var parts []string
	for key, value := range map[string]any{
		"channels": r.Channels, "layers": r.Layers, "classes": r.Classes, "variant": r.Variant, "resolution": r.Resolution,
		"batch": r.Batch, "augment": false, "train_images": r.TrainImages, "val_images": r.ValImages,
	} {
		if _, ok := has[key]; ok {
			parts = append(parts, fmt.Sprintf("%s=%v", key, value))
		}
	}
	if more != "" {
		parts = append(parts, more)
	}
	if len(parts) == 0 {
		return Parse(name)
	}
	return Parse(name + ":" + strings.Join(parts, ","))
}

// env is an environment in which the weights and images of the case stand for those that would be drawn. Its
// architecture must not be brought into canonical form: estimators are to be asked by Estimate, not by Score.
func (r *reference) env() (*Env, error) {
	a := r.genotype()
	env := NewEnv(nil, 0)
	env.work.begin(a.ID())
	if r.TrainImages > 0 {
		env.Data = r.stripes()
		if _, err := share(env, headKey{0}, func() (headDraws, error) { return r.head(), nil }); err != nil {
			return nil, err
		}
		_, err := r.weights(env, Frozen{Channels: r.Channels, Layers: r.Layers, Variant: r.Variant, Resolution: r.Resolution}.initial(2))
		return env, err
	}
	env.Data = &dataset.Set{Name: r.Name, Hash: "0", Classes: make([]string, r.Classes), Train: dataset.Split{Height: r.Resolution, Width: r.Resolution, Labels: r.Labels}}
	images := span{Drawn: true, To: r.Batch}
	if _, err := env.images.get(imageKey{images, r.Resolution, false}, func() (dataset.Images, error) {
		s := splitmix.New(r.Seeds["input"])
		return dataset.Images{
			Height: r.Resolution, Width: r.Resolution, Labels: r.Labels, Pixels: r.pixels(func() float32 { return 2 * s.Symmetric() }),
		}, nil
	}); err != nil {
		return nil, err
	}
	size := Size{r.Channels, r.Classes, r.Layers, r.Resolution, r.Variant}
	m, err := r.weights(env, Initial{Size: size})
	if err != nil {
		return nil, err
	}
	_, err = share(env, zenKey{Zen{size, r.Batch}}, func() (zenInput, error) {
		in := zenInput{theta: make([]float32, m.plan.NumParams())}
		s := splitmix.New(r.Seeds["zen_params"])
		for _, v := range m.plan.Views() {
			for i := v.Offset; i < v.Offset+v.Size; i++ {
				switch v.Kind {
				case bench301.ConvWeight, bench301.LinearWeight:
					in.theta[i] = s.Normal12()
				case bench301.NormWeight:
					in.theta[i] = 1
				}
			}
		}
		in.x1 = r.pixels(splitmix.New(r.Seeds["zen_input1"]).Normal12)
		in.x2 = r.pixels(splitmix.New(r.Seeds["zen_input2"]).Normal12)
		return in, nil
	})
	return env, err
}

// weights puts the case's weights in the place of those that the defaults would draw.
func (r *reference) weights(env *Env, s Initial) (model, error) {
	s.Init, s.Fan = frozen.Init, frozen.Fan
	return share(env, modelKey{s, 0}, func() (model, error) {
		plan, err := s.compile(r.genotype())
		if err != nil {
			return model{}, err
		}
		m := model{plan, make([]float32, plan.NumParams())}
		stream := splitmix.New(r.Seeds["params"])
		for _, v := range plan.Views() {
			stream.Fill(m.theta[v.Offset:v.Offset+v.Size], v.FanIn, v.Kind == bench301.NormWeight)
		}
		return m, nil
	})
}

// head draws the start of a trained layer from a stream, and takes the images of an epoch in strides.
func (r *reference) head() headDraws {
	return headDraws{
		start: func(parts ...[]float64) {
			s := splitmix.New(r.Seeds["head"])
			for _, part := range parts {
				for i := range part {
					part[i] = float64(s.Symmetric())
				}
			}
		},
		order: func(epoch, n int) []int {
			order := make([]int, n)
			for i := range order {
				order[i] = (7*i + 3*epoch) % n
			}
			return order
		},
	}
}

// pixels fills one batch of images, which the stream goes through channel by channel.
func (r *reference) pixels(draw func() float32) []float32 {
	const channels = 3
	area := r.Resolution * r.Resolution
	x := make([]float32, r.Batch*area*channels)
	for n := range r.Batch {
		for c := range channels {
			for p := range area {
				x[(n*area+p)*channels+c] = draw()
			}
		}
	}
	return x
}

// stripes are images whose pattern depends on the class, under noise.
func (r *reference) stripes() *dataset.Set {
	const side, channels = 32, 3
	s := splitmix.New(r.Seeds["images"])
	split := dataset.Split{Height: side, Width: side}
	for i := range r.TrainImages + r.ValImages {
		class := i % r.Classes
		split.Labels = append(split.Labels, class)
		for y := range side {
			for x := range side {
				for c := range channels {
					v := 64 + 24*(((x+y*(class%3))/(2+class))%2) + 3*((class*(c+1))%4) + int(s.Next()>>57)
					split.Pixels = append(split.Pixels, uint8(v))
				}
			}
		}
	}
	return &dataset.Set{Name: "stripes", Hash: "0", Classes: make([]string, r.Classes), Train: split, Normalisation: dataset.CIFAR10Normalisation}
}
