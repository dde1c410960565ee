//go:build unix

package process

import (
	"runtime"
	"syscall"
	"time"
)

// Used returns the usage so far; ok is false where the system does not tell.
func Used() (u Usage, ok bool) {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return u, false
	}
	u.CPU = time.Duration(syscall.TimevalToNsec(r.Utime) + syscall.TimevalToNsec(r.Stime))
	u.PeakMemory = int64(r.Maxrss)
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" { // these count bytes, the others kilobytes
		u.PeakMemory <<= 10
	}
	return u, true
}
