package scoring_test

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/estimators"
	"rwe301/internal/oracle"
	"rwe301/scoring"
	"rwe301/study/studytest"
)

func TestAccuracies(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("BENCH301_DATA", dir)
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 4))
	tiny := filepath.Join(dir, "surrogates", "tiny.surrogate")
	if err := os.Mkdir(filepath.Dir(tiny), 0o755); err != nil {
		t.Fatal(err)
	}
	model, err := surrogate.Load(filepath.Join(oracle.Root(), "bench301", "surrogate", "internal", "xgb", "testdata",
		"tiny.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := model.Save(tiny); err != nil {
		t.Fatal(err)
	}
	archs := studytest.Architectures(t, 5)
	mini := surrogate.NewMini()
	in := &scoring.Inputs{Space: bench301.DARTS{}, Base: dir}
	for _, c := range []struct {
		scoring.Accuracy
		name string
		want func(i int) float64 // below 0: no value
	}{
		{scoring.Accuracy{Source: scoring.Mini}, mini.Info().Name,
			func(i int) float64 { return mini.Predict(archs[i].(bench301.Genotype)).Mean }},
		{scoring.AccuracyOf("mini"), mini.Info().Name,
			func(i int) float64 { return mini.Predict(archs[i].(bench301.Genotype)).Mean }},
		{scoring.Accuracy{Source: scoring.Tabled, File: "table.csv"}, "val_accuracy of table.csv", func(i int) float64 {
			if i == 4 {
				return -1
			}
			return 90 + float64(i)/8
		}},
		{scoring.Accuracy{Source: scoring.Tabled, File: "table.csv", Column: "proxy"}, "proxy of table.csv",
			func(i int) float64 {
				if i >= 3 {
					return -1
				}
				return float64(i * i % 7)
			}},
	} {
		truth, err := in.Accuracy(c.Accuracy)
		if err != nil {
			t.Errorf("%+v: %v", c.Accuracy, err)
			continue
		}
		if truth.Name != c.name || truth.Unit != surrogate.Percent || !truth.Question.Accuracy ||
			truth.Label != scoring.AccuracyName {
			t.Errorf("%+v: %+v", c.Accuracy, truth)
		}
		for i, a := range archs {
			s, err := truth.Source.Score(t.Context(), a, estimators.NewEnv(nil, 0))
			if want := c.want(i); err != nil || (s.Status == estimators.OK) != (want >= 0) || want >= 0 && s.Value != want {
				t.Errorf("%+v: architecture %d: %+v, %v; want %v", c.Accuracy, i, s, err, want)
			}
		}
	}
	if truth, err := in.Accuracy(scoring.Accuracy{Source: scoring.None}); truth != nil || err != nil {
		t.Errorf("none: %v, %v", truth, err)
	}
	// A surrogate goes by its path or, imported, by its name. This one does not say that it predicts percent.
	for _, name := range []string{"tiny", tiny, filepath.Join("surrogates", "tiny.surrogate")} {
		q, info, err := in.Predicted(name)
		if err != nil || info != model.Info() {
			t.Fatalf("%s: %+v, %v", name, info, err)
		}
		s, err := q.Source.Score(t.Context(), archs[0], estimators.NewEnv(nil, 0))
		if want := model.Predict(archs[0].(bench301.Genotype)).Mean; err != nil || s.Value != want {
			t.Errorf("%s: %+v, %v; want %v", name, s, err, want)
		}
		if _, err := in.Accuracy(scoring.AccuracyOf(name)); err == nil ||
			!strings.Contains(err.Error(), "predicts an unknown unit, not accuracies") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, a := range map[string]scoring.Accuracy{
		"must be mini":                         {Source: "guess"},
		`surrogate "tyni": neither a file nor`: scoring.AccuracyOf("tyni"),
		`no column "acc"`:                      {Source: scoring.Tabled, File: "table.csv", Column: "acc"},
		"no such file":                         {Source: scoring.Tabled, File: "nothing.csv"},
	} {
		if _, err := in.Accuracy(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want %q", a, err, want)
		}
	}
}

// imageFolder holds two classes of two training images each and a test image each.
func imageFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, split := range []string{"train", "test"} {
		for class := range 2 {
			for k := range 2 {
				path := filepath.Join(dir, split, fmt.Sprint("class", class), fmt.Sprint(k, ".png"))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				f, err := os.Create(path)
				if err != nil {
					t.Fatal(err)
				}
				img := image.NewRGBA(image.Rect(0, 0, 20, 20))
				for i := range 400 {
					img.Set(i%20, i/20, color.RGBA{uint8(40*class + i), uint8(90 * k), 9, 255})
				}
				if err := png.Encode(f, img); err != nil {
					t.Fatal(err)
				}
				f.Close()
			}
		}
	}
	return dir
}

func TestImages(t *testing.T) {
	dir := imageFolder(t)
	in := &scoring.Inputs{Space: bench301.DARTS{}, Base: filepath.Dir(dir)}
	for _, c := range []struct {
		scoring.Images
		side, train, test int
	}{
		{scoring.Images{Name: "sample"}, 32, 2000, 1000},
		{scoring.Images{Name: "folder", Path: filepath.Base(dir), Side: 8, Train: 3, Test: 2}, 8, 3, 2},
		{scoring.Images{Name: "folder", Path: dir}, 32, 4, 4},
		{scoring.Images{Name: dir}, 32, 4, 4}, // as commands name it
	} {
		set, err := in.Images(t.Context(), c.Images, nil)
		if err != nil {
			t.Errorf("%+v: %v", c.Images, err)
			continue
		}
		if set.Train.Width != c.side || set.Train.Len() != c.train || set.Test.Len() != c.test {
			t.Errorf("%+v: %d pixels, %d and %d images", c.Images, set.Train.Width, set.Train.Len(), set.Test.Len())
		}
	}
	for _, path := range []string{"nothing", "table.tar.gz"} {
		if _, err := in.Images(t.Context(), scoring.Images{Name: "cifar10", Path: path}, nil); err == nil ||
			!strings.Contains(err.Error(), filepath.Join(in.Base, path)) {
			t.Errorf("CIFAR-10 at %s: %v; want the path", path, err)
		}
	}
	studytest.Write(t, in.Base, "study.yaml", fmt.Sprintf("architectures: {sample: 2}\naccuracy: none\ndataset: {name: "+
		"folder, path: %q, side: 8, train: 4, test: 4}\n"+
		"estimators: [{name: featstd, settings: {train_images: 4, batch: 4, channels: 2, layers: 3, resolution: 8}}]\n",
		filepath.Base(dir)))
	p := studytest.Prepare(t, filepath.Join(in.Base, "study.yaml"))
	if p.Data == nil || p.Data.Train.Width != 8 || p.Data.Train.Len() != 4 {
		t.Errorf("the study's images: %+v", p.Data)
	}
}
