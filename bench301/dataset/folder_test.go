package dataset

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/semaphore"
)

// plainImage is one colour.
func plainImage(w, h int, c color.Color) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		img.Set(i%w, i/w, c)
	}
	return img
}

// write encodes an image as its name says.
func write(t testing.TB, img image.Image, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	var data bytes.Buffer
	var err error
	if strings.EqualFold(filepath.Ext(name), ".png") {
		err = png.Encode(&data, img)
	} else {
		err = jpeg.Encode(&data, img, &jpeg.Options{Quality: 95})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// colours is an image folder of two classes: reddish training images a0 to a4, greenish b0 to b1, and a test image
// each. The red or green value of image k is 100+20k.
func colours(t *testing.T) string {
	dir := t.TempDir()
	for k := range 5 {
		write(t, plainImage(30+k, 20, color.RGBA{uint8(100 + 20*k), 0, 0, 255}), dir, "train", "a",
			"a"+string(rune('0'+k))+".png")
	}
	for k := range 2 {
		write(t, plainImage(20, 30+k, color.RGBA{0, uint8(100 + 20*k), 0, 255}), dir, "train", "b",
			"b"+string(rune('0'+k))+".JPEG")
	}
	write(t, plainImage(9, 9, color.Gray{200}), dir, "val", "a", "x.png")
	write(t, plainImage(9, 9, color.RGBA{0, 250, 0, 255}), dir, "val", "b", "y.jpg")
	return dir
}

func TestImageFolder(t *testing.T) {
	dir := colours(t)
	for _, skipped := range []string{"train/notes.txt", "train/a/list.csv", "train/a/.hidden.png"} {
		if err := os.WriteFile(filepath.Join(dir, skipped), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var progress int64
	f := Folder{Dir: dir, Side: 8, Progress: func(done, total int64) { progress = max(progress, done*100+total) }}
	s, err := f.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != filepath.Base(dir) || !slices.Equal(s.Classes, []string{"a", "b"}) ||
		s.Normalisation != ImageNetNormalisation || progress != 909 {
		t.Errorf("%s %v, progress %d", s.Name, s.Classes, progress)
	}
	// The classes take turns until b has no more images.
	if !slices.Equal(s.Train.Labels, []int{0, 1, 0, 1, 0, 0, 0}) || !slices.Equal(s.Test.Labels, []int{0, 1}) {
		t.Errorf("labels %v and %v", s.Train.Labels, s.Test.Labels)
	}
	seen := map[uint8]bool{}
	for i, label := range s.Train.Labels {
		img := s.Train.Image(i)
		v := img[label]
		seen[v/10*10+uint8(label)] = true
		for p := 0; p < len(img); p += 3 {
			if d := int(img[p+label]) - int(v); d < -3 || d > 3 || img[p+1-label] > 6 {
				t.Fatalf("image %d, class %d: pixel %v", i, label, img[p:p+3])
			}
		}
	}
	if len(seen) != 7 {
		t.Errorf("%d different images, not 7", len(seen))
	}
	again, err := f.Read(t.Context())
	if err != nil || again.Hash != s.Hash {
		t.Errorf("read again: hash %s, not %s, %v", again.Hash, s.Hash, err)
	}
	f.Train, f.Test = 4, 1
	fewer, err := f.Read(t.Context())
	if err != nil || !slices.Equal(fewer.Train.Labels, []int{0, 1, 0, 1}) || fewer.Test.Len() != 1 {
		t.Errorf("4 and 1 images: %v, %v", fewer, err)
	}
	if !bytes.Equal(fewer.Train.Pixels, s.Train.Pixels[:4*8*8*3]) {
		t.Error("fewer images are not the first ones")
	}
	f.Seed = 1
	if other, err := f.Read(t.Context()); err != nil || other.Hash == fewer.Hash {
		t.Errorf("another seed chose the same images (%v)", err)
	}
	// Open finds it; the test split may be called test.
	if err := os.Rename(filepath.Join(dir, "val"), filepath.Join(dir, "test")); err != nil {
		t.Fatal(err)
	}
	opened, err := Open(t.Context(), dir, Folder{Side: 8})
	if err != nil || opened.Hash != s.Hash {
		t.Errorf("Open: %v", err)
	}
}

// TestImageFolderScalesLikeTorchvision compares with tools/oracles/imagefolder.py. PIL rounds to bytes between its two
// passes and its weights to 22 bits, so that a level's difference is its own rounding.
func TestImageFolderScalesLikeTorchvision(t *testing.T) {
	data, err := os.ReadFile("testdata/imagefolder.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		PNG          []byte
		Side, Resize int
		Pixels       []int
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		path := filepath.Join(t.TempDir(), "image.png")
		if err := os.WriteFile(path, c.PNG, 0o644); err != nil {
			t.Fatal(err)
		}
		got := make([]uint8, c.Side*c.Side*3)
		f, room := Folder{Side: c.Side, Resize: c.Resize}, semaphore.NewWeighted(maxDecoded)
		if err := f.decodeFile(t.Context(), room, got, path); err != nil {
			t.Fatal(err)
		}
		if len(c.Pixels) != len(got) {
			t.Fatalf("case %d: %d pixels", i, len(c.Pixels))
		}
		worst, differ := 0, 0
		for p, want := range c.Pixels {
			d := max(int(got[p])-want, want-int(got[p]))
			worst = max(worst, d)
			if d > 0 {
				differ++
			}
		}
		t.Logf("case %d: %d of %d values differ, at most by %d", i, differ, len(got), worst)
		if worst > 1 {
			t.Errorf("case %d: %d levels off", i, worst)
		}
	}
}

func TestImageFolderKinds(t *testing.T) {
	dir := t.TempDir()
	palette := image.NewPaletted(image.Rect(0, 0, 10, 10), color.Palette{color.RGBA{10, 200, 30, 255}})
	grey16 := image.NewGray16(image.Rect(0, 0, 10, 10))
	for i := range 100 {
		grey16.SetGray16(i%10, i/10, color.Gray16{0x8000})
	}
	clearly := image.NewNRGBA(image.Rect(0, 0, 10, 10)) // transparent
	coloured := plainImage(10, 10, color.RGBA{50, 60, 70, 255})
	for name, c := range map[string]struct {
		img  image.Image
		want [3]int
	}{
		"palette.png": {palette, [3]int{10, 200, 30}},
		"grey16.png":  {grey16, [3]int{128, 128, 128}},
		"clear.png":   {clearly, [3]int{0, 0, 0}},
		"colour.jpg":  {coloured, [3]int{50, 60, 70}},
		"grey.jpg":    {plainImageGray(10, 10, 77), [3]int{77, 77, 77}},
	} {
		write(t, c.img, dir, name)
		got := make([]uint8, 4*4*3)
		if err := (Folder{Side: 4, Resize: 5}).decodeFile(t.Context(), semaphore.NewWeighted(maxDecoded), got,
			filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		for k, v := range got {
			if d := int(v) - c.want[k%3]; d < -3 || d > 3 {
				t.Errorf("%s: value %d is %d, not %d", name, k, v, c.want[k%3])
				break
			}
		}
	}
}

func plainImageGray(w, h int, v uint8) image.Image {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = v
	}
	return img
}

func TestImageFolderRefuses(t *testing.T) {
	with := func(change func(dir string)) string {
		dir := colours(t)
		change(dir)
		return dir
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	put := func(data string, path ...string) func(string) {
		return func(dir string) {
			name := filepath.Join(append([]string{dir}, path...)...)
			must(os.MkdirAll(filepath.Dir(name), 0o755))
			must(os.WriteFile(name, []byte(data), 0o644))
		}
	}
	whole, err := os.ReadFile(filepath.Join(colours(t), "train", "a", "a0.png"))
	must(err)
	huge := slices.Clone(whole)
	copy(huge[16:], []byte{0x40, 0, 0, 0, 0x40, 0, 0, 0})
	for name, c := range map[string]struct {
		f    Folder
		want string
	}{
		"absent": {Folder{Dir: filepath.Join(t.TempDir(), "x")}, "train/CLASS/*.jpg"},
		"no val": {Folder{Dir: with(func(d string) { must(os.RemoveAll(filepath.Join(d, "val"))) })},
			"neither a folder val nor a folder test beside train"},
		"no classes": {Folder{Dir: with(func(d string) {
			must(os.RemoveAll(filepath.Join(d, "train")))
			must(os.Mkdir(filepath.Join(d, "train"), 0o755))
		})}, "0 class folders"},
		"empty class": {Folder{Dir: with(func(d string) { must(os.Mkdir(filepath.Join(d, "train", "c"), 0o755)) })},
			"c: no JPEG or PNG image in this class"},
		"more test": {Folder{Dir: with(put("x", "val", "c", "z.png"))},
			`class "c" has test images but no training images`},
		"more training": {Folder{Dir: with(func(d string) { must(os.RemoveAll(filepath.Join(d, "val", "b"))) })},
			`class "b" has training images but no test images`},
		"no image":   {Folder{Dir: with(put("hello", "train", "a", "z.png"))}, "z.png: neither a JPEG nor a PNG image"},
		"empty file": {Folder{Dir: with(put("", "val", "a", "z.jpg"))}, "z.jpg: neither a JPEG nor a PNG image"},
		"truncated": {Folder{Dir: with(put(string(whole[:len(whole)-20]), "train", "a", "z.png"))},
			"z.png: damaged PNG image"},
		"huge":         {Folder{Dir: with(put(string(huge), "train", "a", "z.png"))}, "z.png: "},
		"too many":     {Folder{Dir: colours(t), Train: 8}, "training images: 8 of them: there are 7"},
		"negative":     {Folder{Dir: colours(t), Test: -1}, "test images: -1 of them"},
		"side":         {Folder{Dir: colours(t), Side: 1 << 20}, "the side must lie in [1, 2048]"},
		"resize below": {Folder{Dir: colours(t), Side: 32, Resize: 31}, "images of 32 pixels cut out of 31"},
		"a line of pixels": {Folder{Dir: with(func(d string) {
			write(t, plainImage(5000, 1, color.Black), d, "train", "a",
				"z.png")
		})}, "z.png: an image of 5000x1 pixels is too thin"},
	} {
		if _, err := c.f.Read(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Folder{Dir: colours(t)}).Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: error %v", err)
	}
}

func TestOpen(t *testing.T) {
	t.Setenv(EnvCache, t.TempDir())
	for _, name := range []string{"sample", SampleName} {
		if s, err := Open(t.Context(), name, Folder{}); err != nil || s != Sample() {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(t.Context(), CIFAR10Name, Folder{}); !errors.Is(err, ErrAbsent) {
		t.Errorf("absent from the cache: error %v", err)
	}
	if _, err := Open(t.Context(), "mnist", Folder{}); err == nil ||
		!strings.Contains(err.Error(), `data set "mnist": neither cifar10-sample nor cifar10 nor a folder or archive`) {
		t.Errorf("unknown name: error %v", err)
	}
	if _, err := Open(t.Context(), t.TempDir(), Folder{}); err == nil ||
		!strings.Contains(err.Error(), "no CIFAR-10 here") {
		t.Errorf("an empty folder: error %v", err)
	}
}

// TestFoldersAsDownloaded: images lie where torchvision's ImageFolder finds them, and what systems leave beside them is
// passed over.
func TestFoldersAsDownloaded(t *testing.T) {
	flat := colours(t)
	want, err := (Folder{Dir: flat, Side: 8}).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	move := func(dir, from, to string) {
		to = filepath.Join(dir, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, from), to); err != nil {
			t.Fatal(err)
		}
	}
	put := func(dir, name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(dir string){
		"CLASS/images": func(dir string) {
			for k := range 5 {
				file := "a" + string(rune('0'+k)) + ".png"
				move(dir, "train/a/"+file, "train/a/images/"+file)
			}
			put(dir, "train/a/a_boxes.txt", "x")
		},
		"val/images": func(dir string) {
			move(dir, "val/a/x.png", "val/images/val_0.png")
			move(dir, "val/b/y.jpg", "val/images/val_1.jpg")
			for _, class := range []string{"a", "b"} {
				if err := os.Remove(filepath.Join(dir, "val", class)); err != nil {
					t.Fatal(err)
				}
			}
			put(dir, "val/val_annotations.txt", "val_0.png\ta\t0\t0\t5\t5\r\nval_1.jpg\tb\t0\t0\t5\t5\r\n")
		},
		"macOS and Windows": func(dir string) {
			put(dir, "__MACOSX/train/a/._a0.png", "x")
			put(dir, "train/__MACOSX/._a0.png", "x")
			put(dir, "train/a/__MACOSX/._a0.png", "x")
			put(dir, "train/a/._a0.png", "\x00\x05\x16\x07")
			put(dir, "train/a/.DS_Store", "x")
			put(dir, "train/a/Thumbs.db", "x")
			put(dir, "train/.DS_Store", "x")
		},
		"a linked class": func(dir string) {
			move(dir, "train/a", "elsewhere/a")
			if err := os.Symlink(filepath.Join(dir, "elsewhere/a"), filepath.Join(dir, "train/a")); err != nil {
				t.Skip(err)
			}
		},
	} {
		dir := colours(t)
		change(dir)
		if got, err := (Folder{Dir: dir, Side: 8}).Read(t.Context()); err != nil || got.Hash != want.Hash {
			t.Errorf("%s: %v", name, err)
		}
	}
	// In a class, folders come by their paths (b-c before b/c) and files by their names.
	dir := t.TempDir()
	for _, name := range []string{"b/2.png", "b/1.png", "z.png", "b/c/0.png", "b-c/9.png"} {
		put(dir, name, "x")
	}
	paths, err := images(dir, nil)
	for i := range paths {
		paths[i], _ = filepath.Rel(dir, paths[i])
	}
	if got := strings.Join(paths, " "); err != nil || got != "z.png b/1.png b/2.png b-c/9.png b/c/0.png" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestHostileFolders(t *testing.T) {
	for name, c := range map[string]struct {
		change func(dir string) error
		want   string
	}{
		"a link to above":  {func(d string) error { return os.Symlink(d, filepath.Join(d, "train/a/loop")) }, "loop"},
		"a link to itself": {func(d string) error { return os.Symlink("loop.png", filepath.Join(d, "train/a/loop.png")) }, "loop.png: "},
		"a device":         {func(d string) error { return os.Symlink("/dev/zero", filepath.Join(d, "train/a/z.png")) }, "z.png: not a file"},
		"deep folders": {func(d string) error {
			return os.MkdirAll(filepath.Join(d, "train/a", strings.Repeat("x/", 20)), 0o755)
		}, "more than 16 folders inside each other"},
		"a sparse file": {func(d string) error {
			path := filepath.Join(d, "train/a/z.png")
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				return err
			}
			return os.Truncate(path, 2<<30)
		}, "z.png: neither a JPEG nor a PNG"},
		"a GIF": {func(d string) error {
			return os.WriteFile(filepath.Join(d, "train/a/z.jpg"), []byte("GIF89a\x01\x00"), 0o644)
		},
			"z.jpg: neither a JPEG nor a PNG"},
		"a kind that is not read": {func(d string) error { return os.WriteFile(filepath.Join(d, "train/a/z.bmp"), nil, 0o644) },
			"z.bmp: JPEG and PNG images can be read, not .bmp"},
		"an annotation elsewhere": {func(d string) error {
			for _, class := range []string{"a", "b"} {
				if err := os.RemoveAll(filepath.Join(d, "val", class)); err != nil {
					return err
				}
			}
			if err := os.Mkdir(filepath.Join(d, "val/images"), 0o755); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(d, "val/val_annotations.txt"), []byte("../../x.png\ta\n"), 0o644)
		}, "val_annotations.txt:1: ../../x.png\\ta: must be a file of the folder images"},
	} {
		dir := colours(t)
		if err := c.change(dir); err != nil {
			t.Skip(err)
		}
		if _, err := (Folder{Dir: dir, Side: 8}).Read(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// TestDecodingIsBounded: what an image takes while it is decoded is known before, for all kinds.
func TestDecodingIsBounded(t *testing.T) {
	header := func(colourType, bits, interlaced byte) []byte { // of a PNG of 10200x10200
		b := []byte("\x00\x00\x00\x0dIHDR\x00\x00\x27\xd8\x00\x00\x27\xd8")
		b = append(b, bits, colourType, 0, 0, interlaced)
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
		if colourType == 3 {
			b = append(b, "\x00\x00\x00\x03PLTE\x00\x00\x00"...)
			b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[len(b)-7:]))
		}
		return append(append([]byte("\x89PNG\r\n\x1a\n"), b...), "\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e"...)
	}
	frame := func(marker, components, sampling string) []byte { // of a JPEG of 8000x8000
		b := []byte("\xff\xd8\xff\xfe\x00\x04\xff\xff\xff" + marker)
		b = append(b, 0, byte(8+3*len(components)), 8, 0x1f, 0x40, 0x1f, 0x40, byte(len(components)))
		for i := range len(components) {
			b = append(b, components[i], sampling[i], 0)
		}
		return append(b, "\xff\xda\x00\x02"...)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"16-bit":               {header(6, 16, 0), "takes 796 MB"},
		"16-bit without alpha": {header(2, 16, 0), "takes"},
		"8-bit":                {header(2, 8, 0), "takes"},
		"interlaced":           {header(0, 8, 1), "takes"},
		"16-bit grey":          {header(0, 16, 0), "takes"},
		"a palette":            {header(3, 8, 0), "damaged PNG"}, // not too large
		"a JPEG":               {frame("\xc0", "\x01\x02\x03", "\x22\x11\x11"), "damaged JPEG"},
		"a progressive JPEG":   {frame("\xc2", "\x01\x02\x03", "\x22\x11\x11"), "takes"},
		"CMYK":                 {frame("\xc0", "\x01\x02\x03\x04", "\x11\x11\x11\x11"), "takes"},
		"RGB":                  {frame("\xc0", "RGB", "\x11\x11\x11"), "takes"},
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		room := semaphore.NewWeighted(maxDecoded)
		err := (Folder{Side: 8, Resize: 9}).decodeFile(t.Context(), room, make([]uint8, 8*8*3), path)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}
