package memory

import (
	"strings"
	"testing"
)

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
