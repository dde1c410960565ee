//go:build unix

// Clusterspeed measures runs whose work is done by workers of a NATS server, with processes of the program as its users
// start them. docs/performance.md has the figures.
//
//	clusterspeed overhead    two workers of one core each against -j 2, in turns
//	clusterspeed trivial     scores a second that cost next to nothing
//	clusterspeed fleet       simulated workers that take a second for a score, 10 to 1000 of them
//	clusterspeed open        a million open architectures: until the first piece is there, and memory
//	clusterspeed rejoin      a coordinator that was killed, until results come again
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// options of all measurements.
type options struct {
	bench301 string
	port     int
	n        int // architectures
	rounds   int
	figure   string
	workers  string
	dir      string // for what is measured; removed at the end
	started  *[]*process
}

func main() {
	var o options
	flag.StringVar(&o.bench301, "bench301", "bin/bench301", "the program")
	flag.IntVar(&o.port, "port", 14222, "port of the servers, on loopback")
	flag.IntVar(&o.n, "n", 0, "architectures; of fleet, for each worker (default: those of docs/performance.md)")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds of overhead and trivial")
	flag.StringVar(&o.workers, "workers", "10,30,100,300,1000", "sizes of fleet")
	flag.StringVar(&o.figure, "figure", "", "PNG in which fleet draws its result (default: none)")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: clusterspeed [flags] overhead|trivial|fleet|open|rejoin")
		flag.PrintDefaults()
	}
	flag.Parse()
	measure, ok := map[string]func(options) error{
		"overhead": overhead, "trivial": trivial, "fleet": fleet, "open": open, "rejoin": rejoin,
	}[flag.Arg(0)]
	if !ok || flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := inFolder(&o, measure); err != nil {
		fmt.Fprintln(os.Stderr, "clusterspeed:", err)
		os.Exit(1)
	}
}

// inFolder measures in a folder that is gone afterwards.
func inFolder(o *options, measure func(options) error) (err error) {
	if o.bench301, err = filepath.Abs(o.bench301); err != nil {
		return err
	}
	if o.dir, err = os.MkdirTemp("", "clusterspeed"); err != nil {
		return err
	}
	defer os.RemoveAll(o.dir)
	o.started = new([]*process)
	defer o.kill()
	return measure(*o)
}

// overhead compares architectures a second, and processor seconds, on the same two cores.
func overhead(o options) error {
	n := or(o.n, 40)
	study, err := o.study(n, "{name: rwe, settings: {channels: 8}}")
	if err != nil {
		return err
	}
	fmt.Println("round,one process s,its CPU s,two workers s,their CPU s,speed,CPU")
	var speeds []float64
	for round := range o.rounds {
		var near, far taken
		one := func() (err error) {
			near, err = o.run(study, nil, "-j", "2")
			return err
		}
		two := func() (err error) {
			far, err = o.run(study, []string{"1", "1"}, "-j", "0")
			return err
		}
		turns := []func() error{one, two}
		if round%2 == 1 {
			slices.Reverse(turns)
		}
		for _, do := range turns {
			if err := do(); err != nil {
				return err
			}
		}
		speeds = append(speeds, near.wall/far.wall)
		fmt.Printf("%d,%.1f,%.1f,%.1f,%.1f,%.3f,%.3f\n", round+1, near.wall, near.cpu, far.wall, far.cpu,
			near.wall/far.wall, near.cpu/far.cpu)
	}
	slices.Sort(speeds)
	fmt.Printf("# median speed of two workers: %.3f of one process\n", speeds[len(speeds)/2])
	return nil
}

// trivial scores architectures with three counts, from start to end.
func trivial(o options) error {
	n := or(o.n, 200_000)
	study, err := o.study(n, "params, pool-count, flops")
	if err != nil {
		return err
	}
	fmt.Println("round,s,scores a second,CPU s,CPU us a score,memory of the coordinator MB")
	for round := range o.rounds {
		t, err := o.run(study, []string{"1"}, "-j", "0")
		if err != nil {
			return err
		}
		fmt.Printf("%d,%.1f,%.0f,%.1f,%.1f,%.0f\n", round+1, t.wall, float64(3*n)/t.wall, t.cpu,
			t.cpu/float64(3*n)*1e6, t.memory)
	}
	return nil
}

// open runs a study with a million architectures to its end.
func open(o options) error {
	n := or(o.n, 1_000_000)
	study, err := o.study(n, "pool-count")
	if err != nil {
		return err
	}
	t, err := o.run(study, []string{"1"}, "-j", "0")
	if err != nil {
		return err
	}
	fmt.Println("architectures,s until a piece is there,s,scores a second,memory of the coordinator MB")
	fmt.Printf("%d,%.1f,%.1f,%.0f,%.0f\n", n, t.first, t.wall, float64(n)/t.wall, t.memory)
	return nil
}

// study writes a definition with n architectures.
func (o options) study(n int, estimators string) (path string, err error) {
	path = filepath.Join(o.dir, "study.yaml")
	return path, os.WriteFile(path, fmt.Appendf(nil,
		"name: clusterspeed\nseed: 1\narchitectures: {sample: %d}\naccuracy: none\nestimators: [%s]\n", n, estimators), 0o666)
}

func or(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

func (o options) server() string { return fmt.Sprintf("127.0.0.1:%d", o.port) }

func (o options) url() string { return "nats://" + o.server() }

// tail is the end of what a process said.
func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], "\n")
}
