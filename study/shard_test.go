package study

import "testing"

func TestShards(t *testing.T) {
	for text, ok := range map[string]bool{"1/1": true, "3/16": true, "16/16": true, "0/4": false, "5/4": false,
		"a/b": false, "1": false, "1/2/3": false, "-1/2": false, "": false} {
		if s, err := ParseShard(text); (err == nil) != ok || ok && s.String() != text {
			t.Errorf("%q: %v %v", text, s, err)
		}
	}
	for n := range 20 {
		for count := 1; count < 7; count++ {
			sum := 0
			for i := 1; i <= count; i++ {
				s := Shard{i, count}
				have := 0
				for k := range n {
					if s.has(k) {
						have++
					}
				}
				if have != s.size(n) {
					t.Fatalf("shard %v of %d has %d, size says %d", s, n, have, s.size(n))
				}
				sum += have
			}
			if sum != n {
				t.Fatalf("%d shards of %d hold %d", count, n, sum)
			}
		}
	}
}
