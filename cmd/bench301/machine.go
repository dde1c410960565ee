package main

import (
	"bufio"
	"os"
	"runtime"
	"strings"

	"rwe301/study"
)

// machine is what stands beside every score: the version of the program and the processor.
func machine() study.Machine { return study.Machine{Code: codeVersion(), CPU: cpuName()} }

// cpuName is the processor's name where the system tells, else its architecture.
func cpuName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if key, value, ok := strings.Cut(in.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
