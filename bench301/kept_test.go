package bench301

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// v2Numpy is DARTS_V2 as numpy prints it, v2Flat EvoXBench's vector of it as pymoo's populations hold it.
const (
	v2Numpy = "[[[0 3]\n  [1 3]\n  [0 3]\n  [1 3]\n  [0 2]\n  [1 3]\n  [0 2]\n  [2 5]]\n\n [[0 0]\n  [1 0]\n  [1 0]\n" +
		"  [2 2]\n  [0 0]\n  [2 2]\n  [1 0]\n  [2 2]]]"
	v2Flat = "[3. 0. 3. 1. 3. 0. 3. 1. 0. 0. 3. 1. 0. 0. 5. 2. 2. 0. 2. 1. 2. 1. 0. 2.\n 2. 0. 0. 2. 2. 1. 0. 2.]"
)

// v2Genotype is DARTS_V2 without a name.
var v2Genotype = strings.TrimPrefix(dartsV2[NotationGenotype], "DARTS_V2 = ")

// wrapped writes v2Genotype with its numbers and texts inside calls, as Python shows them.
func wrapped(number, text, list, end string) string {
	out := v2Genotype
	for n := range 6 {
		out = strings.ReplaceAll(out, fmt.Sprintf(", %d)", n), fmt.Sprintf(", "+number+")", n))
	}
	for _, name := range operationNames {
		out = strings.ReplaceAll(out, "'"+name+"'", fmt.Sprintf(text, name))
	}
	out = strings.ReplaceAll(out, "range(2, "+fmt.Sprintf(number, 6)+")", "range(2, 6)")
	return strings.NewReplacer("=[", "="+list+"[", "],", "]"+end+",").Replace(out)
}

func TestGenotypesAsPeopleKeepThem(t *testing.T) {
	const id = "b149d8919d89ab39"
	pairs := dartsV2[NotationPairs]
	nasnet := "Genotype(normal=[('sep_conv_5x5', 1)" + strings.Repeat(", ('skip_connect', 0)", 9) +
		"], normal_concat=[2, 3, 4, 5, 6], reduce=[('sep_conv_7x7', 1)" + strings.Repeat(", ('skip_connect', 0)", 9) +
		"], reduce_concat=[4, 5, 6])"
	for name, c := range map[string]struct {
		text  string
		names string // of the architectures found, "-" where there is none
	}{
		"comment behind":      {"best = " + v2Genotype + "  # 2.5 % (test", "best"},
		"comments inside":     {"best = " + strings.ReplaceAll(v2Genotype, "), ('", "), # it's (\n ('"), "best"},
		"list(range)":         {strings.Replace(v2Genotype, "range(2, 6)", "list(range(2,6))", 1), "-"},
		"tuple(range)":        {strings.Replace(v2Genotype, "[2, 3, 4, 5]", "tuple(range(2, 6, 1))", 1), "-"},
		"np.arange":           {strings.Replace(v2Genotype, "range(2, 6)", "np.arange(2, 6)", 1), "-"},
		"concat of numpy":     {strings.Replace(v2Genotype, "[2, 3, 4, 5]", "array([2, 3, 4, 5], dtype=int64)", 1), "-"},
		"np.int64":            {wrapped("np.int64(%d)", "'%s'", "", ""), "-"},
		"numpy.int32":         {wrapped("numpy.int32(%d)", "np.str_('%s')", "", ""), "-"},
		"int and tuple":       {wrapped("int(%d)", `"%s"`, "tuple(", ")"), "-"},
		"Python 2":            {wrapped("%dL", "u'%s'", "", ""), "-"},
		"bytes":               {wrapped("%d", "b'%s'", "list(", ")"), "-"},
		"an array of texts":   {wrapped("'%d'", "'%s'", "np.array(", ", dtype='<U12')"), "-"},
		"type hint":           {"V2: Genotype = " + v2Genotype, "V2"},
		"type hint in quotes": {"V2: 'genotypes.Genotype'=" + v2Genotype, "V2"},
		"module's name":       {"V2 = genotypes." + v2Genotype, "V2"},
		"numpy":               {v2Numpy, "-"},
		"numpy, twice":        {v2Numpy + "\n\n" + v2Numpy, "- -"},
		"numpy of four axes":  {"[" + v2Numpy + "\n\n\n " + v2Numpy + "]", "- -"},
		"array(...)":          {"x = array(" + strings.ReplaceAll(v2Numpy, "]\n", "],\n") + ")", ""},
		"floats":              {strings.NewReplacer("0", "0.", "1", "1.0", "5", "5.00e+00").Replace(v2Numpy), "-"},
		"a population":        {"[" + v2Flat + "\n " + v2Flat + "]", "- -"},
		"a vector":            {v2Flat, "-"},
		"a tensor": {"tensor(" + strings.NewReplacer(" [", ", [", " ", ", ").Replace(strings.Join(strings.Fields(v2Numpy),
			" ")) + ", device='cuda:0', dtype=torch.int32)", ""},
		"a list of Python": {"[" + v2Genotype + ",\n " + v2Genotype + ",]", "- -"},
		"a log": {"2026-01-05 10:11:12,345 epoch 49 lr 1.0e-03\n2026-01-05 genotype = " + v2Genotype +
			"\nit's [ 3 (\nepoch 50, geno: " + pairs + " loss=0.5\nepoch 51\n" + v2Genotype + "\n[done]\n", "- - -"},
		"a log of arrays": {"epoch 3\nepoch 3 geno: " + v2Numpy + "\nepoch 4\n", "-"},
		"alphas in a log": {"tensor([[0.1251, 0.1254],\n        [0.1249, 0.2]], grad_fn=<SoftmaxBackward>)\n" +
			v2Genotype + "\ntensor([[[0.1251, 0.1254],\n        [0.1249, 0.2]]])\n", "-"},
		"a file of Python": {"from collections import namedtuple\n\nGenotype = namedtuple('Genotype', 'normal " +
			"normal_concat reduce reduce_concat')\n\nPRIMITIVES = [\n    'none',\n    'skip_connect',\n]\n\n" +
			"V1 = Genotype(\n  normal = [" + strings.NewReplacer("Genotype(normal=[", "", "), (", "),\n    (",
			"], r", "],\n  r", "6))", "6),\n)").Replace(v2Genotype) + "\n# OLD = Genotype(normal=[])\nV2 = \\\n  " + v2Genotype +
			"\n\nDARTS = V2\n\ndef parse(g: Genotype) -> Genotype:\n    return Genotype(normal=gene, normal_concat=concat, " +
			"reduce=gene, reduce_concat=concat)\n\nclass Genotype(NamedTuple):\n    steps = 4\n", "V1 V2"},
		"a dict of Python": {"ALL = {'a': " + v2Genotype + ",\n  'b': " + pairs + "}\n", "a b"},
		"another space":    {"NASNet = " + nasnet + "\nV2 = " + v2Genotype, "V2"},
	} {
		var left []error
		var names []string
		r := Reader{Space: DARTS{}, Note: func(err error) { left = append(left, err) }}
		for item, err := range r.Read("kept", strings.NewReader(c.text)) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
			if item.Architecture.ID() != id {
				t.Errorf("%s: %s", name, item.Architecture)
			}
			if item.Name == "" {
				item.Name = "-"
			}
			names = append(names, item.Name)
		}
		if got := strings.Join(names, " "); got != c.names && c.names != "" || len(names) == 0 {
			t.Errorf("%s: found %q, want %q", name, got, c.names)
		}
		if (len(left) > 0) != (name == "another space") {
			t.Errorf("%s: left out: %v", name, left)
		}
	}
	if _, err := readAll(strings.NewReader("NASNet = "+nasnet), ""); !errors.Is(err, errOtherSpace) {
		t.Errorf("a network of another space: %v", err)
	}
}

