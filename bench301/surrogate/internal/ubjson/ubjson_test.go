package ubjson

import (
	"reflect"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

func TestValues(t *testing.T) {
	for _, c := range []struct {
		data string
		want any
	}{
		{"Z", nil},
		{"T", true},
		{"i\xff", int64(-1)},
		{"U\xff", int64(255)},
		{"I\xff\xfe", int64(-2)},
		{"l\x80\x00\x00\x00", int64(-1 << 31)},
		{"L\x00\x00\x00\x01\x00\x00\x00\x00", int64(1 << 32)},
		{"d\x3f\x80\x00\x00", 1.0},
		{"D\xbf\xf8\x00\x00\x00\x00\x00\x00", -1.5},
		{"SU\x02ab", "ab"},
		{"SL\x00\x00\x00\x00\x00\x00\x00\x02ab", "ab"},
		{"[#U\x02ZT", []any{nil, true}},
		{"[ZT]", []any{nil, true}},
		{"[]", []any{}},
		{"[$U#U\x03abc", []byte("abc")},
		{"[$i#U\x02\x00\xff", []int64{0, -1}},
		{"[$I#U\x01\x80\x00", []int64{-1 << 15}},
		{"[$l#U\x01\x7f\xff\xff\xff", []int64{1<<31 - 1}},
		{"[$L#U\x01\xff\xff\xff\xff\xff\xff\xff\xff", []int64{-1}},
		{"[$d#U\x02\x3f\x80\x00\x00\x40\x00\x00\x00", []float32{1, 2}},
		{"[$D#U\x01\x3f\xf0\x00\x00\x00\x00\x00\x00", []float64{1}},
		{"{U\x01ai\x01U\x01b{}}", map[string]any{"a": int64(1), "b": map[string]any(nil)}},
	} {
		got, err := Decode([]byte(c.data))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %#v, %v, want %#v", c.data, got, err, c.want)
		}
	}
}

func TestDamagedDocuments(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"", "offset 0: want 1 bytes, the document has 0 left"},
		{"x", "offset 0: byte 0x78: want the marker of a value"},
		{"ZZ", "offset 1: 1 bytes follow the document"},
		{"SL\x7f\xff\xff\xff\xff\xff\xff\xffab", "offset 10: want 9223372036854775807 bytes, the document has 2 left"},
		{"SL\xff\xff\xff\xff\xff\xff\xff\xff", "length -1: want at least 0"},
		{"SZ", "offset 1: byte 0x5a: want the marker of a length"},
		{"[$d#L\x40\x00\x00\x00\x00\x00\x00\x00",
			"an array of 4611686018427387904 elements of 4 bytes, the document has 0 left"},
		{"[#L\x40\x00\x00\x00\x00\x00\x00\x00", "an array of 4611686018427387904 values, the document has 0 bytes left"},
		{"[$Z#L\x40\x00\x00\x00\x00\x00\x00\x00", "an array of type 0x5a: want a number type"},
		{"[$dU\x01", "a typed array wants its count"},
		{"{U\x01aZU\x01aZ}", `key "a" stands twice`},
		{"{U\x01a", "want 1 bytes"},
		{strings.Repeat("[", MaxDepth+2), "values nest deeper than 64 levels"},
	} {
		v, err := Decode([]byte(c.data))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, %v, want %s", c.data, v, err, c.want)
		}
	}
}

// TestMemory reads the most expensive document of its size that we could think of.
func TestMemory(t *testing.T) {
	for _, c := range []string{strings.Repeat("{}", 1<<19), strings.Repeat("{U\x01aZ}", 1<<20/6),
		strings.Repeat("[]", 1<<19), strings.Repeat("i\x01", 1<<19), strings.Repeat("SU\x01a", 1<<18)} {
		oracle.Frugal(t, oracle.HostileLimit, func() { _, _ = Decode([]byte("[" + c + "]")) })
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"{U\x01a[$d#U\x01\x3f\x80\x00\x00U\x01b[#i\x02ZT}",
		"[$U#L\x00\x00\x00\x00\x00\x00\x00\x02ab", "[i\x01SU\x01x]",
		"{L\x00\x00\x00\x00\x00\x00\x00\x01k[$l#L\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x07}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		oracle.Frugal(t, oracle.HostileLimit, func() {
			if _, err := Decode(data); err != nil && !strings.HasPrefix(err.Error(), "offset ") {
				t.Errorf("error without offset: %v", err)
			}
		})
	})
}
