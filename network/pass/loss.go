package pass

import (
	"fmt"
	"math"
)

// CrossEntropy returns the mean over the images of the cross-entropy between softmax(logits), n x classes values, and
// the labels, in nats. It sets grad, unless nil, to the derivative with respect to the logits. Logits that are not
// finite make the loss NaN or infinite, which is no error.
func CrossEntropy[T Real](logits []T, labels []int, grad []T) (loss float64, err error) {
	n := len(labels)
	if n == 0 || len(logits) == 0 || len(logits)%n != 0 {
		return 0, fmt.Errorf("network: %d logits for %d labels: there must be as many rows of logits as labels", len(logits),
			n)
	}
	if grad != nil && len(grad) != len(logits) {
		return 0, fmt.Errorf("network: a gradient of %d values for %d logits", len(grad), len(logits))
	}
	classes := len(logits) / n
	for i, y := range labels {
		if y < 0 || y >= classes {
			return 0, fmt.Errorf("network: label %d of image %d: must lie in [0, %d)", y, i, classes)
		}
		row := logits[i*classes : (i+1)*classes]
		top, total := softmaxScale(row)
		loss += math.Log(total) - (float64(row[y]) - top)
		if grad == nil {
			continue
		}
		g := grad[i*classes : (i+1)*classes]
		for k, v := range row {
			p := math.Exp(float64(v)-top) / total
			if k == y {
				p--
			}
			g[k] = T(p / float64(n))
		}
	}
	return loss / float64(n), nil
}

// softmaxScale returns the largest value of a row and the sum of exp(value - largest).
func softmaxScale[T Real](row []T) (top, total float64) {
	top = math.Inf(-1)
	for _, v := range row {
		top = max(top, float64(v))
	}
	for _, v := range row {
		total += math.Exp(float64(v) - top)
	}
	return top, total
}

// SoftmaxTangent sets d to the derivative of CrossEntropy's gradient along the tangent t of the logits: with p =
// softmax(logits), p*(t - sum(p*t))/n.
func SoftmaxTangent[T Real](d, logits, t []T, n int) {
	classes := len(logits) / n
	for i := range n {
		row, tangent := logits[i*classes:(i+1)*classes], t[i*classes:(i+1)*classes]
		top, total := softmaxScale(row)
		mean := 0.0
		for k, v := range row {
			mean += float64(math.Exp(float64(v)-top) / total * float64(tangent[k]))
		}
		for k, v := range row {
			p := math.Exp(float64(v)-top) / total
			d[i*classes+k] = T(p * (float64(tangent[k]) - mean) / float64(n))
		}
	}
}
