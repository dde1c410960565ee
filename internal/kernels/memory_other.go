//go:build !linux

package kernels

func adviseLargePages([]float32) {}
