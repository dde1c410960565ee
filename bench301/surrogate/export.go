package surrogate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"rwe301/bench301/surrogate/internal/trees"
)

// ExportJSON writes a member of an XGBoost ensemble as a JSON model that XGBoost 1.6 and later load. What predictions
// do not need (gains, covers, weights of inner nodes) is zero. XGBoost 1.3 and later add the base score first: for a
// model of an earlier version the last bit of a prediction may differ from the original's.
func (e *Ensemble) ExportJSON(w io.Writer, member int) error {
	if member < 0 || member >= len(e.models) {
		return fmt.Errorf("member %d: %s has %d (0-%d)", member, e.info.Name, len(e.models), len(e.models)-1)
	}
	m := e.models[member]
	if m.xgb == nil {
		return fmt.Errorf("%s is of kind %s: only xgb can be written as XGBoost JSON", e.info.Name, e.info.Kind)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	list := make([]exportTree, m.xgb.Trees())
	for t := range list {
		list[t] = newExportTree(m.xgb, t)
	}
	model := map[string]any{
		"version": exportVersion,
		"learner": map[string]any{
			"attributes": struct{}{}, "feature_names": []string{}, "feature_types": []string{},
			"objective": map[string]any{"name": "reg:squarederror",
				"reg_loss_param": map[string]string{"scale_pos_weight": "1"}},
			"learner_model_param": map[string]string{
				"base_score": strconv.FormatFloat(float64(m.xgb.Base), 'E', -1, 32), "num_class": "0",
				"num_feature": strconv.Itoa(Features), "num_target": "1",
			},
			"gradient_booster": map[string]any{"name": "gbtree", "model": map[string]any{
				"gbtree_model_param": map[string]string{"num_trees": strconv.Itoa(len(list)), "num_parallel_tree": "1",
					"size_leaf_vector": "0"},
				"tree_info": make([]int, len(list)),
				"trees":     list,
			}},
		},
	}
	if err := json.NewEncoder(out).Encode(model); err != nil {
		return err
	}
	return out.Flush()
}

// exportVersion is the version whose schema is written.
var exportVersion = [3]int{1, 7, 4}

// number is a float as XGBoost insists on: with an exponent, so that it is not taken for an integer.
type number float32

func (n number) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(n), 'E', -1, 32), nil
}

// exportTree is a tree in XGBoost's schema.
type exportTree struct {
	ID         int               `json:"id"`
	Param      map[string]string `json:"tree_param"`
	Left       []int32           `json:"left_children"`
	Right      []int32           `json:"right_children"`
	Parents    []int32           `json:"parents"`
	Feature    []int             `json:"split_indices"`
	Value      []number          `json:"split_conditions"`
	Default    []int             `json:"default_left"`
	SplitType  []int             `json:"split_type"`
	Weights    []number          `json:"base_weights"`
	Gains      []number          `json:"loss_changes"`
	Hessian    []number          `json:"sum_hessian"`
	Categories []int             `json:"categories"`
	CatNodes   []int             `json:"categories_nodes"`
	CatStarts  []int             `json:"categories_segments"`
	CatSizes   []int             `json:"categories_sizes"`
}

const noParent = 1<<31 - 1

func newExportTree(f *trees.Forest[float32], t int) exportTree {
	nodes, flags, root := f.Tree(t)
	n := len(nodes)
	e := exportTree{
		ID: t,
		Param: map[string]string{"num_nodes": strconv.Itoa(n), "num_deleted": "0", "num_feature": strconv.Itoa(Features),
			"size_leaf_vector": "0"},
		Left: make([]int32, n), Right: make([]int32, n), Parents: make([]int32, n), Feature: make([]int, n),
		Value: make([]number, n), Default: make([]int, n), SplitType: make([]int, n),
		Weights: make([]number, n), Gains: make([]number, n), Hessian: make([]number, n),
		Categories: []int{}, CatNodes: []int{}, CatStarts: []int{}, CatSizes: []int{},
	}
	e.Parents[0] = noParent
	for i, node := range nodes {
		e.Value[i] = number(node.Value)
		if node.Leaf() {
			e.Left[i], e.Right[i] = -1, -1
			continue
		}
		left := int32(node.Child() - root)
		e.Left[i], e.Right[i], e.Feature[i] = left, left+1, node.Feature()
		e.Parents[left], e.Parents[left+1] = int32(i), int32(i)
		if flags[i]&trees.DefaultLeft != 0 {
			e.Default[i] = 1
		}
	}
	return e
}
