//go:build !purego

package kernels

func supported() []Level { return []Level{Portable, NEON} }
