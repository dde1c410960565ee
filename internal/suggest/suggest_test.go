package suggest

import "testing"

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{
		"epoch":    " (did you mean epochs?)",
		"Chanels":  " (did you mean channels?)",
		"seed":     " (did you mean seed?)",
		"wwwwwwww": " (legal: channels, epochs, seed)",
		"":         " (legal: channels, epochs, seed)",
	} {
		if got := Nearest(word, []string{"seed", "epochs", "channels"}); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	if got := Nearest("x", nil); got != " (there are none)" {
		t.Errorf("no legal word: %q", got)
	}
	if d := distance("kitten", "sitting"); d != 3 {
		t.Errorf("kitten to sitting: %d, want 3", d)
	}
}
