package trained

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"rwe301/internal/input"
	"rwe301/internal/pickle"
	"rwe301/internal/printable"
)

// maxValues bounds the values of a pickle of NASLib: 15 625 architectures with four curves of 200 epochs are 13
// million.
const maxValues = 1 << 25

// unwanted are the curves of NASLib's pickles that are not kept in memory.
var unwanted = []string{"train_losses", "eval_losses", "train_acc1es", "train_acc5es", "train_times", "eval_times"}

// naslibSets are the data sets of NASLib's pickles, and what they are here.
var naslibSets = map[string]string{
	"cifar10-valid": "cifar10", "cifar10": "cifar10" + testSuffix, "cifar100": "cifar100",
	"ImageNet16-120": "ImageNet16-120",
}

// readPickle reads a pickle of NASLib, {architecture: {data set: {"eval_acc1es": [accuracy after each epoch], ...}}}.
func (b *Benchmark) readPickle(ctx context.Context, path string) (*Reading, error) {
	data, err := input.Read(path, maxPickle)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	r, err := b.decodeNASLib(data, Source{filepath.Base(path), hex.EncodeToString(sum[:])})
	if err == nil {
		err = ctx.Err()
	}
	return r, err
}

func (b *Benchmark) decodeNASLib(data []byte, s Source) (*Reading, error) {
	o := pickle.Options{Values: maxValues, Empty: func(key string) bool { return slices.Contains(unwanted, key) }}
	v, _, err := o.Decode(data, 0)
	if err != nil {
		return nil, err
	}
	dict, ok := v.(*pickle.Dict)
	if !ok {
		return nil, fmt.Errorf("a pickle of a %s: want NASLib's dict of architectures, nb201_cifar10_full_training.pickle "+
			"and its kind", pickle.Kind(v))
	}
	if _, ok := dict.Get("meta_archs"); ok {
		return nil, errors.New("all of NATS-Bench at once: " + wholeNATS)
	}
	n := naslib{benchmark: b, source: s, columns: map[string]*Column{}, epochs: map[string]int{},
		reading: &Reading{Format: "a pickle of NASLib"}}
	for _, e := range dict.Entries {
		text, ok := e.Key.(string)
		if !ok {
			return nil, fmt.Errorf("a %s as key: want architectures such as |nor_conv_3x3~0|+... in texts", pickle.Kind(e.Key))
		}
		if err := n.add(text, e.Value); err != nil {
			return nil, fmt.Errorf("%s: %w", printable.Cut(text, 120), err)
		}
	}
	return n.finish()
}

// naslib gathers the data sets of a pickle of NASLib.
type naslib struct {
	benchmark *Benchmark
	source    Source
	columns   map[string]*Column
	epochs    map[string]int // that all architectures of a data set have; -1 where they differ
	others    []string       // data sets that are not the benchmark's
	reading   *Reading
}

// add reads one architecture.
func (n *naslib) add(text string, v any) error {
	a, _, err := n.benchmark.Space.Parse(text)
	if err != nil {
		return err
	}
	i, _ := n.benchmark.Index(a)
	sets, ok := v.(*pickle.Dict)
	if !ok {
		return fmt.Errorf("a %s: want a dict of data sets", pickle.Kind(v))
	}
	found, again := false, false
	for _, e := range sets.Entries {
		name, ok := e.Key.(string)
		if !ok {
			return fmt.Errorf("a %s as key: want names of data sets", pickle.Kind(e.Key))
		}
		dataset, known := naslibSets[name]
		if !known {
			if !slices.Contains(n.others, name) && len(n.others) < 100 {
				n.others = append(n.others, name)
			}
			continue
		}
		accuracy, epochs, err := lastAccuracy(e.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if math.IsNaN(accuracy) {
			continue
		}
		c := n.columns[dataset]
		if c == nil {
			c = n.benchmark.NewColumn(dataset, Measure{Origin: "NASLib", Field: "eval_acc1es of " + name +
				", after the last epoch"}, n.source)
			n.columns[dataset], n.epochs[dataset] = c, epochs
		}
		if n.epochs[dataset] != epochs {
			n.epochs[dataset] = -1
		}
		if old := c.Values[i]; !math.IsNaN(old) {
			if old != accuracy {
				return fmt.Errorf("%s: twice, with other accuracies (%v and %v)", name, old, accuracy)
			}
			again = true
		}
		c.Values[i], found = accuracy, true
	}
	if again {
		n.reading.Repeated++
	}
	if !found {
		n.reading.Skipped++
	}
	return nil
}

// lastAccuracy is the accuracy after the last epoch, NaN where there is none.
func lastAccuracy(v any) (accuracy float64, epochs int, err error) {
	set, ok := v.(*pickle.Dict)
	if !ok {
		return 0, 0, fmt.Errorf("a %s: want a dict with eval_acc1es", pickle.Kind(v))
	}
	accs, ok := set.Get("eval_acc1es")
	if !ok {
		return 0, 0, errors.New("no eval_acc1es, the accuracies after each epoch")
	}
	if l, ok := accs.(*pickle.List); ok {
		if len(l.Items) == 0 {
			return math.NaN(), 0, nil
		}
		epochs, accs = len(l.Items), l.Items[len(l.Items)-1]
	}
	accuracy, err = percent(accs)
	return accuracy, epochs, err
}

func (n *naslib) finish() (*Reading, error) {
	r := n.reading
	for _, name := range n.benchmark.Datasets {
		c := n.columns[name]
		if c == nil {
			continue
		}
		if low, high := c.Range(); high <= 1 && low < high {
			return nil, fmt.Errorf("%s: all accuracies lie in [%v, %v]: fractions, where NASLib has percentages", name, low,
				high)
		}
		if epochs := n.epochs[name]; epochs > 0 {
			c.Measure.Epochs, c.Measure.Seeds = epochs, "of seeds that the file does not name"
		}
		n.benchmark.Finish(c)
		r.Columns = append(r.Columns, c)
	}
	if len(n.others) > 0 {
		slices.Sort(n.others)
		r.Notes = append(r.Notes, printable.Cut("data sets left out, which "+n.benchmark.Title+" does not have: "+
			strings.Join(n.others, ", "), 300))
	}
	if len(r.Columns) == 0 {
		return nil, fmt.Errorf("no accuracies of a data set of %s in it", n.benchmark.Title)
	}
	return r, nil
}
