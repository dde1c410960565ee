package system

import (
	"os"
	"path/filepath"
	"testing"
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

func TestProcField(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meminfo")
	if err := os.WriteFile(path, []byte("MemTotal:       16384 kB\nMemTotalX: 1 kB\nbare\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"MemTotal": "16384 kB", "Mem": "", "bare": ""} {
		if got := procField(path, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if got := procField(path+".absent", "MemTotal"); got != "" {
		t.Errorf("an absent file says %q", got)
	}
}
