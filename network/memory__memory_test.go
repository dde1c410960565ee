package network

import "testing"

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