func TestKeptButWrong(t *testing.T) {
	pairs := dartsV2[NotationPairs]
	bad := strings.Replace(v2Genotype, "'sep_conv_3x3'", "'sep_conv_9x9'", 1)
	for name, c := range map[string]struct{ text, want string }{
		"a wrong operation in a log":    {"epoch 1\nepoch 2 g = " + bad + "\n", "archs:2: normal cell: edge 0: operation"},
		"a cut line of a log":           {"epoch 1\n" + v2Genotype + "\nepoch 2 " + v2Genotype[:200] + "\n", "archs:3: "},
		"a misspelt call":               {v2Genotype + "\nx = Genotpe" + v2Genotype[8:], "archs:2: "},
		"a wrong array in a log":        {"epoch 1\ngeno: " + strings.Replace(pairs, "(0, 3)", "(0, 9)", 1), "archs:2: normal cell"},
		"a word among bare ones":        {pairs + "\nhello\n" + pairs, "archs:2: hello is no architecture"},
		"a word before bare ones":       {"hello\n" + pairs, "archs:1: hello is no architecture"},
		"no genotype in Python":         {"import x\nA = ['a', 'b']\n", "archs:1: "},
		"another concat":                {strings.Replace(v2Genotype, "range(2, 6)", "list(range(3, 6))", 1), "archs:1: reduce cell: concat"},
		"a fraction":                    {strings.Replace(v2Numpy, "0 3", "0.5 3", 1), "archs:1: normal cell: edge 0: 0.5: must be a whole"},
		"commas and blanks":             {strings.Replace(v2Numpy, "0 3]\n", "0 3],\n", 1), "archs:1: "},
		"code is not run":               {"Genotype(normal=__import__('os').system('true'), reduce=[])", "archs:1: "},
		"a long range":                  {strings.Replace(v2Genotype, "range(2, 6)", "range(0, 1000000000)", 1), "archs:1: reduce cell: concat"},
		"an id of another architecture": {`{"id": "0123456789abcdef", "arch": "` + pairs + `"}`, "archs:1: id 0123456789abcdef is not that of its arch [["},
		"the same in CSV":               {"id,arch\nB149D8919D89AB39,\"" + pairs + "\"\nb149d8919d89ab38,\"" + pairs + "\"\n", "archs:3: id b149d8919d89ab38"},
		"a key twice":                   {`{"arch": "` + pairs + `", "x": 1, "x": 2}`, `archs:1: key "x" appears twice`},
		"arch twice":                    {`[{"arch": 1, "arch": "` + pairs + `"}]`, `archs:1: key "arch" appears twice`},
		"keys that differ in case":      {`{"arch": "` + pairs + `", "acc": 1, "Acc": 2}`, `archs:1: keys "acc" and "Acc" differ in case only`},
		"another case":                  {`{"Arch": "` + pairs + `"}`, `archs:1: key "Arch": write "arch"`},
		"two columns of one name":       {"arch,x,x\n\"" + pairs + "\",1,2\n", `archs:1: two columns "x"`},
	} {
		if _, err := readAll(strings.NewReader(c.text), ""); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: error %.200v, want %q", name, err, c.want)
		}
	}
}

