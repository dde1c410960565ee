// Package system tells what machine this process runs on.
package system

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// CPU is the model of the CPU as the system calls it, or the architecture where the system does not say.
func CPU() string {
	for _, key := range []string{"model name", "Model", "Hardware"} {
		if v := procField("/proc/cpuinfo", key); v != "" {
			return v
		}
	}
	return runtime.GOARCH
}

// Memory is the memory that this process may use, and what of it is available, in bytes; 0 where the system does not
// say.
func Memory() (total, available int64) {
	total, available = procBytes("MemTotal"), procBytes("MemAvailable")
	if data, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil { // a container's limit
		if limit, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil && limit < total {
			total, available = limit, min(limit, available)
		}
	}
	return total, available
}

// procBytes reads a line like "MemTotal: 16384 kB".
func procBytes(key string) int64 {
	number, unit, _ := strings.Cut(procField("/proc/meminfo", key), " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || unit != "kB" {
		return 0
	}
	return n * 1024
}

// procField is the value of the first "key: value" line of a file; "" where there is none.
func procField(path, key string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
