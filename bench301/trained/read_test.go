package trained

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/bench301"
)

// The architectures of testdata, which testdata/make.py wrote with NATS-Bench's own classes and made-up numbers.
const (
	arch0   = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
	arch11  = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|"
	arch284 = "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|none~0|nor_conv_1x1~1|none~2|"
)

func place(t *testing.T, text string) int {
	t.Helper()
	a, _, err := NASBench201.Space.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	i, ok := NASBench201.Index(a)
	if !ok {
		t.Fatalf("%s: no place", text)
	}
	return i
}

func read(t *testing.T, path string) *Reading {
	t.Helper()
	r, err := NASBench201.Read(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestOrder: every architecture has a place of its own, whatever notation it was read in.
func TestOrder(t *testing.T) {
	b := NASBench201
	if int64(b.Size) != b.Space.Size().Int64() {
		t.Fatalf("%d places, %v architectures", b.Size, b.Space.Size())
	}
	ids := map[string]bool{}
	for i := range b.Size {
		a := b.At(i)
		if k, ok := b.Index(a); !ok || k != i {
			t.Fatalf("%s: at %d, place %d", a, i, k)
		}
		ids[a.ID()] = true
	}
	if len(ids) != b.Size {
		t.Fatalf("%d different architectures", len(ids))
	}
	if _, ok := b.Index(bench301.Genotype{}); ok {
		t.Error("a genotype of DARTS has a place")
	}
	// NASLib's indices have orders of their own (edges and operations).
	if i, k := place(t, "(4, 0, 3, 1, 4, 3)"), place(t, "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|"+
		"avg_pool_3x3~1|nor_conv_1x1~2|"); i != k {
		t.Errorf("places %d and %d of one architecture", i, k)
	}
}

// natsMeans are what NATS-Bench's get_metrics says of testdata, the mean over seeds after 200 epochs.
var natsMeans = map[string]map[string]float64{
	"cifar10":        {arch0: 80.0555, arch11: 80.221, arch284: 82.95100000000001},
	"cifar100":       {arch0: 50.055499999999995, arch11: 50.221, arch284: 52.951},
	"ImageNet16-120": {arch0: 30.055500000000002, arch11: 30.221000000000004, arch284: 32.951},
	"cifar10-test":   {arch0: 86.0555, arch11: 86.221, arch284: 88.95100000000001},
	"cifar100-test":  {arch0: 52.055499999999995, arch11: 52.221, arch284: 54.951},
}

func checkNATS(t *testing.T, r *Reading) {
	t.Helper()
	if len(r.Columns) != 6 {
		t.Fatalf("%d data sets", len(r.Columns))
	}
	for _, c := range r.Columns {
		if n := c.Covered(); n != 3 {
			t.Errorf("%s: %d architectures", c.Dataset, n)
		}
		for text, want := range natsMeans[c.Dataset] {
			if got := c.Values[place(t, text)]; got != want {
				t.Errorf("%s of %s: %v, want %v", c.Dataset, text, got, want)
			}
		}
		split := "validation"
		if strings.HasSuffix(c.Dataset, "-test") {
			split = "test"
		}
		if m := c.Measure; m.Split != split || m.Epochs != 200 || m.Seeds != "mean over 1 to 3 seeds" {
			t.Errorf("%s: %+v", c.Dataset, m)
		}
	}
}

// TestNATS reads the simple archive of NATS-Bench as a folder, a tar and a zip.
func TestNATS(t *testing.T) {
	checkNATS(t, read(t, "testdata/nats"))
	tarred, zipped := packed(t)
	checkNATS(t, read(t, tarred))
	checkNATS(t, read(t, zipped))
	one := read(t, "testdata/nats/000011.pickle.pbz2")
	if c := one.Columns[0]; c.Covered() != 1 || c.Measure.Seeds != "mean over 3 seeds" {
		t.Errorf("one file: %d architectures, %s", c.Covered(), c.Measure.Seeds)
	}
}

// packed makes archives of the folder, with a folder in them as the published one has.
func packed(t *testing.T) (tarred, zipped string) {
	t.Helper()
	dir := t.TempDir()
	tarred, zipped = filepath.Join(dir, "NATS.tar"), filepath.Join(dir, "NATS.zip")
	var tb, zb bytes.Buffer
	tw, zw := tar.NewWriter(&tb), zip.NewWriter(&zb)
	entries, err := os.ReadDir("testdata/nats")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join("testdata/nats", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		name := "NATS-tss-v1_0-3ffb9-simple/" + e.Name()
		w, err := zw.Create(name)
		if err == nil {
			_, err = w.Write(data)
		}
		if err == nil {
			err = tw.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o600, Format: tar.FormatUSTAR})
		}
		if err == nil {
			_, err = tw.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, w := range map[string]io.Closer{tarred: tw, zipped: zw} {
		if err := w.Close(); err != nil {
			t.Fatal(path, err)
		}
	}
	write(t, tarred, tb.String())
	write(t, zipped, zb.String())
	return tarred, zipped
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestNASLib: the last epoch of eval_acc1es counts, other data sets are left out and said.
func TestNASLib(t *testing.T) {
	r := read(t, "testdata/nb201_cifar10_full_training.pickle")
	if len(r.Columns) != 1 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "ninapro") {
		t.Fatalf("%d data sets, notes %q", len(r.Columns), r.Notes)
	}
	c := r.Columns[0]
	if c.Dataset != "cifar10" || c.Covered() != 3 || c.Measure.Epochs != 200 || c.Measure.Split != "" {
		t.Errorf("%s, %d architectures, %+v", c.Dataset, c.Covered(), c.Measure)
	}
	for text, want := range map[string]float64{arch0: 80.12, arch11: 81.12, arch284: 82.12} {
		if got := c.Values[place(t, text)]; got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// A pickle of protocol 2 with one architecture, whose accuracies are those between the brackets.
func pickled(text, dataset, accuracies string) string {
	str := func(s string) string { return "X" + string([]byte{byte(len(s)), 0, 0, 0}) + s }
	return "\x80\x02}" + str(text) + "}" + str(dataset) + "}" + str("eval_acc1es") + accuracies + "sss."
}

// TestRefused: what cannot be read is named, and what would be right.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ content, want string }{
		"NAS-Bench-201-v1_1-096897.pth": {string(legacyTorch) + "x", "NATS-tss-v1_0-3ffb9-simple"},
		"a.tar.gz":                      {"\x1f\x8b\x08", "unpack it"},
		"meta.pickle.pbz2":              {"BZh9", "name its folder"},
		"000001.pickle.pbz2":            {"BZh9nothing", "000001.pickle.pbz2"},
		"half.zip":                      {"PK\x03\x04", "zip"},
		"list.pickle":                   {"\x80\x02].", "want NASLib's dict"},
		"whole.pickle":                  {"\x80\x02}X\x0a\x00\x00\x00meta_archsNs.", "all of NATS-Bench at once"},
		"code.pickle":                   {"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.", "object os.system"},
		"darts.pickle":                  {pickled("Genotype()", "cifar10-valid", "]"), "Genotype()"},
		"fraction.pickle":               {pickled(arch0, "cifar10-valid", "]G@f\x80\x00\x00\x00\x00\x00a"), "between 0 and 100"},
		"text.pickle":                   {pickled(arch0, "cifar10-valid", "]X\x01\x00\x00\x001a"), "a str where an accuracy"},
		"none.pickle":                   {pickled(arch0, "svhn", "]"), "no accuracies of a data set"},
	} {
		path := filepath.Join(dir, name)
		write(t, path, c.content)
		_, err := NASBench201.Read(context.Background(), path, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	write(t, filepath.Join(dir, "a.csv"), "net,acc\n")
	if _, err := NASBench201.Read(context.Background(), filepath.Join(dir, "a.csv"), nil); !errors.Is(err, ErrText) {
		t.Errorf("text: %v", err)
	}
	if _, err := NASBench201.Read(context.Background(), dir, nil); err == nil {
		t.Error("a folder with anything was read")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := NASBench201.Read(ctx, "testdata/nats", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestSteps: numbers tell on how many images they were measured.
func TestSteps(t *testing.T) {
	for _, c := range []struct {
		dataset string
		step    float64
		n       int
		want    string
	}{
		{"cifar10", 0.01, 40, "as on 10000 images"},
		{"cifar10", 0.004, 40, "as on 25000 images"},
		{"cifar10", 0.0013, 40, ""},
		{"cifar10", 0.01, 19, ""},
		{"cifar100", 0.02, 40, "as on 5000 images"},
		{"ImageNet16-120", 1. / 30, 40, "as on 3000 images"},
	} {
		values := []float64{math.NaN()}
		for i := range c.n {
			values = append(values, float64(float32(20+float64(7*i+1)*c.step)))
		}
		got := NASBench201.onImages(c.dataset, values)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s by %g: %q, want %q", c.dataset, c.step, got, c.want)
		}
	}
}

// FuzzRead: no file breaks the readers.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"testdata/nb201_cifar10_full_training.pickle", "testdata/nats/000284.pickle.pbz2"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(pickled(arch0, "cifar10-valid", "]G@D\x00\x00\x00\x00\x00\x00a")))
	f.Add([]byte(pickled(arch0, "cifar10-valid", "K\x05")))
	f.Add([]byte("PK\x03\x04"))
	f.Add(append(make([]byte, 257), "ustar"...))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "000001.pickle.pbz2")
		write(t, path, string(data))
		r, err := NASBench201.Read(context.Background(), path, nil)
		if err != nil {
			return
		}
		for _, c := range r.Columns {
			if c.Covered() == 0 {
				t.Errorf("%s: covers nothing", c.Dataset)
			}
			if low, high := c.Range(); low < 0 || high > 100 {
				t.Errorf("%s: from %v to %v", c.Dataset, low, high)
			}
		}
	})
}

// FuzzNATS reads unpacked pickles, which bzip2 keeps a fuzzer from.
func FuzzNATS(f *testing.F) {
	f.Add([]byte("\x80\x02}X\x03\x00\x00\x00200}X\x08\x00\x00\x00arch_strX\x01\x00\x00\x00ass."))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = decodeNATS(data) })
}
