package process

import "time"

// Usage is what the process has used since it started.
type Usage struct {
	CPU        time.Duration // of all threads, in user and system mode
	PeakMemory int64         // largest resident set, bytes
}
