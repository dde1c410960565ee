package network

import (
	"context"
	"testing"
	"time"

	"rwe301/bench301"
)

func TestMeasureThroughput(t *testing.T) {
	cfg := bench301.DefaultConfig()
	cfg.Channels, cfg.Height, cfg.Width = 4, 8, 8
	g, err := dartsV2.Graph(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(g)
	if err != nil {
		t.Fatal(err)
	}
	c, err := dartsV2.Complexity(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Operations(false); got != 2*c.MACs {
		t.Errorf("%d operations forward, want twice the %d multiply-accumulates", got, c.MACs)
	}
	stem := int64(27 * 12 * 64)
	if got := p.Operations(true); got != 6*c.MACs-2*stem {
		t.Errorf("%d operations with gradients, want %d", got, 6*c.MACs-2*stem)
	}
	for _, gradients := range []bool{false, true} {
		m, err := MeasureThroughput(context.Background(), p, Options{Batch: 2, Gradients: gradients}, 30*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if m.Passes < 1 || m.Seconds <= 0 || m.Seconds > 10 || m.Operations != 2*float64(p.Operations(gradients)) {
			t.Errorf("%+v", m)
		}
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := MeasureThroughput(stopped, p, Options{Batch: 2}, time.Second); err == nil {
		t.Error("ran on after an interrupt")
	}
}
