package study_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/bench301/dataset"
	"rwe301/bench301/trained"
	"rwe301/internal/oracle"
	"rwe301/scoring"
	"rwe301/study/studytest"
)

// TestReadyStudies prepares every study of the repository, on the images inside the program.
func TestReadyStudies(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(oracle.Root(), "studies", "*.yaml"))
	if err != nil || len(paths) < 4 {
		t.Fatalf("%d studies, %v", len(paths), err)
	}
	searches, err := filepath.Glob(filepath.Join(oracle.Root(), "searches", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	importAccuracies(t)
	dir := t.TempDir()
	copied := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join(dir, filepath.Base(filepath.Dir(path)))
		if err := os.MkdirAll(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(data), "dataset: cifar10", "dataset: sample", 1)
		return studytest.Write(t, folder, filepath.Base(path), text)
	}
	for _, path := range searches {
		copied(path)
	}
	for _, path := range paths {
		p := studytest.Prepare(t, copied(path))
		if name := strings.TrimSuffix(filepath.Base(path), ".yaml"); p.Definition.Name != name {
			t.Errorf("%s is called %s", path, p.Definition.Name)
		}
		if len(p.Questions) < 5 || p.Size() < 60 {
			t.Errorf("%s: %d questions about %d architectures", path, len(p.Questions), p.Size())
		}
	}
}

// importAccuracies gives the studies of NAS-Bench-201 the accuracy of one architecture, in a cache folder of the test.
func importAccuracies(t *testing.T) {
	t.Helper()
	t.Setenv(dataset.EnvCache, t.TempDir())
	table := studytest.Write(t, t.TempDir(), "accuracies.csv", "arch,acc\n\"(4, 0, 3, 1, 4, 3)\",84.99\n")
	b := trained.NASBench201
	r, err := scoring.ReadTrained(context.Background(), b, scoring.TrainedFile{Path: table}, nil)
	if err == nil {
		_, err = scoring.Import(context.Background(), b, r, false)
	}
	if err != nil {
		t.Fatal(err)
	}
}
