package estimators

import (
	"rwe301/bench301"
	"rwe301/network"
)

// sizeSettings are the settings that size a network.
type sizeSettings struct {
	Channels   int              `json:"channels"`
	Classes    int              `json:"classes"`
	Layers     int              `json:"layers"`
	Resolution int              `json:"resolution"` // height and width of the images
	Variant    bench301.Variant `json:"variant"`
}

// suite is the network that NAS-Bench-Suite-Zero scores.
func suite() sizeSettings {
	c := bench301.DefaultConfig()
	return sizeSettings{Channels: c.Channels, Classes: c.Classes, Layers: c.Layers, Resolution: c.Height,
		Variant: c.Variant}
}

func (s sizeSettings) config() bench301.Config {
	return bench301.Config{
		Channels: s.Channels, Layers: s.Layers, Classes: s.Classes, Height: s.Resolution, Width: s.Resolution,
		Variant: s.Variant,
	}
}

func (s sizeSettings) validate() error { return s.config().Validate() }

// compile builds the network of an architecture.
func (s sizeSettings) compile(a bench301.Architecture) (*network.Plan, error) {
	graph, err := a.Graph(s.config())
	if err != nil {
		return nil, err
	}
	return network.Compile(graph)
}

// none are the settings of an estimator that has none.
type none struct{}

func (none) validate() error { return nil }

// suiteInitial is that network with PyTorch's own weights, kaiming with He's normal ones.
var (
	suiteInitial = initialSettings{sizeSettings: suite(), Init: network.Default, Fan: network.FanIn}
	kaiming      = initialSettings{sizeSettings: suite(), Init: network.Normal, Fan: network.FanIn}
)

// initialSettings are the settings of a network with random weights.
type initialSettings struct {
	sizeSettings
	Init network.Distribution `json:"init"`
	Fan  network.FanMode      `json:"fan"`  // of the initialisations "uniform" and "normal"
	Gain float64              `json:"gain"` // 0 means the initialisation's own
}

func (s initialSettings) scheme() network.Scheme {
	return network.Scheme{Distribution: s.Init, Fan: s.Fan, Gain: s.Gain}
}

func (s initialSettings) validate() error {
	if err := s.scheme().Validate(); err != nil {
		return err
	}
	return s.sizeSettings.validate()
}

// model is a network with weights.
type model struct {
	plan  *network.Plan
	theta []float32
}

type modelKey struct {
	initialSettings
	draw int
}

// model builds the network of an architecture and draws its weights. Draws are independent of each other and between
// architectures.
func (s initialSettings) model(a bench301.Architecture, env *Env, draw int) (model, error) {
	return share(env, modelKey{s, draw}, func() (model, error) {
		plan, err := s.compile(a)
		if err != nil {
			return model{}, err
		}
		theta, err := env.Inputs.Weights(plan, a.ID(), s.scheme(), draw)
		return model{plan, theta}, err
	})
}
