package xgb

import (
	"fmt"
	"strings"

	"rwe301/bench301/surrogate/internal/ubjson"
)

// parseUBJSON reads a model file or the UBJSON in a pickle.
func parseUBJSON(data []byte) (*Model, error) {
	v, err := ubjson.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("ubjson: %w", err)
	}
	format := "ubjson"
	root := field{value: v}
	if object, ok := v.(map[string]any); ok && object["Model"] != nil {
		root = field{value: object["Model"], path: "Model"}
		format = "ubjson snapshot"
	}
	d, err := fill(root)
	if err != nil {
		return nil, fmt.Errorf("ubjson: %w", err)
	}
	return d.model(format)
}

// fill copies what predictions depend on from a UBJSON value into the document.
func fill(root field) (*document, error) {
	d := new(document)
	l := root.at("learner")
	param, booster := l.at("learner_model_param"), l.at("gradient_booster")
	model := booster.at("model")
	err := first(
		text(booster.at("name"), &d.Learner.Booster.Name),
		text(l.at("objective").at("name"), &d.Learner.Objective.Name),
	)
	if err == nil {
		err = check(d.Learner.Booster.Name, d.Learner.Objective.Name) // others have other fields
	}
	if err != nil {
		return nil, err
	}
	d.Learner.Attributes = notes(l.at("attributes"))
	err = first(
		integers(root.at("version"), &d.Version),
		text(param.at("base_score"), &d.Learner.Param.BaseScore),
		text(param.at("num_feature"), &d.Learner.Param.NumFeature),
		text(param.at("num_class"), &d.Learner.Param.NumClass),
		optional(param.at("num_target"), &d.Learner.Param.NumTarget),
		text(model.at("gbtree_model_param").at("num_trees"), &d.Learner.Booster.Model.Param.NumTrees),
		integers(model.at("tree_info"), &d.Learner.Booster.Model.TreeInfo),
	)
	if err != nil {
		return nil, err
	}
	list := model.at("trees")
	items, ok := list.value.([]any)
	if !ok {
		return nil, list.want("a list")
	}
	for i, item := range items {
		var t documentTree
		if err := fillTree(field{item, fmt.Sprintf("%s[%d]", list.path, i)}, &t); err != nil {
			return nil, err
		}
		if err := d.Learner.Booster.Model.Trees.add(&t); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func fillTree(f field, t *documentTree) error {
	return first(
		integers(f.at("left_children"), &t.Left),
		integers(f.at("right_children"), &t.Right),
		integers(f.at("split_indices"), &t.Feature),
		floats(f.at("split_conditions"), &t.Value),
		truths(f.at("default_left"), &t.Default),
		truths(f.at("split_type"), &t.SplitType),
		integers(f.at("categories"), &t.Categories),
		text(f.at("tree_param").at("num_nodes"), &t.Param.NumNodes),
		optional(f.at("tree_param").at("size_leaf_vector"), &t.Param.Leaf),
	)
}

// field is a value with its place in the document.
type field struct {
	value any
	path  string
}

// at goes down to a key; a missing key is a field without a value.
func (f field) at(key string) field {
	object, _ := f.value.(map[string]any)
	return field{object[key], strings.TrimPrefix(f.path+"."+key, ".")}
}

func (f field) want(what string) error {
	if f.value == nil {
		return fmt.Errorf("%s: missing: want %s", f.path, what)
	}
	return fmt.Errorf("%s: a %T: want %s", f.path, f.value, what)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func text(f field, into *string) error {
	s, ok := f.value.(string)
	if !ok {
		return f.want("text")
	}
	*into = s
	return nil
}

// optional is text that older versions do not write.
func optional(f field, into *string) error {
	if f.value == nil {
		return nil
	}
	return text(f, into)
}

// notes reads the attributes of a model; they are text.
func notes(f field) attributes {
	out := attributes{}
	object, _ := f.value.(map[string]any)
	for key, v := range object {
		out[key], _ = v.(string)
	}
	return out
}

// integers reads a list of integers in any of its forms; each must fit the type.
func integers[T int | int32 | uint32](f field, into *[]T) error {
	var wide []int64
	switch v := f.value.(type) {
	case []int64:
		wide = v
	case []byte:
		wide = make([]int64, len(v))
		for i, x := range v {
			wide[i] = int64(x)
		}
	case []any:
		wide = make([]int64, len(v))
		for i, x := range v {
			n, ok := x.(int64)
			if !ok {
				return field{x, fmt.Sprintf("%s[%d]", f.path, i)}.want("an integer")
			}
			wide[i] = n
		}
	default:
		return f.want("a list of integers")
	}
	*into = make([]T, len(wide))
	for i, n := range wide {
		(*into)[i] = T(n)
		if int64((*into)[i]) != n {
			return fmt.Errorf("%s[%d] %d: outside the range of its type", f.path, i, n)
		}
	}
	return nil
}

func floats(f field, into *[]float32) error {
	v, ok := f.value.([]float32)
	if !ok {
		if empty, is := f.value.([]any); is && len(empty) == 0 {
			return nil
		}
		return f.want("a list of float32")
	}
	*into = v
	return nil
}

func truths(f field, into *[]truth) error {
	var n []int32
	if err := integers(f, &n); err != nil {
		return err
	}
	*into = make([]truth, len(n))
	for i, x := range n {
		if x != 0 && x != 1 {
			return fmt.Errorf("%s[%d] %d: want 0 or 1", f.path, i, x)
		}
		(*into)[i] = x == 1
	}
	return nil
}
