package head

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
)

func problem(n, d, classes int) ([]float64, []int) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, labels := make([]float64, n*d), make([]int, n)
	for i := range labels {
		labels[i] = rng.IntN(classes)
		for k := range d {
			x[i*d+k] = rng.NormFloat64() + 0.5*float64((labels[i]*(k+1))%3)
		}
	}
	return x, labels
}

func inOrder(n int) func(int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return func(int) []int { return order }
}

// reference trains by hand-written gradients.
func reference(x []float64, labels []int, start *Linear, o Descent) ([]float64, *Linear) {
	n, d, k := len(labels), start.In, start.Out
	w := append(append([]float64(nil), start.W...), start.B...)
	m, v := make([]float64, len(w)), make([]float64, len(w))
	var losses []float64
	steps := 0
	for e := range o.Epochs {
		epoch, rate := 0.0, o.LearningRate
		if o.Schedule == Cosine {
			rate *= (1 + math.Cos(math.Pi*float64(e)/float64(o.Epochs))) / 2
		}
		for lo := 0; lo < n; lo += o.Batch {
			hi := min(lo+o.Batch, n)
			g := make([]float64, len(w))
			for i := lo; i < hi; i++ {
				row := append(append([]float64(nil), x[i*d:(i+1)*d]...), 1)
				p, total := make([]float64, k), 0.0
				for c := range k {
					for j, f := range row {
						p[c] += f * w[j*k+c]
					}
				}
				for c := range k {
					p[c] = math.Exp(p[c])
					total += p[c]
				}
				epoch -= math.Log(p[labels[i]]/total) / float64(n)
				for c := range k {
					e := p[c] / total
					if c == labels[i] {
						e--
					}
					for j, f := range row {
						g[j*k+c] += f * e / float64(hi-lo)
					}
				}
			}
			steps++
			for j := range w {
				if o.Solver == Adam {
					m[j] = 0.9*m[j] + 0.1*g[j]
					v[j] = 0.999*v[j] + 0.001*g[j]*g[j]
					mh, vh := m[j]/(1-math.Pow(0.9, float64(steps))), v[j]/(1-math.Pow(0.999, float64(steps)))
					w[j] -= rate * mh / (math.Sqrt(vh) + 1e-8)
					continue
				}
				m[j] = o.Momentum*m[j] + g[j]
				w[j] -= rate * m[j]
			}
		}
		losses = append(losses, epoch)
	}
	return losses, &Linear{In: d, Out: k, W: w[:d*k], B: w[d*k:]}
}

func TestTrainFollowsTheGradient(t *testing.T) {
	x, labels := problem(50, 7, 4)
	rng := rand.New(rand.NewPCG(3, 4))
	start := &Linear{In: 7, Out: 4, W: make([]float64, 28), B: make([]float64, 4)}
	for i := range start.W {
		start.W[i] = rng.Float64() - 0.5
	}
	for _, o := range []Descent{
		{SGD, 5, 20, 0.1, 0.9, Constant, nil}, // 50 = 20 + 20 + 10
		{SGD, 5, 50, 0.1, 0, Constant, nil},
		{Adam, 6, 16, 0.05, 0, Constant, nil},
		{SGD, 2, 200, 0.1, 0.5, Constant, nil}, // a batch larger than the set
		{SGD, 5, 20, 0.1, 0.9, Cosine, nil},
		{Adam, 6, 16, 0.05, 0, Cosine, nil},
	} {
		got, losses, err := Train(context.Background(), x, labels, start, o, inOrder(50))
		if err != nil {
			t.Fatal(err)
		}
		wantLosses, want := reference(x, labels, start, o)
		for e := range wantLosses {
			if math.Abs(losses[e]-wantLosses[e]) > 1e-12 {
				t.Errorf("%+v: loss of epoch %d: %v, want %v", o, e, losses[e], wantLosses[e])
			}
		}
		for i := range want.W {
			if math.Abs(got.W[i]-want.W[i]) > 1e-11 {
				t.Errorf("%+v: weight %d: %v, want %v", o, i, got.W[i], want.W[i])
			}
		}
		for i := range want.B {
			if math.Abs(got.B[i]-want.B[i]) > 1e-11 {
				t.Errorf("%+v: bias %d: %v, want %v", o, i, got.B[i], want.B[i])
			}
		}
	}
}

