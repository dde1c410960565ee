package pickle

import (
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

type pythonCase struct {
	Name     string
	Protocol int
	Pickle   string
	Value    string
}

// pythonCases are pickles by CPython's pickler (tools/oracles/pickles.py).
func pythonCases(t testing.TB) (values, objects []pythonCase) {
	t.Helper()
	f, err := os.Open("testdata/python.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Values, Objects []pythonCase }
	if err := json.NewDecoder(plain).Decode(&file); err != nil {
		t.Fatal(err)
	}
	return file.Values, file.Objects
}

func (c pythonCase) bytes(t testing.TB) []byte {
	t.Helper()
	raw, err := hex.DecodeString(c.Pickle)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// show renders a value as the script does.
func show(v any) string {
	list := func(open, end string, items []any) string {
		parts := make([]string, len(items))
		for i, x := range items {
			parts[i] = show(x)
		}
		return open + strings.Join(parts, ", ") + end
	}
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	case int64:
		return strconv.FormatInt(v, 10)
	case *big.Int:
		return v.String()
	case float64:
		return "float " + pythonHex(v)
	case string:
		return "str " + hex.EncodeToString([]byte(v))
	case []byte:
		return "bytes " + hex.EncodeToString(v)
	case *List:
		return list("[", "]", v.Items)
	case Tuple:
		return list("(", ")", v)
	case *Dict:
		parts := make([]string, len(v.Entries))
		for i, e := range v.Entries {
			parts[i] = show(e.Key) + ": " + show(e.Value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case *Object:
		b, err := Bytes(v)
		if err != nil {
			return err.Error()
		}
		return show(b)
	}
	return fmt.Sprintf("%T", v)
}

// pythonHex is float.hex.
func pythonHex(f float64) string {
	if math.IsInf(f, 0) {
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(f, 'g', -1, 64), "+"))
	}
	bits := math.Float64bits(f)
	sign := map[bool]string{true: "-"}[bits>>63 == 1]
	exp, frac := int(bits>>52&0x7ff), bits&(1<<52-1)
	switch {
	case exp == 0 && frac == 0:
		return sign + "0x0.0p+0"
	case exp == 0:
		return fmt.Sprintf("%s0x0.%013xp-1022", sign, frac)
	}
	return fmt.Sprintf("%s0x1.%013xp%+d", sign, frac, exp-1023)
}

func TestPythonsValues(t *testing.T) {
	values, _ := pythonCases(t)
	for _, c := range values {
		raw := c.bytes(t)
		v, end, err := Decode(append([]byte("junk"), raw...), 4)
		if err != nil {
			t.Errorf("%s, protocol %d: %v", c.Name, c.Protocol, err)
			continue
		}
		if end != len(raw)+4 {
			t.Errorf("%s, protocol %d: ends at %d, want %d", c.Name, c.Protocol, end, len(raw)+4)
		}
		if got := show(v); got != c.Value {
			t.Errorf("%s, protocol %d: %.200s, want %.200s", c.Name, c.Protocol, got, c.Value)
		}
	}
	if len(values) < 40 {
		t.Errorf("%d cases", len(values))
	}
}

func TestPythonsObjects(t *testing.T) {
	_, objects := pythonCases(t)
	for _, c := range objects {
		v, _, err := Decode(c.bytes(t), 0)
		if err != nil {
			t.Fatal(err)
		}
		outer, ok := v.(*Object)
		if !ok || outer.Class != (Global{"collections", "defaultdict"}) ||
			outer.Args[0] != (Global{"collections", "OrderedDict"}) {
			t.Fatalf("protocol %d: %s", c.Protocol, Kind(v))
		}
		inner, _ := outer.Get("valid_0")
		score, ok := inner.(*Object).Get("rmse")
		if !ok {
			t.Fatalf("protocol %d: no rmse", c.Protocol)
		}
		scalar := score.(*Object)
		bits, err := Bytes(scalar.Args[1])
		if err != nil || scalar.Class.Name != "scalar" || hex.EncodeToString(bits) != "000000000000d03f" {
			t.Errorf("protocol %d: %v of %x, %v", c.Protocol, scalar.Class, bits, err)
		}
		if dtype := scalar.Args[0].(*Object); dtype.State.(Tuple)[1] != "<" {
			t.Errorf("protocol %d: dtype state %v", c.Protocol, dtype.State)
		}
	}
}

// modelFiles are the pickled models of the reference material.
func modelFiles(t testing.TB) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"*/*/*/surrogate_model.model", "*/alt/*.pkl", "*/edge/*.pkl"} {
		found, err := filepath.Glob(filepath.Join(oracle.Dir("surrogate"), pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	return files
}

func TestModelPickles(t *testing.T) {
	checked := 0
	for _, path := range modelFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		v, end, err := Decode(data, 0)
		if err != nil {
			if !strings.Contains(path, "gin") { // PyTorch's zip files are not pickles
				t.Errorf("%s: %v", path, err)
			}
			continue
		}
		booster, ok := v.(*Object)
		if !ok {
			continue
		}
		checked++
		state, ok := booster.State.(*Dict)
		if !ok || end != len(data) || booster.Class.Name != "Booster" {
			t.Errorf("%s: %s with state %s, %d of %d bytes", path, Kind(v), Kind(booster.State), end, len(data))
			continue
		}
		handle, ok := state.Get("handle")
		if _, text := handle.(string); !ok || !text {
			if b, err := Bytes(handle); err != nil || len(b) < 100000 {
				t.Errorf("%s: handle: %d bytes, %v", path, len(b), err)
			}
		}
	}
	if checked == 0 {
		t.Skip("no pickled booster below " + oracle.Dir("surrogate"))
	}
}

func TestDamagedPickles(t *testing.T) {
	deep := "\x80\x02)" + strings.Repeat("\x85", MaxDepth+1) + "."
	for _, c := range []struct{ name, data, want string }{
		{"empty", "", "offset 0: want 2 bytes, the file has 0 left"},
		{"protocol 0", "(dp0\n.", "offset 0: byte 0x28: want 0x80, the start of a pickle of protocol 2 to 5"},
		{"protocol 6", "\x80\x06N.", "offset 0: pickle protocol 6: protocols 2 to 5 can be read"},
		{"no stop", "\x80\x02N", "offset 3: want an opcode: want 1 bytes, the file has 0 left"},
		{"4 GB of text", "\x80\x02X\xff\xff\xff\xff", "offset 2: BINUNICODE: want 4294967295 bytes, the file has 0 left"},
		{"2^64-1 bytes", "\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff",
			"offset 2: BINBYTES8: want 18446744073709551615 bytes"},
		{"huge integer", "\x80\x02\x8b\xff\xff\xff\x7f", "offset 2: LONG4: want 2147483647 bytes"},
		{"frame beyond the file", "\x80\x04\x95\x09\x00\x00\x00\x00\x00\x00\x00N.",
			"offset 2: FRAME: a frame of 9 bytes, the file has 2 left"},
		{"text beyond the frame", "\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00\x8c\x02ab.",
			"offset 11: SHORT_BINUNICODE: want 2 bytes, the frame has 1 left"},
		{"frame in a frame", "\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x95\x01\x00\x00\x00\x00\x00\x00\x00N.",
			"offset 11: FRAME: 2 bytes before the end of the frame"},
		{"unused frame", "\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00N.N",
			"offset 12: STOP: 1 bytes before the end of its frame"},
		{"unknown memo entry", "\x80\x02Nq\x00h\x01.", "offset 5: BINGET: memo index 1: the memo has 1 entries"},
		{"memo hole", "\x80\x02Nr\xff\xff\xff\x7f.",
			"offset 3: LONG_BINPUT: memo index 2147483647: the memo has 0 entries, the next is number 0"},
		{"memo of nothing", "\x80\x04\x94.", "offset 2: MEMOIZE: the stack is empty"},
		{"odd dict", "\x80\x02}(Nu.", "offset 5: SETITEMS: 1 keys and values: want an even number"},
		{"list as key", "\x80\x02}]Ns.", "offset 5: SETITEM: a list as key: not hashable"},
		{"append to int", "\x80\x02K\x01Na.", "offset 5: APPEND: to a int: want a list"},
		{"pop below mark", "\x80\x02N(0K\x01(\x85.", "offset 8: TUPLE1: 0 values on the stack: want 1"},
		{"no mark", "\x80\x02Nt.", "offset 3: TUPLE: no mark is open"},
		{"open mark", "\x80\x02(N.", "offset 4: STOP: 1 marks are still open"},
		{"two values", "\x80\x02NN.", "offset 4: STOP: 2 values on the stack: want 1"},
		{"call of text", "\x80\x02X\x01\x00\x00\x00a)R.", "offset 9: REDUCE: of a str: want the name of a class or function"},
		{"arguments", "\x80\x02cos\nsystem\nNR.", "offset 14: REDUCE: os.system with a None: want a tuple of arguments"},
		{"state of text", "\x80\x02N}b.", "offset 4: BUILD: of a None: want an object"},
		{"no newline", "\x80\x02cos.system", "offset 2: GLOBAL: want a line, no newline follows"},
		{"not UTF-8", "\x80\x04\x8c\x01\xff.", "offset 2: SHORT_BINUNICODE: text of 1 bytes is not UTF-8"},
		{"name of ints", "\x80\x04K\x01K\x02\x93.", "offset 6: STACK_GLOBAL: of a int and a int: want two str"},
		{"extension registry", "\x80\x02\x82\x01.", "offset 2: opcode 0x82: not among the opcodes"},
		{"contains itself", "\x80\x02]q\x00h\x00a.", "pickle: a list contains itself"},
		{"too deep", deep, "values nest deeper than 200 levels"},
		{"too many values", "\x80\x02(" + strings.Repeat("N", MaxValues) + "l.", "more than 131072 values"},
	} {
		v, _, err := Decode([]byte(c.data), 0)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: value %v, error %v, want %q", c.name, Kind(v), err, c.want)
		}
	}
}

func TestNothingIsCalled(t *testing.T) {
	v, _, err := Decode([]byte("\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R."), 0)
	if err != nil {
		t.Fatal(err)
	}
	o := v.(*Object)
	if o.Class.String() != "os.system" || o.Args[0] != "true" {
		t.Errorf("%+v", o)
	}
	if _, err := Bytes(o); err == nil {
		t.Error("os.system passed for bytes")
	}
}

// TestSharing doubles a tuple 150 times: 2^150 leaves when walked, 150 values when read.
func TestSharing(t *testing.T) {
	if _, _, err := Decode([]byte("\x80\x02)"+strings.Repeat("2\x86", 150)+"."), 0); err != nil {
		t.Error(err)
	}
}

func TestTruncatedPickles(t *testing.T) {
	values, objects := pythonCases(t)
	for _, c := range append(values, objects...) {
		raw := c.bytes(t)
		for n := 0; n < len(raw); n += 1 + len(raw)/97 {
			if _, _, err := Decode(raw[:n], 0); err == nil {
				t.Errorf("%s, protocol %d: the first %d of %d bytes pass", c.Name, c.Protocol, n, len(raw))
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	values, objects := pythonCases(f)
	for _, c := range append(values, objects...) {
		if raw := c.bytes(f); len(raw) < 4000 {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, end, err := Decode(data, 0)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "offset ") {
				t.Errorf("error without offset: %v", err)
			}
			return
		}
		if end < 3 || end > len(data) || data[end-1] != byte(opStop) {
			t.Errorf("ends at %d of %d", end, len(data))
		}
		Kind(v)
		_, _ = Bytes(v)
	})
}

// TestMemory reads the most expensive pickle of its size that we could think of: it must stay below 64 MB.
func TestMemory(t *testing.T) {
	hostile := []byte("\x80\x04(")
	for len(hostile) < 1<<20 {
		hostile = append(hostile, "]\x94]\x94}\x94"...)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := Decode(hostile, 0)
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Error("a million containers pass")
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
		t.Errorf("%d MB allocated", used>>20)
	}
}

// TestPython2: a str is a string that holds its bytes, and cPickle numbered its memo from 1.
func TestPython2(t *testing.T) {
	text := "\x80\x02}q\x01(U\x01aq\x02T\x02\x00\x00\x00\xff\x00q\x03U\x01bh\x03u."
	v, _, err := Decode([]byte(text), 0)
	d, ok := v.(*Dict)
	if err != nil || !ok {
		t.Fatalf("%v, %v", v, err)
	}
	for _, key := range []string{"a", "b"} {
		if got, _ := d.Get(key); got != "\xff\x00" {
			t.Errorf("%s is %q", key, got)
		}
	}
	if _, _, err := Decode([]byte("\x80\x02U\x05abc."), 0); err == nil {
		t.Error("a str beyond the end was read")
	}
}
