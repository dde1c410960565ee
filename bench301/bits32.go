//go:build 386 || arm || mips || mipsle

package bench301

// Sizes of networks and batches are ints that are multiplied before they are compared with 1 << 40: with 32 bits they
// could overflow, and numbers would be wrong without a word.
var _ = bench301_needs_a_processor_of_64_bits // this line fails to compile on purpose: GOARCH must be of 64 bits
