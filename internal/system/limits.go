package system

import (
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// Memory is the memory that this process may use, and what of it is available without swapping, in bytes: that of the
// machine, or what the control groups of a container leave where that is less. Both are 0 where the system does not
// say.
func Memory() (total, available int64) { return memory(os.DirFS("/")) }

// Cores is how many cores the control groups of this process let it use, in parts of cores too; 0 means no limit.
func Cores() float64 { return cores(os.DirFS("/")) }

func memory(root fs.FS) (total, available int64) {
	total, available = meminfo(root, "MemTotal"), meminfo(root, "MemAvailable")
	if total == 0 {
		return 0, 0
	}
	for _, g := range groups(root, "memory") {
		limit, used := g.number("memory.max"), g.number("memory.current")
		if limit < 0 { // version 1
			limit, used = g.number("memory.limit_in_bytes"), g.number("memory.usage_in_bytes")
		}
		if limit < 0 || limit >= total && used < 0 {
			continue
		}
		total = min(total, limit)
		available = min(available, max(0, limit-max(0, used)))
	}
	return total, available
}

func cores(root fs.FS) float64 {
	least := math.Inf(1)
	for _, g := range groups(root, "cpu") {
		quota, period := g.number("cpu.cfs_quota_us"), g.number("cpu.cfs_period_us") // version 1
		if q, p, both := strings.Cut(g.text("cpu.max"), " "); both {
			quota, period = number(q), number(p)
		}
		if quota > 0 && period > 0 {
			least = min(least, float64(quota)/float64(period))
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return least
}

// group is the folder of a control group.
type group struct {
	root   fs.FS
	folder string
}

// groups are the control groups of this process that may limit something: its own and those above it, of version 2 and,
// by the name of its controller, of version 1. Inside a container the paths of the host need not exist, and the topmost
// folder is the container's own.
func groups(root fs.FS, controller string) (all []group) {
	above := func(mount, own string) {
		for own = path.Join("/", own); ; own = path.Dir(own) {
			all = append(all, group{root, path.Join(mount, own)})
			if own == "/" {
				return
			}
		}
	}
	text, _ := fs.ReadFile(root, "proc/self/cgroup")
	second, first := "", ""
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(f) < 3:
		case f[1] == "":
			second = f[2]
		case strings.Contains(","+f[1]+",", ","+controller+","):
			first = f[2]
		}
	}
	above("sys/fs/cgroup", second)
	above("sys/fs/cgroup/"+controller, first)
	return all
}

func (g group) text(name string) string {
	text, _ := fs.ReadFile(g.root, path.Join(g.folder, name))
	return strings.TrimSpace(string(text))
}

// number is what a file of the group says; -1 where it says nothing or no limit.
func (g group) number(name string) int64 { return number(g.text(name)) }

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1 // "max"
	}
	return n
}

// meminfo reads a line like "MemTotal: 16384 kB", in bytes.
func meminfo(root fs.FS, key string) int64 {
	text, unit, _ := strings.Cut(procField(root, "proc/meminfo", key), " ")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || unit != "kB" {
		return 0
	}
	return n * 1024
}
