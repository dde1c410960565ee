package surrogate

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

// ensembles are one of each kind.
var ensembles = []string{"xgb/ensemble", "lgb/ensemble", "gin/ensemble", "gin/variant"}

func TestFilesAreTheOriginals(t *testing.T) {
	for _, name := range ensembles {
		e := load(t, name)
		path := filepath.Join(t.TempDir(), "e.surrogate")
		if err := e.Save(path); err != nil {
			t.Fatal(err)
		}
		back, err := Load(path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if back.Info() != e.Info() || !reflect.DeepEqual(back.Members(), e.Members()) || back.Checksum() != e.Checksum() {
			t.Errorf("%s: %+v, want %+v", name, back.Info(), e.Info())
		}
		if err := Compare(t.Context(), e, back, 100, 1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCompareNotices(t *testing.T) {
	a, b := load(t, "xgb/ensemble"), load(t, "xgb/ensemble")
	b.models[1].xgb.Base += 0.25
	if err := Compare(t.Context(), a, b, 1, 1); err == nil || !strings.HasPrefix(err.Error(), "member ensemble_member_1: ") {
		t.Errorf("%v", err)
	}
	if err := Compare(t.Context(), a, load(t, "lgb/ensemble"), 1, 1); err == nil {
		t.Error("two kinds compare as equal")
	}
}

// seal corrects the checksum, so that a fault behind it is found.
func seal(data []byte) []byte {
	if len(data) >= prefixBytes {
		sum := sha256.Sum256(data[prefixBytes:])
		copy(data[checksumStart:], sum[:])
	}
	return data
}

func TestDamagedFiles(t *testing.T) {
	whole := load(t, "xgb/ensemble").encodeFile()
	if _, err := decodeFile(seal(bytes.Clone(whole))); err != nil {
		t.Fatal(err)
	}
	change := func(f func([]byte) []byte) []byte { return f(bytes.Clone(whole)) }
	replace := func(old, new string) []byte {
		if len(old) != len(new) || !bytes.Contains(whole, []byte(old)) {
			t.Fatalf("%q for %q", new, old)
		}
		return seal(bytes.Replace(whole, []byte(old), []byte(new), 1))
	}
	n := prefixBytes + int(binary.LittleEndian.Uint32(whole[12:])) // where the first member's sections start
	links := n + 80*4 + 2444*4
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "offset 0: 0 bytes"},
		{"magic", whole[:8], "offset 0: 8 bytes: want the 48"},
		{"flipped bit", change(func(b []byte) []byte { b[len(b)/2] ^= 4; return b }), "offset 16: checksum"},
		{"cut", whole[:len(whole)-1], "offset 16: checksum"},
		{"cut and sealed", seal(bytes.Clone(whole[:len(whole)-8])), "are left"},
		{"longer", seal(append(bytes.Clone(whole), make([]byte, 8)...)), "8 bytes follow the last member"},
		{"version", change(func(b []byte) []byte { b[8] = 2; return b }),
			"offset 8: format version 2: this program reads version 1"},
		{"header length", change(func(b []byte) []byte { b[15] = 1; return b }), "offset 12: a header of 1"},
		{"header", replace(`"kind":`, `"kind",`), "offset 48: header: invalid character"},
		{"kind", replace(`"kind":"xgb"`, `"kind":"xgg"`), `kind "xgg": want xgb, lgb or gin`},
		{"other kind", replace(`"kind":"xgb"`, `"kind":"lgb"`), "member ensemble_member_0: "},
		{"trees", replace(`"trees":80`, `"trees":99`), "member ensemble_member_0: "},
		{"nodes", replace(`"nodes":2444`, `"nodes":9999`), "member ensemble_member_0: "},
		{"many nodes", replace(`"nodes":2444`, `"nodes":9e99`), "offset 48: header: json: "},
		{"link", change(func(b []byte) []byte { b[links+1] ^= 1; return seal(b) }),
			"member ensemble_member_0: tree 0: node 0: "},
		{"root", change(func(b []byte) []byte { b[n+4] ^= 0x80; return seal(b) }), "member ensemble_member_0: tree "},
		{"value", change(func(b []byte) []byte { copy(b[n+80*4:], "\x00\x00\xc0\x7f"); return seal(b) }),
			"node 0: value NaN: want a finite number"},
	} {
		e, err := decodeFile(c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v, want %s", c.name, e, err, c.want)
		}
	}
}

func FuzzFile(f *testing.F) {
	for _, seed := range fuzzSeeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		oracle.Frugal(t, oracle.HostileLimit, func() {
			if e, err := decodeFile(seal(bytes.Clone(data))); err == nil {
				e.Predict(sample(1)[0])
			}
		})
	})
}

// fuzzSeeds are small surrogate files of every kind.
func fuzzSeeds(f *testing.F) (seeds [][]byte) {
	for path, config := range map[string]*modelConfig{
		"internal/xgb/testdata/tiny.json": nil,
		"internal/xgb/testdata/tiny.pkl":  nil,
	} {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		m, err := parseModel("tiny", data, config)
		if err != nil {
			f.Fatal(err)
		}
		e, err := newEnsemble("tiny", Percent, []*model{m})
		if err != nil {
			f.Fatal(err)
		}
		seeds = append(seeds, e.encodeFile())
	}
	single, err := parseModel("single", oracle.Bytes(f, reference(f, "lgb/edge/single_leaf.txt.gz")), nil)
	if err != nil {
		f.Fatal(err)
	}
	e, err := newEnsemble("single", Seconds, []*model{single})
	if err != nil {
		f.Fatal(err)
	}
	return append(seeds, e.encodeFile())
}
