package process

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestGroups ends programs by themselves, one group, and all groups, and looks for what they started.
func TestGroups(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("looks into /proc")
	}
	for name, c := range map[string]struct {
		after string
		end   func(*Group)
	}{
		"by itself": {"", func(*Group) {}},
		"killed":    {"; wait", (*Group).Kill},
		"all":       {"; wait", func(*Group) { KillAll() }},
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("sh", "-c", "sleep 1031 >/dev/null & echo $!"+c.after)
		cmd.Stdout = w
		g, err := Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		w.Close()
		pid := make([]byte, 32)
		n, err := r.Read(pid)
		if err != nil {
			t.Fatal(err)
		}
		c.end(g)
		<-g.Done()
		stat := "/proc/" + strings.TrimSpace(string(pid[:n])) + "/stat"
		for try := 0; ; try++ {
			if text, err := os.ReadFile(stat); err != nil || strings.Contains(string(text), ") Z ") {
				break
			}
			if try == 200 {
				t.Fatalf("%s: %s is left", name, stat)
			}
			time.Sleep(10 * time.Millisecond)
		}
		g.Kill() // of a group that has ended: nothing
	}
	if _, err := Start(exec.Command("no-such-program-here")); err == nil {
		t.Error("a program that does not exist was started")
	}
}
