package surrogate

import (
	"math"
	"reflect"
	"runtime"
	"testing"

	"rwe301/bench301"
	"rwe301/bench301/surrogate/internal/trees"
)

// TestBatchesAreSingles: however many are asked together, and on however many processors, the answers are the same.
func TestBatchesAreSingles(t *testing.T) {
	g := sample(333)
	for _, name := range []string{"xgb/ensemble", "lgb/ensemble", "gin/variant"} {
		e := load(t, name)
		want := make([]Prediction, len(g))
		for i := range g {
			want[i] = e.Predict(g[i])
		}
		for _, procs := range []int{1, 3} {
			old := runtime.GOMAXPROCS(procs)
			for _, n := range []int{0, 1, 7, 8, 9, 63, 64, 65, len(g)} {
				out := make([]Prediction, n)
				e.PredictBatch(g[:n], out)
				if !reflect.DeepEqual(out, want[:n:n]) {
					t.Errorf("%s: %d on %d processors differ", name, n, procs)
				}
			}
			runtime.GOMAXPROCS(old)
		}
	}
}

// TestSpelling: the order of a node's edges does not matter.
func TestSpelling(t *testing.T) {
	for _, name := range ensembles {
		e := load(t, name)
		for _, g := range sample(20) {
			other := g
			for _, c := range []*bench301.Cell{&other.Normal, &other.Reduce} {
				for n := range bench301.Nodes {
					c[2*n], c[2*n+1] = c[2*n+1], c[2*n]
				}
			}
			if a, b := e.Predict(g), e.Predict(other); !reflect.DeepEqual(a, b) {
				t.Errorf("%s: %v, turned around %v", name, a, b)
			}
		}
	}
}

func TestNoise(t *testing.T) {
	p := Prediction{Mean: 94, Std: 0.5}
	g := sample(4000)
	var sum, squares float64
	for _, a := range g {
		z := (p.Noisy(a, 1) - p.Mean) / p.Std
		sum += z
		squares += z * z
	}
	n := float64(len(g))
	if mean, deviation := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 4/math.Sqrt(n) ||
		math.Abs(deviation-1) > 4/math.Sqrt(2*n) {
		t.Errorf("mean %v, deviation %v of %d draws", mean, deviation, len(g))
	}
	turned := g[0]
	turned.Normal[0], turned.Normal[1] = turned.Normal[1], turned.Normal[0]
	if a, b, c := p.Noisy(g[0], 1), p.Noisy(turned, 1), p.Noisy(g[0], 2); a != b || a == c {
		t.Errorf("%v, spelled otherwise %v, of another seed %v", a, b, c)
	}
}

func TestPairwiseOfMany(t *testing.T) {
	// numpy.sum([0.1] * n): the halves of sums beyond 128 values.
	for n, want := range map[int]float64{129: 12.9, 300: 30, 1000: 100} {
		x := make([]float64, n)
		for i := range x {
			x[i] = 0.1
		}
		if got := pairwise(x); math.Abs(got-want) > 1e-12 {
			t.Errorf("%d: %v", n, got)
		}
	}
}

func BenchmarkPredict(b *testing.B) {
	g := sample(1024)
	for _, name := range ensembles {
		e := load(b, name)
		b.Run(name, func(b *testing.B) {
			for i := range b.N {
				e.Predict(g[i%len(g)])
			}
		})
	}
}

func BenchmarkPredictBatch(b *testing.B) {
	g := sample(1 << 14)
	out := make([]Prediction, len(g))
	for _, name := range []string{"xgb/ensemble", "lgb/ensemble"} {
		e := load(b, name)
		b.Run(name, func(b *testing.B) {
			for range b.N {
				e.PredictBatch(g, out)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(g)), "ns/row")
		})
	}
}

func BenchmarkLoadFile(b *testing.B) {
	data := load(b, "xgb/ensemble").encodeFile()
	b.SetBytes(int64(len(data)))
	for range b.N {
		if _, err := decodeFile(data); err != nil {
			b.Fatal(err)
		}
	}
}

func TestSplitsOnTraining(t *testing.T) {
	for _, name := range ensembles {
		if load(t, name).SplitsOnTraining() {
			t.Errorf("%s: its data had the hyperparameters of training at one value", name)
		}
	}
	const learningRate = 24
	for feature, want := range map[uint32]bool{uint32(normalColumns.edge[0]): false, learningRate: true} {
		var f trees.Forest[float32]
		err := f.Add(trees.Source[float32]{Left: []int32{1, -1, -1}, Right: []int32{2, -1, -1},
			Feature: []uint32{feature, learningRate, learningRate}, Value: []float32{0.5, 93, 94},
			Flags: make([]trees.Flags, 3)})
		if err != nil {
			t.Fatal(err)
		}
		e := Ensemble{models: []*model{{xgb: &f}}}
		if got := e.SplitsOnTraining(); got != want {
			t.Errorf("a split on column %d: %v, want %v", feature, got, want)
		}
	}
}
