package yamldoc

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"rwe301/internal/oracle"
)

// get reads the value of the key "k".
func get(t *testing.T, text string, read func(Node) error) error {
	t.Helper()
	top, err := Parse("f.yaml", []byte(text), "init")
	if err != nil {
		return err
	}
	return top.Read(map[string]func(Node) error{"k": read})
}

// TestScalars: what YAML 1.1 and 1.2 read differently is refused in fields of numbers and of texts, and the message
// says what to write. What both versions read is PyYAML 6.0 (1.1) and the core schema of YAML 1.2.2 (10.3).
func TestScalars(t *testing.T) {
	for _, c := range []struct {
		value        string
		number, text string // what is read, or after "!" part of the error
	}{
		{"5", "5", "5"},
		{"-5", "-5", "-5"},
		{"1.5", "1.5", "1.5"},
		{"0", "0", "0"},
		{".5", "0.5", `!must be a text, and this is a number: write ".5"`},
		{"1e3", "1000", `!write "1e3"`},
		{"1e-05", "1e-05", `!write "1e-05"`},
		{"1.0", "1", `!write "1.0"`},
		{"010", "!8 in YAML 1.1, 10 in YAML 1.2: write 8 or 10", `!write "010"`},
		{"-017", "!-15 in YAML 1.1, -17 in YAML 1.2: write -15 or -17", `!write "-017"`},
		{"07", "!a number with leading zeros", `!write "07"`},
		{"08", "!a number with leading zeros", `!write "08"`},
		{"00", "!a number with leading zeros", `!write "00"`},
		{"01.5", "!a number with leading zeros", `!write "01.5"`},
		{"0x10", "!16, or a text, depending on the version of YAML: write 16", `!write "0x10"`},
		{"0o17", "!15, or a text", `!write "0o17"`},
		{"-0b11", "!-3, or a text", `!write "-0b11"`},
		{"1_000", "!1000 in YAML 1.1, a text in YAML 1.2: write 1000", `!write "1_000"`},
		{"+5", "!a number with a plus sign: write 5", `!write "+5"`},
		{"+.5", "!a number with a plus sign: write .5", `!write "+.5"`},
		{"1:30", "!to the base 60 in YAML 1.1", `!write "1:30"`},
		{"2026-01-02", "!a date in YAML 1.1", `!write "2026-01-02"`},
		{"2026-1-2 10:00:00", "!a date in YAML 1.1", "!a date"},
		{"yes", "!true or false in YAML 1.1", `!write "yes"`},
		{"Off", "!true or false in YAML 1.1", `!write "Off"`},
		{"n", "!must be a number", "n"}, // of YAML 1.1 too, as its readers have it
		{"true", "!must be a number", `!write "true"`},
		{"~", "!nothing", `!write "~"`},
		{"null", "!nothing", `!write "null"`},
		{"", "!nothing", "!nothing"},
		{".inf", "!must be a finite number", `!write ".inf"`},
		{"-.INF", "!must be a finite number", "!finite"},
		{".nan", "!must be a finite number", "!finite"},
		{"1e400", "!too large", "!too large"},
		{"18446744073709551616", "!below 2^63", "!below 2^63"},
		{"e5", "!must be a number", "e5"},
		{"1.2.3", "!must be a number", "1.2.3"},
		{"1:99", "!must be a number", "1:99"},
		{"v10", "!must be a number", "v10"},
		{"0x", "!must be a number", "0x"},
		{"'010'", "!must be a number", "010"},
		{`"null"`, "!must be a number", "null"},
		{`"5"`, `!"5": must be a number`, "5"},
		{"|-\n  010", "!must be a number", "010"},
		{"a b", "!must be a number", "a b"},
		{"[1]", "!a list", "!a list"},
		{"{a: 1}", "!a mapping", "!a mapping"},
		{"!!int 5", "!the tag !!int", "!the tag !!int"},
		{"&a 5", "!an anchor", "!an anchor"},
	} {
		var number float64
		var text string
		for _, f := range []struct {
			want string
			read func(Node) error
			got  func() string
		}{
			{c.number, func(n Node) (err error) { number, err = n.float(); return err },
				func() string { return fmt.Sprint(number) }},
			{c.text, func(n Node) error { return n.Text(&text) }, func() string { return text }},
		} {
			err := get(t, "k: "+c.value+"\n", f.read)
			if want, fails := strings.CutPrefix(f.want, "!"); fails {
				if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "f.yaml:1: k: ") {
					t.Errorf("%s: %v, want %s", c.value, err, want)
				}
			} else if err != nil || f.got() != want {
				t.Errorf("%s: %s, %v, want %s", c.value, f.got(), err, want)
			}
		}
	}
}

