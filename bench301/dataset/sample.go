package dataset

import (
	"bytes"
	_ "embed" // the sample is part of the binary
	"fmt"
	"sync"
)

// The sample: sheets of images, ten a row, column c holding class c; and the index of every image in CIFAR-10. Chosen
// and packed by tools/sample.
var (
	//go:embed sample-train.png
	sampleTrain []byte
	//go:embed sample-test.png
	sampleTest []byte
)

// Sample is a class-balanced part of CIFAR-10 inside the binary: 2000 training and 1000 test images, image i of class
// i mod 10.
var Sample = sync.OnceValue(func() *Set {
	unpack := func(sheet []byte, rows int) Split {
		s, err := unpackSheet(sheet, rows)
		if err != nil {
			panic(fmt.Sprintf("dataset: the sample inside the binary is damaged: %v", err))
		}
		return s
	}
	return newSet(SampleName, cifarClasses, unpack(sampleTrain, 200), unpack(sampleTest, 100))
})

// unpackSheet cuts a sheet of that many rows of images into images.
func unpackSheet(sheet []byte, rows int) (Split, error) {
	columns := len(cifarClasses)
	pixels, err := readSprite(bytes.NewReader(sheet), columns*cifarSide, rows*cifarSide)
	if err != nil {
		return Split{}, err
	}
	s := Split{Height: cifarSide, Width: cifarSide, Pixels: make([]uint8, 0, len(pixels)),
		Labels: make([]int, rows*columns)}
	const line = cifarSide * 3
	for i := range s.Labels {
		s.Labels[i] = i % columns
		for y := range cifarSide {
			from := ((i/columns*cifarSide+y)*columns + i%columns) * line
			s.Pixels = append(s.Pixels, pixels[from:from+line]...)
		}
	}
	return s, nil
}
