package estimators

import (
	"context"
	_ "embed" // the cases are part of the binary
	"encoding/json"
	"fmt"
	"math"

	"rwe301/bench301"
	"rwe301/internal/splitmix"
	"rwe301/network"
)

// newerCases hold what the authors' own code computed, in float64, for two networks.
//
//go:embed reference_newer.json
var newerCases []byte

// newerReference is a network, weights and images on which the authors' own code computed the scores published since 2022.
type newerReference struct {
	Name        string             `json:"name"`
	Arch        [2][8][2]uint8     `json:"arch"` // sources and operations as written: the parameters are in this order
	Channels    int                `json:"C"`
	Layers      int                `json:"layers"`
	Batch       int                `json:"batch"`
	Seeds       map[string]uint64  `json:"seeds"`
	Labels      []int              `json:"labels16"`
	Coordinates []int              `json:"coordinates"` // of Dextr's curvature
	Want        map[string]float64 `json:"want"`
}

// newerSource says where the numbers come from.
const newerSource = "the authors' code in PyTorch 1.13, float64"

// plan is the network for images of some side.
func (f *newerReference) plan(side int) (*network.Plan, error) {
	r := reference{Arch: f.Arch}
	graph, err := r.genotype().Graph(bench301.Config{Channels: f.Channels, Layers: f.Layers, Classes: 10, Height: side, Width: side, Variant: bench301.VariantNASLib})
	if err != nil {
		return nil, err
	}
	return network.Compile(graph)
}

// weights draws the case's parameters.
func (f *newerReference) weights(p *network.Plan) []float32 {
	theta := make([]float32, p.NumParams())
	s := splitmix.New(f.Seeds["params"])
	for _, v := range p.Views() {
		s.Fill(theta[v.Offset:v.Offset+v.Size], v.FanIn, v.Kind == bench301.NormWeight)
	}
	return theta
}

// gauss draws all weights from N(0, 1), times Kaiming's scale if asked; biases 0, normalisations 1 and 0.
func (f *newerReference) gauss(p *network.Plan, kaiming bool) []float32 {
	theta := make([]float32, p.NumParams())
	s := splitmix.New(f.Seeds["zen_params"])
	for _, v := range p.Views() {
		for i := v.Offset; i < v.Offset+v.Size; i++ {
			switch v.Kind {
			case bench301.ConvWeight, bench301.LinearWeight:
				theta[i] = s.Normal12()
				if kaiming {
					theta[i] *= float32(math.Sqrt2 / math.Sqrt(float64(v.FanIn)))
				}
			case bench301.NormWeight:
				theta[i] = 1
			}
		}
	}
	return theta
}

// channelsLast turns n x 3 x side x side values into n x side x side x 3.
func channelsLast[T any](flat []T, n, side int) []T {
	out := make([]T, len(flat))
	for i := range n {
		for c := range 3 {
			for p := range side * side {
				out[(i*side*side+p)*3+c] = flat[(i*3+c)*side*side+p]
			}
		}
	}
	return out
}

// images are the first n images of the case's stream.
func (f *newerReference) images(n int) []float32 {
	s := splitmix.New(f.Seeds["input"])
	flat := make([]float32, n*3*32*32)
	for i := range flat {
		flat[i] = 2 * s.Symmetric()
	}
	return channelsLast(flat, n, 32)
}

// normals are n images of side x side from N(0, 1).
func (f *newerReference) normals(seed string, n, side int) []float32 {
	s := splitmix.New(f.Seeds[seed])
	flat := make([]float32, n*3*side*side)
	for i := range flat {
		flat[i] = s.Normal12()
	}
	return channelsLast(flat, n, side)
}

// channelDraws picks MeCo-opt's channels as the case does.
func (f *newerReference) channelDraws() func(channels int) []int {
	s := splitmix.New(f.Seeds["aux3"])
	return func(channels int) []int {
		list := make([]int, channels)
		for i := range list {
			list[i] = i
		}
		for j := range mecoChannels {
			k := j + int(s.Next()%uint64(channels-j))
			list[j], list[k] = list[k], list[j]
		}
		return list[:mecoChannels]
	}
}

