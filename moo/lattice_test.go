package moo

import "testing"

func TestLatticeSize(t *testing.T) {
	for objectives := 1; objectives <= 4; objectives++ {
		for divisions := 1; divisions < 12; divisions++ {
			if got, want := latticeSize(objectives, divisions), len(lattice(objectives, divisions)); got != want {
				t.Errorf("%d objectives, %d divisions: %d points, want %d", objectives, divisions, got, want)
			}
		}
	}
}
