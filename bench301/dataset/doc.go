// Package dataset provides labelled images for training and scoring networks: CIFAR-10, a sample of it inside the
// binary, and folders of images.
//
// What to call first:
//
//	Find a set by name or path               Open
//	Images without any download              Sample, 2000 training and 1000 test images of CIFAR-10
//	CIFAR-10 on this machine                 DefaultCache, then Cache.CIFAR10; Cache.Fetch downloads, Cache.Import copies
//	Folders named for classes (ImageNet)     Folder.Read
//	Images of your own                       New
//	What networks read                       Split.Normalise: float32, N x H x W x 3
//	Augmented batches for training           Batches.Epoch
//
// A [Set] keeps its pixels as bytes, N x H x W x 3, and a hash of its content. What is drawn depends on the seed alone.
package dataset
