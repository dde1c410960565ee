package xgb

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"rwe301/bench301/surrogate/internal/trees"
	"rwe301/internal/oracle"
	"rwe301/internal/pickle"
)

// tiny returns a model of two trees as XGBoost 1.7.4 wrote it (tools/oracles/tiny_models.py).
func tiny(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/tiny." + name)
	if err != nil {
		t.Fatal(err)
	}
	if name != "pkl" {
		return data
	}
	v, _, err := pickle.Decode(data, 0)
	if err != nil {
		t.Fatal(err)
	}
	handle, _ := v.(*pickle.Object).State.(*pickle.Dict).Get("handle")
	raw, err := pickle.Bytes(handle)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// snapshot wraps a binary model as 1.0 to 1.2 did.
func snapshot(model []byte) []byte {
	out := binary.LittleEndian.AppendUint64(bytes.Clone(snapshotMagic), uint64(len(model)))
	return append(append(out, model...), "{}"...)
}

func TestFormsAgree(t *testing.T) {
	want, err := Parse(tiny(t, "json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		format string
		data   []byte
	}{
		{"json snapshot", append(append([]byte(`{"Config":{},"Model":`), tiny(t, "json")...), '}')},
		{"ubjson", tiny(t, "ubj")},
		{"ubjson snapshot", tiny(t, "pkl")},
		{"binary", tiny(t, "bin")},
		{"binary", tiny(t, "bin")[4:]}, // the magic is optional
		{"snapshot", snapshot(tiny(t, "bin"))},
	} {
		m, err := Parse(c.data)
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		if m.Format != c.format || m.Version[0] != 1 || m.Version[1] != 7 || !reflect.DeepEqual(m.Forest, want.Forest) {
			t.Errorf("%s: %+v, want the model of %+v", c.format, m, want)
		}
	}
}

func TestDamagedModels(t *testing.T) {
	edit := func(name, old, new string) []byte {
		data := tiny(t, name)
		if !bytes.Contains(data, []byte(old)) {
			t.Fatalf("%s: no %q", name, old)
		}
		return bytes.ReplaceAll(data, []byte(old), []byte(new))
	}
	patch := func(offset int, value uint32) []byte {
		data := tiny(t, "bin")
		binary.LittleEndian.PutUint32(data[offset:], value)
		return data
	}
	const (
		learner = 4
		strs    = learner + learnerBytes
		header  = strs + 8 + len("reg:squarederror") + 8 + len("gbtree")
		tree    = header + gbtreeBytes
		node    = tree + treeBytes
	)
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "0 bytes: want an XGBoost model"},
		{"text", []byte("tree\nversion=v3\n"), "offset 0: learner header: want 136 bytes"},
		{"json end", tiny(t, "json")[:900], "json: the JSON ends at byte 900, but is not complete"},
		{"json objective", edit("json", "reg:squarederror", "binary:logistic"),
			`objective "binary:logistic": want reg:squarederror or reg:linear`},
		{"json booster", edit("json", `"gbtree"`, `"gblinear"`), `booster "gblinear": want gbtree`},
		{"json features", edit("json", `"num_feature":"56"`, `"num_feature":"12"`),
			`learner.learner_model_param.num_feature: "12": want the 56 features`},
		{"json classes", edit("json", `"num_class":"0"`, `"num_class":"3"`),
			`learner.learner_model_param.num_class: "3": want one output`},
		{"json base", edit("json", `"base_score":"2.5E-1"`, `"base_score":"x"`), `base_score "x": want a number`},
		{"json trees", edit("json", `"num_trees":"2"`, `"num_trees":"3"`), `num_trees "3", but 2 trees`},
		{"json nodes", edit("json", `"num_nodes":"7"`, `"num_nodes":"8"`),
			`trees[0]: tree_param.num_nodes "8", but 7 left_children`},
		{"json version", edit("json", `"version":[1,7,4]`, `"version":[]`), "version []: want three numbers"},
		{"ubjson end", tiny(t, "ubj")[:900], "ubjson: offset "},
		{"ubjson type", edit("ubj", "\x00\x0dleft_children[$l", "\x00\x0dleft_children[$d"),
			"ubjson: learner.gradient_booster.model.trees[0].left_children: a []float32: want a list of integers"},
		{"ubjson key", edit("ubj", "default_left", "default_lift"), "default_left: missing: want a list of integers"},
		{"binary end", tiny(t, "bin")[:1000], "want"},
		{"snapshot length", append(bytes.Clone(snapshotMagic), 0, 0, 0, 0, 0, 0, 0, 1),
			"snapshot: offset 14: a model of 72057594037927936 bytes, 0 are left"},
		{"snapshot end", []byte("CONFIG-offset:\x00"), "snapshot: offset 14: want the length"},
		{"binary features", patch(learner+4, 55), "offset 8: 55 features: want an XGBoost model of the 56 of NAS-Bench-301"},
		{"binary classes", patch(learner+8, 2), "offset 12: 2 classes: want one output"},
		{"binary text", patch(strs+4, 1), "offset 148: objective: want 4294967312 bytes"},
		{"binary trees", patch(header, 1<<30), "offset 178: 1073741824 trees"},
		{"binary nodes", patch(tree+4, 1<<31), "tree 0: offset 486: nodes: want 42949672960 bytes"},
		{"binary roots", patch(tree, 2), "tree 0: offset 338: 2 roots"},
		{"binary child", patch(node+4, 99), "tree 0: offset 486: node 0: child 99: the tree has 7 nodes"},
		{"binary cycle", patch(node+4, 0), "node 0: child 0 has another parent"},
		{"binary feature", patch(node+12, 56), "node 0: feature 56: the models have 56 (0-55)"},
		{"binary value", patch(node+16, math.Float32bits(float32(math.NaN()))), "node 0: value NaN: want a finite number"},
		{"binary deleted root", patch(node+12, deleted), "the root is deleted"},
	} {
		m, err := Parse(c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v, want %s", c.name, m, err, c.want)
		}
	}
}

