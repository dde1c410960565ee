package network

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// maxMemory is the most an executor may ask for, in bytes: more than that is a mistyped size on the machines of today.
const maxMemory = 1 << 40

// fits says whether an executor that needs so many bytes may be made. An unknown amount of free memory (negative)
// forbids nothing but the absurd.
func fits(need, free int64, batch int) error {
	const gb = 1e9
	switch {
	case need < 0 || need > maxMemory:
		return fmt.Errorf("network: batch %d of this network needs more than %.0f GB: use a smaller batch, width or image", batch, maxMemory/gb)
	case free >= 0 && need > free:
		return fmt.Errorf("network: batch %d of this network needs %.2f GB and %.2f GB are free: use a smaller batch, width or image", batch, float64(need)/gb, float64(free)/gb)
	}
	return nil
}

// freeMemory is how many bytes this process can still get without swapping, on Linux: what the kernel calls available,
// or what the control group leaves if that is less. Elsewhere it is -1, unknown.
func freeMemory() int64 {
	free := int64(-1)
	if data, err := os.ReadFile("/proc/meminfo"); err == nil {
		free = available(data)
	}
	const group = "/sys/fs/cgroup/memory."
	limit, err := os.ReadFile(group + "max")
	if err != nil {
		return free
	}
	used, err := os.ReadFile(group + "current")
	if err != nil {
		return free
	}
	if left := groupLeft(limit, used); left >= 0 && (free < 0 || left < free) {
		free = left
	}
	return free
}

// available reads MemAvailable, in bytes, from /proc/meminfo; -1 if it is not there.
func available(meminfo []byte) int64 {
	for line := range bytes.Lines(meminfo) {
		f := strings.Fields(string(line))
		if len(f) < 2 || f[0] != "MemAvailable:" {
			continue
		}
		if kb, err := strconv.ParseInt(f[1], 10, 64); err == nil {
			return kb * 1024
		}
	}
	return -1
}

// groupLeft is what a control group's limit leaves; -1 without a limit.
func groupLeft(limit, used []byte) int64 {
	l, err := strconv.ParseInt(strings.TrimSpace(string(limit)), 10, 64)
	if err != nil {
		return -1 // "max"
	}
	u, err := strconv.ParseInt(strings.TrimSpace(string(used)), 10, 64)
	if err != nil {
		return -1
	}
	return max(0, l-u)
}
