package trained

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"rwe301/bench301"
)

// Benchmark is a set of architectures all of which somebody trained.
type Benchmark struct {
	Name     string         // names the source of accuracies
	Title    string         // for people
	Space    bench301.Space // of the architectures
	Size     int            // how many there are
	Datasets []string       // that they were trained on; the first one is the default
	FromUs   string         // what people have of it, for errors and help

	Index func(bench301.Architecture) (int, bool) // place in the order of columns; false of another space
	At    func(int) bench301.Architecture         // the architecture at a place

	names map[string]string // other names of data sets in files, in lower case
	steps map[string][]step // of data sets, the fewest images first
}

// step says how many images accuracies were measured on, by the steps that they go in.
type step struct {
	images int
	what   string
}

// testSuffix ends the names of data sets whose accuracies are those on test images, where a file has them beside those
// for validation.
const testSuffix = "-test"

// NASBench201 is NAS-Bench-201 (Dong and Yang, ICLR 2020), whose networks NATS-Bench publishes with more seeds.
var NASBench201 = &Benchmark{
	Name: "nasbench201", Title: "NAS-Bench-201", Space: bench301.NASBench201{}, Size: size201,
	Datasets: []string{
		"cifar10", "cifar100", "ImageNet16-120", "cifar10" + testSuffix, "cifar100" + testSuffix,
		"ImageNet16-120" + testSuffix,
	},
	FromUs: "NATS-tss-v1_0-3ffb9-simple (NATS-Bench), nb201_*_full_training.pickle (NASLib), zc_nasbench201.json " +
		"(NAS-Bench-Suite-Zero), or a table with architectures and accuracies",
	Index: index201, At: at201,
	names: map[string]string{
		"cifar10-valid": "cifar10", "imagenet16": "ImageNet16-120", "imagenet": "ImageNet16-120",
	},
	steps: map[string][]step{
		"cifar10": {
			{10_000, "CIFAR-10's test images, unless they were rounded to two digits; the 25000 validation images give steps " +
				"of 0.004"},
			{25_000, "the validation images"},
		},
		"cifar100":       {{5000, "one half of CIFAR-100's test images, that of validation or that of the test"}},
		"ImageNet16-120": {{3000, "one half of ImageNet16-120's evaluation images, that of validation or that of the test"}},
	},
}

// size201 is the number of cells of NAS-Bench-201: five operations on six edges.
const size201 = 15_625

// index201 numbers a cell by its operations, the first edge counting the most.
func index201(a bench301.Architecture) (i int, ok bool) {
	g, ok := a.(bench301.Genotype201)
	if !ok || g.Validate() != nil {
		return 0, false
	}
	for _, op := range g {
		i = i*bench301.NumOperations201 + int(op)
	}
	return i, true
}

func at201(i int) bench301.Architecture {
	var g bench301.Genotype201
	for k := len(g) - 1; k >= 0; k-- {
		g[k] = bench301.Operation201(i % bench301.NumOperations201)
		i /= bench301.NumOperations201
	}
	return g
}

// Benchmarks lists the benchmarks. Another one is another entry.
func Benchmarks() []*Benchmark { return []*Benchmark{NASBench201} }

// Names lists their names.
func Names() (names []string) {
	for _, b := range Benchmarks() {
		names = append(names, b.Name)
	}
	return names
}

// Lookup finds a benchmark by name, nil if there is none.
func Lookup(name string) *Benchmark {
	for _, b := range Benchmarks() {
		if b.Name == name {
			return b
		}
	}
	return nil
}

// Of is the benchmark that an architecture belongs to, nil if there is none.
func Of(a bench301.Architecture) *Benchmark {
	for _, b := range Benchmarks() {
		if _, ok := b.Index(a); ok {
			return b
		}
	}
	return nil
}

// Dataset finds a data set by the name that files or people give it, "" for the default.
func (b *Benchmark) Dataset(name string) (string, error) {
	if name == "" {
		return b.Datasets[0], nil
	}
	lower := strings.ToLower(name)
	if known, ok := b.names[lower]; ok {
		return known, nil
	}
	for _, d := range b.Datasets {
		if strings.ToLower(d) == lower {
			return d, nil
		}
	}
	return "", fmt.Errorf("data set %.60q: %s has %s", name, b.Title, strings.Join(b.Datasets, ", "))
}

// enough is how many numbers must agree before their steps say anything.
const enough = 20

// onImages says what the steps of accuracies tell about the images behind them, "" for nothing.
func (b *Benchmark) onImages(dataset string, values []float64) string {
	values = slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(values) < enough {
		return ""
	}
	for _, s := range b.steps[dataset] {
		per := float64(s.images) / 100
		if !slices.ContainsFunc(values, func(v float64) bool {
			return math.Abs(float64(v*per)-math.Round(v*per)) > 5e-3 // published numbers have single precision
		}) {
			return fmt.Sprintf("all are multiples of %.4g, as on %d images: %s", 1/per, s.images, s.what)
		}
	}
	return ""
}
