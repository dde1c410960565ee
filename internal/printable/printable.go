// Package printable makes text that came from a file safe to show on a terminal.
package printable

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s with everything that a terminal would act on (control characters but for newlines and tabs, marks of
// direction, bytes that are no UTF-8) written as Go escapes.
func Text(s string) string { return quote(s, "\n\t") }

// Line is Text for what must stay on one line: newlines and tabs are escaped too.
func Line(s string) string { return quote(s, "") }

// Cut is Line, shortened to at most n characters with "..." at the end.
func Cut(s string, n int) string {
	if len(s) > 4*n { // no more than this can be shown
		s = s[:4*n]
		s = strings.TrimRightFunc(s, func(r rune) bool { return r == utf8.RuneError }) + "..."
	}
	s = Line(s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(n-3, 0)]) + "..."
}

func quote(s, kept string) string {
	if plain(s, kept) {
		return s
	}
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x` + string(hex[s[i]>>4]) + string(hex[s[i]&15]))
		case strings.ContainsRune(kept, r) || harmless(r):
			b.WriteString(s[i : i+n])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x100:
			b.WriteString(`\x` + string(hex[r>>4]) + string(hex[r&15]))
		default:
			b.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(hex[r>>shift&15])
			}
		}
		i += n
	}
	return b.String()
}

func plain(s, kept string) bool {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return false
			}
		}
		if !harmless(r) && !strings.ContainsRune(kept, r) {
			return false
		}
	}
	return true
}

// harmless is for characters that a terminal draws; those of category Cf include the marks of direction.
func harmless(r rune) bool {
	return !unicode.IsControl(r) && (r > 0xffff || !unicode.Is(unicode.Cf, r) && r != '\u2028' && r != '\u2029')
}
