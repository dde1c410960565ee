//go:build unix

package process

import (
	"fmt"
	"io"
	"os/exec"
	"sync"
)

// guarding is a shell that lives until its input ends, also because this process was killed, and then ends the groups
// that it was told of. Without a shell there is none.
const guarding = `live=" "
while read -r what group; do
	case $what in
	begun) live="$live$group " ;;
	ended) live="${live%% $group *} ${live#* $group }" ;;
	esac
done
for group in $live; do kill -s KILL -- "-$group"; done`

// guard is what that shell reads.
var guard = sync.OnceValue(func() io.Writer {
	cmd := exec.Command("sh", "-c", guarding)
	alone(cmd) // no signal of a terminal ends it
	in, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		return io.Discard
	}
	go func() { _ = cmd.Wait() }()
	return in
})

// tellGuard says that a group has begun or ended, under the lock of groups.
func tellGuard(what string, cmd *exec.Cmd) {
	_, _ = fmt.Fprintln(guard(), what, cmd.Process.Pid) // it only helps where this process cannot
}
