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
		vanish(t, name, string(pid[:n]))
		g.Kill() // of a group that has ended: nothing
	}
	if _, err := Start(exec.Command("no-such-program-here")); err == nil {
		t.Error("a program that does not exist was started")
	}
}

// vanish waits until a process has ended.
func vanish(t *testing.T, name, pid string) {
	t.Helper()
	stat := "/proc/" + strings.TrimSpace(pid) + "/stat"
	for try := 0; ; try++ {
		if text, err := os.ReadFile(stat); err != nil || strings.Contains(string(text), ") Z ") {
			return
		}
		if try == 500 {
			t.Fatalf("%s: %s is left", name, stat)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestKilled: what programs have started ends with a process that is killed, which can end nothing itself.
func TestKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("looks into /proc")
	}
	if os.Getenv("BENCH301_TEST_KILLED") != "" {
		for range 2 { // one that has ended, one that runs
			cmd := exec.Command("sh", "-c", "[ -n \"$AGAIN\" ] || exit 0; sleep 1032 >/dev/null & echo $!; wait")
			cmd.Stdout = os.Stdout
			g, err := Start(cmd)
			if err != nil {
				t.Fatal(err)
			}
			if os.Getenv("AGAIN") == "" {
				<-g.Done()
				t.Setenv("AGAIN", "1")
			}
		}
		time.Sleep(time.Hour)
	}
	me := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	me.Env = append(os.Environ(), "BENCH301_TEST_KILLED=1")
	out, err := me.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := me.Start(); err != nil {
		t.Fatal(err)
	}
	pid := make([]byte, 32)
	n, err := out.Read(pid)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond) // its shell is told
	if err := me.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = me.Wait()
	vanish(t, "killed", string(pid[:n]))
}
