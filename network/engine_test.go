package network

import "testing"

// engine is what the executors of both precisions offer. Tests of behaviour are written against it.
type engine[T Real] interface {
	Plan() *Plan
	Forward(theta, x []T, n int, norm Norm) error
	Backward(c Cotangents[T], gTheta, gInput []T) error
	HessianVector(labels []int, v, hv []T) error
	Output(node int) (data []T, h, w, c int)
	Gradient(node int) (data []T, h, w, c int)
	Logits() []T
	AuxLogits() []T
	Features() []T
	Running(name string) (mean, variance []float64)
	ResetRunning()
	SetMomentum(momentum float64)
	SetDropPath(rate float64, seed uint64) error
	Close()
}

// newEngine returns the executor that works in T.
func newEngine[T Real](t testing.TB, p *Plan, o Options) engine[T] {
	t.Helper()
	var e any
	var err error
	switch any(T(0)).(type) {
	case float32:
		e, err = NewExecutor(p, o)
	default:
		e, err = NewExecutor64(p, o)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.(engine[T]).Close)
	return e.(engine[T])
}

// run is Forward, which must succeed.
func run[T Real](t testing.TB, e engine[T], theta, x []T, n int, norm Norm) {
	t.Helper()
	if err := e.Forward(theta, x, n, norm); err != nil {
		t.Fatal(err)
	}
}

// lossGradient runs Backward from the mean cross-entropy of the last Forward and returns the loss.
func lossGradient[T Real](t testing.TB, e engine[T], labels []int, gTheta, gInput []T) float64 {
	t.Helper()
	cotangent := make([]T, len(e.Logits()))
	loss, err := CrossEntropy(e.Logits(), labels, cotangent)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Backward(Cotangents[T]{Logits: cotangent}, gTheta, gInput); err != nil {
		t.Fatal(err)
	}
	return loss
}
