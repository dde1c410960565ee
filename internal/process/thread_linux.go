package process

import (
	"time"

	"golang.org/x/sys/unix"
)

// ThreadCPU is the processor time of the calling thread so far, in user and system mode; ok is false where the system
// does not tell.
func ThreadCPU() (d time.Duration, ok bool) {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0, false
	}
	return time.Duration(t.Nano()), true
}
