//go:build !linux

package process

import "time"

// ThreadCPU is the processor time of the calling thread so far; ok is false where, as here, the system does not tell.
func ThreadCPU() (d time.Duration, ok bool) { return 0, false }
