package network

import (
	"rwe301/internal/kernels"
)

// viewOf is the scratch image of r, its border included.
func viewOf(r *reading, scratch []float32, in *tensor) kernels.Map {
	data := scratch[r.at : r.at+r.size(in)]
	if r.form == formPlanes {
		return kernels.Planes(data, in.h, in.w, r.border)
	}
	return kernels.Dense(data, in.w+2*r.border, in.width)
}
