package store

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
)

func TestSearchesAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.db")
	for round := range 3 {
		s := openDB(t, path)
		if _, _, ok, err := s.LoadSearch("other"); ok || err != nil {
			t.Errorf("a search that was never saved: %v %v", ok, err)
		}
		snapshot := json.RawMessage(fmt.Sprintf(`{"generation":%d}`, round))
		steps := []json.RawMessage{json.RawMessage(fmt.Sprintf(`{"n":%d}`, 2*round)),
			json.RawMessage(fmt.Sprintf(`{"n":%d}`, 2*round+1))}
		if err := s.SaveSearch("nsga2-1", snapshot, steps, Members{Generation: round + 1}); err != nil {
			t.Fatal(err)
		}
		got, all, ok, err := s.LoadSearch("nsga2-1")
		if err != nil || !ok || string(got) != string(snapshot) || len(all) != 2*round+2 ||
			string(all[2*round]) != string(steps[0]) {
			t.Errorf("round %d: %s %s %v %v", round, got, all, ok, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
