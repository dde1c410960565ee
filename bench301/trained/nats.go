package trained

import (
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"

	"rwe301/internal/input"
	"rwe301/internal/pickle"
	"rwe301/internal/printable"
)

// natsSet says where NATS-Bench keeps the accuracies of a data set.
type natsSet struct {
	dataset  string
	training string // what the networks were trained on
	images   string // what they were judged on
	split    string
	field    string
}

// natsSets are those of NATS-Bench's topology space: cifar10-valid is trained on half of CIFAR-10's training images,
// and validated on the other half; cifar10 is trained on all of them.
var natsSets = []natsSet{
	{"cifar10", "cifar10-valid", "x-valid", "validation",
		"x-valid of cifar10-valid: trained on 25000 images, validated on 25000 others"},
	{"cifar100", "cifar100", "x-valid", "validation",
		"x-valid of cifar100: trained on 50000 images, validated on 5000 of the test images"},
	{"ImageNet16-120", "ImageNet16-120", "x-valid", "validation", "x-valid of ImageNet16-120: validated on 3000 images"},
	{"cifar10" + testSuffix, "cifar10", "ori-test", "test",
		"ori-test of cifar10: trained on 50000 images, tested on 10000"},
	{"cifar100" + testSuffix, "cifar100", "x-test", "test",
		"x-test of cifar100: trained on 50000 images, tested on the other 5000 of the test images"},
	{"ImageNet16-120" + testSuffix, "ImageNet16-120", "x-test", "test",
		"x-test of ImageNet16-120: tested on 3000 images"},
}

// natsEpochs is the length of the trainings that are taken: those of 12 epochs, which NATS-Bench has too, are not.
const natsEpochs = 200

// natsKey is the key of these trainings.
const natsKey = "200"

// natsOne are the accuracies of one architecture, in the order of natsSets; NaN where there are none.
type natsOne struct {
	text  string
	means []float64
	seeds []int
}

// collector reads the files of architectures on all processors.
type collector struct {
	benchmark *Benchmark
	ctx       context.Context
	told      Progress
	total     int
	places    chan struct{}
	wait      sync.WaitGroup

	mu       sync.Mutex
	done     int
	err      error
	first    string // name of the file of err
	found    map[int]natsOne
	repeated int
}

