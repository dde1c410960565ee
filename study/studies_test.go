package study_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/internal/oracle"
	"rwe301/study/studytest"
)

// TestReadyStudies prepares every study of the repository, on the images inside the program.
func TestReadyStudies(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(oracle.Root(), "studies", "*.yaml"))
	if err != nil || len(paths) < 4 {
		t.Fatalf("%d studies, %v", len(paths), err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(data), "dataset: cifar10", "dataset: sample", 1)
		p := studytest.Prepare(t, studytest.Write(t, t.TempDir(), filepath.Base(path), text))
		if name := strings.TrimSuffix(filepath.Base(path), ".yaml"); p.Definition.Name != name {
			t.Errorf("%s is called %s", path, p.Definition.Name)
		}
		if len(p.Questions) < 5 || len(p.Architectures) < 60 {
			t.Errorf("%s: %d questions about %d architectures", path, len(p.Questions), len(p.Architectures))
		}
	}
}
