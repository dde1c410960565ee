package scoring

// Tally sums up what the fresh answers to one question cost, and what they warn of.
type Tally struct {
	Scored        int
	Alone, Shared float64        // seconds as Cost counts them: of estimates on their own, and here, sharing work
	Warnings      map[string]int // how many scores came with a warning
}

// Add counts an answer; one from the store costs nothing.
func (t *Tally) Add(a Answer) {
	if !a.Fresh {
		return
	}
	t.Scored++
	t.Alone += a.Cost()
	t.Shared += a.Shared
	for _, w := range a.Warnings {
		if t.Warnings == nil {
			t.Warnings = map[string]int{}
		}
		t.Warnings[w]++
	}
}
