// Package system tells what machine this process runs on.
package system

import (
	"bufio"
	"io/fs"
	"os"
	"runtime"
	"strings"
)

// CPU is the model of the CPU as the system calls it, or the architecture where the system does not say.
func CPU() string {
	for _, key := range []string{"model name", "Model", "Hardware"} {
		if v := procField(os.DirFS("/"), "proc/cpuinfo", key); v != "" {
			return v
		}
	}
	return runtime.GOARCH
}

// procField is the value of the first "key: value" line of a file; "" where there is none.
func procField(root fs.FS, path, key string) string {
	f, err := root.Open(path)
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
