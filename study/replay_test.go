package study_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/study"
	"rwe301/study/studytest"
)

// TestReplayNames replays tables whose names and columns mean something to YAML: they stay what they are.
func TestReplayNames(t *testing.T) {
	archs := studytest.Architectures(t, 2)
	for _, name := range []string{"null", "010", "1e3", "true", "~", "a: b", "#x", "-", "0x10", "2024-01-01", "[a]", `"q'"`,
		"é", "no", "*a", "!t", "%25", strings.Repeat("x", 64)} {
		dir := t.TempDir()
		t.Chdir(dir)
		for _, column := range []string{name, "FLOPs (M)"} {
			text := fmt.Sprintf("arch,val_accuracy,\"%s\"\n\"%s\",92,1\n\"%s\",93,2\n", strings.ReplaceAll(column, `"`, `""`),
				archs[0], archs[1])
			studytest.Write(t, dir, name+".csv", text)
			definition, _, err := study.Replay{Table: name + ".csv"}.Definition()
			if err != nil {
				t.Errorf("%q: %v", column, err)
				continue
			}
			d, err := study.Parse(name+".csv", definition)
			if err != nil {
				t.Errorf("%q: %v\n%s", column, err, definition)
				continue
			}
			p, err := study.Prepare(t.Context(), d)
			if err != nil {
				t.Errorf("%q: %v", column, err)
				continue
			}
			defer p.Close()
			want := column
			if len(want) > 58 {
				want = want[:55] + "..."
			}
			if d.Name != name || len(p.Questions) != 2 || p.Questions[1].Label != want {
				t.Errorf("%q: %q and %q of %s", column, d.Name, p.Questions[1].Label, definition)
			}
			if f := d.Folder(); f == "" || filepath.Base(f) != f || f[0] == '.' {
				t.Errorf("%q: folder %q", name, f)
			}
		}
	}
}

// TestReplaySays checks that what a replay leaves out, renames or guesses is said.
func TestReplaySays(t *testing.T) {
	archs := studytest.Architectures(t, 2)
	t.Chdir(t.TempDir())
	files := 0
	table := func(header string, rows ...string) string {
		text := header + "\n"
		for i, r := range rows {
			text += fmt.Sprintf("\"%s\",%s\n", archs[i], r)
		}
		files++
		return studytest.Write(t, ".", fmt.Sprint(files, "t.csv"), text)
	}
	const cells = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
	for name, c := range map[string]struct {
		path    string
		columns []string
		want    string
	}{
		"a text":     {table("arch,val_accuracy,a,b", "92,1,x", "93,2,y"), nil, `t.csv:2: b: "x" is not a number, nor is any`},
		"nothing":    {table("arch,val_accuracy,a,b", "92,1,", "93,2,"), nil, "t.csv: b: every cell is empty"},
		"asked for":  {table("arch,val_accuracy,a,b", "92,1,x", "93,2,y"), []string{"b"}, `t.csv:2: b: "x" is not a number`},
		"absent":     {table("arch,val_accuracy,a", "92,1", "93,2"), []string{"c"}, `no column "c"; columns of numbers: val_acc`},
		"accuracy":   {table("arch,val_accuracy,accuracy", "92,1", "93,2"), nil, "column 1 of the scores is called accuracy-2"},
		"acc":        {table("arch,test_acc_200,a", "92,1", "93,2"), nil, `accuracies are in the column "test_acc_200"`},
		"which acc":  {table("arch,acc1,acc2", "92,1", "93,2"), nil, `no column "val_accuracy" of accuracies`},
		"no columns": {table("arch,val_accuracy", "92", "93"), nil, "no column of numbers beside the accuracies"},
		"space": {studytest.Write(t, ".", "nb.csv", "arch,val_accuracy,a\n"+cells+",92,1\n"), nil,
			"architectures of nasbench201"},
	} {
		definition, notes, err := study.Replay{Table: c.path, Columns: c.columns}.Definition()
		if !strings.Contains(fmt.Sprint(notes, err), c.want) {
			t.Errorf("%s: %v, %v\n%s", name, notes, err, definition)
		}
	}
}
