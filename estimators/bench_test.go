package estimators

import (
	"context"
	"testing"

	"rwe301/bench301/dataset"
)

// thirteen are the scores of NAS-Bench-Suite-Zero.
var thirteen = []string{
	"params", "flops", "l2_norm", "grad_norm", "snip", "plain", "fisher", "nwot", "jacov", "epe_nas", "grasp", "synflow",
	"zen",
}

// BenchmarkThirteen scores one architecture with all of them at C = 32, 8 cells and batch 32.
func BenchmarkThirteen(b *testing.B) {
	archs := sampled(b, 8)
	var list []*Configured
	for _, name := range thirteen {
		list = append(list, configured(b, name))
	}
	env := NewEnv(dataset.Sample(), 0)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		for _, c := range list {
			if s, err := c.Score(context.Background(), archs[i%len(archs)], env); err != nil || s.Status != OK {
				b.Fatal(s, err)
			}
		}
		i++
	}
}

// BenchmarkProxy scores an architecture with each of the thirteen that runs the network, alone, on one core.
func BenchmarkProxy(b *testing.B) {
	archs := sampled(b, 8)
	for _, name := range append(thirteen[3:], "wrcor", "near", "zico", "az-expressivity", "swap", "vkdnw", "epsinas") {
		b.Run(name, func(b *testing.B) {
			c := configured(b, name)
			env := NewEnv(dataset.Sample(), 0)
			i := 0
			for b.Loop() {
				if s, err := c.Score(context.Background(), archs[i%len(archs)], env); err != nil || s.Status != OK {
					b.Fatal(s, err)
				}
				i++
			}
		})
	}
}
