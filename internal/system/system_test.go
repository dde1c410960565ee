package system

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
)

func TestMachine(t *testing.T) {
	if CPU() == "" {
		t.Error("a processor without a name")
	}
	total, available := Memory()
	if total < 0 || available < 0 || available > total {
		t.Errorf("%d bytes available of %d", available, total)
	}
}

// TestLimits gives containers of both versions of control groups.
func TestLimits(t *testing.T) {
	const meminfo = "MemTotal: 16000 kB\nMemAvailable:   9000 kB\n"
	const k = 1024
	for name, c := range map[string]struct {
		files            map[string]string
		total, available int64
		cores            float64
	}{
		"none": {nil, 16000 * k, 9000 * k, 0},
		"no limit": {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n",
			"sys/fs/cgroup/memory.current": "5\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, 16000 * k, 9000 * k, 0},
		"container": {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "4096000\n",
			"sys/fs/cgroup/memory.current": "1024000\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 4000 * k, 3000 * k, 1.5},
		"used up": {map[string]string{"sys/fs/cgroup/memory.max": "4096\n", "sys/fs/cgroup/memory.current": "5000\n"},
			4096, 0, 0},
		"nested": {map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n",
			"sys/fs/cgroup/a/memory.max": "2048000\n", "sys/fs/cgroup/a/memory.current": "1024000\n",
			"sys/fs/cgroup/a/cpu.max": "200000 100000\n", "sys/fs/cgroup/a/b/cpu.max": "50000 100000"},
			2000 * k, 1000 * k, 0.5},
		"version 1": {map[string]string{"proc/self/cgroup": "4:cpu,cpuacct:/docker/x\n3:memory:/docker/x\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "2048000\n",
			"sys/fs/cgroup/memory/memory.usage_in_bytes": "1024000\n",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us":         "300000\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"},
			2000 * k, 1000 * k, 3},
		"version 1 without a limit": {map[string]string{
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
			"sys/fs/cgroup/memory/memory.usage_in_bytes": "1024000\n",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us":         "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"},
			16000 * k, 9000 * k, 0},
	} {
		root := fstest.MapFS{"proc/meminfo": {Data: []byte(meminfo)}}
		for path, text := range c.files {
			root[path] = &fstest.MapFile{Data: []byte(text)}
		}
		total, available := memory(root)
		if n := cores(root); total != c.total || available != c.available || n != c.cores {
			t.Errorf("%s: %d of %d bytes, %v cores, want %d of %d, %v", name, available, total, n, c.available, c.total, c.cores)
		}
	}
	if total, available := memory(fstest.MapFS{}); total != 0 || available != 0 {
		t.Errorf("unknown: %d, %d", total, available)
	}
}

func TestProcField(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "meminfo")
	if err := os.WriteFile(path, []byte("MemTotal:       16384 kB\nMemTotalX: 1 kB\nbare\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"MemTotal": "16384 kB", "Mem": "", "bare": ""} {
		if got := procField(os.DirFS(dir), "meminfo", key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if got := procField(os.DirFS(dir), "absent", "MemTotal"); got != "" {
		t.Errorf("an absent file says %q", got)
	}
}