func TestOtherDictionaries(t *testing.T) {
	const id = "b149d8919d89ab39"
	space := dartsV2[NotationConfigSpace]
	yahpo := strings.NewReplacer(":darts:", "_COLON_darts_COLON_", "Info:", "Info_COLON_", "Selector:", "Selector_COLON_",
		"sgd:", "sgd_COLON_", `8}`, `8, "epoch": 98, "val_accuracy": NaN, "edge_normal_13": null}`).Replace(space)
	curves := strings.Repeat("[0.5, 1e3, NaN], ", 10000)
	result := `{"optimized_hyperparamater_config": ` + space + `, "budget": 98, "test_accuracy": 93.5, "info": [{"a": ` +
		`-Infinity}], "learning_curves": {"x": [` + curves + `1]}}`
	nni := dartsV2[NotationNNI]
	for name, c := range map[string]struct {
		text  string
		count int
		field string // test_accuracy of the last one
	}{
		"a result of NAS-Bench-301": {result, 1, "93.5"},
		"results, one a line":       {strings.ReplaceAll(result, "\n", " ") + "\n" + strings.ReplaceAll(result, "\n", " "), 2, "93.5"},
		"results in a list":         {"[" + result + ",\n" + result + "]", 2, "93.5"},
		"YAHPO":                     {yahpo, 1, ""},
		"YAHPO in a list":           {"[" + yahpo + ", " + yahpo + "]", 2, ""},
		"NNI":                       {nni, 1, ""},
		"NNI below a key":           {`{"experiment": {"best": ` + nni + `}, "test_accuracy": null}`, 1, "null"},
		"several below keys":        {`{"a": ` + nni + `, "b": ` + space + `}`, 2, ""},
		"a text below a key":        {`{"genotype": "` + v2Genotype + `", "test_accuracy": 1}`, 1, "1"},
		"dict(...)":                 {"config = Configuration(values=" + strings.ReplaceAll(space, "true", "True") + ")", 1, ""},
		"OrderedDict":               {"OrderedDict([('genotype', " + nni + "), ('x', 1)])", 1, ""},
		"Python's NaN":              {`{"arch": "` + dartsV2[NotationPairs] + `", "a": NaN, "test_accuracy": -Infinity}`, 1, "-Infinity"},
		"Python's NaN in a list":    {`[{"a": NaN, "arch": "` + dartsV2[NotationPairs] + `", "test_accuracy": Infinity}]`, 1, "Infinity"},
		"a dict of Python":          {`{'arch': ` + dartsV2[NotationPairs] + `, 'test_accuracy': None}`, 1, "None"},
		"a CSV of semicolons":       {"test_accuracy;arch\n93,5;" + dartsV2[NotationPairs] + "\n", 1, "93,5"},
		"a CSV of tabs":             {"arch\ttest_accuracy\n" + dartsV2[NotationPairs] + "\t9\n", 1, "9"},
	} {
		items, err := readAll(strings.NewReader(c.text), "")
		if err != nil || len(items) != c.count {
			t.Errorf("%s: %d architectures, %v", name, len(items), err)
			continue
		}
		if slices.ContainsFunc(items, func(i Item) bool { return i.Architecture.ID() != id }) {
			t.Errorf("%s: %v", name, items)
		}
		if got, _ := items[len(items)-1].Field("test_accuracy"); got != c.field {
			t.Errorf("%s: test_accuracy is %q, want %q", name, got, c.field)
		}
	}
	for _, c := range []struct{ text, want string }{
		{strings.Replace(nni, `"normal/op_2_1"`, `"normal/op_2_7"`, 1), "normal/op_2_1 is missing"},
		{strings.Replace(nni, `"normal/input_2_0": 0`, `"normal/input_2_0": "x"`, 1), "where a number should stand"},
		{strings.Replace(nni, `{`, `{"normal/op_9_0": "sep_conv_3x3", `, 1), "normal/op_9_0: no key"},
		{strings.Replace(yahpo, `"sep_conv_3x3"`, `null`, 1), "edge_normal_0 is missing"},
	} {
		if _, err := readAll(strings.NewReader(c.text), ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s: error %v, want %q", c.text, err, c.want)
		}
	}
}