func TestRanges(t *testing.T) {
	for text, want := range map[string]string{
		"1..3":                               "[1 2 3]",
		"{from: 0.1, to: 0.3, step: 0.1}":    "[0.1 0.2 0.3]",
		"{from: 16, to: 64, times: 2}":       "[16 32 64]",
		"9007199254740989..9007199254740991": "[9007199254740989 9007199254740990 9007199254740991]",
		"{from: -0.3, to: 0, step: 0.1}":     "[-0.3 -0.2 -0.1 0]",
		"{from: -3, to: -1}":                 "[-3 -2 -1]",
		"1000000000000..1000000000001":       "[1000000000000 1000000000001]",
		"1..1000000000000":                   "a range of more than 100000 values",
		"01..5":                              "the ends of a range are whole numbers",
		"1..0x5":                             "the ends of a range are whole numbers",
		"1..9007199254740993":                "the ends of a range are whole numbers",
		"{from: 1, to: 1e300}":               "must be below 2^53",
		"{from: 010, to: 20}":                "8 in YAML 1.1",
		"[1, 010]":                           "8 in YAML 1.1",
	} {
		var got []any
		err := get(t, "k: "+text, func(n Node) (err error) { got, err = n.Values(); return err })
		if fmt.Sprint(got) != want && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %.80s, %v, want %s", text, fmt.Sprint(got), err, want)
		}
	}
	// Many ranges together are bounded, too.
	top, err := Parse("f.yaml", []byte("k: ["+strings.Repeat("{from: 1, to: 99999}, ", 20)+"]"), "init")
	if err != nil {
		t.Fatal(err)
	}
	err = top.Read(map[string]func(Node) error{"k": func(n Node) error {
		items, err := n.List()
		for _, item := range items {
			if err == nil {
				_, err = item.Values()
			}
		}
		return err
	}})
	if err == nil || !strings.Contains(err.Error(), "k[10]: the ranges up to here have more than 1000000 values") {
		t.Errorf("%v", err)
	}
}

