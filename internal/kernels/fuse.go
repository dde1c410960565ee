//go:build arm64 || loong64 || ppc64 || ppc64le || riscv64 || s390x

package kernels

// compilerFuses says that Go's compiler makes x*y + z of float32 values, without a conversion between, one instruction
// that rounds once. The language lets it, but does not oblige it: see fusesExactly.
const compilerFuses = true
