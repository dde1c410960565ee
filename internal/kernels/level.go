package kernels

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Level is a set of vector instructions.
type Level uint8

// The levels, from slow to fast.
const (
	Portable Level = iota
	NEON           // of arm64
	AVX2           // AVX2 and AVX-512 of amd64
	AVX512
)

// environment forces a level.
const environment = "BENCH301_SIMD"

// active is the level in use.
var active, forced = choose(os.Getenv(environment), Levels())

func (l Level) String() string {
	return [...]string{"portable", "neon", "avx2", "avx512"}[l]
}

// Levels lists the levels that this program and CPU have, slow to fast.
func Levels() []Level { return supported() }

// Active is the level in use.
func Active() Level { return active }

// Check returns an error when BENCH301_SIMD names a level that does not exist or that the CPU lacks.
func Check() error { return forced }

// Use changes the level and returns the one before; no kernel may run meanwhile. It is meant for tests and
// measurements.
func Use(l Level) (before Level, err error) {
	before = active
	if !slices.Contains(Levels(), l) {
		return before, fmt.Errorf("kernels: this program or CPU has no %s", l)
	}
	active = l
	return before, nil
}

// choose picks the level that name asks for, or the best one.
func choose(name string, levels []Level) (Level, error) {
	best := levels[len(levels)-1]
	if name == "" {
		return best, nil
	}
	var names []string
	for _, l := range levels {
		if l.String() == name {
			return l, nil
		}
		names = append(names, l.String())
	}
	return Portable, fmt.Errorf("%s=%s: this program and CPU have %s", environment, name, strings.Join(names, ", "))
}
