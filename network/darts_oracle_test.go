package network

import (
	"encoding/json"
	"testing"

	"rwe301/internal/oracle"
)

// The original DARTS network: tools/oracles/darts_variant.py says where its numbers come from.
func TestOracleDARTS(t *testing.T) {
	oracle.Each(t, "network", "fx_darts_*.json*", func(t *testing.T, path string) int {
		t.Parallel()
		c, f := &checker{T: t}, readFixture(t, path)
		var layers []layerTerms
		if err := json.Unmarshal(f.PerLayer, &layers); err != nil {
			t.Fatal(err)
		}
		checkParameters(c, f)
		checkForward[float32](c, f, 1e-5, 1e-5)
		checkForward[float64](c, f, 1e-12, 1e-12)
		checkSigns[float32](c, f)
		checkSigns[float64](c, f)
		checkGradients[float32](c, f, 1e-4, 1e-5)
		checkGradients[float64](c, f, 1e-10, 1e-10)
		checkDropped[float32](c, f, 1e-5, 1e-4)
		checkDropped[float64](c, f, 1e-12, 1e-10)
		checkLayerGradients[float32](c, f, layers, 1e-4, 1e-3)
		checkLayerGradients[float64](c, f, layers, 1e-9, 1e-9)
		checkHessian[float32](c, f, layers, 1e-5)
		checkHessian[float64](c, f, layers, 1e-10)
		return c.n
	})
}

// checkDropped compares a pass with the case's dropped paths, forward and backward.
func checkDropped[T Real](c *checker, f *fixture, absolute, relative float64) {
	c.Helper()
	e := newEngine[T](c, f.plan, Options{Batch: f.Batch, Gradients: true})
	s := oracle.NewStream(f.Seeds["drop"])
	if err := e.SetDropMask(f.DropPath, func(int, int) bool { return s.Unit() >= f.DropPath }); err != nil {
		c.Fatal(err)
	}
	gTheta := make([]T, len(f.theta))
	run(c, e, convert[T](f.theta), convert[T](f.images), f.Batch, BatchNorm)
	rows(c, "dropped logits", e.Logits(), f.want.Dropped.Logits, absolute)
	rows(c, "dropped auxiliary logits", e.AuxLogits(), f.want.Dropped.AuxLogits, absolute)
	loss, cotangents := fixtureLoss(c, f, e)
	c.close("dropped loss", loss, f.want.Dropped.Loss, absolute)
	if err := e.Backward(cotangents, gTheta, nil); err != nil {
		c.Fatal(err)
	}
	total := f.want.Dropped.GradNorm
	c.close("dropped gradient norm", l2(widen(gTheta)), total, relative*total)
	for i, want := range f.want.Dropped.GradL2 {
		v := f.plan.Views()[i]
		c.close(v.Name+" dropped gradient norm", l2(widen(gTheta[v.Offset:][:v.Size])), want, relative*want+1e-6*total)
	}
}