// signDraws fills AZ-NAS's cotangents of n images as the case does: channel by channel of each image.
func signDraws[T network.Real](f *newerReference, n int) func(out []T, h, w, channels int) {
	s := splitmix.New(f.Seeds["aux1"])
	return func(out []T, h, w, channels int) {
		for i := range n {
			for k := range channels {
				for q := range h * w {
					sign := T(-1)
					if s.Next()>>63 == 1 {
						sign = 1
					}
					out[(i*h*w+q)*channels+k] = sign
				}
			}
		}
	}
}

// plane is Dextr's circle as images.
func (f *newerReference) plane() (u [2][]float64, err error) {
	s := splitmix.New(f.Seeds["aux5"])
	plane := make([]float64, 2*3*32*32)
	for i := range plane {
		plane[i] = float64(s.Normal12())
	}
	if u, err = circle(plane); err != nil {
		return u, err
	}
	for k := range u {
		u[k] = channelsLast(u[k], 1, 32)
	}
	return u, nil
}

// checkNewer computes the scores of the newer cases in float32 and hands each to emit, with the deviation allowed for it.
func checkNewer(ctx context.Context, emit func(estimator string, got, want, tolerance float64, err error)) error {
	var cases []newerReference
	if err := json.Unmarshal(newerCases, &cases); err != nil {
		return fmt.Errorf("the newer reference cases in the binary: %w", err)
	}
	for i := range cases {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := cases[i].plan(32)
		if err != nil {
			return err
		}
		c := newerChecker{ctx, &cases[i], p, cases[i].weights(p), cases[i].images(16), emit}
		for _, check := range []func() error{c.gradients, c.outputs, c.az, c.codes, c.perImage} {
			if err := check(); err != nil {
				return fmt.Errorf("%s: %w", cases[i].Name, err)
			}
		}
	}
	return nil
}

// newerChecker computes the scores of one case.
type newerChecker struct {
	ctx    context.Context
	f      *newerReference
	plan   *network.Plan
	theta  []float32
	images []float32 // sixteen
	emit   func(estimator string, got, want, tolerance float64, err error)
}

// report compares with the number under a key, at a tolerance relative to it.
func (c *newerChecker) report(estimator, key string, got, tolerance float64, err error) {
	want := c.f.Want[key]
	c.emit(estimator, got, want, tolerance*math.Abs(want), err)
}

func (c *newerChecker) gradients() error {
	n := c.f.Batch
	x, err := network.NewExecutor(c.plan, network.Options{Batch: n, Gradients: true, Probes: wrcorProbes(c.plan)})
	if err != nil {
		return err
	}
	size := len(c.images) / 16
	var gradients [][]float32
	for b := range 2 {
		g := make([]float32, len(c.theta))
		if err := lossGradient(x, c.theta, c.images[b*n*size:(b+1)*n*size], c.f.Labels[b*n:(b+1)*n], g); err != nil {
			return err
		}
		gradients = append(gradients, g)
	}
	c.report("zico", "zico_2x8", sum(zicoLayers(c.plan, gradients)), 1e-3, nil)
	k, err := weightedCorrelations(x, c.theta, c.images[:n*size], c.f.Labels[:n])
	if err != nil {
		return err
	}
	value, err := logAbsDet(k, n)
	c.report("wrcor", "wrcor", value, 1e-8, err)
	return nil
}

