package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"rwe301/bench301/dataset"
	"rwe301/scoring"
)

// imageInput is which images a command scores with.
type imageInput struct {
	scoring.Images
	talk func() io.Writer
}

// addFlags gives a command the flags --data, --data-side, --data-train and --data-test.
func (i *imageInput) addFlags(cmd *cobra.Command) {
	i.talk = cmd.ErrOrStderr
	f := cmd.Flags()
	f.StringVar(&i.Name, "data", "sample", "images: sample (part of CIFAR-10, inside the binary), cifar10 (all of it, see the command data fetch), a folder or archive of CIFAR-10, or a folder with train/CLASS/IMAGE and val/CLASS/IMAGE")
	f.IntVar(&i.Side, "data-side", 32, "height and width to which the images of such a folder are resized and cut")
	f.IntVar(&i.Train, "data-train", 0, "read so many training images of such a folder only, classes in turn (0: all)")
	f.IntVar(&i.Test, "data-test", 0, "the same for its test images")
}

// open reads the images.
func (i *imageInput) open(ctx context.Context) (*dataset.Set, error) {
	var m *meter
	var in scoring.Inputs
	set, err := in.Images(ctx, i.Images, func(done, total int64) {
		if m == nil {
			m = newMeter(i.talk(), "reading images", "images", total)
		}
		m.set(done)
	})
	if m != nil {
		m.close()
	}
	return set, err
}
