package surrogate

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

// lgbModel is a LightGBM model of one split a tree, on column 10 at 2.5, in its text format.
func lgbModel(leaves ...[2]float64) string {
	var b strings.Builder
	b.WriteString("tree\nversion=v3\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=55\nobjective=regression\n\n")
	for i, l := range leaves {
		fmt.Fprintf(&b, "Tree=%d\nnum_leaves=2\nsplit_feature=10\nthreshold=2.5\ndecision_type=2\nleft_child=-1\n"+
			"right_child=-2\nleaf_value=%v %v\n\n", i, l[0], l[1])
	}
	return b.String() + "end of trees\n"
}

// pickled writes an object of a class in a pickle of protocol 2, with attributes by name: texts as Go strings, or the
// opcodes of other values.
func pickled(module, class string, attributes ...any) []byte {
	text := func(s string) string { return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s }
	out := "\x80\x02c" + module + "\n" + class + "\n)\x81}("
	for i, a := range attributes {
		switch a := a.(type) {
		case string:
			out += text(a)
		case opcodes:
			out += string(a)
		default:
			panic(i)
		}
	}
	return []byte(out + "ub.")
}

type opcodes string

// TestBestIteration: a pickle of LightGBM holds all trees, and Booster.predict takes those up to best_iteration where
// it is positive (lightgbm/basic.py of 2.3 to 4.6). The sums are by hand.
func TestBestIteration(t *testing.T) {
	text := lgbModel([2]float64{92, 94}, [2]float64{0.5, 0.25}, [2]float64{4, 8})
	g := genotype(t, "[[(0, 1), (1, 4), (0, 1), (2, 0), (1, 6), (2, 2), (1, 6), (3, 3)], "+
		"[(0, 2), (1, 4), (0, 0), (2, 2), (0, 4), (2, 4), (3, 1), (4, 4)]]") // column 10 is 1
	const lightgbm = "lightgbm.basic"
	for _, c := range []struct {
		attributes []any
		want       float64
		trees      int
	}{
		{[]any{"handle", text}, 96.5, 3},
		{[]any{"handle", text, "best_iteration", opcodes("J\xff\xff\xff\xff")}, 96.5, 3},
		{[]any{"handle", text, "best_iteration", opcodes("K\x00")}, 96.5, 3},
		{[]any{"handle", text, "best_iteration", opcodes("N")}, 96.5, 3},
		{[]any{"handle", text, "best_iteration", opcodes("K\x01")}, 92, 1},
		{[]any{"best_iteration", opcodes("\x8a\x01\x02"), "handle", text}, 92.5, 2},
		{[]any{"handle", text, "best_iteration", opcodes("K\x03")}, 96.5, 3},
		{[]any{"handle", text, "best_iteration", opcodes("M\x00\x10")}, 96.5, 3},
		{[]any{"_handle", text, "best_iteration", opcodes("K\x02")}, 92.5, 2}, // since 4.0
	} {
		m, err := parseModel("m", pickled(lightgbm, "Booster", c.attributes...), nil)
		if err != nil {
			t.Errorf("%q: %v", c.attributes[2:], err)
			continue
		}
		e, err := newEnsemble("m", Percent, []*model{m})
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Predict(g).Mean; got != c.want || m.member.Trees != c.trees {
			t.Errorf("%q: %v of %d trees, want %v of %d", c.attributes[2:], got, m.member.Trees, c.want, c.trees)
		}
		cut := strings.HasSuffix(m.member.Format, fmt.Sprintf(", best %d of 3 trees", c.trees))
		if cut != (c.trees < 3) {
			t.Errorf("format %q", m.member.Format)
		}
		back, err := decodeFile(e.encodeFile())
		if err != nil || back.Predict(g).Mean != c.want {
			t.Errorf("%q: not the same in a surrogate file: %v", c.attributes[2:], err)
		}
	}
	for _, c := range []struct {
		data []byte
		want string
	}{
		{pickled(lightgbm, "Booster", "handle", text, "best_iteration", opcodes("G\x40\x00\x00\x00\x00\x00\x00\x00")),
			"best_iteration is a float: want an int"},
		{pickled(lightgbm, "Booster", "handle", text, "best_iteration", opcodes("\x88")), "best_iteration is a bool"},
		{pickled("lightgbm.sklearn", "LGBMRegressor", "n", "x"), "want a Booster of xgboost or lightgbm; pickle its booster_"},
		{pickled("xgboost.sklearn", "XGBRegressor", "n", "x"), "pickle what its get_booster() returns"},
		{pickled("sklearn.svm", "SVR", "n", "x"), "a object sklearn.svm.SVR: want a Booster of xgboost or lightgbm"},
	} {
		if _, err := parseModel("m", c.data, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// TestWrappings: a model in another wrapping is named as such.
func TestWrappings(t *testing.T) {
	tar := make([]byte, 1024)
	copy(tar[257:], "ustar")
	for data, want := range map[string]string{
		"\x1f\x8b\x08rest":          "compressed by gzip: unpack it",
		"BZh9rest":                  "compressed by bzip2",
		"\xfd7zXZ\x00rest":          "compressed by xz",
		"7z\xbc\xaf\x27\x1crest":    "a 7z archive",
		string(tar):                 "a tar archive: unpack it",
		"\x00\x05\x16\x07\x00\x02":  "AppleDouble",
		"\x80\x02}.":                "a dict: want a Booster",
		"{\"learner\": {\"a\": 1}}": `booster "": want gbtree`,
	} {
		if _, err := parseModel("m", []byte(data), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %s", data, err, want)
		}
	}
}

// FuzzNetwork reads a model with the configuration beside it.
func FuzzNetwork(f *testing.F) {
	for _, name := range []string{"two.legacy", "two.zip"} {
		data, err := os.ReadFile("internal/torch/testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, `{"model": "gnn_gin", "gnn_hidden_dimensions": 2, "num_gnn_layers": 1}`)
	}
	f.Add([]byte(lgbModel([2]float64{1, 2})), `{"model": "lgb"}`)
	f.Add(pickled("lightgbm.basic", "Booster", "handle", lgbModel([2]float64{1, 2}), "best_iteration", opcodes("K\x01")),
		`{"model": "lgb_time", "Model": "xgb"}`)
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		oracle.Frugal(t, oracle.HostileLimit, func() {
			config, _, unit, err := parseConfig([]byte(text))
			if err != nil {
				return
			}
			m, err := parseModel("m", data, &config)
			if err != nil {
				return
			}
			if e, err := newEnsemble("m", unit, []*model{m}); err == nil {
				e.Predict(sample(1)[0])
			}
		})
	})
}
