package process

import (
	"os/exec"
	"sync"
	"time"
)

// groups are the programs that run, so that KillAll ends them where nothing else can.
var groups struct {
	mu   sync.Mutex
	live map[*Group]bool
}

// Group is a program and, on Unix, whatever it starts itself.
type Group struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the program has ended
}

// Start starts a program in a group of its own. Signals of a terminal do not reach it. When it ends, what is left of
// its group is ended too; on Unix also when this process is killed.
func Start(cmd *exec.Cmd) (*Group, error) {
	alone(cmd)
	g := &Group{cmd, make(chan struct{})}
	groups.mu.Lock()
	defer groups.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if groups.live == nil {
		groups.live = map[*Group]bool{}
	}
	groups.live[g] = true
	tellGuard("begun", cmd)
	go g.wait()
	return g, nil
}

func (g *Group) wait() {
	_ = g.cmd.Wait()
	groups.mu.Lock()
	kill(g.cmd)
	tellGuard("ended", g.cmd)
	delete(groups.live, g)
	groups.mu.Unlock()
	close(g.done)
}

// Done is closed when the program has ended; its state is then that of the exec.Cmd.
func (g *Group) Done() <-chan struct{} { return g.done }

// CPU is the processor time of a program that has ended, with that of the programs that it waited for.
func (g *Group) CPU() time.Duration {
	<-g.done
	return g.cmd.ProcessState.UserTime() + g.cmd.ProcessState.SystemTime()
}

// Kill ends the group, without waiting for it.
func (g *Group) Kill() {
	groups.mu.Lock()
	defer groups.mu.Unlock()
	if groups.live[g] {
		kill(g.cmd)
	}
}

// KillAll ends all groups, for a process that ends at once.
func KillAll() {
	groups.mu.Lock()
	defer groups.mu.Unlock()
	for g := range groups.live {
		kill(g.cmd)
	}
}
