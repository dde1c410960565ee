package memory

import (
	"strings"
	"testing"
)

func TestFreeMemory(t *testing.T) {
	if got := available([]byte("MemTotal:  16 kB\nMemAvailable:   1234 kB\n")); got != 1234*1024 {
		t.Errorf("available: %d", got)
	}
	if got := available([]byte("MemTotal: 16 kB\nMemAvailable:")); got != -1 {
		t.Errorf("available of a cut file: %d", got)
	}
	for _, c := range []struct {
		limit, used string
		want        int64
	}{{"max\n", "5\n", -1}, {"100\n", "40\n", 60}, {"100\n", "140\n", 0}, {"100", "", -1}} {
		if got := groupLeft([]byte(c.limit), []byte(c.used)); got != c.want {
			t.Errorf("limit %q, used %q: %d, want %d", c.limit, c.used, got, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		need, free int64
		want       string
	}{
		"fits":         {2e9, 3e9, ""},
		"unknown":      {2e9, -1, ""},
		"too large":    {3e9, 2e9, "needs 3.00 GB and 2.00 GB are free"},
		"absurd":       {1 << 41, -1, "more than 1100 GB"},
		"overflow":     {-1, 3e9, "more than 1100 GB"},
		"nothing free": {1, 0, "are free"},
	} {
		err := Check(c.need, c.free, 7)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}
