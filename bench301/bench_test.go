package bench301

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func BenchmarkText(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, s := range Spaces() {
		a := s.Sample(rng)
		b.Run(s.Name()+"/String", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = a.String()
			}
		})
		b.Run(s.Name()+"/ID", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = a.ID()
			}
		})
	}
}

// BenchmarkRead reads a thousand architectures a turn.
func BenchmarkRead(b *testing.B) {
	for _, n := range []Notation{NotationPairs, NotationGenotype} {
		var text strings.Builder
		rng := rand.New(rand.NewPCG(1, 1))
		for range 1000 {
			line, _ := DARTS{}.Format(DARTS{}.Sample(rng), n)
			fmt.Fprintln(&text, line)
		}
		for name, r := range map[string]func() io.Reader{
			"text": func() io.Reader { return strings.NewReader(text.String()) },
			"csv": func() io.Reader {
				return strings.NewReader("arch\n\"" + strings.ReplaceAll(strings.TrimSpace(text.String()), "\n", "\"\n\"") + "\"\n")
			},
		} {
			b.Run(string(n)+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					for _, err := range Read(DARTS{}, "", r(), "") {
						if err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}
