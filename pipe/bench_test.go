package pipe

import (
	"encoding/json"
	"fmt"
	"testing"

	"rwe301/bench301"
)

// drawn are architectures of the DARTS space as a request lists them.
func drawn(tb testing.TB, n int) string {
	var texts []string
	for a := range bench301.Samples(bench301.DARTS{}, 301) {
		if texts = append(texts, a.String()); len(texts) == n {
			break
		}
	}
	text, err := json.Marshal(texts)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// BenchmarkQuery is a round trip through pipes within one process, for so many architectures.
func BenchmarkQuery(b *testing.B) {
	for _, n := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := begin(b)
			params := `{"archs": ` + drawn(b, n) + `}`
			c.ask("query", params)
			for b.Loop() {
				c.ask("query", params)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/arch")
		})
	}
}
