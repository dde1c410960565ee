package oracle

import (
	"runtime/metrics"
	"testing"
)

// HostileLimit is what reading a hostile file of up to a megabyte may allocate.
const HostileLimit = 64 << 20

// Frugal runs f and fails the test when it allocated more than limit bytes.
func Frugal(t testing.TB, limit uint64, f func()) {
	t.Helper()
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	before := s[0].Value.Uint64()
	f()
	metrics.Read(s)
	if used := s[0].Value.Uint64() - before; used > limit {
		t.Errorf("%d bytes allocated, want at most %d", used, limit)
	}
}
