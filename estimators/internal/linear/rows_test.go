package linear

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// Products of rows are gonum's, whatever the precision, the number of rows and that of values.
func TestRows(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testRows[float32](t, 2e-6) })
	t.Run("float64", func(t *testing.T) { testRows[float64](t, 1e-14) })
}

func testRows[T float32 | float64](t *testing.T, tolerance float64) {
	rng := rand.New(rand.NewPCG(4, 2))
	for _, size := range [][3]int{{1, 1, 1}, {3, 17, 16}, {256, 64, 130}, {700, 37, 5}, {513, 200, 96}} {
		n, dx, dy := size[0], size[1], size[2]
		x, y := mat.NewDense(n, dx, nil), mat.NewDense(n, dy, nil)
		for _, m := range []*mat.Dense{x, y} {
			for i, v := range m.RawMatrix().Data {
				m.RawMatrix().Data[i] = v + float64(T(rng.NormFloat64()))
			}
		}
		row := func(m *mat.Dense, i int, to []T) {
			for k, v := range m.RawRowView(i) {
				to[k] = T(v)
			}
		}
		var gram, product mat.Dense
		gram.Mul(x.T(), x)
		product.Mul(x.T(), y)
		symmetric := RowGram(n, dx, 0.5, func(i int, z []T) { row(x, i, z) })
		general := RowProduct(n, dx, dy, 0.5, func(i int, left, right []T) { row(x, i, left); row(y, i, right) })
		for i := range dx {
			for k := range dx {
				if got, want := symmetric.At(i, k), gram.At(i, k)/2; math.Abs(got-want) > tolerance*float64(n) {
					t.Fatalf("%v: gram %d, %d is %v, want %v", size, i, k, got, want)
				}
			}
			for k := range dy {
				if got, want := general.Row(i)[k], product.At(i, k)/2; math.Abs(got-want) > tolerance*float64(n) {
					t.Fatalf("%v: product %d, %d is %v, want %v", size, i, k, got, want)
				}
			}
		}
	}
}

func TestDeviations(t *testing.T) {
	for n := 1; n < 10; n++ {
		x := []float32{1, 2, 4, 8, 16, 32, 64, 128, 256}[:n]
		var sum, squares float64
		for _, v := range x {
			sum += float64(v)
		}
		for _, v := range x {
			squares += math.Pow(float64(v)-sum/float64(n), 2)
		}
		mean, got := Deviations(x)
		if math.Abs(mean-sum/float64(n)) > 1e-12*sum || math.Abs(got-squares) > 1e-12*squares {
			t.Errorf("%d values: %v, %v; want %v, %v", n, mean, got, sum/float64(n), squares)
		}
	}
}
