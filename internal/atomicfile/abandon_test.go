package atomicfile

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestUnfinished looks at what is remembered of a file that is being written, and then.
func TestUnfinished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	err := Write(path, func(io.Writer) error {
		if len(unfinished.paths) != 1 {
			t.Errorf("%v", unfinished.paths)
		}
		return nil
	})
	if _, absent := os.Stat(path); err != nil || absent != nil || len(unfinished.paths) != 0 {
		t.Errorf("%v, %v, %v", err, absent, unfinished.paths)
	}
}
