package dataset

import (
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // decoded by image.Decode
	_ "image/png"  // decoded by image.Decode
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/image/draw"
)

// Folder describes a data set whose images lie in folders named for their classes, as ImageNet's do:
//
//	Dir/train/CLASS/*.jpg    training images (JPEG or PNG of any size)
//	Dir/val/CLASS/*.jpg      test images (or Dir/test), of the same classes
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
	maxBytes    = 64 << 30  // of all pixels of a set
	maxDecoded  = 100 << 20 // pixels of a file
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
		if info, err := os.Stat(class); err != nil || !info.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		files, err := os.ReadDir(class)
		if err != nil {
			return l, nil, err
		}
		before := len(l.paths)
		for _, file := range files {
			switch strings.ToLower(filepath.Ext(file.Name())) {
			case ".jpg", ".jpeg", ".png":
				if !strings.HasPrefix(file.Name(), ".") {
					l.paths = append(l.paths, filepath.Join(class, file.Name()))
					l.labels = append(l.labels, len(classes))
				}
			}
		}
		if len(l.paths) == before {
			return l, nil, fmt.Errorf("%s: no JPEG or PNG image in this class", class)
		}
		classes = append(classes, e.Name())
	}
	if len(classes) == 0 || len(classes) > maxClasses {
		return l, nil, fmt.Errorf("%s: %d class folders: there must be between 1 and %d", dir, len(classes), maxClasses)
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

// decode reads the images, some at a time.
func (f Folder) decode(ctx context.Context, l listing, count func()) (Split, error) {
	s := Split{Height: f.Side, Width: f.Side, Pixels: make([]uint8, len(l.paths)*f.Side*f.Side*3), Labels: l.labels}
	var wait sync.WaitGroup
	var next atomic.Int64
	failed := make([]error, len(l.paths))
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	for range min(runtime.GOMAXPROCS(0), len(l.paths)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(l.paths) && stop.Err() == nil; i = int(next.Add(1)) - 1 {
				if failed[i] = f.decodeFile(s.Image(i), l.paths[i]); failed[i] != nil {
					cancel()
					return
				}
				count()
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return Split{}, err
	}
	for i, err := range failed {
		if err != nil {
			return Split{}, fmt.Errorf("%s: %w", l.paths[i], err)
		}
	}
	return s, nil
}

// decodeFile writes the middle of an image to dst. What is transparent becomes black.
func (f Folder) decodeFile(dst []uint8, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	cfg, kind, err := image.DecodeConfig(file)
	if err != nil {
		return fmt.Errorf("neither a JPEG nor a PNG image: %w", err)
	}
	if cfg.Width < 1 || cfg.Height < 1 || cfg.Width > maxDecoded/cfg.Height {
		return fmt.Errorf("an image of %dx%d pixels", cfg.Width, cfg.Height)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	img, _, err := image.Decode(file)
	if err != nil {
		return fmt.Errorf("damaged %s image: %w", strings.ToUpper(kind), err)
	}
	// The scaled image is as long as its proportions say; lines thinner than that stay one pixel wide.
	short, long := min(cfg.Width, cfg.Height), max(cfg.Width, cfg.Height)
	stretched := f.Resize * long / short
	if stretched > 64*f.Resize {
		return fmt.Errorf("an image of %dx%d pixels is too thin to cut a square out of it", cfg.Width, cfg.Height)
	}
	w, h := f.Resize, stretched
	if cfg.Width > cfg.Height {
		w, h = stretched, f.Resize
	}
	scaled := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.BiLinear.Scale(scaled, scaled.Bounds(), img, img.Bounds(), draw.Src, nil)
	left, top := middle(w, f.Side), middle(h, f.Side)
	for y := range f.Side {
		row := scaled.Pix[scaled.PixOffset(left, top+y):]
		for x := range f.Side {
			dst[0], dst[1], dst[2] = row[4*x], row[4*x+1], row[4*x+2]
			dst = dst[3:]
		}
	}
	return nil
}

// middle is where torchvision's CenterCrop begins.
func middle(size, side int) int { return int(math.RoundToEven(float64(size-side) / 2)) }
