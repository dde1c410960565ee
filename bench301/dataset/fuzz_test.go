package dataset

import (
	"bytes"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sync/semaphore"
)

// FuzzCIFARFile: whatever the bytes of a file, the reader returns an error or has read images with labels of CIFAR-10.
func FuzzCIFARFile(f *testing.F) {
	names := []string{"data_batch_1.bin", "test_batch.png", "train_lables.json", "test_lables.json", "test_batch"}
	record := append([]byte{3}, make([]byte, cifarImageSize)...)
	f.Add(0, record)
	f.Add(0, append([]byte{10}, record[1:]...))
	f.Add(1, sampleTest[:2000])
	f.Add(2, []byte("[1,2,3,4,5]"))
	f.Add(3, []byte("[9]"))
	f.Add(3, []byte("[1e99]"))
	f.Add(4, python(false)["test_batch"])
	f.Add(4, python(true)["test_batch"])
	f.Add(4, []byte("\x80\x02}(U\x06labels]U\x04datacposix\nsystem\nU\x04true\x85Ru."))
	f.Add(4, append([]byte("\x80\x02"), bytes.Repeat([]byte("]"), 1000)...))
	f.Fuzz(func(t *testing.T, which int, data []byte) {
		c := &cifarReader{perFile: 1}
		if c.add(names[uint(which)%uint(len(names))], bytes.NewReader(data)) != nil {
			return
		}
		for _, labels := range c.labels {
			for _, l := range labels {
				if l < 0 || l > 9 {
					t.Errorf("label %d", l)
				}
			}
		}
		if _, err := c.set(); err == nil {
			t.Error("one file made a whole set")
		}
	})
}

// FuzzImage: whatever the bytes of a file, it is decoded within bounds or refused.
func FuzzImage(f *testing.F) {
	f.Add(sampleTest[:3000])
	for _, name := range []string{"x.png", "x.jpg"} {
		path := filepath.Join(f.TempDir(), name)
		write(f, plainImage(20, 10, color.RGBA{1, 2, 3, 255}), path)
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	f.Add([]byte("GIF89a"))
	f.Add([]byte("\xff\xd8\xff\xe0\x00\x02\xff\xc2\x00\x11\x08\xff\xff\xff\xff\x03\x01\x11\x00\x02\x11\x01\x03\x11\x01\xff\xda\x00\x02"))
	path := filepath.Join(f.TempDir(), "image")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		room := semaphore.NewWeighted(maxDecoded)
		_ = (Folder{Side: 4, Resize: 5}).decodeFile(t.Context(), room, make([]uint8, 4*4*3), path)
		if !room.TryAcquire(maxDecoded) {
			t.Error("room was not given back")
		}
	})
}
