package main

import (
	"fmt"
	"path/filepath"

	"rwe301/internal/atomicfile"
)

// runsFolder is where new runs go unless --out says otherwise.
const runsFolder = "runs"

// newRunFolder is runs/NAME, or where that is taken the first of runs/NAME-2, runs/NAME-3 and so on that is free. going
// is the command that goes on with a run of that kind.
func newRunFolder(s streams, name, going string) string {
	first := filepath.Join(runsFolder, name)
	dir := first
	for n := 2; !atomicfile.Vacant(dir); n++ {
		dir = fmt.Sprintf("%s-%d", first, n)
	}
	if dir != first && going != "" {
		s.say("%s exists already: this is a new run (%s %s goes on with that one)", first, going, first)
	}
	return dir
}