func utf16Bytes(order binary.AppendByteOrder, text string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

// TestForms: byte order marks and directives are not content (YAML 1.2.2, 5.2 and 6.8). PyYAML reads the same.
func TestForms(t *testing.T) {
	for name, text := range map[string]string{
		"plain":            "k: v\n",
		"mark":             "\ufeffk: v\n",
		"1.2":              "%YAML 1.2\n---\nk: v\n",
		"1.1":              "%YAML 1.1\n---\nk: v\n...\n",
		"mark, comment":    "\ufeff# c\n%YAML 1.2\n# c\n--- # c\nk: v\n",
		"tag":              "%TAG ! tag:example.com,2000:app/\n---\nk: v\n",
		"both":             "%YAML\t1.2 # c\n%TAG !e! tag:e,2000:\n---\nk: v",
		"start":            "---\nk: v\n",
		"CRLF":             "\ufeff# c\r\nk: v\r\n",
		"CR":               "# c\rk: v\r",
		"little-endian":    string(utf16Bytes(binary.LittleEndian, "%YAML 1.2\n---\nk: v\n")),
		"big-endian":       string(utf16Bytes(binary.BigEndian, "k: v\n")),
		"text like a mark": "k: |-\n  v\n#%YAML 1.2\n",
	} {
		var v string
		if err := get(t, text, func(n Node) error { return n.Text(&v) }); err != nil || v != "v" {
			t.Errorf("%s: %q, %v", name, v, err)
		}
	}
	var v string
	text := "k: |-\n  %YAML 1.2\n"
	if err := get(t, text, func(n Node) error { return n.Text(&v) }); err != nil || v != "%YAML 1.2" {
		t.Errorf("%q, %v", v, err)
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":        {"", "f.yaml: empty: `init` writes"},
		"mark alone":   {"\ufeff", "f.yaml: empty"},
		"comment":      {"# c\n", "f.yaml: empty"},
		"second":       {"k: v\n---\nk: v\n", "f.yaml:2: 2 documents or more: want one definition"},
		"empty second": {"k: v\n---\n", "f.yaml:2: 2 documents"},
		"version 2":    {"%YAML 2.0\n---\nk: v\n", "f.yaml:1: not YAML"},
		"tab":          {"k:\n\tl: v\n", "f.yaml:2: not YAML: a tab indents the line: write spaces"},
		"open":         {"k: 1\n\nl: [1,\n\n\n", "f.yaml:3: not YAML"},
		"closed":       {"k: 1\nl: [1]]\n", "f.yaml:2: not YAML"},
		"comma":        {"k: 1\nl: [1 2: 3 4\n", "f.yaml:2: not YAML"},
		"colons":       {"k: 1\nl: a: b\n", "f.yaml:2: not YAML: mapping values"},
		"indent":       {"k: 1\n  l: 2\n", "f.yaml:2: not YAML"},
		"latin-1":      {"k: 1\nl: caf\xe9\n", "f.yaml:2: not YAML: the byte 0xe9 is not UTF-8"},
		"null bytes":   {"k\x00:\x00", "f.yaml:1: not YAML: the control character 0x00"},
		"escape":       {"k: 1\nl: \x1b[31m\n", "f.yaml:2: not YAML: the control character 0x1b"},
		"twice":        {"k: {a: 1, b: 2,\n a: 3}\n", `f.yaml:2: not YAML: mapping key "a" already defined in line 1`},
		"merge key":    {"k: {<<: {a: 1}}\n", "f.yaml:1: k.<<: a merge key"},
		"alias":        {"k: &a 1\nl: [*a]\n", "f.yaml:2: l[0]: an anchor or alias"},
		"laughs": {"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nk: *c\n",
			"f.yaml:4: k: an anchor or alias"},
		"complex key":  {"? [a]\n: b\n", "must be a plain key"},
		"anchored key": {"&a k: v\n", "must be a plain key"},
		"unknown key":  {"\u202ekk: v\n", `f.yaml:1: \u202ekk: unknown key`},
		"long key":     {strings.Repeat("k", 500) + ": v\n", "kkk...: unknown key"},
	} {
		err := get(t, c.text, func(n Node) error { return nil })
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 500 {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// hostile are files that make parsers slow or large, n bytes of each.
var hostile = map[string]func(n int) string{
	"dashes":       func(n int) string { return strings.Repeat("- ", n/2) },
	"dashed lines": func(n int) string { return strings.Repeat(strings.Repeat("- ", 9000)+"x\n", n/18002) },
	"indentation": func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(strings.Repeat(" ", i) + "a:\n")
		}
		return b.String()
	},
	"questions":     func(n int) string { return strings.Repeat("? ", n/2) },
	"brackets":      func(n int) string { return strings.Repeat("[", n) },
	"braces":        func(n int) string { return strings.Repeat("{a: ", n/4) },
	"items":         func(n int) string { return strings.Repeat("- a\n", n/4) },
	"empty items":   func(n int) string { return "k: [" + strings.Repeat("[],", n/3) + "]" },
	"pairs":         func(n int) string { return "k: [" + strings.Repeat("a: b,", n/5) + "]" },
	"comments":      func(n int) string { return strings.Repeat("- a # x\n# y\n", n/12) },
	"headed":        func(n int) string { return strings.Repeat("- # y\n  a\n", n/10) },
	"anchors":       func(n int) string { return strings.Repeat("- &a 1\n", n/7) },
	"aliases":       func(n int) string { return "a: &a x\nk: [" + strings.Repeat("*a ,", n/4) + "]" },
	"merges":        func(n int) string { return "a: &a {}\nk:\n" + strings.Repeat("  <<: *a\n", n/9) },
	"one line":      func(n int) string { return "k: " + strings.Repeat("x ", n/2) },
	"one key":       func(n int) string { return strings.Repeat("x", n) + ": 1" },
	"quoted":        func(n int) string { return `k: "` + strings.Repeat("x\n\n", n/3) + `"` },
	"folded":        func(n int) string { return "k: >\n" + strings.Repeat("  x\n", n/4) },
	"documents":     func(n int) string { return strings.Repeat("---\n", n/4) },
	"unknown keys":  func(n int) string { return numbered(n, "k%d: 1\n") },
	"anchor names":  func(n int) string { return numbered(n, "- &k%d x\n- *k%[1]d\n") },
	"tag handles":   func(n int) string { return numbered(n, "%%TAG !k%d! x\n") + "--- a" },
	"tags":          func(n int) string { return strings.Repeat("- !!str a\n", n/10) },
	"spaces":        func(n int) string { return strings.Repeat(" ", n) + "a: 1" },
	"lines":         func(n int) string { return strings.Repeat("\n", n) },
	"deep and wide": func(n int) string { return strings.Repeat("[", 90) + strings.Repeat("&a b,", n/5) },
	"ranges":        func(n int) string { return "k: [" + strings.Repeat("1..99999,", n/9) + "]" },
	"long ranges":   func(n int) string { return "k: [" + strings.Repeat("{from: 1, to: 99999}, ", n/22) + "]" },
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestHostile: a file of anything takes a bounded amount of memory, in a time that does not grow with its square.
func TestHostile(t *testing.T) {
	for name, make := range hostile {
		const size = MaxSize / 4
		text := make(size)
		text = text[:min(len(text), size)]
		start := time.Now()
		oracle.Frugal(t, 256<<20, func() { // in all, of which a part is in use at a time
			_ = get(t, text, func(n Node) error {
				items, err := n.List()
				for _, item := range items {
					if err == nil {
						_, err = item.Values()
					}
				}
				return err
			})
		})
		if d := time.Since(start); d > 10*time.Second { // a quarter of a second where nothing else runs
			t.Errorf("%s: %v", name, d)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, make := range hostile {
		f.Add(make(300))
	}
	for _, text := range []string{"\ufeff%YAML 1.2\n---\nk: [010, 1e3, '5', {from: 1, to: 3}]\n", "k: !!binary aGk=\n",
		"k: {a: &a 1, <<: *a}\n", "? |\n  a\n: >-\n b\n", string(utf16Bytes(binary.LittleEndian, "k: v\n"))} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		walk := func(n Node) error { return nil }
		walk = func(n Node) error {
			if fields, err := n.Fields(); err == nil {
				for _, field := range fields {
					_ = walk(field.Node)
				}
			}
			if items, err := n.List(); err == nil {
				for _, item := range items {
					_ = walk(item)
				}
			}
			v, err := n.Scalar()
			if _, err2 := n.Scalar(); !reflect.DeepEqual(err, err2) {
				t.Errorf("%v, then %v", err, err2)
			}
			var s string
			if n.Text(&s) == nil && v == nil {
				t.Errorf("a text %q without a value", s)
			}
			_, _ = n.Values()
			_, _ = n.Seeds()
			return nil
		}
		oracle.Frugal(t, 256<<20, func() {
			if top, err := Parse("f.yaml", []byte(text), "init"); err == nil {
				_ = walk(top)
			}
		})
	})
}
