package training

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
	"time"

	"rwe301/internal/atomicfile"
	"rwe301/internal/process"
	"rwe301/network"
)

// Checkpoint is a file that holds a training between two epochs, so that a process that is killed loses one epoch at
// most. It is, in little-endian: magic, the key and Diverged (length and text each), seconds of wall time and of
// processors, the number of epochs and the three series of the curve; then, unless the training is over, running
// statistics, theta and velocity; and last the SHA-256 of all that.
type Checkpoint[T network.Real] struct {
	Dir      string // "" keeps nothing
	Key      string // what determines the training
	PerEpoch int    // steps of an epoch
}

// What a checkpoint begins with, and what one without processor seconds did.
const (
	checkpointMagic = "bench301 checkpoint 2\n"
	withoutCPU      = "bench301 checkpoint 1\n"
)

// maxText bounds the texts in a checkpoint.
const maxText = 1 << 16

// Path is a name for the key.
func (c Checkpoint[T]) Path() string {
	sum := sha256.Sum256([]byte(c.Key))
	return filepath.Join(c.Dir, hex.EncodeToString(sum[:12])+".checkpoint")
}

// Save writes the state of a training.
func (c Checkpoint[T]) Save(t *Trainer[T]) error {
	if c.Dir == "" {
		return nil
	}
	var b bytes.Buffer
	b.WriteString(checkpointMagic)
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.LittleEndian, v) // to memory, of types that it knows
		}
	}
	for _, text := range []string{c.Key, t.Curve.Diverged} {
		put(uint32(len(text)), []byte(text))
	}
	cpu := t.Took.CPU
	if !t.Told {
		cpu = 0
	}
	put(t.Took.Wall.Seconds(), cpu.Seconds(), uint32(len(t.Curve.TrainLoss)))
	put(t.Curve.TrainLoss, t.Curve.ValLoss, t.Curve.ValAccuracy)
	if !t.finished(c.PerEpoch) {
		for _, s := range t.Running() {
			put(s)
		}
		put(t.Theta, t.sgd.velocity)
	}
	sum := sha256.Sum256(b.Bytes())
	b.Write(sum[:])
	if err := os.MkdirAll(c.Dir, 0o777); err != nil {
		return err
	}
	return atomicfile.WriteBytes(c.Path(), b.Bytes())
}

// Load brings a training into the state that was saved, if one was.
func (c Checkpoint[T]) Load(t *Trainer[T]) error {
	if c.Dir == "" {
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
		return fmt.Errorf("%s: %w: remove the file to train from the start", c.Path(), err)
	}
	return nil
}

// read returns the checked content of the file.
func (c Checkpoint[T]) read(t *Trainer[T]) ([]byte, error) {
	f, err := os.Open(c.Path())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	most := int64(len(checkpointMagic)+2*maxText+64) + 24*int64(t.Epochs) + 16*int64(len(t.Theta))
	for _, s := range t.Running() {
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
func (c Checkpoint[T]) decode(t *Trainer[T], data []byte) error {
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
	if get(magic); string(magic) != checkpointMagic && string(magic) != withoutCPU {
		return errors.New("not a checkpoint")
	}
	if key := text(); err == nil && key != c.Key {
		return errors.New("a checkpoint of another training")
	}
	t.Curve.Diverged = text()
	var epochs uint32
	var wall, cpu float64
	get(&wall)
	if string(magic) == checkpointMagic {
		get(&cpu)
	}
	t.Took = process.Took{Wall: seconds(wall), CPU: seconds(cpu)}
	t.Told = cpu > 0
	if get(&epochs); err == nil && int(epochs) > t.Epochs {
		return fmt.Errorf("%d epochs of %d", epochs, t.Epochs)
	}
	for _, series := range []*[]float64{&t.Curve.TrainLoss, &t.Curve.ValLoss, &t.Curve.ValAccuracy} {
		*series = make([]float64, epochs)
		get(*series)
	}
	if err == nil && !t.finished(c.PerEpoch) {
		for _, s := range t.Running() {
			get(s)
		}
		get(t.Theta)
		get(t.sgd.velocity)
	}
	if err == nil && r.Len() > 0 {
		err = fmt.Errorf("%d bytes too many", r.Len())
	}
	return err
}

// seconds is a number of them as a duration.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
