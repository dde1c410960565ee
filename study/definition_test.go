package study_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rwe301/estimators"
	"rwe301/internal/yamldoc"
	"rwe301/study"
	"rwe301/study/studytest"
)

const head = "architectures: {sample: 3}\naccuracy: none\n"

func TestMistakesAreNamed(t *testing.T) {
	dir := t.TempDir()
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 4))
	studytest.Write(t, dir, "twice.csv", studytest.Table(t, 2)+strings.Split(studytest.Table(t, 1), "\n")[1]+"9\n")
	for name, c := range map[string]struct{ text, want string }{
		"typo": {head + "estimater: [params]\n",
			"study.yaml:3: estimater: unknown key (did you mean estimators?)"},
		"typo inside": {"architectures:\n  sampel: 3\n",
			"study.yaml:2: architectures.sampel: unknown key (did you mean sample?)"},
		"two mistakes": {"nam: x\narchitectures: {sample: 3}\nsed: 1\n", "study.yaml:3: sed: unknown key"},
		"setting": {head + "estimators:\n  - name: rwe\n    settings:\n      epoch: 3\n",
			"study.yaml:6: estimators[0].settings.epoch: rwe has no such setting (did you mean epochs?)"},
		"setting's value": {head + "estimators:\n  - name: rwe\n    settings:\n      channels: 8\n      epochs: -1\n",
			"study.yaml:7: estimators[0].settings.epochs: "},
		"setting's type": {head + "estimators:\n  - {name: rwe, settings: {epochs: many}}\n",
			"study.yaml:4: estimators[0].settings.epochs: "},
		"varied value": {head + "estimators:\n  - name: rwe\n    vary:\n      channels: [4, 0]\n",
			"study.yaml:6: estimators[0].vary.channels: "},
		"estimator":        {head + "estimators: [rwee]\n", "study.yaml:3: estimators[0]: unknown estimator \"rwee\""},
		"no estimators":    {head, "estimators: missing"},
		"no architectures": {"estimators: [params]\n", "architectures: missing"},
		"both": {"architectures: {sample: 3, file: x}\nestimators: [params]\n",
			"study.yaml:1: architectures: say one of"},
		"negative": {"architectures:\n  sample: -3\n",
			"study.yaml:2: architectures.sample: -3: must be a whole number in [1, 10000000]"},
		"fraction": {"architectures: {sample: 1.5}\n", "must be a whole number"},
		"seed":     {head + "seed: -1\nestimators: [params]\n", "study.yaml:3: seed: -1: must be a whole number"},
		"seeds":    {head + "seeds: [1, 1]\nestimators: [params]\n", "seed 1 is given twice"},
		"source": {"architectures: {sample: 3}\naccuracy: minni\nestimators: [params]\n",
			"study.yaml:2: accuracy: \"minni\": unknown (did you mean mini?)"},
		"table's file": {"architectures: {sample: 3}\naccuracy: table\nestimators: [params]\n",
			"accuracy: a table needs a file"},
		"column": {"architectures: {table: table.csv}\naccuracy: {source: table, column: acc}\nestimators: " +
			"[params]\n", "table.csv:1: no column \"acc\" of accuracies; columns of numbers: val_accuracy, proxy"},
		"text column": {head + "estimators: [{name: mine, scores: table.csv, column: source}]\n",
			"table.csv:2: source: \"x\" is not a number"},
		"missing file": {"architectures: {file: nothing.txt}\naccuracy: none\nestimators: [params]\n", "nothing.txt"},
		"repeated": {"architectures: {table: twice.csv}\naccuracy: none\nestimators: [params]\n",
			"twice.csv:4: the architecture of line 2 again, with other values"},
		"same name": {head + "estimators: [params, {name: params, scores: table.csv, column: proxy}]\n",
			"two estimators are called params"},
		"accuracy's name": {head + "estimators: [{name: accuracy, scores: table.csv}]\n", "stands for the accuracies"},
		"empty command":   {head + "estimators: [{name: mine, command: []}]\n", "must be a program"},
		"timeout":         {head + "estimators: [{name: mine, command: [x], timeout: 0}]\n", "must be a duration"},
		"grid": {head + "estimators: [{name: rwe, settings: {epochs: 1..1000, channels: 1..1000}}]\n",
			"study.yaml:3: estimators[0]: rwe: the grid has more than 100000 combinations"},
		"seeds times grid": {head + "seeds: 0..99999\nestimators: [{name: rwe, settings: {epochs: 1..1000, channels: 1..100}}]\n",
			"study.yaml:4: estimators[0]: rwe: 100000 combinations of settings with 100000 seeds"},
		"overflow": {head + "estimators:\n- name: rwe\n  settings: {epochs: 1..99999, channels: 1..99999, layers: 1..99999, " +
			"classes: 1..99999}\n", "study.yaml:4: estimators[0]: rwe: the grid has more than 100000 combinations"},
		"varied grid": {head + "estimators: [{name: rwe, vary: {epochs: 1..60000, channels: 1..60000}}]\n",
			"more than 100000 combinations: 120001"},
		"grids together": {head + "estimators:\n" + strings.Repeat("- {name: rwe, settings: {epochs: 1..40000}}\n", 3),
			"120000 combinations of settings: a study has at most 100000"},
		"command's seeds": {head + "estimators:\n" + strings.Repeat("- {name: mine, command: [x], seeds: 1..90000}\n", 12),
			"estimators[11].seeds: the ranges up to here have more than 1000000 values"},
		"estimates": {"architectures: {sample: 10000000}\naccuracy: none\nestimators: [{name: rwe, seeds: 1..2000}]\n",
			"2000 scores of each of 10000000 architectures: a study has at most 10000000000 in all"},
		"large sample": {"architectures: {sample: 1e9}\n", "must be a whole number in [1, 10000000]"},
		"octal sample": {"architectures: {sample: 010}\n",
			"study.yaml:1: architectures.sample: 010: 8 in YAML 1.1, 10 in YAML 1.2: write 8 or 10"},
		"octal column": {head + "estimators: [{name: mine, scores: table.csv, column: 010}]\n",
			"study.yaml:3: estimators[0].column: 010: 8 in YAML 1.1"},
		"null file":     {"architectures: {file: null}\n", `study.yaml:1: architectures.file: nothing: must be a single value`},
		"number's name": {"name: 1e3\n" + head, `study.yaml:1: name: 1e3: must be a text, and this is a number: write "1e3"`},
		"yes": {head + "estimators: [{name: rwe, settings: {standardise: yes}}]\n",
			"study.yaml:3: estimators[0].settings.standardise: yes: true or false in YAML 1.1"},
		"many mistakes": {numbered(5000, "k%d: 1\n"), "and 4990 more mistakes"},
		"nested":        {"architectures:\n  " + strings.Repeat("- ", 50_000) + "a\n", "nested deeper than 100 levels"},
		"endless range": {head + "estimators: [{name: rwe, settings: {epochs: {from: 1, to: 9, step: 0}}}]\n",
			"is empty or never ends"},
		"backward range":  {head + "seeds: 4..1\nestimators: [params]\n", "is empty or never ends"},
		"empty list":      {head + "estimators: [{name: rwe, settings: {epochs: []}}]\n", "empty list"},
		"broken":          {"architectures: [1,\n", "study.yaml:1: not YAML"},
		"tab":             {"architectures:\n\tsample: 3\n", "not YAML"},
		"twice":           {"seed: 1\nseed: 2\n", "study.yaml:2: not YAML: mapping key \"seed\" already defined"},
		"anchor":          {"seed: &a 1\n", "study.yaml:1: seed: an anchor"},
		"alias":           {"name: &a x\nseed: *a\n", "study.yaml:2: seed: an anchor"},
		"list at the top": {"- a\n", "must be keys with values"},
		"empty":           {"", "empty: `bench301 study init`"},
		"two documents":   {"seed: 1\n---\nseed: 2\n", "2 documents"},
		"deep":            {strings.Repeat("[", 2000), "nested deeper"},
		"long":            {strings.Repeat("#", yamldoc.MaxSize+1), "at most"},
	} {
		path := studytest.Write(t, dir, "study.yaml", c.text)
		d, err := study.Parse(path, []byte(c.text))
		if err == nil {
			var p *study.Plan
			if p, err = study.Prepare(t.Context(), d); err == nil {
				p.Close()
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\n\twant %q", name, err, c.want)
		}
	}
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestGrids(t *testing.T) {
	for text, want := range map[string]string{
		"params": "params[0 1]",
		"{name: rwe, settings: {epochs: [1, 2], channels: {from: 4, to: 16, times: 2}}}": "rwe:channels=4,epochs=1[0 1] " +
			"rwe:channels=8,epochs=1[0 1] rwe:channels=16,epochs=1[0 1] rwe:channels=4,epochs=2[0 1] " +
			"rwe:channels=8,epochs=2[0 " +
			"1] rwe:channels=16,epochs=2[0 1]",
		"{name: rwe, seeds: 5..7, vary: {epochs: [30, 1], head: [ridge]}}": "rwe[5 6 7]epochs,head " +
			"rwe:epochs=1[5 6 7]epochs rwe:head=ridge[5 6 7]head",
		"{name: rwe, settings: {learning_rate: [1e-2, 0.1]}}": "rwe:learning_rate=0.01[0 1] " +
			"rwe:learning_rate=0.1[0 1]",
		"{name: rwe, settings: {lambda: {from: 0.1, to: 0.3, step: 0.1}}}": "rwe:lambda=0.1[0 1] " +
			"rwe:lambda=0.2[0 1] rwe:lambda=0.3[0 1]",
		"{name: rwe, settings: {epochs: 3, channels: 4}, vary: {lambda: [0.1, 0.5]}}": "rwe[0 1]lambda rwe:lambda=0.5[0 " +
			"1]lambda",
		"{name: rwe-ridge, settings: {preset: [cheap, near-paper], channels: 4, val_images: 9}}": "rwe-ridge:init=default," +
			"resolution=16,train_images=400[0 1] rwe-ridge:init=normal,resolution=32,train_images=1000[0 1]",
		"{name: rwe-ridge, vary: {preset: [cheap]}}": "rwe-ridge[0 1]preset rwe-ridge:resolution=16,train_images=400," +
			"val_images=400,variant=darts[0 1]preset",
		"{name: rwe, settings: {schedule: [constant, cosine]}}": "rwe:schedule=constant[0 1] rwe:schedule=cosine[0 1]",
		"{name: rwe, settings: {epochs: 30}, vary: {epochs: 28..30}}": "rwe[0 1]epochs rwe:epochs=28[0 " +
			"1]epochs rwe:epochs=29[0 1]epochs",
	} {
		path := studytest.Write(t, t.TempDir(), "study.yaml", head+"seeds: 0..1\nestimators:\n  - "+text+"\n")
		var got []string
		for _, q := range studytest.Prepare(t, path).Questions {
			label := fmt.Sprint(q.Label, q.Seeds)
			var varied []string
			for _, v := range q.Varied {
				varied = append(varied, v.Setting)
			}
			got = append(got, label+strings.Join(varied, ","))
		}
		if text == "params" {
			want = "params[0]" // a count draws nothing
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s:\n\t%s, want\n\t%s", text, strings.Join(got, " "), want)
		}
	}
}

// TestTemplateIsLegal parses the template as it is, and again with everything uncommented that can be at once.
func TestTemplateIsLegal(t *testing.T) {
	var b bytes.Buffer
	if err := study.Template(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	d, err := study.Parse("t.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "my-study" || d.Architectures.Sample != 100 || len(d.Estimators) != 2 {
		t.Errorf("the template says %+v", d)
	}
	for _, info := range estimators.All() {
		if !strings.Contains(text, "#   "+info.Name+": {") {
			t.Errorf("%s is missing", info.Name)
		}
	}
	body, _, _ := strings.Cut(text, "\n# The estimators,")
	searched := []string{"search: ", "methods: ", "seeds: 1..5", "generations: ", "of: "}
	for key, others := range map[string][]string{
		"file": append(searched, "table: table"), "table": append(searched, "file: archs"),
		"search": {"file: archs", "table: table", "limit: "},
	} {
		others = append(others, "sample:", "file: nb301", "column: val", "unit: ", "path:")
		full := regexp.MustCompile(`(?m)^( +)# (- |  |[a-z]+: )`).ReplaceAllString(body, "$1$2")
		var lines []string
		for line := range strings.Lines(full) {
			trimmed := strings.TrimSpace(line)
			if slices.ContainsFunc(others, func(o string) bool { return strings.HasPrefix(trimmed, o) }) {
				continue
			}
			lines = append(lines, line)
		}
		if _, err := study.Parse("t.yaml", []byte(strings.Join(lines, ""))); err != nil {
			t.Errorf("uncommented with %s: %v\n%s", key, err, strings.Join(lines, ""))
		}
	}
}

func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	if err := study.Template(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.String())
	f.Add(small)
	f.Add("a: {b: [1, *x]}\n? - k\n: v\n<<: {}\n")
	f.Add("\ufeff%YAML 1.2\n---\n" + head + "seeds: 0..99999\nestimators: [{name: rwe, settings: {epochs: 1..1000}}]\n")
	f.Add("architectures:\n  " + strings.Repeat("- ", 200) + "a\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := study.Parse("f.yaml", []byte(text))
		if (d == nil) == (err == nil) && err == nil {
			t.Error("neither a definition nor an error")
		}
	})
}
