package oracle

import (
	"os/exec"
	"testing"
)

// Torch returns a Python interpreter that has PyTorch: Debian's, or the first one on PATH. It skips the test where
// neither has.
func Torch(t testing.TB) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import torch").Run() == nil {
			return python
		}
	}
	t.Skip("no python3 here has PyTorch (Debian: python3-torch)")
	return ""
}
