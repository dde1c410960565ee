package dataset

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // decoded by image.Decode
	_ "image/png"  // decoded by image.Decode
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/image/draw"
	"golang.org/x/sync/semaphore"
)

// Bounds on decoding.
const (
	maxPixels  = 100 << 20 // of a file
	maxDecoded = 192 << 20 // bytes that the images being decoded take, all together
)

// decode reads the images, some at a time.
func (f Folder) decode(ctx context.Context, l listing, count func()) (Split, error) {
	s := Split{Height: f.Side, Width: f.Side, Pixels: make([]uint8, len(l.paths)*f.Side*f.Side*3), Labels: l.labels}
	var wait sync.WaitGroup
	var next atomic.Int64
	failed := make([]error, len(l.paths))
	room := semaphore.NewWeighted(maxDecoded)
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	for range min(runtime.GOMAXPROCS(0), len(l.paths)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(l.paths) && stop.Err() == nil; i = int(next.Add(1)) - 1 {
				if failed[i] = f.decodeFile(stop, room, s.Image(i), l.paths[i]); failed[i] != nil {
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
		if err != nil && !errors.Is(err, context.Canceled) { // by the failure of another
			return Split{}, fmt.Errorf("%s: %w", l.paths[i], err)
		}
	}
	return s, nil
}

// decodeFile writes the middle of an image to dst, once there is room to decode it. What is transparent becomes black.
func (f Folder) decodeFile(ctx context.Context, room *semaphore.Weighted, dst []uint8, path string) error {
	// Opening a pipe would wait for a writer.
	if info, err := os.Stat(path); err != nil {
		return err
	} else if !info.Mode().IsRegular() {
		return errors.New("not a file")
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	cfg, kind, err := image.DecodeConfig(file)
	if err != nil {
		return fmt.Errorf("neither a JPEG nor a PNG image: %w", err)
	}
	if cfg.Width < 1 || cfg.Height < 1 || cfg.Width > maxPixels/cfg.Height {
		return fmt.Errorf("an image of %dx%d pixels: at most %d M of them are read", cfg.Width, cfg.Height, maxPixels>>20)
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
	perPixel, err := decodedBytes(file, kind, cfg.ColorModel)
	if err != nil {
		return err
	}
	// Scaling keeps every row of the image at its new width, in four numbers a pixel.
	need := int64(perPixel*float64(cfg.Width)*float64(cfg.Height)) + 32*int64(w)*int64(cfg.Height)
	if need > maxDecoded {
		return fmt.Errorf("an image of %dx%d pixels that takes %d MB while it is decoded: at most %d MB are given to it",
			cfg.Width, cfg.Height, need>>20, maxDecoded>>20)
	}
	if err := room.Acquire(ctx, need); err != nil {
		return err
	}
	defer room.Release(need)
	if need > maxDecoded/8 {
		defer runtime.GC() // or the next large image comes on top of this one
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	img, _, err := image.Decode(file)
	if err != nil {
		return fmt.Errorf("damaged %s image: %w", strings.ToUpper(kind), err)
	}
	left, top := middle(w, f.Side), middle(h, f.Side)
	cut := image.NewRGBA(image.Rect(left, top, left+f.Side, top+f.Side))
	draw.BiLinear.Scale(cut, image.Rect(0, 0, w, h), img, img.Bounds(), draw.Src, nil)
	for i := 0; i < len(cut.Pix); i += 4 {
		dst[0], dst[1], dst[2] = cut.Pix[i], cut.Pix[i+1], cut.Pix[i+2]
		dst = dst[3:]
	}
	return nil
}

// decodedBytes is what decoding an image takes for every pixel.
func decodedBytes(file io.ReadSeeker, kind string, model color.Model) (float64, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	if kind == "jpeg" {
		return jpegBytes(bufio.NewReader(file))
	}
	var head [29]byte // up to the byte that says whether the image is interlaced
	if _, err := io.ReadFull(file, head[:]); err != nil {
		return 0, err
	}
	bytes := 1.0 // of grey levels or a palette
	switch model {
	case color.Gray16Model:
		bytes = 2
	case color.RGBAModel, color.NRGBAModel:
		bytes = 4
	case color.RGBA64Model, color.NRGBA64Model:
		bytes = 8
	}
	if head[28] != 0 { // its parts are decoded beside the whole
		bytes *= 2
	}
	return bytes, nil
}

// jpegBytes reads the headers of a JPEG, which say how many samples there are to a pixel. Those of a progressive image
// stand beside their coefficients, of four bytes each; those of other colours than YCbCr are copied.
func jpegBytes(r *bufio.Reader) (float64, error) {
	bytes, copied := 0.0, 0.0
	for {
		marker, segment, err := jpegSegment(r)
		switch {
		case err != nil:
			return 0, fmt.Errorf("damaged JPEG image: %w", err)
		case marker == 0xee && len(segment) > 11 && segment[11] == 0: // Adobe's mark of other colours
			copied = 4
		case marker >= 0xc0 && marker <= 0xc2:
			if len(segment) < 6 || segment[5] == 0 || len(segment) < 6+3*int(segment[5]) {
				return 0, errors.New("damaged JPEG image: a frame without components")
			}
			samples, most := 0, 1
			for i := range int(segment[5]) {
				sampling := segment[7+3*i]
				n := int(sampling>>4) * int(sampling&15)
				samples, most = samples+n, max(most, n)
			}
			bytes = float64(samples) / float64(most)
			if marker == 0xc2 {
				bytes *= 5
			}
			if segment[5] == 4 || segment[6] == 'R' {
				copied = 4
			}
		case marker == 0xda: // the pixels begin
			return bytes + copied, nil
		}
	}
}

// jpegSegment reads the next segment of a JPEG.
func jpegSegment(r *bufio.Reader) (marker byte, segment []byte, err error) {
	for marker == 0 || marker == 0xff || marker >= 0xd0 && marker <= 0xd8 { // none, padding, or without a length
		before := marker
		if marker, err = r.ReadByte(); err != nil {
			return 0, nil, err
		}
		if before != 0xff && marker != 0xff {
			marker = 0
		}
	}
	var size [2]byte
	if _, err = io.ReadFull(r, size[:]); err != nil {
		return 0, nil, err
	}
	segment = make([]byte, max(int(size[0])<<8+int(size[1])-2, 0))
	_, err = io.ReadFull(r, segment)
	return marker, segment, err
}

// middle is where torchvision's CenterCrop begins.
func middle(size, side int) int { return int(math.RoundToEven(float64(size-side) / 2)) }
