package dataset

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"rwe301/internal/input"
	"rwe301/internal/printable"
)

// Folder describes a data set whose images lie in folders named for their classes, as ImageNet's do:
//
//	Dir/train/CLASS/*.jpg    training images (JPEG or PNG of any size)
//	Dir/val/CLASS/*.jpg      test images (or Dir/test), of the same classes
//
// Images may lie deeper, as torchvision's ImageFolder finds them: train/CLASS/images/*.jpg. The test images of Tiny
// ImageNet may be as they come: val/images/*.JPEG, with their classes in val/val_annotations.txt. What macOS and
// Windows leave beside images is passed over.
//
// As in torchvision's evaluation on ImageNet, an image is scaled so that its shorter side is Resize pixels long, and
// the square of Side pixels in its middle is cut out.
type Folder struct {
	Dir         string
	Side        int      // of the images of the set; 0 means 224
	Resize      int      // 0 means Side*256/224
	Train, Test int      // how many images of each split to read, from all classes in turn; 0 means all
	Seed        uint64   // of the choice
	Progress    Progress // hears how many images were read; may be nil
}

// Bounds on what a folder may ask for.
const (
	maxSide     = 2048
	maxClasses  = 1 << 16
	maxBytes    = 64 << 30 // of all pixels of a set
	maxDeep     = 16       // folders in a class
	defaultSide = 224
)

// Read decodes the images. Which ones are read, and their order, depend on the settings and the names of the files. The
// classes take turns, so that the first images of a split are balanced.
func (f Folder) Read(ctx context.Context) (*Set, error) {
	if f.Side == 0 {
		f.Side = defaultSide
	}
	if f.Resize == 0 {
		f.Resize = f.Side * 256 / defaultSide
	}
	if f.Side < 1 || f.Side > maxSide || f.Resize < f.Side || f.Resize > 2*maxSide {
		return nil, fmt.Errorf("images of %d pixels cut out of %d: the side must lie in [1, %d], and the size before the "+
			"cut between it and %d", f.Side, f.Resize, maxSide, 2*maxSide)
	}
	train, classes, err := f.list("train")
	if err != nil {
		return nil, err
	}
	test, testClasses, err := f.list("val")
	if errors.Is(err, os.ErrNotExist) {
		test, testClasses, err = f.list("test")
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: neither a folder val nor a folder test beside train", f.Dir)
	}
	if err != nil {
		return nil, err
	}
	if !slices.Equal(classes, testClasses) {
		return nil, fmt.Errorf("%s: %s", f.Dir, classesDiffer(classes, testClasses))
	}
	if train, err = train.choose(f.Train, rand.New(rand.NewPCG(f.Seed, 0))); err != nil {
		return nil, fmt.Errorf("%s: training images: %w", f.Dir, err)
	}
	if test, err = test.choose(f.Test, rand.New(rand.NewPCG(f.Seed, 1))); err != nil {
		return nil, fmt.Errorf("%s: test images: %w", f.Dir, err)
	}
	total := len(train.paths) + len(test.paths)
	if bytes := float64(total) * float64(3*f.Side*f.Side); bytes > maxBytes {
		return nil, fmt.Errorf("%s: %d images of %dx%d pixels take %.0f GB: read fewer of them", f.Dir, total, f.Side, f.Side,
			bytes/1e9)
	}
	var mu sync.Mutex
	done := 0
	count := func() {
		mu.Lock()
		defer mu.Unlock()
		if done++; f.Progress != nil {
			f.Progress(int64(done), int64(total))
		}
	}
	a, err := f.decode(ctx, train, count)
	if err != nil {
		return nil, err
	}
	b, err := f.decode(ctx, test, count)
	if err != nil {
		return nil, err
	}
	return New(filepath.Base(filepath.Clean(f.Dir)), classes, a, b, ImageNetNormalisation)
}

// listing is the files of a split with their labels.
type listing struct {
	paths  []string
	labels []int
}

// annotations is the file in which Tiny ImageNet keeps the classes of its test images, a line each: the file's name,
// the class, and a box.
const annotations = "val_annotations.txt"

// list finds the class folders of a split and the images in them, all in the order of their names.
func (f Folder) list(split string) (l listing, classes []string, err error) {
	dir := filepath.Join(f.Dir, split)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return l, nil, fmt.Errorf("an image folder holds train/CLASS/*.jpg and val/CLASS/*.jpg: %w", err)
	}
	for _, e := range entries {
		class := filepath.Join(dir, e.Name())
		// Stat, not e.IsDir: classes may be links.
		if info, err := os.Stat(class); err == nil && info.IsDir() && !left(e.Name()) {
			classes = append(classes, e.Name())
		}
	}
	if len(classes) == 0 || len(classes) > maxClasses {
		return l, nil, fmt.Errorf("%s: %d class folders: there must be between 1 and %d", dir, len(classes), maxClasses)
	}
	if slices.Equal(classes, []string{"images"}) {
		if _, err := os.Stat(filepath.Join(dir, annotations)); err == nil {
			return annotated(dir)
		}
	}
	for label, name := range classes {
		class := filepath.Join(dir, name)
		paths, err := images(class, nil)
		if err != nil {
			return l, nil, err
		}
		if len(paths) == 0 {
			return l, nil, fmt.Errorf("%s: no JPEG or PNG image in this class", class)
		}
		l.paths = append(l.paths, paths...)
		for range paths {
			l.labels = append(l.labels, label)
		}
	}
	return l, classes, nil
}

