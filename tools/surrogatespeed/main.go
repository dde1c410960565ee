//go:build unix

// Surrogatespeed is the Go half of surrogate_speed.py, which compares query times with XGBoost's Python package.
//
//	surrogatespeed vectors N      N ConfigSpace vectors as little-endian float32 on stdout
//	surrogatespeed archs N        the architectures that they encode, one a line
//	surrogatespeed time PATH N    times and predictions of the surrogate at PATH as JSON
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "surrogatespeed:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "vectors":
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		return vectors(n)
	case len(args) == 2 && args[0] == "archs":
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		for _, g := range sample(n) {
			fmt.Println(g)
		}
		return nil
	case len(args) == 3 && args[0] == "time":
		n, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		return times(args[1], n)
	}
	return fmt.Errorf("want: vectors N, archs N, or time PATH N")
}

// sample draws the architectures that both halves use.
func sample(n int) []bench301.Genotype {
	rng := rand.New(rand.NewPCG(301, 0))
	out := make([]bench301.Genotype, n)
	for i := range out {
		out[i] = bench301.SampleGenotype(rng)
	}
	return out
}

func vectors(n int) error {
	var all []byte
	for _, g := range sample(n) {
		for _, v := range surrogate.Vector(g) {
			all, _ = binary.Append(all, binary.LittleEndian, float32(v))
		}
	}
	_, err := os.Stdout.Write(all)
	return err
}

// times measures single queries on one core, best of up to 100 series, and a batch on all cores (wall time) and on one
// (CPU time), best of five.
func times(path string, n int) error {
	start := time.Now()
	e, err := surrogate.Load(path)
	if err != nil {
		return err
	}
	load := time.Since(start)
	g := sample(n)
	out := make([]surrogate.Prediction, n)
	var single, batch, one []time.Duration
	const singles = 100 // few, so that other work does not come between
	for k := 0; k+singles <= min(n, 100*singles); k += singles {
		start = time.Now()
		for i := range singles {
			out[k+i] = e.Predict(g[k+i])
		}
		single = append(single, time.Since(start))
	}
	for range 5 {
		start = time.Now()
		e.PredictBatch(g, out)
		batch = append(batch, time.Since(start))
		cores := runtime.GOMAXPROCS(1)
		before := cpuTime()
		e.PredictBatch(g, out)
		one = append(one, cpuTime()-before)
		runtime.GOMAXPROCS(cores)
	}
	trees := 0
	for _, m := range e.Members() {
		trees += m.Trees
	}
	means := make([]float64, min(n, 1000))
	for i := range means {
		means[i] = out[i].Mean
	}
	us := func(d []time.Duration, n int) float64 { return slices.Min(d).Seconds() * 1e6 / float64(n) }
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"members": e.Info().Members, "trees": trees, "load_ms": load.Seconds() * 1e3,
		"single_us": us(single, singles), "batch_us": us(batch, n), "batch_cpu_us": us(one, n), "means": means,
	})
}

// cpuTime is the CPU time that this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
