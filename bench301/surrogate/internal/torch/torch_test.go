package torch

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

// two returns a state dict of two tensors as PyTorch 1.13 wrote it (tools/oracles/tiny_models.py).
func two(t testing.TB, form string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/two." + form)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestFormsAgree(t *testing.T) {
	legacy, err := Read(two(t, "legacy"))
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := Read(two(t, "zip"))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(legacy, zipped) || len(legacy) != 2 {
		t.Errorf("legacy %+v, zip %+v", legacy, zipped)
	}
	if w := legacy[0]; w.Name != "weight" || !reflect.DeepEqual(w.Shape, []int{2, 3}) || len(w.Float) != 6 {
		t.Errorf("%+v", w)
	}
	if s := legacy[1]; s.Name != "steps" || len(s.Shape) != 0 || !reflect.DeepEqual(s.Long, []int64{7}) {
		t.Errorf("%+v", s)
	}
}

func TestDamagedFiles(t *testing.T) {
	edit := func(form, old, new string) []byte {
		data := two(t, form)
		if !bytes.Contains(data, []byte(old)) {
			t.Fatalf("%s: no %q", form, old)
		}
		return bytes.ReplaceAll(data, []byte(old), []byte(new))
	}
	legacy, zipped := two(t, "legacy"), two(t, "zip")
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "offset 0: want the magic number of a PyTorch file"},
		{"magic only", legacyMagic, "offset 15: want 2 bytes"},
		{"version", edit("legacy", "M\xe9\x03", "M\xea\x03"), "offset 15: format version 1002: want 1001"},
		{"end", legacy[:len(legacy)-1], "bytes are left"},
		{"more", append(bytes.Clone(legacy), 0), "1 bytes follow the last storage"},
		{"numel", edit("legacy", "\x06\x00\x00\x00\x00\x00\x00\x00", "\x06\x00\x00\x00\x00\x00\x00\x7f"),
			"9151314442816847878 elements: the state dict says 6"},
		{"type", edit("legacy", "FloatStorage", "BloatStorage"),
			"storage of type torch.BloatStorage: want torch.FloatStorage or torch.LongStorage"},
		{"call", edit("legacy", "_rebuild_tensor_v2", "_rebuild_tensor_v3"),
			"tensor weight: a object torch._utils._rebuild_tensor_v3: want torch._utils._rebuild_tensor_v2"},
		{"zip end", zipped[:len(zipped)-40], "zip: zip: not a valid zip file"},
		{"zip name", edit("zip", "/data.pkl", "/data.pkx"), "zip: entry /data.pkl is missing"},
		{"zip storage", edit("zip", "/data/0", "/data/x"), "data/0 is missing"},
	} {
		v, err := Read(c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v, want %s", c.name, v, err, c.want)
		}
	}
	flipped := bytes.Clone(zipped)
	at := bytes.Index(flipped, []byte("weight"))
	flipped[at] ^= 1
	if _, err := Read(flipped); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a flipped bit: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(two(f, "legacy"))
	f.Add(two(f, "zip"))
	f.Fuzz(func(t *testing.T, data []byte) {
		oracle.Frugal(t, oracle.HostileLimit, func() { _, _ = Read(data) })
	})
}
