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

func TestOracleDescent(t *testing.T) {
	eachNetwork(t, func(c *checker, f *fixture) {
		if len(f.SGD) == 0 {
			c.Skip("this case has no training")
		}
		var d descent
		if err := json.Unmarshal(f.SGD, &d); err != nil {
			c.Fatal(err)
		}
		// FIXTURES.md: losses 1e-5, parameters 1e-6 after a step and 1e-5 after five
		checkDescent[float32](c, f, &d, 1e-5, map[string]float64{"1": 1e-6, "5": 1e-5})
		checkDescent[float64](c, f, &d, 1e-10, map[string]float64{"1": 1e-10, "5": 1e-10})
	})
}

func checkDescent[T Real](c *checker, f *fixture, d *descent, losses float64, parameters map[string]float64) {
	c.Helper()
	e := newEngine[T](c, f.plan, Options{Batch: f.Batch, Gradients: true})
	theta, x := convert[T](f.theta), convert[T](f.images)
	g, velocity := make([]T, len(theta)), make([]T, len(theta))
	s := d.Settings
	for step := 0; ; step++ {
		run(c, e, theta, x, f.Batch, BatchNorm)
		c.close(fmt.Sprintf("loss before step %d", step+1), lossGradient(c, e, f.Labels, g, nil), d.F64.Losses[step], losses)
		if step == s.Steps {
			return
		}
		norm := l2(widen(g))
		c.close(fmt.Sprintf("gradient norm %d", step+1), norm, d.F64.GradNorms[step], losses*norm)
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
