package lgb

import (
	"strings"
	"testing"

	"rwe301/bench301/surrogate/internal/trees"
	"rwe301/internal/oracle"
)

// tiny is a model in the form of LightGBM 2.3.1.
const tiny = `tree
version=v3
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=55
objective=regression
feature_names=a b
tree_sizes=1 2

Tree=0
num_leaves=3
num_cat=0
split_feature=10 40
split_gain=1 1
threshold=2.5000000000000004 -0.5
decision_type=2 8
left_child=1 -1
right_child=-3 -2
leaf_value=10 20 -3e1
leaf_count=1 1 1
shrinkage=0.1


Tree=1
num_leaves=1
num_cat=0
split_feature=
threshold=
decision_type=
left_child=
right_child=
leaf_value=0.125
shrinkage=1


end of trees

parameters:
`

func TestTiny(t *testing.T) {
	m, err := Parse([]byte(tiny))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ x10, x40, want float64 }{
		{2.5000000000000004, -0.5, 10.125}, // equal goes left
		{2, 0, 20.125},
		{2.500000000000001, 0, -29.875},
	} {
		row := trees.NewRow([trees.Features]float64{10: c.x10, 40: c.x40})
		if got := m.Forest.Predict(&row, make([]float64, 2)); got != c.want {
			t.Errorf("%v, %v: %v, want %v", c.x10, c.x40, got, c.want)
		}
	}
	if dos, err := Parse([]byte(strings.ReplaceAll(tiny, "\n", "\r\n"))); err != nil || dos.Forest.Trees() != 2 {
		t.Errorf("with carriage returns: %v, %v", dos, err)
	}
}

func TestDamagedModels(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{tiny, "", `line 1: "": want "tree"`},
		{"num_class=1", "num_class=2", "line 3: num_class=2: want 1"},
		{"num_class=1\n", "", "line 10: the header lacks num_class"},
		{"max_feature_idx=55", "max_feature_idx=7", "line 6: max_feature_idx=7: want 55"},
		{"objective=regression", "objective=binary", `line 11: objective "binary": want regression`},
		{"version=v3", "version=v9", `line 2: version "v9": want v2, v3 or v4`},
		{"label_index=0", "average_output", "line 5: average_output"},
		{"Tree=1", "Tree=2", `"Tree=2": want Tree=1`},
		{"Tree=0", "Tree=7", `line 11: "Tree=7": want Tree=0`},
		{"num_leaves=3", "num_leaves=4", "line 12: num_leaves=4, but 3 leaf values"},
		{"num_cat=0\nsplit_feature=10", "num_cat=1\nsplit_feature=10", "line 13: num_cat=1: want 0"},
		{"split_feature=10 40", "split_feature=10", "line 14: split_feature: 1 values: want 2"},
		{"split_feature=10 40", "split_feature=10 x", `line 14: split_feature: value 1: "x": want a number`},
		{"split_feature=10 40", "split_feature=10 -4", "line 14: split_feature -4: want 0-55"},
		{"split_feature=10 40", "split_feature=10 56", "line 11: tree 0: node 1: feature 56"},
		{"threshold=2.5000000000000004 -0.5", "threshold=nan 0", "line 11: tree 0: node 0: value NaN: want a finite number"},
		{"decision_type=2 8", "decision_type=3 8", "line 17: decision_type 3: want a numerical split"},
		{"decision_type=2 8", "decision_type=2 12", "line 17: decision_type 12: want a numerical split"},
		{"left_child=1 -1", "left_child=9 -1", "split 0: child 9: the tree has 2 splits and 3 leaves"},
		{"left_child=1 -1", "left_child=0 -1", "line 11: tree 0: node 0: child 0 has another parent"},
		{"right_child=-3 -2", "right_child=-3 -2147483648", "split 1: child -2147483648"},
		{"leaf_value=10 20 -3e1\n", "", "line 11: the tree lacks leaf_value"},
		{"leaf_value=10 20 -3e1", "leaf_value=10 20 -3e1\nleaf_value=1", "line 21: leaf_value stands twice in tree 0"},
		{"end of trees", "", "the file ends in tree 1: want end of trees"},
	} {
		text := strings.Replace(tiny, c.old, c.new, 1)
		if text == tiny {
			t.Fatalf("no %q", c.old)
		}
		m, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: %v, %v, want %s", c.new, m, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(tiny))
	f.Add([]byte(strings.ReplaceAll(tiny, "\n", "\r\n")))
	f.Fuzz(func(t *testing.T, data []byte) {
		oracle.Frugal(t, oracle.HostileLimit, func() {
			m, err := Parse(data)
			if err != nil {
				if !strings.HasPrefix(err.Error(), "line ") && !strings.HasPrefix(err.Error(), "tree ") &&
					!strings.HasPrefix(err.Error(), "a model") {
					t.Errorf("error without line: %v", err)
				}
				return
			}
			row := trees.NewRow([trees.Features]float64{10: 3})
			m.Forest.Predict(&row, make([]float64, m.Forest.Trees()))
		})
	})
}
