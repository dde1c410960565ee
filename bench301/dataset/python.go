package dataset

import (
	"errors"
	"fmt"
	"io"

	"rwe301/internal/input"
	"rwe301/internal/pickle"
)

// addPython reads a file of the official archive for Python: the pickle of a dict with the planes of the images (data,
// an array of bytes with a row an image) and their labels.
func (c *cifarReader) addPython(part int, r io.Reader) error {
	// Beside the pixels the file holds a label, and a name of some twenty letters, an image.
	file, err := input.All(r, int64(c.perFile)*(cifarImageSize+128)+1<<16)
	if err != nil {
		return err
	}
	value, _, err := pickle.Decode(file, 0)
	if err != nil {
		return fmt.Errorf("not a pickled file of CIFAR-10: %w", err)
	}
	batch, ok := value.(*pickle.Dict)
	if !ok {
		return fmt.Errorf("not a pickled file of CIFAR-10: a %s, not a dict", pickle.Kind(value))
	}
	if _, hundred := member(batch, "fine_labels"); hundred {
		return errCIFAR100
	}
	labels, err := c.pickledLabels(batch)
	if err != nil {
		return fmt.Errorf("labels: %w", err)
	}
	data, _ := member(batch, "data")
	planes, err := byteArray(data, c.perFile, cifarImageSize)
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	pixels, err := c.pixelsOf(part)
	if err != nil {
		return err
	}
	for i := range c.perFile {
		interleave(pixels[i*cifarImageSize:][:cifarImageSize], planes[i*cifarImageSize:])
	}
	c.filled[part], c.labels[part] = true, labels
	return nil
}

// member returns the value of a key, which is bytes where Python 3 rewrote what Python 2 had pickled.
func member(d *pickle.Dict, key string) (any, bool) {
	if v, ok := d.Get(key); ok {
		return v, true
	}
	for _, e := range d.Entries {
		if k, err := pickle.Bytes(e.Key); err == nil && string(k) == key {
			return e.Value, true
		}
	}
	return nil, false
}

func (c *cifarReader) pickledLabels(batch *pickle.Dict) ([]int, error) {
	value, _ := member(batch, "labels")
	list, ok := value.(*pickle.List)
	if !ok {
		return nil, fmt.Errorf("a %s, not a list", pickle.Kind(value))
	}
	if len(list.Items) != c.perFile {
		return nil, fmt.Errorf("%d of them, not %d", len(list.Items), c.perFile)
	}
	labels := make([]int, c.perFile)
	for i, item := range list.Items {
		label, ok := item.(int64)
		if !ok || label < 0 || label >= int64(len(cifarClasses)) {
			return nil, fmt.Errorf("image %d has %v: CIFAR-10 has labels 0-%d", i, clipped(item), len(cifarClasses)-1)
		}
		labels[i] = int(label)
	}
	return labels, nil
}

// clipped is a value for an error message.
func clipped(v any) string {
	if n, ok := v.(int64); ok {
		return fmt.Sprint(n)
	}
	return "a " + pickle.Kind(v)
}

// byteArray returns the bytes of a pickled numpy array of dtype uint8 and shape (rows, columns): numpy rebuilds it by
// _reconstruct, whose state is (version, shape, dtype, Fortran order, bytes), or at protocol 5 by _frombuffer of
// (bytes, dtype, shape, order).
func byteArray(v any, rows, columns int) ([]byte, error) {
	o, ok := v.(*pickle.Object)
	if !ok {
		return nil, fmt.Errorf("a %s, not an array of numpy", pickle.Kind(v))
	}
	var shape, dtype, content any
	fortran := false
	state, _ := o.State.(pickle.Tuple)
	switch {
	case o.Class.Name == "_reconstruct" && len(state) == 5:
		shape, dtype, content = state[1], state[2], state[4]
		fortran = state[3] != false
	case o.Class.Name == "_frombuffer" && len(o.Args) == 4:
		content, dtype, shape = o.Args[0], o.Args[1], o.Args[2]
		fortran = o.Args[3] != "C"
	default:
		return nil, fmt.Errorf("a %s, not an array of numpy", pickle.Kind(v))
	}
	of, _ := dtype.(*pickle.Object)
	if of == nil || of.Class.Name != "dtype" || len(of.Args) == 0 || !isText(of.Args[0], "u1") || fortran {
		return nil, errors.New("not an array of bytes (dtype uint8) in C order")
	}
	size, _ := shape.(pickle.Tuple)
	if len(size) != 2 || size[0] != int64(rows) || size[1] != int64(columns) {
		return nil, fmt.Errorf("not an array of shape (%d, %d)", rows, columns)
	}
	text, ok := content.(string) // of Python 2
	if !ok {
		bytes, err := pickle.Bytes(content)
		if err != nil {
			return nil, err
		}
		text = string(bytes)
	}
	if len(text) != rows*columns {
		return nil, fmt.Errorf("%d bytes, not %d", len(text), rows*columns)
	}
	return []byte(text), nil
}

// isText reports whether a value is a text, which may be pickled as bytes.
func isText(v any, want string) bool {
	if s, ok := v.(string); ok {
		return s == want
	}
	b, err := pickle.Bytes(v)
	return err == nil && string(b) == want
}
