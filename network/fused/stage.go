package fused

import (
	"rwe301/internal/kernels"
	"rwe301/network/plan"
)

// viewOf is the scratch image of r, its border included.
func viewOf(r *plan.Reading, scratch []float32, in *plan.Tensor) kernels.Map {
	data := scratch[r.At : r.At+r.Size(in)]
	if r.Form == plan.FormPlanes {
		return kernels.Planes(data, in.H, in.W, r.Border)
	}
	return kernels.Dense(data, in.W+2*r.Border, in.Width)
}