func (b *Benchmark) collect(ctx context.Context, total int, told Progress) *collector {
	return &collector{benchmark: b, ctx: ctx, told: told, total: total, found: map[int]natsOne{},
		places: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// fail keeps the error of reading itself.
func (c *collector) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil || c.first != "" {
		c.err, c.first = err, ""
	}
}

// add reads one file; false says that there is no point in more.
func (c *collector) add(name string, data []byte) bool {
	c.mu.Lock()
	stop := c.err != nil
	c.mu.Unlock()
	if stop || c.ctx.Err() != nil {
		return false
	}
	c.places <- struct{}{}
	c.wait.Go(func() {
		defer func() { <-c.places }()
		one, err := readNATS(data)
		if err == nil {
			err = c.take(one)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if err != nil && (c.err == nil || c.first > name) {
			c.err, c.first = entry(name, err), name
		}
		c.done++
		c.told(c.done, c.total)
	})
	return true
}

// take puts an architecture into its place.
func (c *collector) take(one natsOne) error {
	a, _, err := c.benchmark.Space.Parse(one.text)
	if err != nil {
		if strings.Count(one.text, ":") == 4 {
			return fmt.Errorf("architecture %s: of NATS-Bench's size space (sss): want its topology space: %s",
				printable.Cut(one.text, 60), wholeNATS)
		}
		return err
	}
	i, ok := c.benchmark.Index(a)
	if !ok {
		return fmt.Errorf("%s: not an architecture of %s", a, c.benchmark.Title)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	old, again := c.found[i]
	if again {
		for k, v := range one.means {
			if v != old.means[k] && !(math.IsNaN(v) && math.IsNaN(old.means[k])) {
				return fmt.Errorf("%s stands in two files, with other accuracies (%v and %v)", a, old.means[k], v)
			}
		}
		c.repeated++
		return nil
	}
	c.found[i] = one
	return nil
}

// reading sums up what was read.
func (c *collector) reading(format string, s Source) (*Reading, error) {
	c.wait.Wait()
	switch {
	case c.ctx.Err() != nil:
		return nil, c.ctx.Err()
	case c.err != nil:
		return nil, c.err
	case len(c.found) == 0:
		return nil, errNoNATS
	}
	r := &Reading{Format: format, Repeated: c.repeated}
	for k, set := range natsSets {
		m := Measure{Origin: "NATS-Bench", Split: set.split, Epochs: natsEpochs, Field: set.field}
		column := c.benchmark.NewColumn(set.dataset, m, s)
		least, most := 0, 0
		for i, one := range c.found {
			column.Values[i] = one.means[k]
			n := one.seeds[k]
			if n > 0 && (least == 0 || n < least) {
				least = n
			}
			most = max(most, n)
		}
		if most == 0 {
			continue
		}
		column.Measure.Seeds = fmt.Sprintf("mean over %d seeds", most)
		if least < most {
			column.Measure.Seeds = fmt.Sprintf("mean over %d to %d seeds", least, most)
		} else if most == 1 {
			column.Measure.Seeds = "1 seed"
		}
		r.Columns = append(r.Columns, column)
	}
	if len(r.Columns) == 0 {
		return nil, fmt.Errorf("none of its architectures was trained for %d epochs", natsEpochs)
	}
	for _, one := range c.found {
		if !hasNumber(one.means) {
			r.Skipped++
		}
	}
	return r, nil
}

func hasNumber(values []float64) bool {
	for _, v := range values {
		if !math.IsNaN(v) {
			return true
		}
	}
	return false
}

// readNATS reads a packed pickle: {"12": results, "200": results}, each the state of NATS-Bench's ArchResults.
func readNATS(packed []byte) (one natsOne, err error) {
	if !bytes.HasPrefix(packed, []byte("BZh")) {
		return one, errors.New("not compressed by bzip2, as NATS-Bench's files are")
	}
	data, err := input.All(bzip2.NewReader(bytes.NewReader(packed)), maxOne)
	if err != nil {
		return one, err
	}
	return decodeNATS(data)
}

// decodeNATS reads the pickle.
func decodeNATS(data []byte) (one natsOne, err error) {
	v, _, err := pickle.Decode(data, 0)
	if err != nil {
		return one, err
	}
	lookup := lookupIn(v)
	if lookup == nil {
		return one, fmt.Errorf("a %s: want a dict of the results by epochs", pickle.Kind(v))
	}
	if _, ok := lookup("meta_archs"); ok {
		return one, errors.New("all of NATS-Bench at once, or its list of architectures: " + wholeNATS)
	}
	results, ok := lookup(natsKey)
	if !ok {
		return one, fmt.Errorf("no results of %d epochs", natsEpochs)
	}
	get := lookupIn(results)
	if get == nil {
		return one, fmt.Errorf("results: a %s: want a dict", pickle.Kind(results))
	}
	text, _ := get("arch_str")
	if one.text, ok = text.(string); !ok {
		return one, fmt.Errorf("arch_str: a %s: want a text", pickle.Kind(text))
	}
	all, _ := get("all_results")
	runs, ok := all.(*pickle.Dict)
	if !ok {
		return one, fmt.Errorf("all_results: a %s: want a dict of trainings", pickle.Kind(all))
	}
	seeds, _ := get("dataset_seed")
	for _, set := range natsSets {
		mean, n, err := set.mean(runs, lookupIn(seeds))
		if err != nil {
			return one, fmt.Errorf("%s: %w", set.training, err)
		}
		one.means, one.seeds = append(one.means, mean), append(one.seeds, n)
	}
	return one, nil
}

// lookupIn is how to get at a key of a dict, nil of anything else.
func lookupIn(v any) func(key string) (any, bool) {
	switch v := v.(type) {
	case *pickle.Dict:
		return v.Get
	case *pickle.Object: // OrderedDict
		return v.Get
	}
	return nil
}

// mean is the mean over the seeds of a data set, in their order, as NATS-Bench's get_metrics computes it; NaN without
// any.
func (s natsSet) mean(runs *pickle.Dict, seedsOf func(string) (any, bool)) (mean float64, n int, err error) {
	if seedsOf == nil {
		return 0, 0, errors.New("dataset_seed: want a dict of the seeds of each data set")
	}
	v, ok := seedsOf(s.training)
	if !ok {
		return math.NaN(), 0, nil
	}
	seeds, ok := v.(*pickle.List)
	if !ok || len(seeds.Items) > 100 {
		return 0, 0, fmt.Errorf("dataset_seed: a %s: want a short list of seeds", pickle.Kind(v))
	}
	sum := 0.0
	for _, seed := range seeds.Items {
		accuracy, ok, err := s.accuracy(runs, seed)
		if err != nil {
			return 0, 0, fmt.Errorf("seed %v: %w", seed, err)
		}
		if !ok {
			return math.NaN(), 0, nil // these images were not looked at
		}
		sum += accuracy
		n++
	}
	if n == 0 {
		return math.NaN(), 0, nil
	}
	return sum / float64(n), n, nil
}

// accuracy is that of one training after its last epoch; ok is false where it was not judged on the images.
func (s natsSet) accuracy(runs *pickle.Dict, seed any) (v float64, ok bool, err error) {
	var run func(string) (any, bool)
	for _, e := range runs.Entries {
		if key, is := e.Key.(pickle.Tuple); is && len(key) == 2 && key[0] == any(s.training) && sameInt(key[1], seed) {
			run = lookupIn(e.Value)
		}
	}
	if run == nil {
		return 0, false, errors.New("a training that all_results lacks")
	}
	epochs, _ := run("epochs")
	if epochs != any(int64(natsEpochs)) {
		return 0, false, fmt.Errorf("epochs: %v: want %d", epochs, natsEpochs)
	}
	accs, _ := run("eval_acc1es")
	get := lookupIn(accs)
	if get == nil {
		return 0, false, fmt.Errorf("eval_acc1es: a %s: want a dict", pickle.Kind(accs))
	}
	last, ok := get(fmt.Sprintf("%s@%d", s.images, natsEpochs-1))
	if !ok {
		return 0, false, nil
	}
	v, err = percent(last)
	return v, true, err
}

func sameInt(a, b any) bool {
	x, ok1 := a.(int64)
	y, ok2 := b.(int64)
	return ok1 && ok2 && x == y
}

// percent is a number of a pickle that is a percentage.
func percent(v any) (float64, error) {
	var x float64
	switch v := v.(type) {
	case float64:
		x = v
	case int64:
		x = float64(v)
	default:
		return 0, fmt.Errorf("a %s where an accuracy should stand", pickle.Kind(v))
	}
	return x, check(x)
}
