package trained

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Column are the accuracies of one data set.
type Column struct {
	Dataset string
	Measure Measure
	Values  []float64 // percent, in the order of the benchmark; NaN where an architecture is not covered
	Sources []Source  // files that they were read from
}

// Measure says what accuracies are, as far as the file says it; an empty field says nothing.
type Measure struct {
	Origin string `json:"origin,omitempty"` // whose file it is, such as NATS-Bench
	Split  string `json:"split,omitempty"`  // the images: validation or test
	Epochs int    `json:"epochs,omitempty"` // of the training
	Seeds  string `json:"seeds,omitempty"`  // over which trainings, in words
	Field  string `json:"field,omitempty"`  // what the file calls them
	Images string `json:"images,omitempty"` // what the numbers themselves tell about the images
}

// Source is a file that accuracies came from.
type Source struct {
	File   string `json:"file"` // its base name
	SHA256 string `json:"sha256"`
}

// NewColumn makes a column that covers nothing.
func (b *Benchmark) NewColumn(dataset string, m Measure, s Source) *Column {
	c := &Column{Dataset: dataset, Measure: m, Sources: []Source{s}, Values: make([]float64, b.Size)}
	for i := range c.Values {
		c.Values[i] = math.NaN()
	}
	return c
}

// Finish says of what images a full column tells that it was measured on.
func (b *Benchmark) Finish(c *Column) {
	if c.Measure.Split == "" {
		c.Measure.Images = b.onImages(c.Dataset, c.Values)
	}
}

// Covered is the number of architectures with an accuracy.
func (c *Column) Covered() (n int) {
	for _, v := range c.Values {
		if !math.IsNaN(v) {
			n++
		}
	}
	return n
}

// Range are the lowest and the highest accuracy; NaN without any.
func (c *Column) Range() (low, high float64) {
	low, high = math.NaN(), math.NaN()
	for _, v := range c.Values {
		if !math.IsNaN(v) && !(v >= low) {
			low = v
		}
		if !math.IsNaN(v) && !(v <= high) {
			high = v
		}
	}
	return low, high
}

// Hash condenses the data set and its accuracies: 16 hex digits of SHA-256.
func (c *Column) Hash() string {
	h := sha256.New()
	fmt.Fprintln(h, c.Dataset)
	for _, v := range c.Values {
		if math.IsNaN(v) {
			v = math.NaN() // one of them
		}
		var bits [8]byte
		binary.LittleEndian.PutUint64(bits[:], math.Float64bits(v))
		h.Write(bits[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Name is what stands beside every number: the benchmark, the data set and, in brackets, whose numbers they are and how
// many architectures they cover.
func (b *Benchmark) Label(c *Column) string {
	parts := []string{c.Measure.short(), fmt.Sprintf("%d of %d architectures", c.Covered(), b.Size)}
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
	return fmt.Sprintf("%s %s (%s)", b.Title, c.Dataset, strings.Join(parts, "; "))
}

// short is the measure in a few words.
func (m Measure) short() string {
	var parts []string
	for _, p := range []string{m.Origin, m.Split, m.epochs()} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}

func (m Measure) epochs() string {
	if m.Epochs == 0 {
		return ""
	}
	return fmt.Sprintf("%d epochs", m.Epochs)
}

// String says all that is known.
func (m Measure) String() string {
	var parts []string
	accuracy := ""
	if m.Split != "" || m.Epochs != 0 {
		accuracy = strings.TrimLeft(m.Split+" accuracy", " ")
	}
	if m.Epochs != 0 {
		accuracy += " after " + m.epochs()
	}
	for _, p := range []string{m.Origin, accuracy, m.Seeds, m.Field, m.Images} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if m.Split == "" && m.Images == "" {
		parts = append(parts, "the file does not say on which images")
	}
	return strings.Join(parts, "; ")
}
