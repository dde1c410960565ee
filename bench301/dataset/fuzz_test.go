package dataset

import (
	"bytes"
	"testing"
)

// FuzzCIFARFile: whatever the bytes of a file, the reader returns an error or has read images with labels of CIFAR-10.
func FuzzCIFARFile(f *testing.F) {
	names := []string{"data_batch_1.bin", "test_batch.png", "train_lables.json", "test_lables.json"}
	record := append([]byte{3}, make([]byte, cifarImageSize)...)
	f.Add(0, record)
	f.Add(0, append([]byte{10}, record[1:]...))
	f.Add(1, sampleTest[:2000])
	f.Add(2, []byte("[1,2,3,4,5]"))
	f.Add(3, []byte("[9]"))
	f.Add(3, []byte("[1e99]"))
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
