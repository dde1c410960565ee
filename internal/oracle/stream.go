package oracle

import "rwe301/internal/splitmix"

// Stream is the source of the values in the network cases.
type Stream = splitmix.Stream

// NewStream starts a stream at a seed.
func NewStream(seed uint64) *Stream { return splitmix.New(seed) }

// Checksum is the cases' checksum of a tensor: the sum of the float32 bit patterns times 2i+1, mod 2^64.
func Checksum(values []float32) uint64 { return splitmix.Checksum(values) }
