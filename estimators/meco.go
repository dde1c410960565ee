package estimators

import (
	"context"

	"rwe301/bench301"
	"rwe301/estimators/inputs"
	"rwe301/estimators/internal/linear"
	"rwe301/network"
)

var singleImage = imageSettings{suiteInitial}

// The registry's entries.
var (
	mecoEntry = define(Info{
		Name: "meco", Measures: "correlation of channels",
		Family: Features, Random: true, Needs: Needs{Data: true}, Direction: Higher,
		Unit: "eigenvalue", Cost: Cheap,
		Paper: "Jiang, Wang, Bie 2023, MeCo, NeurIPS", Cites: []string{"jiang2023meco"},
		Formula: "sum over modules of the smallest eigenvalue of the correlation matrix of the channels of the " +
			"module's output",
		Mode: "one training image, random weights, batch statistics, no gradient",
		Caveats: "modules with more channels than pixels count as 0, which late cells of small images have; the " +
			"authors' hooks count containers again, this does not",
	}, singleImage, func(s imageSettings) Estimator { return meco{s, false} })
	mecoOptEntry = define(Info{
		Name: "meco_opt", Measures: "meco of eight channels a module",
		Aliases: []string{"meco-opt"}, Family: Features, Random: true, Needs: Needs{Data: true},
		Direction: Higher, Unit: "eigenvalue", Cost: Cheap,
		Paper: "Jiang, Wang, Bie 2023, MeCo, NeurIPS", Cites: []string{"jiang2023meco"},
		Formula: "meco of eight channels drawn from each module, times channels / 8",
		Mode:    "one training image, random weights, batch statistics, no gradient",
		Caveats: "modules of at most eight channels are taken whole, where the authors' code fails",
	}, singleImage, func(s imageSettings) Estimator { return meco{s, true} })
)

// imageSettings are the settings of scores of one image.
type imageSettings struct{ initialSettings }

func (s imageSettings) reads() []inputs.Span { return []inputs.Span{{Drawn: true, To: 1}} }

func (s imageSettings) side() int { return s.Resolution }

// outputs runs one image and returns the executor, which keeps the nodes.
func (s imageSettings) outputs(a bench301.Architecture, env *Env, norm network.Norm,
	nodes func(bench301.Graph) []int) (network.Runner[float32], []int, error) {
	m, err := s.model(a, env, 0)
	if err != nil {
		return nil, nil, err
	}
	image, err := env.batch(1, 0, s.Resolution, false)
	if err != nil {
		return nil, nil, err
	}
	list := nodes(m.plan.Graph())
	x, err := executor[float32](env, m.plan, network.Options{Batch: 1, Keep: distinctNodes(list)})
	if err != nil {
		return nil, nil, err
	}
	return x, list, x.Forward(m.theta, image.Pixels, 1, norm)
}

// mecoChannels is how many channels MeCo-opt looks at.
const mecoChannels = 8

// meco is the sum over modules of the smallest eigenvalue of the correlation matrix of the module's output channels,
// for one image (Jiang, Wang and Bie, NeurIPS 2023). With sampled it looks at eight channels drawn from each, times
// the share of channels that eight are (MeCo-opt); up to eight channels it takes all.
type meco struct {
	imageSettings
	sampled bool
}

func (e meco) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	x, nodes, err := e.outputs(a, env, network.BatchNorm, modules)
	if err != nil {
		return Score{}, err
	}
	if err := ctx.Err(); err != nil {
		return Score{}, err
	}
	if !e.sampled {
		return Score{Value: mecoSum(x, nodes, nil)}, nil
	}
	return Score{Value: mecoSum(x, nodes, env.Inputs.Rand("meco channels", a.ID()))}, nil
}

// mecoSum adds up the eigenvalues of the modules. rng, unless nil, picks eight of more channels.
func mecoSum[T network.Real](x network.Runner[T], nodes []int, rng inputs.Rand) float64 {
	total := 0.0
	for _, node := range nodes {
		data, h, w, c := x.Output(node)
		m, scale := linear.ChannelRows(data, h, w, c), 1.0
		if rng != nil && c > mecoChannels {
			m, scale = linear.Pick(m, rng.Perm(c)[:mecoChannels]), float64(c)/mecoChannels
		}
		total += float64(scale * linear.SmallestEigenvalue(m))
	}
	return total
}