// TestOtherBoosters: what is no sum of trees gets the same words in every format.
func TestOtherBoosters(t *testing.T) {
	text := func(s string) string { return "\x00" + string(rune(len(s))) + s }
	for _, name := range []string{"dart", "gblinear"} {
		for _, c := range []struct {
			format, old, new string
		}{
			{"json", `"gbtree"`, `"` + name + `"`},
			{"ubj", text("gbtree"), text(name)},
			{"pkl", text("gbtree"), text(name)},
		} {
			data := bytes.ReplaceAll(tiny(t, c.format), []byte(c.old), []byte(c.new))
			if _, err := Parse(data); err == nil || !strings.Contains(err.Error(), `booster "`+name+`": want gbtree`) {
				t.Errorf("%s in %s: %v", name, c.format, err)
			}
		}
	}
}

// TestBestIteration: where XGBRegressor and Booster would answer differently, nobody knows what is meant.
func TestBestIteration(t *testing.T) {
	long := func(n int) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(n))) }
	forms := func(keys ...string) map[string][]byte {
		var object []string
		ubj, bin := "", long(len(keys)/2)
		for i := 0; i < len(keys); i += 2 {
			object = append(object, `"`+keys[i]+`":"`+keys[i+1]+`"`)
			for k, s := range keys[i : i+2] {
				ubj += []string{"", "S"}[k] + "i" + string(rune(len(s))) + s
				bin += long(len(s)) + s
			}
		}
		// between puts a text between the first two marks of a file; no end stands for that of the file.
		between := func(file, start, end, text string) []byte {
			head, tail, ok := strings.Cut(string(tiny(t, file)), start)
			if !ok {
				t.Fatalf("%s: no %q", file, start)
			}
			if end == "" {
				return []byte(head + text)
			}
			_, tail, _ = strings.Cut(tail, end)
			return []byte(head + start + text + end + tail)
		}
		return map[string][]byte{
			"json": between("json", `"attributes":{`, "}", strings.Join(object, ",")),
			"ubj":  between("ubj", "attributes{", "}", ubj),
			"bin":  between("bin", long(3)+long(len("best_iteration"))+"best_iteration", "", bin),
		}
	}
	for _, c := range []struct {
		keys  []string
		fails bool
	}{
		{[]string{"best_iteration", "0"}, false}, // a Booster: XGBoost predicts with all trees
		{[]string{"best_iteration", "0", "best_ntree_limit", "1"}, false},
		{[]string{"scikit_learn", "{}"}, false},
		{[]string{"best_iteration", "1", "scikit_learn", "{}"}, false}, // the last of two
		{[]string{"best_iteration", "0", "scikit_learn", "{}"}, true},
		{[]string{"scikit_learn", "{}", "best_iteration", "x"}, true},
	} {
		for form, data := range forms(c.keys...) {
			m, err := Parse(data)
			if c.fails && (err == nil || !strings.Contains(err.Error(), "of 2 trees, saved by XGBRegressor")) ||
				!c.fails && (err != nil || m.Forest.Trees() != 2) {
				t.Errorf("%v in %s: %v, %v", c.keys, form, m, err)
			}
		}
	}
}

