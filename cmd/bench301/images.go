package main

import (
	"context"

	"github.com/spf13/cobra"

	"rwe301/bench301/dataset"
)

// imageInput is which images a command scores with.
type imageInput struct {
	name   string
	folder dataset.Folder
}

// addFlags gives a command the flags --data and --data-side.
func (i *imageInput) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&i.name, "data", "sample", "images: sample (part of CIFAR-10, inside the binary), cifar10 (all of it, see `data fetch`), a folder or archive of CIFAR-10, or a folder with train/CLASS/IMAGE and val/CLASS/IMAGE")
	f.IntVar(&i.folder.Side, "data-side", 32, "height and width to which the images of such a folder are resized and cut")
}

// open reads the images.
func (i *imageInput) open(ctx context.Context) (*dataset.Set, error) {
	return dataset.Open(ctx, i.name, i.folder)
}
