package scoring_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/scoring"
	"rwe301/study/studytest"
)

// rowsOf writes a table: a row an architecture, whose cells stand between bars in the text.
func rowsOf(t *testing.T, comma, header string, rows ...string) string {
	t.Helper()
	archs := studytest.Architectures(t, len(rows))
	lines := []string{strings.ReplaceAll(header, "|", comma)}
	for i, r := range rows {
		lines = append(lines, strings.ReplaceAll(r, "|", comma))
		lines[i+1] = strings.ReplaceAll(lines[i+1], "ARCH", archs[i].String())
	}
	return strings.Join(lines, "\n") + "\n"
}

// scoresOf asks a column for its architectures in the order of the table.
func scoresOf(t *testing.T, table *scoring.Table, column string) (out []estimators.Score) {
	t.Helper()
	l, err := table.Column(column)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range table.Rows {
		s, err := l.Score(t.Context(), r.Architecture, estimators.NewEnv(nil, 0))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func TestCellsThatAreNoNumbers(t *testing.T) {
	for cell, want := range map[string]string{
		"NA": "NA", "N/A": "N/A", "null": "null", "-": "-", "--": "--", "nan": "nan", "nan(ind)": "nan(ind)",
		"#DIV/0!": "#DIV/0!", "TRUE": "TRUE", "0x1p-2": "0x1p-2", "1_000": "1_000", "inf": "inf", "-Infinity": "-Infinity",
		"−5": "−5", "93.5%": "93.5%", `"1,234"`: "1,234", "tensor(0.5)": "tensor(0.5)", "1 000": "1 000", "1e400": "1e400",
		"0.5f": "0.5f", "\x1b[31m": `\x1b[31m`, strings.Repeat("x", 99): strings.Repeat("x", 37) + "...",
		"": "no value", " ": "no value",
	} {
		text := rowsOf(t, ",", "arch|nwot", `"ARCH"|1`, `"ARCH"|`+cell, `"ARCH"|3`)
		table, err := scoring.ReadTable(bench301.DARTS{}, studytest.Write(t, t.TempDir(), "t.csv", text), "")
		if err != nil {
			t.Errorf("%q: %v", cell, err)
			continue
		}
		scores := scoresOf(t, table, "nwot")
		if s := scores[1]; s.Status != estimators.Undefined || !strings.Contains(s.Reason, want) ||
			!strings.Contains(s.Reason, "nwot") {
			t.Errorf("%q: %+v", cell, s)
		}
		if scores[0].Value != 1 || scores[2].Value != 3 {
			t.Errorf("%q: the others are %+v", cell, scores)
		}
	}
	for cell, want := range map[string]float64{
		" 0.5 ": 0.5, ".5": 0.5, "5.": 5, "+3": 3, "1e5": 1e5, "-1.5E+2": -150, "9007199254740993": 1 << 53,
	} {
		text := rowsOf(t, ",", "arch|nwot", `"ARCH"|`+cell)
		table, err := scoring.ReadTable(nil, studytest.Write(t, t.TempDir(), "t.csv", text), "")
		if err != nil {
			t.Fatal(err)
		}
		if s := scoresOf(t, table, "nwot")[0]; s.Status != estimators.OK || s.Value != want {
			t.Errorf("%q: %+v; want %v", cell, s, want)
		}
	}
}

func TestLayouts(t *testing.T) {
	const header, a, b = "arch|acc|nwot", `"ARCH"|92.5|1`, `"ARCH"|93|2.5`
	const german, french = "ARCH;92,5;1", "ARCH;93;2,5"
	for name, c := range map[string]struct{ text, note string }{
		"plain":      {rowsOf(t, ",", header, a, b), ""},
		"semicolons": {rowsOf(t, ";", header, strings.ReplaceAll(a, `"`, ""), b), "semicolons"},
		"decimal":    {rowsOf(t, ";", "arch;acc;nwot", german, french), "decimal commas"},
		"tabs":       {rowsOf(t, "\t", header, strings.ReplaceAll(a, `"`, ""), b), "tabs"},
		"bars":       {"sep=|\n" + rowsOf(t, "|", header, a, b), `'|'`},
		"sep":        {"sep=;\n" + rowsOf(t, ";", header, a, b), "semicolons"},
		"mark":       {"\ufeff" + rowsOf(t, ",", header, a, b), ""},
		"index":      {rowsOf(t, ",", "|"+header, "0|"+a, "1|"+b), "column 1, which has no name"},
		"index read": {rowsOf(t, ",", "Unnamed: 0|"+header, "0|"+a, "1|"+b), "column 1, which has no name"},
		"marked":     {"\ufeff" + rowsOf(t, ",", "|"+header, "0|"+a, "1|"+b), "column 1, which has no name"},
		"lines":      {strings.ReplaceAll(rowsOf(t, ",", header, a, b), "\n", "\r\n"), ""},
		"old lines":  {strings.ReplaceAll(rowsOf(t, ",", header, a, b), "\n", "\r"), ""},
		"trailing":   {rowsOf(t, ",", header+"|", a+"|", b+"|"), ""},
		"rows only":  {rowsOf(t, ",", header, a+"||", b+"||"), ""},
		"empty rows": {rowsOf(t, ",", header, a, b) + ",,\n,,\n\n", "empty rows left out: 2"},
		"comment":    {"# by hand, today\n\n" + rowsOf(t, ",", header, a, b), ""},
		"case":       {rowsOf(t, ",", " Arch |acc|nwot", a, b), `"Arch"`},
		"genotype":   {rowsOf(t, ",", "Genotype|acc|nwot", a, b), `"Genotype"`},
		"content":    {rowsOf(t, ",", "acc|my nets|nwot", `92.5|"ARCH"|1`, `93|"ARCH"|2.5`), `column 2, "my nets"`},
		"number":     {rowsOf(t, ",", "arch|arch_str|acc|nwot", `0|"ARCH"|92.5|1`, `1|"ARCH"|93|2.5`), `"arch_str"`},
		"broken":     {strings.ReplaceAll(rowsOf(t, ",", header, a, b), "], [", "],\n ["), ""},
	} {
		table, err := scoring.ReadTable(nil, studytest.Write(t, t.TempDir(), "t.csv", c.text), "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if notes := strings.Join(table.Notes, "\n"); !strings.Contains(notes, c.note) || (notes == "") != (c.note == "") {
			t.Errorf("%s: notes %q; want %q", name, notes, c.note)
		}
		acc, nwot := scoresOf(t, table, "acc"), scoresOf(t, table, "nwot")
		if len(acc) != 2 || acc[0].Value != 92.5 || acc[1].Value != 93 || nwot[0].Value != 1 || nwot[1].Value != 2.5 {
			t.Errorf("%s: %+v, %+v", name, acc, nwot)
		}
	}
}

func TestTablesThatAreRefused(t *testing.T) {
	good := rowsOf(t, ",", "arch|acc|nwot", `"ARCH"|92.5|1`, `"ARCH"|93|2.5`)
	_, below, _ := strings.Cut(good, "\n")
	one := studytest.Architectures(t, 1)[0].String()
	for name, c := range map[string]struct{ text, want string }{
		"ragged":     {good + "\"" + one + "\",3\n", "t.csv:4: 2 columns: the header has 3"},
		"wide":       {good + "\"" + one + "\",3,4,5\n", "t.csv:4: 4 columns: the header has 3"},
		"no header":  {below, "t.csv:1: no line with the names of columns"},
		"title":      {"Results\n" + good, `t.csv:1: "Results" where the names of columns should stand`},
		"no column":  {"id,acc_200,FLOPs (M)\n1,2,3\n", `t.csv:1: no column of architectures, called "arch", among id, acc_200`},
		"twice":      {"arch,nwot, nwot\n\"" + one + "\",1,2\n", `t.csv:1: columns 2 and 3 are both called "nwot"`},
		"empty":      {"", "t.csv: empty"},
		"blank":      {"\n \n", "t.csv: empty"},
		"header":     {"arch,acc\n", "t.csv: no rows below"},
		"no cell":    {good + ",3,4\n", "t.csv:4: no architecture in this row"},
		"UTF-16":     {"\xff\xfea\x00r\x00", "UTF-16: save it as UTF-8"},
		"workbook":   {"PK\x03\x04", "Excel workbook"},
		"compressed": {"\x1f\x8b\x08", "gzip"},
		"zeros":      {"arch\x00", "no text"},
		"columns":    {"arch" + strings.Repeat(",x", 10_000) + "\n", "10001 columns: a table has at most 10000"},
		"mixture": {good + "|nor_conv_1x1~0|+|none~0|none~1|+|none~0|none~1|none~2|,1,2\n",
			"t.csv:4: an architecture of nasbench201: that of line 2 is of darts"},
		"repeated":   {good + "\"" + one + "\",92.5,2\n", `t.csv:4: the architecture of line 2 again, with other values (nwot: "2", there "1")`},
		"cut":        {`{"` + one + `": {"acc": 92.5}, `, "t.csv:1: the JSON ends here"},
		"key twice":  {`{"` + one + `": {"acc": 92.5, "acc": 93}}`, `t.csv:1: "acc" twice`},
		"not scores": {`{"` + one + `": 92.5}`, "92.5 where the scores of the architecture should stand"},
		"no key":     {"\n" + `[{"id": 1, "acc": 2}]`, `t.csv:2: no architecture, called "arch", among the keys id, acc`},
		"deep":       {strings.Repeat(`{"a":`, 100_000), "exceeded max depth"},
		"id":         {"arch,id,nwot\n\"" + one + "\",0123456789abcdef,1\n", "t.csv:2: id 0123456789abcdef is not that of its arch"},
		"negative time": {"arch,nwot,nwot seconds\n\"" + one + "\",1,-2\n",
			`t.csv:2: nwot seconds: "-2": a time must not be negative`},
	} {
		table, err := scoring.ReadTable(nil, studytest.Write(t, t.TempDir(), "t.csv", c.text), "")
		if err == nil {
			_, err = table.Column("nwot")
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
	for _, path := range []string{t.TempDir(), os.DevNull, filepath.Join(t.TempDir(), "absent.csv")} {
		if _, err := scoring.ReadTable(nil, path, ""); err == nil {
			t.Errorf("%s was read", path)
		}
	}
}

// TestPythonsJSON reads what json.dump writes for a float that is no number, in every form of JSON.
func TestPythonsJSON(t *testing.T) {
	archs := studytest.Architectures(t, 3)
	for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
		var keyed, lines []string
		for i, a := range archs {
			v := fmt.Sprint(i)
			if i == 1 {
				v = word
			}
			keyed = append(keyed, fmt.Sprintf(`"%s": {"nwot": {"score": %s, "time": 0.5}, "acc": 93}`, a, v))
			lines = append(lines, fmt.Sprintf(`{"arch": "%s", "NaN": "NaN, \"Infinity", "nwot": %s}`, a, v))
		}
		for form, text := range map[string]string{
			"keyed": "{" + strings.Join(keyed, ",\n") + "}", "lines": strings.Join(lines, "\n"),
			"array": "[" + strings.Join(lines, ", ") + "]", "set": `{"c10": {` + strings.Join(keyed, ",") + "}}",
		} {
			table, err := scoring.ReadTable(nil, studytest.Write(t, t.TempDir(), "t.json", text), "")
			if err != nil {
				t.Errorf("%s, %s: %v", form, word, err)
				continue
			}
			s := scoresOf(t, table, "nwot")
			if s[1].Status != estimators.Undefined || !strings.Contains(s[1].Reason, `"`+word+`"`) || s[2].Value != 2 {
				t.Errorf("%s, %s: %+v", form, word, s)
			}
		}
	}
}

func TestMeanOfRepeats(t *testing.T) {
	archs := studytest.Architectures(t, 2)
	other := strings.Replace(archs[0].String(), archs[0].String()[2:16],
		archs[0].String()[10:16]+", "+archs[0].String()[2:8], 1) // the same inputs of a node in the other order
	rows := []string{fmt.Sprintf("\"%s\",92.1,0.1", archs[0]), fmt.Sprintf("\"%s\",92.2,0.3", other),
		fmt.Sprintf("\"%s\",93,2", archs[1]), fmt.Sprintf("\"%s\",92.4,NA", archs[0])}
	var want []float64
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}} {
		text := "arch,val_accuracy,nwot\n"
		for _, i := range order {
			text += rows[i] + "\n"
		}
		path := studytest.Write(t, t.TempDir(), "t.csv", text)
		if _, err := scoring.ReadTable(nil, path, scoring.RefuseRepeats); err == nil ||
			!strings.Contains(err.Error(), "again, with other values") {
			t.Errorf("repeats: %v", err)
		}
		in := scoring.Inputs{Space: bench301.DARTS{}, Repeats: scoring.MeanOfRepeats}
		truth, err := in.Accuracy(scoring.Accuracy{Source: scoring.Tabled, File: path})
		if err != nil {
			t.Fatal(err)
		}
		if notes := fmt.Sprint(truth.Notes); !strings.Contains(notes, "1 of 2 (3 rows)") ||
			!strings.Contains(string(truth.Settings), `"repeats":"mean"`) {
			t.Errorf("notes %s, settings %s", notes, truth.Settings)
		}
		got, err := truth.Of(t.Context(), func(i int) (bench301.Architecture, error) { return archs[i], nil }, 2)
		if err != nil {
			t.Fatal(err)
		}
		table, err := in.Table(path)
		if err != nil {
			t.Fatal(err)
		}
		l, err := table.Column("nwot")
		if err != nil {
			t.Fatal(err)
		}
		s, _ := l.Score(t.Context(), archs[0], estimators.NewEnv(nil, 0))
		if got = append(got, s.Value); want == nil {
			want = got
		}
		if !slices.Equal(got, want) || math.Abs(got[0]-(92.1+92.2+92.4)/3) > 1e-12 || got[1] != 93 || got[2] != 0.2 {
			t.Errorf("%v: %v, want %v", order, got, want)
		}
	}
	// Rows that say the same count once, and so do seeds where the mean is taken over them.
	text := fmt.Sprintf("arch,val_accuracy,seed\n\"%s\",92,0\n\"%[1]s\",93,1\n\"%[1]s\",93.0,1\n", archs[0])
	path := studytest.Write(t, t.TempDir(), "t.csv", text)
	table, err := scoring.ReadTable(nil, path, "")
	if err != nil || table.Repeated != 1 {
		t.Errorf("%+v, %v", table, err)
	}
	in := scoring.Inputs{Space: bench301.DARTS{}}
	if _, err := in.Accuracy(scoring.Accuracy{Source: scoring.Tabled, File: path}); err == nil ||
		!strings.Contains(err.Error(), "accuracies have no seeds") {
		t.Errorf("seeds: %v", err)
	}
}

func TestUnits(t *testing.T) {
	for name, c := range map[string]struct {
		unit  scoring.Unit
		cells []string
		want  []float64 // nil: an error that says note
		note  string
	}{
		"percent":      {"", []string{"92", "93.5"}, []float64{92, 93.5}, ""},
		"fractions":    {"", []string{"0.57", "0.29", "1", "0"}, []float64{57, 29, 100, 0}, "fractions, shown in percent"},
		"all right":    {"", []string{"1", "1.0"}, []float64{100, 100}, "fractions"},
		"none or all":  {"", []string{"0", "1", "NaN", "0.0"}, []float64{0, 100, math.NaN(), 0}, "fractions"},
		"zeros":        {"", []string{"0", "0"}, []float64{0, 0}, ""},
		"below":        {"", []string{"0.5", "-1"}, []float64{0.5, -1}, "outside [0, 100]"},
		"with a hole":  {"", []string{"0.94", "NA", "0.95"}, []float64{94, math.NaN(), 95}, "fractions"},
		"mixture":      {"", []string{"0.92", "0.93", "94"}, nil, `t.csv:2: val_accuracy: "0.92" beside "94" in line 4`},
		"one":          {"", []string{"1", "93"}, []float64{1, 93}, "1 in line 2 is taken as 1 %"},
		"asked":        {scoring.Percent, []string{"0.3", "0.8"}, []float64{0.3, 0.8}, ""},
		"asked, mixed": {scoring.Percent, []string{"0.3", "80"}, []float64{0.3, 80}, ""},
		"not so":       {scoring.Fraction, []string{"0.3", "80"}, nil, `t.csv:3: val_accuracy: "80": a fraction is at most 1`},
		"outside":      {"", []string{"101", "-3"}, []float64{101, -3}, `2 numbers outside [0, 100], such as "101" in line 2`},
		"nothing":      {"", []string{"93%", "94%"}, nil, `t.csv:2: val_accuracy: "93%" is not a number, nor is any other`},
	} {
		var rows []string
		for _, cell := range c.cells {
			rows = append(rows, `"ARCH"|`+cell)
		}
		path := studytest.Write(t, t.TempDir(), "t.csv", rowsOf(t, ",", "arch|val_accuracy", rows...))
		in := scoring.Inputs{Space: bench301.DARTS{}}
		truth, err := in.Accuracy(scoring.Accuracy{Source: scoring.Tabled, File: path, Unit: c.unit})
		if c.want == nil {
			if err == nil || !strings.Contains(err.Error(), c.note) {
				t.Errorf("%s: %v; want %q", name, err, c.note)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		table, _ := in.Table(path)
		got, err := truth.Of(t.Context(), func(i int) (bench301.Architecture, error) {
			return table.Rows[i].Architecture, nil
		}, len(c.want))
		if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) || !strings.Contains(fmt.Sprint(truth.Notes), c.note) {
			t.Errorf("%s: %v, %v, %v", name, got, truth.Notes, err)
		}
		if strings.Contains(string(truth.Settings), "unit") != strings.HasPrefix(c.note, "fractions") {
			t.Errorf("%s: settings %s", name, truth.Settings)
		}
	}
}

// TestFractionsKeepTheirOrder writes fractions that are neighbours in binary: none ties with another as a percentage.
func TestFractionsKeepTheirOrder(t *testing.T) {
	var cells, rows []string
	v := 0.9
	for range 40 {
		v = math.Nextafter(v, 1)
		cells = append(cells, strconv.FormatFloat(v, 'g', -1, 64))
		rows = append(rows, `"ARCH"|`+cells[len(cells)-1])
	}
	path := studytest.Write(t, t.TempDir(), "t.csv", rowsOf(t, ",", "arch|val_accuracy", rows...))
	in := scoring.Inputs{Space: bench301.DARTS{}}
	truth, err := in.Accuracy(scoring.Accuracy{Source: scoring.Tabled, File: path})
	if err != nil {
		t.Fatal(err)
	}
	table, _ := in.Table(path)
	got, err := truth.Of(t.Context(), func(i int) (bench301.Architecture, error) {
		return table.Rows[i].Architecture, nil
	}, len(rows))
	if err != nil {
		t.Fatal(err)
	}
	for i := range got[1:] {
		if got[i] >= got[i+1] {
			t.Errorf("%s and %s became %v and %v", cells[i], cells[i+1], got[i], got[i+1])
		}
	}
}

func FuzzReadTable(f *testing.F) {
	one := "[[(0, 1), (1, 4), (0, 1), (2, 0), (1, 6), (2, 2), (1, 6), (3, 3)], [(0, 2), (1, 4), (0, 0), (2, 2), (0, 4), " +
		"(2, 4), (3, 1), (4, 4)]]"
	for _, seed := range []string{
		"arch,val_accuracy,nwot\n\"" + one + "\",92,NA\n", "arch;a;b\n" + one + ";92,5;1\n", "\ufeff,arch\n0,\"" + one + "\"\n",
		`{"c10": {"` + one + `": {"nwot": {"score": NaN, "time": 1}}}}`, `[{"arch": "` + one + `", "a": -Infinity}]`,
		`{"arch": "` + one + `", "a": {"score": 1}}`, one + "\n" + one, strings.Repeat("[", 5000), strings.Repeat(`{"a":`, 5000),
		"arch" + strings.Repeat(",", 5000), strings.Repeat("\"", 999), "sep=|\na|b\n", "arch,seed,nwot\n\"" + one + "\",1,2\n",
		`{"(4, 0, 3, 1, 4, 3)": {"nwot": "x"}}`, "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|\n", "#\n#\n", "arch,a,a\n",
	} {
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, mean bool) {
		path := filepath.Join(t.TempDir(), "t.csv")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		repeats := scoring.RefuseRepeats
		if mean {
			repeats = scoring.MeanOfRepeats
		}
		table, err := scoring.ReadTable(nil, path, repeats)
		if err != nil {
			return
		}
		if len(table.Rows) == 0 || table.Space == nil {
			t.Fatalf("%q: a table without rows", data)
		}
		numbers, _ := table.Columns()
		for _, c := range numbers {
			if _, err := table.Column(c); err != nil && !strings.Contains(err.Error(), "must not be negative") {
				t.Errorf("%q: %v", data, err)
			}
		}
	})
}

// A pipe is read once, though the definition of a replay and its study both want it.
func TestPipes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := exec.Command("mkfifo", path).Run(); err != nil {
		t.Skip(err)
	}
	write := func(text string) {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString(text)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			t.Error(err)
		}
	}
	go write("\x1f\x8b")
	if _, err := scoring.ReadTable(nil, path, ""); err == nil || !strings.Contains(err.Error(), "gzip") {
		t.Errorf("a packed one: %v", err)
	}
	go write(rowsOf(t, ",", "arch|val_accuracy", `"ARCH"|93`))
	for range 2 {
		table, err := scoring.ReadTable(nil, path, "")
		if err != nil || len(table.Rows) != 1 || !strings.Contains(fmt.Sprint(table.Notes), "cannot be resumed") {
			t.Errorf("%v, %v", table, err)
		}
	}
	for _, path := range []string{"/dev/zero", "/dev/null"} {
		if _, err := scoring.ReadTable(nil, path, ""); err == nil || !strings.Contains(err.Error(), "a device") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
