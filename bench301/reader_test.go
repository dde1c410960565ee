package bench301

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func readAll(r io.Reader, n Notation) (items []Item, err error) {
	for item, err := range Read(DARTS{}, "archs", r, n) {
		if err != nil {
			return items, err
		}
		items = append(items, item)
	}
	return items, nil
}

func TestReadStreams(t *testing.T) {
	pairs := dartsV2[NotationPairs]
	canonical, _, _ := ParseGenotype(pairs)
	for name, c := range map[string]struct {
		text  string
		lines []int
		field string // value of the field x of the last item
	}{
		"text": {"# a comment [\n\n" + pairs + "\n" + dartsV2[NotationGenotype] + "\n" +
			dartsV2[NotationEvoXBench], []int{3, 4, 5}, ""},
		"text over lines":   {pairs[:40] + "\n" + pairs[40:] + "\n\n  " + pairs + "\n# end\n", []int{1, 4}, ""},
		"a byte order mark": {"\ufeff" + pairs + "\r\n", []int{1}, ""},
		"csv": {"x,arch,y\n1,\"" + pairs + "\",2\n\n# between\n7,\"" + pairs + "\",2\n", []int{2, 5},
			"7"},
		"csv below a comment": {"# NB301\narch,x\n\"" + pairs + "\",3\n", []int{3}, "3"},
		"csv of one column":   {"arch\n\"" + pairs + "\"\n", []int{2}, ""},
		"json lines": {`{"arch": "` + pairs + `", "x": 1}` + "\n" + `{"x": "two", "arch": ` +
			dartsV2[NotationJSON] + "}\n", []int{1, 2}, "two"},
		"json texts": {`"` + pairs + "\"\n\"" + pairs + "\"\n", []int{1, 2}, ""},
		"json over lines": {"{\n\"arch\":\n\"" + pairs + "\",\n\"x\": 5\n}\n{\"arch\": \"" + pairs +
			"\", \"x\": [1]}", []int{1, 6}, "[1]"},
		"json array of objects": {"[\n  {\"arch\": \"" + pairs + "\"},\n\n  {\"arch\": \"" + pairs +
			"\", \"x\": 1e3}\n]\n", []int{2, 4}, "1e3"},
		"json array of texts": {"[\"" + pairs + "\",\n\"" + pairs + "\"]", []int{1, 2}, ""},
		"json array of numbers": {"[" + dartsV2[NotationBananas8] + ",\n" + dartsV2[NotationBananas8] + "]", []int{1, 2},
			""},
		"json array of architures": {"[" + dartsV2[NotationJSON] + ",\n" + dartsV2[NotationConfigSpace] + "]", []int{1, 2},
			""},
		"evoxbench array": {"[[" + strings.ReplaceAll(dartsV2[NotationEvoXBench], " ", ",") + "]]", []int{1}, ""},
	} {
		n := Notation("")
		if name == "json array of numbers" {
			n = NotationBananas8
		}
		for _, r := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
			items, err := readAll(r, n)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if len(items) != len(c.lines) {
				t.Errorf("%s: %d architectures, want %d", name, len(items), len(c.lines))
				continue
			}
			for i, item := range items {
				if item.Line != c.lines[i] || item.Architecture.ID() != canonical.ID() || item.File != "archs" {
					t.Errorf("%s: item %d: %s in line %d, want line %d", name, i, item.Architecture, item.Line, c.lines[i])
				}
			}
			if got, _ := items[len(items)-1].Field("x"); got != c.field {
				t.Errorf("%s: x is %q, want %q", name, got, c.field)
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	pairs := dartsV2[NotationPairs]
	bad := strings.Replace(pairs, "(0, 3)", "(0, 9)", 1)
	for _, c := range []struct{ text, want string }{
		{"", "archs: no architecture in it"},
		{"\n# nothing\n", "archs: no architecture in it"},
		{"arch,x\n", "archs: no architecture in it"},
		{"[]", "archs: no architecture in it"},
		{"genotype,accuracy\n\"" + pairs + "\",93\n", `archs:1: no column "arch" among genotype, accuracy`},
		{pairs + "\n\n" + bad, "archs:3: normal cell: edge 0: operation index 9: DARTS has 7 (0-6)"},
		{"arch,x\n\"" + pairs + "\",1\n\"" + bad + "\",1\n", "archs:3: normal cell: edge 0: operation index 9"},
		{"arch,x\n\"" + pairs + "\",1\n\"" + pairs + "\"\n", "archs:3: 1 columns: the header has 2"},
		{"# head\narch,x\n\"" + pairs + ",1\n", "archs:3: extraneous or missing \" in quoted-field"},
		{`{"arch": "` + pairs + "\"}\n{\"arch\": \"" + bad + `"}`, "archs:2: normal cell: edge 0"},
		{`{"arch": 7}`, "archs:1: 7 is no architecture"},
		{"[\"" + pairs + "\",\n\"" + pairs + "\"", "archs:2: the JSON array is never closed"},
		{"[\"" + pairs + "\",\n7]", "archs:2: 7 is no architecture"},
		{"[\"" + pairs + "\"\n7]", "archs:2: "},
		{pairs + "\n" + strings.Repeat("x", 10<<20), "archs:2: more than 1048576 bytes without an end"},
		{"arch\n\"" + strings.Repeat("x", 10<<20), "archs:2: more than 1048576 bytes without an end"},
		{"[\"" + strings.Repeat("x", 10<<20), "archs:1: more than 1048576 bytes without an end"},
		{strings.Repeat("[\n", 1<<20), "archs:2: "},
		{strings.Repeat("[[(0, 3), (1,\n", 40_000), "archs:1: 50001 brackets that begin no value"},
		{strings.Repeat("{\"a\":", 100_000), "archs:1: "},
		{strings.Repeat("(\n", 1<<20), "archs:1: more than 1048576 bytes without an end"},
		{"[[(0, 3)", "archs:1: character"},
		{"\x00\x01\x02", "archs:1: character 1: unexpected '\\x00'"},
	} {
		_, err := readAll(strings.NewReader(c.text), "")
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.60q: error %.200v, want %q", c.text, err, c.want)
		}
	}
	broken := errors.New("disk on fire")
	if _, err := readAll(io.MultiReader(strings.NewReader(pairs+"\n"), iotest.ErrReader(broken)), ""); !errors.Is(err,
		broken) || !strings.HasPrefix(err.Error(), "archs") {
		t.Errorf("a failing stream: %v", err)
	}
}

func TestFieldsAreNumbersOrErrors(t *testing.T) {
	items, err := readAll(strings.NewReader("arch,a,b\n\""+dartsV2[NotationPairs]+"\",93.5,NaN\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := items[0].Float("a"); err != nil || v != 93.5 {
		t.Errorf("a is %v: %v", v, err)
	}
	for name, want := range map[string]string{"b": `archs:2: b: "NaN": must be a finite number`,
		"c": `archs:2: no column or field "c"`} {
		if _, err := items[0].Float(name); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

func TestReadStopsWhenAsked(t *testing.T) {
	for range Read(DARTS{}, "archs", strings.NewReader(dartsV2[NotationPairs]+"\nnonsense"), "") {
		return
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range dartsV2 {
		f.Add(text)
		f.Add("[" + text + ",\n" + text + "]")
		f.Add("x,arch\n1,\"" + text + "\"\n")
		f.Add(`{"arch": "` + text + `", "x": 1}`)
		f.Add("import x\nA: Genotype = " + text + " # it's (\nB = A\n")
		f.Add("2026-01-05 epoch 3 geno: " + text + " loss [\nepoch 4\n")
		f.Add(`{"a": {"b": ` + text + `}, "x": NaN}`)
	}
	for _, text := range []string{v2Numpy, "[" + v2Flat + "\n " + v2Flat + "]", "\\\n\\\n", strings.Repeat("Genotype(", 2000),
		strings.Repeat("a[(", 2000), "arch;x\n[[(0,3)", "{\"a\":1,\"A\":2}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for item, err := range Read(DARTS{}, "fuzz", strings.NewReader(text), "") {
			if err == nil && (item.Line < 1 || item.Line > 1+strings.Count(text, "\n")) {
				t.Fatalf("line %d", item.Line)
			}
		}
	})
}
