package head

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// Linear is a linear classifier: outputs = x W + b.
type Linear struct {
	In, Out int
	W       []float64 // In x Out
	B       []float64 // Out
	// Regression says that the outputs estimate one-hot labels themselves; otherwise they are logits.
	Regression bool
}

// Outputs returns n x Out values for n x In features.
func (l *Linear) Outputs(x []float64) []float64 {
	n := len(x) / l.In
	y := make([]float64, n*l.Out)
	for i := range n {
		copy(y[i*l.Out:], l.B)
	}
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, general(n, l.In, x), general(l.In, l.Out, l.W), 1, general(n, l.Out, y))
	return y
}

func general(rows, cols int, data []float64) blas64.General {
	return blas64.General{Rows: rows, Cols: cols, Stride: cols, Data: data}
}

// Fit says how well a head's outputs match labels.
type Fit struct {
	Accuracy     float64 // percentage of images whose largest output, the first of equals, is that of the label
	CrossEntropy float64 // mean -ln softmax(outputs)[label]
	SquaredError float64 // mean over images and classes against one-hot labels; of softmax(outputs) unless Regression
}

// Fit evaluates the head on n x In features.
func (l *Linear) Fit(x []float64, labels []int) (Fit, error) {
	if len(x) != len(labels)*l.In || len(labels) == 0 {
		return Fit{}, fmt.Errorf("head: %d values for %d labels: %d features an image", len(x), len(labels), l.In)
	}
	var f Fit
	y := l.Outputs(x)
	for i, label := range labels {
		row := y[i*l.Out : (i+1)*l.Out]
		best, top := 0, row[0]
		for k, v := range row {
			if v > top {
				best, top = k, v
			}
		}
		if best == label {
			f.Accuracy++
		}
		total := 0.0
		for _, v := range row {
			total += math.Exp(v - top)
		}
		f.CrossEntropy += math.Log(total) + top - row[label]
		for k, v := range row {
			if !l.Regression {
				v = math.Exp(v-top) / total
			}
			if k == label {
				v--
			}
			f.SquaredError += float64(v * v)
		}
	}
	n := float64(len(labels))
	return Fit{100 * f.Accuracy / n, f.CrossEntropy / n, f.SquaredError / (n * float64(l.Out))}, nil
}

// check says what is wrong with a training set.
func check(x []float64, labels []int, classes int) error {
	n := len(labels)
	switch {
	case n == 0 || len(x)%n != 0 || len(x) == 0:
		return fmt.Errorf("head: %d feature values for %d images", len(x), n)
	case classes < 2:
		return fmt.Errorf("head: %d classes: at least 2 are needed", classes)
	}
	for i, l := range labels {
		if l < 0 || l >= classes {
			return fmt.Errorf("head: label %d of image %d: there are classes 0-%d", l, i, classes-1)
		}
	}
	for i, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("head: feature %d of image %d is %v", i%(len(x)/n), i/(len(x)/n), v)
		}
	}
	return nil
}
