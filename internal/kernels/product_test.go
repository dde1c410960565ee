package kernels

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// eachLevel runs f at every level of the CPU.
func eachLevel(t *testing.T, f func(t *testing.T, l Level)) {
	for _, l := range Levels() {
		t.Run(l.String(), func(t *testing.T) {
			before, err := Use(l)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _, _ = Use(before) }()
			f(t, l)
		})
	}
}

// guard is what values that no kernel may write hold.
const guard = float32(-12345.5)

// allocate is how the tests get memory: aligned, or in front of a page that nobody may touch.
var allocate = Aligned

// fewer divides the number of random cases.
var fewer = 1

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fewer = 4
	}
	os.Exit(m.Run())
}

// values are n normal numbers.
func values(rng *rand.Rand, n int) []float32 {
	v := allocate(n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

// guarded are n guards.
func guarded(n int) []float32 {
	v := allocate(n)
	for i := range v {
		v[i] = guard
	}
	return v
}

// near fails unless got is want but for the rounding of terms products of size about 1.
func near(t *testing.T, what string, got float32, want float64, terms int) {
	t.Helper()
	tolerance := 2e-6 * math.Sqrt(float64(terms)) * (1 + math.Abs(want))
	if float64(got) != want && !(math.Abs(float64(got)-want) <= tolerance && !math.IsInf(tolerance, 1)) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// same fails unless all levels gave the same bits.
func same[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s: value %d is %v, the portable level has %v", what, i, got[i], want[i])
		}
	}
}

// randomMap is a map of shape s with gaps between rows, pixels and blocks, all guards.
func randomMap(rng *rand.Rand, s Shape) Map {
	m := Map{}
	switch rng.IntN(3) {
	case 0: // channels side by side, perhaps a slice of a wider tensor
		m.Block = Block
		m.Pixel = s.channels() + Block*rng.IntN(3)
		m.Row = s.Width*m.Pixel + Block*rng.IntN(3)
	case 1: // planes
		m.Pixel = Block
		m.Row = (s.Width + rng.IntN(3)) * Block
		m.Block = (s.Rows + rng.IntN(3)) * m.Row
	case 2: // unaligned
		m.Block = Block + rng.IntN(5)
		m.Pixel = s.Blocks*m.Block + rng.IntN(5)
		m.Row = s.Width*m.Pixel + rng.IntN(5)
	}
	m.Data = guarded((s.Rows-1)*m.Row + (s.Width-1)*m.Pixel + (s.Blocks-1)*m.Block + Block)
	return m
}

// fill sets the values of shape s by f and leaves the gaps.
func (m Map) fill(s Shape, f func() float32) Map {
	for y := range s.Rows {
		for x := range s.Width {
			for b := range s.Blocks {
				for i := range Block {
					m.block(y, x, b)[i] = f()
				}
			}
		}
	}
	return m
}

// clone has data of its own.
func (m Map) clone() Map {
	data := allocate(len(m.Data))
	copy(data, m.Data)
	m.Data = data
	return m
}

func TestProduct(t *testing.T) {
	type result struct {
		c     []float32
		stats []float64
	}
	reference := map[int]result{}
	eachLevel(t, func(t *testing.T, l Level) {
		for n := range 200 / fewer {
			rng := rand.New(rand.NewPCG(uint64(n), 7))
			s := Shape{1 + rng.IntN(3), 1 + rng.IntN(40), 1 + rng.IntN(5)}
			p := Product{Rows: s.Rows, Width: s.Width, Blocks: s.Blocks, Segments: rng.IntN(4), Terms: 1 + rng.IntN(40),
				Accumulate: rng.IntN(2) == 0}
			segments := max(1, p.Segments)
			terms := segments * p.Terms
			p.ATerm, p.BTerm = 1+rng.IntN(3), Block+rng.IntN(3)
			p.BBlock = terms*p.BTerm + rng.IntN(9)
			p.ASegment = p.Terms*p.ATerm + rng.IntN(5)
			p.APixel = rng.IntN(segments*p.ASegment) + 1
			p.ARow = rng.IntN(s.Width*p.APixel) + 1
			p.A = values(rng, (s.Rows-1)*p.ARow+(s.Width-1)*p.APixel+(segments-1)*p.ASegment+(p.Terms-1)*p.ATerm+1)
			p.B = values(rng, (s.Blocks-1)*p.BBlock+(terms-1)*p.BTerm+Block)
			p.C = randomMap(rng, s).fill(s, func() float32 { return float32(rng.NormFloat64()) })
			if rng.IntN(2) == 0 {
				p.Stats = make([]float64, 2*s.channels())
				for i := range p.Stats {
					p.Stats[i] = rng.NormFloat64()
				}
			}
			before, statsBefore := p.C.clone(), append([]float64(nil), p.Stats...)
			p.Run()
			want := before.clone()
			sums := append([]float64(nil), statsBefore...)
			for y := range s.Rows {
				for x := range s.Width {
					for c := range s.channels() {
						e := 0.0
						for k := range terms {
							a := p.A[y*p.ARow+x*p.APixel+k/p.Terms*p.ASegment+k%p.Terms*p.ATerm]
							e += float64(a) * float64(p.B[c/Block*p.BBlock+k*p.BTerm+c%Block])
						}
						if p.Accumulate {
							e += float64(before.block(y, x, c/Block)[c%Block])
						}
						got := p.C.block(y, x, c/Block)[c%Block]
						near(t, fmt.Sprintf("case %d: C(%d, %d, %d) of %+v", n, y, x, c, s), got, e, terms)
						want.block(y, x, c/Block)[c%Block] = got
						if p.Stats != nil {
							sums[c] += float64(got)
							sums[s.channels()+c] += float64(got) * float64(got)
						}
					}
				}
			}
			same(t, fmt.Sprintf("case %d: outside of C", n), p.C.Data, want.Data)
			for i, e := range sums {
				near(t, fmt.Sprintf("case %d: sum %d", n, i), float32(p.Stats[i]), e, terms*s.Rows*s.Width)
			}
			if l == Portable {
				reference[n] = result{p.C.Data, p.Stats}
			} else {
				same(t, fmt.Sprintf("case %d: C", n), p.C.Data, reference[n].c)
				same(t, fmt.Sprintf("case %d: stats", n), p.Stats, reference[n].stats)
			}
		}
	})
}

func BenchmarkProduct(b *testing.B) {
	for _, size := range []struct{ pixels, terms, columns int }{
		{64, 16, 16}, {128, 16, 16}, {64, 32, 32}, {128, 32, 32}, {64, 64, 64}, {64, 128, 128}, {64, 128, 32}, {128, 64, 16},
		{64, 512, 128}, {32, 9, 48},
	} {
		p := Product{Rows: 1, Width: size.pixels, Blocks: size.columns / Block, Terms: size.terms, APixel: size.terms,
			ATerm: 1, BTerm: Block, BBlock: size.terms * Block}
		rng := rand.New(rand.NewPCG(1, 1))
		p.A, p.B = values(rng, size.pixels*size.terms), values(rng, size.terms*size.columns)
		p.C = Dense(Aligned(size.pixels*size.columns), size.pixels, size.columns)
		p.Stats = make([]float64, 2*size.columns)
		benchLevels(b, fmt.Sprintf("%dx%dx%d", size.pixels, size.terms, size.columns), "GFLOP/s",
			2*float64(size.pixels*size.terms*size.columns), p.Run)
	}
}

// benchLevels times run at every level that has assembly.
func benchLevels(b *testing.B, name, unit string, operations float64, run func()) {
	for _, l := range Levels()[1:] {
		b.Run(name+"/"+l.String(), func(b *testing.B) {
			before, err := Use(l)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _, _ = Use(before) }()
			best := time.Duration(math.MaxInt64)
			for b.Loop() {
				start := time.Now()
				for range burst {
					run()
				}
				best = min(best, time.Since(start))
			}
			b.ReportMetric(burst*operations/best.Seconds()/1e9, unit)
		})
	}
}

// burst is how many runs are timed together; the best burst counts, since others share the CPU.
const burst = 50
