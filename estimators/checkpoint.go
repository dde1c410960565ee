package estimators

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"rwe301/internal/atomicfile"
	"rwe301/network"
)

// checkpoint is a file that holds a training between two epochs, so that a process that is killed loses one epoch at
// most. It is, in little-endian: magic, the key and Diverged (length and text each), seconds, the number of epochs and
// the three series of the curve; then, unless the training is over, running statistics, theta and velocity; and last
// the SHA-256 of all that.
type checkpoint[T network.Real] struct {
	dir      string // "" keeps nothing
	key      string // what determines the training
	perEpoch int    // steps of an epoch
}

const checkpointMagic = "bench301 checkpoint 1\n"

// maxText bounds the texts in a checkpoint.
const maxText = 1 << 16

// path is a name for the key.
func (c checkpoint[T]) path() string {
	sum := sha256.Sum256([]byte(c.key))
	return filepath.Join(c.dir, hex.EncodeToString(sum[:12])+".checkpoint")
}

// save writes the state of a training.
func (c checkpoint[T]) save(t *trainer[T]) error {
	if c.dir == "" {
		return nil
	}
	var b bytes.Buffer
	b.WriteString(checkpointMagic)
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.LittleEndian, v) // to memory, of types that it knows
		}
	}
	for _, text := range []string{c.key, t.curve.Diverged} {
		put(uint32(len(text)), []byte(text))
	}
	put(t.seconds, uint32(len(t.curve.TrainLoss)), t.curve.TrainLoss, t.curve.ValLoss, t.curve.ValAccuracy)
	if !t.finished(c.perEpoch) {
		for _, s := range t.running() {
			put(s)
		}
		put(t.theta, t.sgd.velocity)
	}
	sum := sha256.Sum256(b.Bytes())
	b.Write(sum[:])
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	return atomicfile.WriteBytes(c.path(), b.Bytes())
}

// load brings a training into the state that was saved, if one was.
func (c checkpoint[T]) load(t *trainer[T]) error {
	if c.dir == "" {
		return nil
	}
	data, err := c.read(t)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = c.decode(t, data)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: remove the file to train from the start", c.path(), err)
	}
	return nil
}

// read returns the checked content of the file.
func (c checkpoint[T]) read(t *trainer[T]) ([]byte, error) {
	f, err := os.Open(c.path())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	most := int64(len(checkpointMagic)+2*maxText+64) + 24*int64(t.Epochs) + 16*int64(len(t.theta))
	for _, s := range t.running() {
		most += 8 * int64(len(s))
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	const size = sha256.Size
	if int64(len(data)) > most || len(data) < size {
		return nil, fmt.Errorf("%d bytes or more are not a checkpoint of this training", len(data))
	}
	body := data[:len(data)-size]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], data[len(body):]) {
		return nil, errors.New("a damaged checkpoint")
	}
	return body, nil
}

// decode fills in the training. It changes nothing but t, and t is of no use after an error.
func (c checkpoint[T]) decode(t *trainer[T], data []byte) error {
	r := bytes.NewReader(data)
	var err error
	get := func(into any) {
		if err == nil {
			err = binary.Read(r, binary.LittleEndian, into)
		}
	}
	text := func() string {
		var n uint32
		if get(&n); n > maxText {
			err = errors.Join(err, fmt.Errorf("a text of %d bytes", n))
			return ""
		}
		b := make([]byte, n)
		get(b)
		return string(b)
	}
	magic := make([]byte, len(checkpointMagic))
	if get(magic); string(magic) != checkpointMagic {
		return errors.New("not a checkpoint")
	}
	if key := text(); err == nil && key != c.key {
		return errors.New("a checkpoint of another training")
	}
	t.curve.Diverged = text()
	var epochs uint32
	get(&t.seconds)
	if get(&epochs); err == nil && int(epochs) > t.Epochs {
		return fmt.Errorf("%d epochs of %d", epochs, t.Epochs)
	}
	for _, series := range []*[]float64{&t.curve.TrainLoss, &t.curve.ValLoss, &t.curve.ValAccuracy} {
		*series = make([]float64, epochs)
		get(*series)
	}
	if err == nil && !t.finished(c.perEpoch) {
		for _, s := range t.running() {
			get(s)
		}
		get(t.theta)
		get(t.sgd.velocity)
	}
	if err == nil && r.Len() > 0 {
		err = fmt.Errorf("%d bytes too many", r.Len())
	}
	return err
}
