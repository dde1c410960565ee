package printable

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ in, text, line string }{
		{"tau-b 94 % é 試", "tau-b 94 % é 試", "tau-b 94 % é 試"},
		{"\x1b]0;owned\a", `\x1b]0;owned\x07`, `\x1b]0;owned\x07`},
		{"a\nb\tc\r", "a\nb\tc\\r", `a\nb\tc\r`},
		{"\u202eabc\u2028", `\u202eabc\u2028`, `\u202eabc\u2028`},
		{"\u009b31m", `\x9b31m`, `\x9b31m`},
		{"\xff\ufffd", "\\xff\ufffd", "\\xff\ufffd"},
		{"\x7f\x00", `\x7f\x00`, `\x7f\x00`},
	} {
		if got := Text(c.in); got != c.text {
			t.Errorf("Text(%q) = %q", c.in, got)
		}
		if got := Line(c.in); got != c.line {
			t.Errorf("Line(%q) = %q", c.in, got)
		}
	}
}

func TestCut(t *testing.T) {
	for _, in := range []string{strings.Repeat(":", 1<<20), strings.Repeat("試", 1000), strings.Repeat("\x1b", 1000)} {
		if got := Cut(in, 60); utf8.RuneCountInString(got) != 60 || !strings.HasSuffix(got, "...") || !utf8.ValidString(got) {
			t.Errorf("Cut = %q (%d)", got, utf8.RuneCountInString(got))
		}
	}
	if got := Cut("short", 60); got != "short" {
		t.Errorf("Cut = %q", got)
	}
}
