package process

import (
	"testing"
	"time"
)

func TestUsed(t *testing.T) {
	before, ok := Used()
	if !ok {
		t.Skip("this system does not tell")
	}
	data := make([]byte, 64<<20)
	for i := range data {
		data[i] = byte(i)
	}
	for start := time.Now(); time.Since(start) < 20*time.Millisecond; {
		data[0]++
	}
	after, _ := Used()
	if spent := after.CPU - before.CPU; spent <= 0 || spent > time.Minute {
		t.Errorf("CPU time %v", spent)
	}
	if after.PeakMemory < int64(len(data)) || after.PeakMemory > 1<<40 {
		t.Errorf("peak memory %d with %d bytes touched", after.PeakMemory, len(data))
	}
}