// TestKeys: readers of JSON take either of two keys, so that two programs may read two models.
func TestKeys(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{`"num_trees":"2"`, `"num_trees":"2","num_trees":"2"`, `the key "num_trees" stands twice`},
		{`"base_score":`, `"BASE_SCORE":"9","base_score":`, `the key "BASE_SCORE" is written "base_score"`},
		{`"left_children":`, `"Left_Children":[],"left_children":`, `trees[0]: the key "Left_Children" is written "left_children"`},
	} {
		data := bytes.Replace(tiny(t, "json"), []byte(c.old), []byte(c.new), 1)
		if _, err := Parse(data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.new, err)
		}
	}
}

// TestTruncated cuts every form everywhere.
func TestTruncated(t *testing.T) {
	for _, name := range []string{"json", "ubj", "bin"} {
		data := tiny(t, name)
		for n := range data {
			if _, err := Parse(data[:n]); err == nil {
				t.Errorf("%s: the first %d of %d bytes pass", name, n, len(data))
			}
		}
	}
}

// answers walks a model that was read.
func answers(t *testing.T, m *Model) {
	row := trees.NewRow([trees.Features]float32{10: 3, 40: float32(math.NaN())})
	scratch := make([]float32, m.Forest.Trees())
	m.Forest.Predict(&row, scratch)
	row[40] = 2
	alone := m.Forest.Predict(&row, scratch)
	var out [1]float32
	m.Forest.PredictBatch([]trees.Row[float32]{row}, out[:])
	if out[0] != alone && alone == alone {
		t.Errorf("%v alone, %v in a batch", alone, out[0])
	}
}

func fuzz(f *testing.F, parse func([]byte) (*Model, error), seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		oracle.Frugal(t, oracle.HostileLimit, func() {
			if m, err := parse(data); err == nil {
				answers(t, m)
			}
		})
	})
}

func FuzzBinary(f *testing.F) {
	fuzz(f, func(data []byte) (*Model, error) { return parseBinary(data, 0, "") }, tiny(f, "bin"), tiny(f, "bin")[4:])
}

func FuzzSnapshot(f *testing.F) { fuzz(f, Parse, snapshot(tiny(f, "bin")), tiny(f, "pkl")) }

func FuzzJSON(f *testing.F) { fuzz(f, parseJSON, tiny(f, "json")) }

func FuzzUBJSON(f *testing.F) { fuzz(f, parseUBJSON, tiny(f, "ubj")) }
