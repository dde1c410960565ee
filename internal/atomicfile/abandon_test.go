package atomicfile

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestAbandon ends a process, as a signal does, while it makes a file and folders.
func TestAbandon(t *testing.T) {
	if dir := os.Getenv("ATOMICFILE_TEST_DIR"); dir != "" {
		for _, make := range []func() (string, error){
			func() (string, error) { return Dir(filepath.Join(dir, "run")) },
			func() (string, error) { return Temp(dir, "copy-*") },
		} {
			folder, err := make()
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, "scores.db"), []byte("half"), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		whole, err := Dir(filepath.Join(dir, "whole"))
		if err == nil {
			err = os.Rename(whole, filepath.Join(dir, "whole"))
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = Write(filepath.Join(dir, "file"), func(io.Writer) error {
			Abandon()
			os.Exit(0)
			return nil
		})
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestAbandon$")
	cmd.Env = append(os.Environ(), "ATOMICFILE_TEST_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "whole" {
		t.Errorf("%v, %v: want the folder alone that was whole", left, err)
	}
}
