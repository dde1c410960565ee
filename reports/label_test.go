package reports

import "testing"

func TestShortLabels(t *testing.T) {
	for text, want := range map[string]string{"params": "params", "rwe:channels=4,epochs=30": "rwe:cha…chs=30", "": ""} {
		if got := abbreviate(text, 14); got != want || len([]rune(got)) > 14 {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
