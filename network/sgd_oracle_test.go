package network

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
)

// descent is what five steps of stochastic gradient descent on one batch yield.
type descent struct {
	Settings struct {
		LR          float64 `json:"lr"`
		Momentum    float64
		WeightDecay float64 `json:"weight_decay"`
		ClipNorm    float64 `json:"clip_norm"`
		ClipEps     float64 `json:"clip_eps"`
		Steps       int
	}
	F64 struct {
		Losses     []float64
		GradNorms  []float64                       `json:"grad_norms_before_clip"`
		ParamsL2   map[string][]float64            `json:"params_l2"`
		ParamsFull map[string]map[string][]float64 `json:"params_full"`
	}
}

// In float64 the five steps are taken one after the other. In float32 each starts where float64's has come to: left to
// itself, a ReLU's input within rounding of zero may fall on the other side, and the paths part.
func TestOracleDescent(t *testing.T) {
	eachNetwork(t, func(c *checker, f *fixture) {
		if len(f.SGD) == 0 {
			c.Skip("this case has no training")
		}
		var d descent
		if err := json.Unmarshal(f.SGD, &d); err != nil {
			c.Fatal(err)
		}
		// FIXTURES.md: losses 1e-5, parameters 1e-6 after a step and 1e-5 after five, gradients 1e-4
		path := checkDescent[float64](c, f, &d, nil, 1e-10, 1e-10, map[string]float64{"1": 1e-10, "5": 1e-10})
		checkDescent[float32](c, f, &d, path, 1e-5, 1e-4, map[string]float64{"1": 1e-6, "5": 1e-5})
	})
}

// place is where a descent stands before a step.
type place struct{ theta, velocity []float64 }

// checkDescent descends, from place to place of a path if there is one, and returns its own.
func checkDescent[T Real](c *checker, f *fixture, d *descent, path []place, losses, norms float64,
	parameters map[string]float64) (taken []place) {
	c.Helper()
	e := newEngine[T](c, f.plan, Options{Batch: f.Batch, Gradients: true})
	theta, x := convert[T](f.theta), convert[T](f.images)
	g, velocity := make([]T, len(theta)), make([]T, len(theta))
	s := d.Settings
	for step := 0; ; step++ {
		if path != nil {
			theta, velocity = narrow[T](path[step].theta), narrow[T](path[step].velocity)
			here := *f
			here.theta = narrow[float32](path[step].theta)
			defer c.switched(&here, BatchNorm)()
		}
		taken = append(taken, place{widen(theta), widen(velocity)})
		run(c, e, theta, x, f.Batch, BatchNorm)
		c.close(fmt.Sprintf("loss before step %d", step+1), lossGradient(c, e, f.Labels, g, nil), d.F64.Losses[step], losses)
		if step == s.Steps {
			return taken
		}
		norm := l2(widen(g))
		c.close(fmt.Sprintf("gradient norm %d", step+1), norm, d.F64.GradNorms[step], norms*norm)
		clip := min(1, s.ClipNorm/(norm+s.ClipEps))
		for i := range theta {
			v := float64(g[i])*clip + s.WeightDecay*float64(theta[i])
			velocity[i] = T(s.Momentum*float64(velocity[i]) + v)
			theta[i] -= T(s.LR * float64(velocity[i]))
		}
		after := strconv.Itoa(step + 1)
		for i, want := range d.F64.ParamsL2[after] {
			v := f.plan.Views()[i]
			c.close(v.Name+" after step "+after, l2(widen(theta[v.Offset:][:v.Size])), want, parameters[after]*max(1, want))
		}
		for _, v := range f.plan.Views() {
			if want := d.F64.ParamsFull[after][v.Name]; want != nil {
				c.row(v.Name+" after step "+after, widen(theta[v.Offset:][:v.Size]), want, parameters[after])
			}
		}
	}
}
