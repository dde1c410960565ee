package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"rwe301/bench301/dataset"
)

// imageInput is which images a command scores with.
type imageInput struct {
	name   string
	folder dataset.Folder
	talk   func() io.Writer
}

// addFlags gives a command the flags --data, --data-side, --data-train and --data-test.
func (i *imageInput) addFlags(cmd *cobra.Command) {
	i.talk = cmd.ErrOrStderr
	f := cmd.Flags()
	f.StringVar(&i.name, "data", "sample", "images: sample (part of CIFAR-10, inside the binary), cifar10 (all of it, see the command data fetch), a folder or archive of CIFAR-10, or a folder with train/CLASS/IMAGE and val/CLASS/IMAGE")
	f.IntVar(&i.folder.Side, "data-side", 32, "height and width to which the images of such a folder are resized and cut")
	f.IntVar(&i.folder.Train, "data-train", 0, "read so many training images of such a folder only, classes in turn (0: all)")
	f.IntVar(&i.folder.Test, "data-test", 0, "the same for its test images")
}

// open reads the images.
func (i *imageInput) open(ctx context.Context) (*dataset.Set, error) {
	var m *meter
	i.folder.Progress = func(done, total int64) {
		if m == nil {
			m = newMeter(i.talk(), "reading images", "images", total)
		}
		m.set(done)
	}
	set, err := dataset.Open(ctx, i.name, i.folder)
	if m != nil {
		m.close()
	}
	return set, err
}
