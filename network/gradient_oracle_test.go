package network

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"

	"rwe301/bench301"
)

func TestOracleGradients(t *testing.T) {
	eachNetwork(t, func(c *checker, f *fixture) {
		tolerance := 1e-4 // FIXTURES.md, float32 against float64
		if f.Kind == "summary" {
			tolerance = 1e-3
		}
		checkGradients[float32](c, f, tolerance, 1e-5)
		checkGradients[float64](c, f, 1e-10, 1e-10)
	})
}

// checkGradients compares everything that a train-mode and an eval-mode backward pass yield. tolerance bounds parameter
// gradients, jacobian those with respect to the images in eval mode, both relative.
func checkGradients[T Real](c *checker, f *fixture, tolerance, jacobian float64) {
	c.Helper()
	e := newEngine[T](c, f.plan, Options{Batch: f.Batch, Gradients: true})
	theta, x := convert[T](f.theta), convert[T](f.images)
	gTheta, gInput := make([]T, len(theta)), make([]T, len(x))
	run(c, e, theta, x, f.Batch, BatchNorm)
	end := c.switched(f, BatchNorm)
	_, cotangents := fixtureLoss(c, f, e)
	if err := e.Backward(cotangents, gTheta, nil); err != nil {
		c.Fatal(err)
	}
	gradient := widen(gTheta)
	c.close("gradient norm", l2(gradient), f.want.GradNorm, tolerance*f.want.GradNorm)
	views := f.plan.Views()
	if len(f.want.GradL2) > 0 {
		c.equal("tensors", len(f.want.GradL2), len(views))
	}
	for i, want := range f.want.GradL2 {
		got := l2(gradient[views[i].Offset:][:views[i].Size])
		c.close(views[i].Name+" gradient norm", got, want, tolerance*want+1e-6*f.want.GradNorm)
	}
	for _, v := range views {
		if want := f.want.GradFull[v.Name]; want != nil {
			c.row(v.Name+" gradient", gradient[v.Offset:][:v.Size], want, tolerance*l2(want)+1e-6*f.want.GradNorm)
		}
	}

	end()

	// The sum of the logits does not depend on the images in train mode, but for rounding: all that the average reads
	// comes out of a normalisation. The original variant's pools have none.
	ones := make([]T, len(e.Logits()))
	for i := range ones {
		ones[i] = 1
	}
	backward := func() []float64 {
		c.Helper()
		if err := e.Backward(Cotangents[T]{Logits: ones}, nil, gInput); err != nil {
			c.Fatal(err)
		}
		return widen(gInput)
	}
	if f.Variant != string(bench301.VariantDARTS) {
		largest := 0.0
		for _, v := range backward() {
			largest = max(largest, math.Abs(v))
		}
		c.close("largest train-mode jacobian", largest, 0, 1e-5)
	}

	defer c.switched(f, RunningNorm)()
	e.ResetRunning()
	run(c, e, theta, x, f.Batch, RunningNorm)
	rows := backward()
	image := f.plan.ImageSize()
	for i, want := range f.want.EvalRowL2 {
		c.close("eval-mode jacobian of image "+strconv.Itoa(i), l2(rows[i*image:][:image]), want, jacobian*want)
	}
	for i, want := range f.want.EvalRow0 { // the file lists the first pixels of channel 0
		c.close("eval-mode jacobian value "+strconv.Itoa(i), rows[3*i], want, jacobian*f.want.EvalRowL2[0])
	}
	for i, row := range f.want.EvalCorr {
		for k, want := range row {
			got := correlationOf(rows[i*image:][:image], rows[k*image:][:image])
			c.close("eval-mode jacobian correlation", got, want, jacobian)
		}
	}
}

// correlationOf is Pearson's coefficient.
func correlationOf(x, y []float64) float64 {
	n := float64(len(x))
	mx, my := sum(x)/n, sum(y)/n
	var xx, yy, xy float64
	for i := range x {
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
		xy += (x[i] - mx) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}

// layerTerms are one layer's contributions to the proxies.
type layerTerms struct {
	Layer              string
	GradNorm           float64 `json:"grad_norm"`
	Snip, Plain, Grasp float64
	L2Norm             float64 `json:"l2_norm"`
	Synflow            float64
	Fisher             float64
}

// eachLayerCase runs f on every network case that lists the terms of its layers.
func eachLayerCase(t *testing.T, f func(c *checker, fx *fixture, layers []layerTerms)) {
	eachNetwork(t, func(c *checker, fx *fixture) {
		if len(fx.PerLayer) == 0 {
			c.Skip("this case lists no layers")
		}
		var layers []layerTerms
		if err := json.Unmarshal(fx.PerLayer, &layers); err != nil {
			c.Fatal(err)
		}
		f(c, fx, layers)
	})
}

// GraSP's terms are -w.(Hg) with g the gradient of the convolution and linear weights alone.
func TestOracleHessian(t *testing.T) {
	eachLayerCase(t, func(c *checker, f *fixture, layers []layerTerms) {
		checkHessian[float64](c, f, layers, 1e-10)
		checkHessian[float32](c, f, layers, 1e-5)
	})
}

func checkHessian[T Real](c *checker, f *fixture, layers []layerTerms, tolerance float64) {
	c.Helper()
	e := newEngine[T](c, f.plan, Options{Batch: f.Batch, Hessian: true})
	theta, x := convert[T](f.theta), convert[T](f.images)
	g, hg := make([]T, len(theta)), make([]T, len(theta))
	run(c, e, theta, x, f.Batch, BatchNorm)
	lossGradient(c, e, f.Labels, g, nil)
	for _, v := range f.plan.Views() {
		if v.Kind != bench301.ConvWeight && v.Kind != bench301.LinearWeight {
			clear(g[v.Offset:][:v.Size])
		}
	}
	if err := e.HessianVector(f.Labels, g, hg); err != nil {
		c.Fatal(err)
	}
	scale := 0.0
	for _, l := range layers {
		scale += math.Abs(l.Grasp)
	}
	defer c.switched(f, BatchNorm)()
	k, total, want := 0, 0.0, 0.0
	for _, v := range f.plan.Views() {
		if v.Kind != bench301.ConvWeight && v.Kind != bench301.LinearWeight {
			continue
		}
		term := 0.0
		for i := v.Offset; i < v.Offset+v.Size; i++ {
			term -= float64(theta[i]) * float64(hg[i])
		}
		c.equal("layer", v.Name, layers[k].Layer+".weight")
		c.close(v.Name+" grasp", term, layers[k].Grasp, tolerance*scale)
		total += term
		want += layers[k].Grasp
		k++
	}
	c.equal("layers", k, len(layers))
	c.close("grasp", total, want, tolerance*scale)
}