// At the minimum of the penalised squared error its gradient vanishes, by either system of equations.
func TestRidgeIsAMinimum(t *testing.T) {
	for _, d := range []int{6, 60} {
		x, labels := problem(30, d, 3)
		const lambda = 0.1
		l, err := Ridge(x, labels, 3, lambda)
		if err != nil {
			t.Fatal(err)
		}
		y := l.Outputs(x)
		for i, label := range labels {
			y[i*3+label]--
		}
		for c := range 3 {
			sum := 0.0
			for i := range labels {
				sum += y[i*3+c]
			}
			if math.Abs(sum) > 1e-10 {
				t.Errorf("d=%d: residuals of class %d add up to %v", d, c, sum)
			}
			for k := range d {
				g := lambda * l.W[k*3+c]
				for i := range labels {
					g += x[i*d+k] * y[i*3+c] / 30
				}
				if math.Abs(g) > 1e-11 {
					t.Errorf("d=%d: gradient %v at weight (%d, %d)", d, g, k, c)
				}
			}
		}
	}
}

func TestFit(t *testing.T) {
	l := &Linear{In: 1, Out: 2, W: []float64{1, -1}, B: []float64{0, 0}}
	f, err := l.Fit([]float64{1, -2}, []int{0, 0})
	if err != nil {
		t.Fatal(err)
	}
	p, q := 1/(1+math.Exp(-2)), 1/(1+math.Exp(4))
	want := Fit{50, -(math.Log(p) + math.Log(q)) / 2, ((1-p)*(1-p)*2 + (1-q)*(1-q)*2) / 4}
	if math.Abs(f.Accuracy-want.Accuracy)+math.Abs(f.CrossEntropy-want.CrossEntropy)+
		math.Abs(f.SquaredError-want.SquaredError) > 1e-14 {
		t.Errorf("%+v, want %+v", f, want)
	}
	l.Regression = true
	if f, _ = l.Fit([]float64{1, -2}, []int{0, 0}); f.SquaredError != (0+1+9+4)/4.0 {
		t.Errorf("squared error of a regression: %v", f.SquaredError)
	}
}

// Training again and again must not hold on to memory.
func TestTrainDoesNotLeak(t *testing.T) {
	x, labels := problem(40, 20, 5)
	start := &Linear{In: 20, Out: 5, W: make([]float64, 100), B: make([]float64, 5)}
	live := func() uint64 {
		runtime.GC()
		runtime.GC() // the second one empties sync.Pool victims
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	train := func(times int) {
		for range times {
			if _, _, err := Train(context.Background(), x, labels, start, Descent{SGD, 10, 10, 0.1, 0.9, Constant, nil},
				inOrder(40)); err != nil {
				t.Fatal(err)
			}
		}
	}
	train(5)
	before, routines := live(), runtime.NumGoroutine()
	train(30)
	if after := live(); after > before+1<<18 {
		t.Errorf("heap grew from %d to %d bytes", before, after)
	}
	if now := runtime.NumGoroutine(); now > routines {
		t.Errorf("goroutines grew from %d to %d", routines, now)
	}
}

func TestBadInput(t *testing.T) {
	x, labels := problem(10, 3, 2)
	start := &Linear{In: 3, Out: 2, W: make([]float64, 6), B: make([]float64, 2)}
	good := Descent{SGD, 1, 5, 0.1, 0.9, Constant, nil}
	for name, f := range map[string]func() error{
		"nan": func() error {
			bad := append([]float64(nil), x...)
			bad[4] = math.NaN()
			_, err := Ridge(bad, labels, 2, 1)
			return err
		},
		"label":  func() error { _, err := Ridge(x, append([]int{7}, labels[1:]...), 2, 1); return err },
		"lambda": func() error { _, err := Ridge(x, labels, 2, 0); return err },
		"empty":  func() error { _, err := Ridge(nil, nil, 2, 1); return err },
		"diverges": func() error {
			wild := Descent{SGD, 2000, 5, 1e5, 0.999, Constant, nil}
			_, _, err := Train(context.Background(), x, labels, start, wild, inOrder(10))
			return err
		},
		"solver": func() error {
			o := good
			o.Solver = "lbfgs"
			_, _, err := Train(context.Background(), x, labels, start, o, inOrder(10))
			return err
		},
		"cancelled": func() error {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_, _, err := Train(ctx, x, labels, start, good, inOrder(10))
			return err
		},
	} {
		if err := f(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func BenchmarkTrain(b *testing.B) {
	x, labels := problem(1000, 128, 10)
	start := &Linear{In: 128, Out: 10, W: make([]float64, 1280), B: make([]float64, 10)}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Train(context.Background(), x, labels, start, Descent{SGD, 30, 100, 0.025, 0.9, Constant, nil},
			inOrder(1000)); err != nil {
			b.Fatal(err)
		}
	}
}
