package network

import "testing"

// engine is what tests of behaviour are written against, so that they hold for every executor.
type engine[T Real] = Runner[T]

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