func (c *newerChecker) outputs() error {
	nodes := modules(c.plan.Graph())
	x, err := network.NewExecutor(c.plan, network.Options{Batch: 1, Keep: distinctNodes(nodes)})
	if err != nil {
		return err
	}
	if err := x.Forward(c.theta, c.images[:len(c.images)/16], 1, network.BatchNorm); err != nil {
		return err
	}
	c.report("meco", "meco_img1_leaf", mecoSum(x, nodes, nil), 1e-5, nil)
	c.report("meco_opt", "meco_opt_img1_leaf", mecoSum(x, nodes, c.f.channelDraws()), 1e-5, nil)

	list := nearModules(c.plan)
	var probes []network.Probe
	for _, n := range list {
		probes = append(probes, network.Probe{Node: n, See: network.SeeOutput})
	}
	n := c.f.Batch
	y, err := network.NewExecutor(c.plan, network.Options{Batch: n, Probes: probes})
	if err != nil {
		return err
	}
	s := splitmix.New(c.f.Seeds["aux4"])
	ranks, err := nearRanks(c.ctx, y, c.theta, n, list, func(k int) ([]float32, error) {
		return c.images[k*len(c.images)/2 : (k+1)*len(c.images)/2], nil
	}, func(bound int) int { return int(s.Next() % uint64(bound)) })
	c.report("near", "near", sum(ranks), 1e-6, err)
	value, err := constantDifference(y, c.images[:len(c.images)/16*n], n, 1e-4, 10)
	c.report("epsinas", "epsinas_0.0001_10_one_logit", value, 1e-5, err)
	return nil
}

func (c *newerChecker) az() error {
	features, err := azFeatures(c.plan)
	if err != nil {
		return err
	}
	n := c.f.Batch
	x, err := network.NewExecutor(c.plan, network.Options{Batch: n, Gradients: true, Keep: features, KeepGradients: features})
	if err != nil {
		return err
	}
	parts, err := azNAS(c.ctx, x, c.f.gauss(c.plan, true), c.f.normals("zen_input1", n, 32), n, features, signDraws[float32](c.f, n))
	absolute := 2e-6 * float64(len(features))
	for _, p := range []struct {
		name string
		got  float64
	}{{"expressivity", parts.expressivity}, {"progressivity", parts.progressivity}, {"trainability", parts.trainability}} {
		c.emit("az-"+p.name, p.got, c.f.Want[p.name], absolute, err)
	}
	return nil
}

func (c *newerChecker) codes() error {
	const n = 16
	x, err := network.NewExecutor(c.plan, network.Options{Batch: n, Probes: signProbes(c.plan)})
	if err != nil {
		return err
	}
	distinct, _, err := distinctCodes(x, c.f.gauss(c.plan, false), c.images, n)
	c.report("swap", "swap_gauss_N16", float64(distinct), 0, err)
	r := RegSWAP{Mu: 15, Sigma: 15}
	c.report("regswap", "regswap_gauss_N16_mu15_sigma15", float64(distinct)*r.factor(int64(c.plan.NumParams())), 1e-12, err)
	return nil
}

func (c *newerChecker) perImage() error {
	n := c.f.Batch
	x, err := network.NewExecutor(c.plan, network.Options{Batch: 1, Gradients: true})
	if err != nil {
		return err
	}
	images := c.images[:len(c.images)/16*n]
	votes, err := gradSignLayers(c.ctx, x, c.theta, images, c.f.Labels[:n])
	c.emit("gradsign-eval", sum(votes), c.f.Want["gradsign_evalmode"], 5, err)
	kaiming := c.f.gauss(c.plan, true)
	values, err := tangentSpectrum(c.ctx, x, kaiming, images, n, network.RunningNorm)
	if err == nil {
		c.report("ntk-eval", "ntk_cond_eval_kaiming", values[n-1]/values[0], 2e-4, nil)
	} else {
		c.report("ntk-eval", "ntk_cond_eval_kaiming", 0, 0, err)
	}
	entropy, err := fisherEntropy(c.ctx, x, kaiming, c.f.normals("zen_input1", n, 32), n)
	c.report("vkdnw", "vkdnw_entropy", entropy, 3e-3, err)

	g := c.plan.Graph()
	nodes := append(modules(g), containers(g)...)
	y, err := network.NewExecutor(c.plan, network.Options{Batch: 1, Keep: distinctNodes(nodes)})
	if err != nil {
		return err
	}
	if err := y.Forward(c.theta, images[:len(images)/n], 1, network.RunningNorm); err != nil {
		return err
	}
	u, err := c.f.plane()
	if err != nil {
		return err
	}
	kappa, err := curvature(x, c.theta, u, c.f.Coordinates)
	c.report("dextr-eval", "dextr_eval", harmonic(math.Log(2+conditionSum(y, nodes)), kappa), 1e-5, err)
	return nil
}
