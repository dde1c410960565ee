package kernels

import (
	"testing"
	"time"
)

func TestMeasure(t *testing.T) {
	saved := workingSets
	defer func() { workingSets = saved }()
	workingSets = []Bandwidth{{"small", 16 << 10, 0}, {"larger", 1 << 20, 0}}
	eachLevel(t, func(t *testing.T, l Level) {
		r := Measure(2, 15*time.Millisecond)
		t.Logf("%+v", r)
		if r.Level != l || r.Workers != 2 || len(r.Reads) != 2 {
			t.Fatalf("%+v", r)
		}
		if !(r.GFLOPs > 0.01 && r.GFLOPs < 1e5) {
			t.Errorf("%v GFLOP/s", r.GFLOPs)
		}
		for _, b := range r.Reads {
			if !(b.GBps > 0.01 && b.GBps < 1e5) {
				t.Errorf("%+v", b)
			}
		}
	})
}
