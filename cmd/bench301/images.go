package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"rwe301/bench301/dataset"
)

// imageInput is which images a command scores with.
type imageInput struct{ name string }

// addFlags gives a command the flag --data.
func (i *imageInput) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&i.name, "data", "sample", "images: sample (part of CIFAR-10, inside the binary), cifar10 (all of it, see `data fetch`), or a folder or archive of CIFAR-10")
}

// open reads the images.
func (i *imageInput) open(ctx context.Context) (*dataset.Set, error) {
	switch i.name {
	case "sample":
		return dataset.Sample(), nil
	case "cifar10":
		cache, err := dataset.DefaultCache()
		if err != nil {
			return nil, err
		}
		return cache.CIFAR10(ctx)
	}
	set, err := dataset.ReadCIFAR10(ctx, i.name)
	if err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	return set, nil
}