// left reports whether a file or folder was left by macOS or Windows, or is hidden.
func left(name string) bool {
	return strings.HasPrefix(name, ".") || name == "__MACOSX" || strings.EqualFold(name, "Thumbs.db")
}

// images lists the images in a folder and below it in the order of torchvision: folders by their paths, then files by
// their names. The folders that it is in are above.
func images(dir string, above []os.FileInfo) (paths []string, err error) {
	here, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(above, func(i os.FileInfo) bool { return os.SameFile(i, here) }) {
		return nil, fmt.Errorf("%s: a link to a folder that it is in", dir)
	}
	if len(above) == maxDeep {
		return nil, fmt.Errorf("%s: more than %d folders inside each other", dir, maxDeep)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if left(e.Name()) {
			continue
		}
		if e.IsDir() || e.Type()&os.ModeSymlink != 0 {
			if info, err := os.Stat(name); err == nil && info.IsDir() {
				folders = append(folders, name)
				continue
			}
		}
		switch ext := strings.ToLower(filepath.Ext(name)); ext {
		case ".jpg", ".jpeg", ".png":
			paths = append(paths, name)
		case ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm": // torchvision reads them
			return nil, fmt.Errorf("%s: JPEG and PNG images can be read, not %s: convert or remove it", name, ext)
		}
	}
	for _, folder := range folders {
		deeper, err := images(folder, append(above, here))
		if err != nil {
			return nil, err
		}
		paths = append(paths, deeper...)
	}
	if len(above) == 0 { // paths are compared with their separators, as os.walk's are: a-b comes before a/b
		slices.SortStableFunc(paths, func(a, b string) int { return strings.Compare(filepath.Dir(a), filepath.Dir(b)) })
	}
	return paths, nil
}

// annotated lists the test images of Tiny ImageNet.
func annotated(dir string) (l listing, classes []string, err error) {
	name := filepath.Join(dir, annotations)
	fail := func(line int, format string, args ...any) (listing, []string, error) {
		return listing{}, nil, fmt.Errorf("%s:%d: %s", name, line, fmt.Sprintf(format, args...))
	}
	data, err := input.Read(name, 16<<20)
	if err != nil {
		return l, nil, err
	}
	rows := strings.Split(strings.TrimSpace(string(data)), "\n")
	var of []string // the class of each image
	for i, row := range rows {
		cells := strings.Split(strings.TrimSuffix(row, "\r"), "\t")
		if len(cells) < 2 || cells[0] != filepath.Base(cells[0]) || cells[1] == "" || !filepath.IsLocal(cells[0]) {
			return fail(i+1, "%s: must be a file of the folder images, a tab and its class", printable.Cut(row, 60))
		}
		l.paths, of = append(l.paths, filepath.Join(dir, "images", cells[0])), append(of, cells[1])
	}
	classes = slices.Compact(slices.Sorted(slices.Values(of)))
	if len(classes) > maxClasses {
		return fail(len(rows), "%d classes: there must be at most %d", len(classes), maxClasses)
	}
	for _, class := range of {
		label, _ := slices.BinarySearch(classes, class)
		l.labels = append(l.labels, label)
	}
	return l, classes, nil
}

// classesDiffer says how the classes of the two splits differ.
func classesDiffer(train, test []string) string {
	for _, c := range train {
		if !slices.Contains(test, c) {
			return fmt.Sprintf("class %q has training images but no test images", c)
		}
	}
	for _, c := range test {
		if !slices.Contains(train, c) {
			return fmt.Sprintf("class %q has test images but no training images", c)
		}
	}
	return "the classes of both splits differ"
}

// choose keeps n files, or all of them when n is 0, and orders them so that classes take turns: any first part of the
// list is as balanced as the folders allow. Within a class the order is random.
func (l listing) choose(n int, rng *rand.Rand) (listing, error) {
	if n < 0 || n > len(l.paths) {
		return l, fmt.Errorf("%d of them: there are %d", n, len(l.paths))
	}
	if n == 0 {
		n = len(l.paths)
	}
	byClass := make([][]int, slices.Max(l.labels)+1)
	for i, c := range l.labels {
		byClass[c] = append(byClass[c], i)
	}
	for _, c := range byClass {
		rng.Shuffle(len(c), func(i, j int) { c[i], c[j] = c[j], c[i] })
	}
	out := listing{make([]string, 0, n), make([]int, 0, n)}
	for turn := 0; len(out.paths) < n; turn++ {
		for label, c := range byClass {
			if turn < len(c) && len(out.paths) < n {
				out.paths, out.labels = append(out.paths, l.paths[c[turn]]), append(out.labels, label)
			}
		}
	}
	return out, nil
}
