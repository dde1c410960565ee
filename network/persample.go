package network

import "fmt"

// PerSample calls visit once an image, in order, after setting gTheta to the gradient of that image's own
// cross-entropy. With RunningNorm or NoNorm an image does not touch the others, so each goes through the network alone;
// with BatchNorm one Forward serves a Backward an image. visit's first error ends it.
func PerSample[T Real](e Runner[T], theta, x []T, labels []int, norm Norm, gTheta []T,
	visit func(image int) error) error {
	n, size := len(labels), e.Plan().ImageSize()
	if n == 0 || len(x) != n*size {
		return fmt.Errorf("network: %d values for %d labels: an image has %d", len(x), n, size)
	}
	classes := e.Plan().Classes()
	cotangent := make([]T, n*classes)
	if norm == BatchNorm {
		if err := e.Forward(theta, x, n, norm); err != nil {
			return err
		}
	}
	for i := range n {
		row, c := 0, cotangent // the image's row of the logits, and all cotangents of the pass
		if norm == BatchNorm {
			row = i
			clear(c)
		} else {
			c = c[:classes]
			if err := e.Forward(theta, x[i*size:][:size], 1, norm); err != nil {
				return err
			}
		}
		if _, err := CrossEntropy(e.Logits()[row*classes:][:classes], labels[i:i+1], c[row*classes:][:classes]); err != nil {
			return err
		}
		if err := e.Backward(Cotangents[T]{Logits: c}, gTheta, nil); err != nil {
			return err
		}
		if err := visit(i); err != nil {
			return err
		}
	}
	return nil
}
