package xgb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"rwe301/bench301/surrogate/internal/trees"
	"rwe301/internal/strictjson"
)

// document is the part of XGBoost's model schema that predictions depend on. JSON and UBJSON share it.
type document struct {
	Version []int `json:"version"`
	Learner struct {
		Attributes attributes `json:"attributes"`
		Param      struct {
			BaseScore  string `json:"base_score"`
			NumClass   string `json:"num_class"`
			NumFeature string `json:"num_feature"`
			NumTarget  string `json:"num_target"`
		} `json:"learner_model_param"`
		Objective struct {
			Name string `json:"name"`
		} `json:"objective"`
		Booster struct {
			Name  string `json:"name"`
			Model struct {
				Param struct {
					NumTrees string `json:"num_trees"`
				} `json:"gbtree_model_param"`
				TreeInfo []int    `json:"tree_info"`
				Trees    treeList `json:"trees"`
			} `json:"model"`
		} `json:"gradient_booster"`
	} `json:"learner"`
}

type documentTree struct {
	Left       []int32   `json:"left_children"`
	Right      []int32   `json:"right_children"`
	Feature    []uint32  `json:"split_indices"`
	Value      []float32 `json:"split_conditions"`
	Default    []truth   `json:"default_left"`
	SplitType  []truth   `json:"split_type"` // 1: a categorical split
	Categories []int32   `json:"categories"`
	Param      struct {
		NumNodes string `json:"num_nodes"`
		Leaf     string `json:"size_leaf_vector"`
	} `json:"tree_param"`
}

// treeList holds the trees once they have been checked, which keeps a list of empty ones from growing.
type treeList []trees.Source[float32]

func (l *treeList) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		var raw json.RawMessage
		var t documentTree
		err := decoder.Decode(&raw)
		if err == nil {
			err = strictjson.Unmarshal(raw, &t)
		}
		if err != nil {
			return fmt.Errorf("trees[%d]: %w", len(*l), err)
		}
		if err := l.add(&t); err != nil {
			return err
		}
	}
	return nil
}

// add checks a tree and appends it.
func (l *treeList) add(t *documentTree) error {
	s, err := t.source()
	if err != nil {
		return fmt.Errorf("trees[%d]: %w", len(*l), err)
	}
	*l = append(*l, s)
	return nil
}

// truth is a boolean, which XGBoost also writes as 0 or 1.
type truth bool

func (b *truth) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "true", "1":
		*b = true
	case "false", "0":
		*b = false
	default:
		return fmt.Errorf("%.20q: want true, false, 0 or 1", text)
	}
	return nil
}

// parseJSON reads a model file or the JSON in a pickle.
func parseJSON(data []byte) (*Model, error) {
	var file struct {
		document
		Model *document `json:"Model"`
	}
	if err := strictjson.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	if file.Model != nil {
		return file.Model.model("json snapshot")
	}
	return file.model("json")
}

// model checks a document and builds the forest.
func (d *document) model(format string) (*Model, error) {
	l := &d.Learner
	m := &Model{Format: format, Objective: l.Objective.Name}
	copy(m.Version[:], d.Version)
	if err := check(l.Booster.Name, l.Objective.Name); err != nil {
		return nil, err
	}
	if len(d.Version) != 3 {
		return nil, fmt.Errorf("version %v: want three numbers", d.Version)
	}
	for _, p := range []struct{ name, text string }{{"num_feature", l.Param.NumFeature}, {"num_class", l.Param.NumClass},
		{"num_target", l.Param.NumTarget}} {
		if err := checkCount(p.name, p.text); err != nil {
			return nil, fmt.Errorf("learner.learner_model_param.%s: %w", p.name, err)
		}
	}
	base, err := strconv.ParseFloat(strings.Trim(l.Param.BaseScore, "[]"), 32)
	if err != nil {
		return nil, fmt.Errorf("learner.learner_model_param.base_score %.40q: want a number", l.Param.BaseScore)
	}
	m.Forest.Base = float32(base)
	m.Forest.BaseFirst = baseFirst(m.Version)
	model := &l.Booster.Model
	if err := l.Attributes.check(len(model.Trees)); err != nil {
		return nil, fmt.Errorf("learner.attributes: %w", err)
	}
	if n := strconv.Itoa(len(model.Trees)); model.Param.NumTrees != n {
		return nil, fmt.Errorf("gbtree_model_param.num_trees %.20q, but %s trees", model.Param.NumTrees, n)
	}
	for t, group := range model.TreeInfo {
		if group != 0 {
			return nil, fmt.Errorf("tree_info[%d] %d: want one output group", t, group)
		}
	}
	for t := range model.Trees {
		if err := m.Forest.Add(model.Trees[t]); err != nil {
			return nil, fmt.Errorf("trees[%d]: %w", t, err)
		}
	}
	return m, m.Forest.Prepare()
}

// source checks what Forest.Add does not.
func (t *documentTree) source() (s trees.Source[float32], err error) {
	n := len(t.Left)
	if n == 0 || t.Param.NumNodes != strconv.Itoa(n) {
		return s, fmt.Errorf("tree_param.num_nodes %.20q, but %d left_children", t.Param.NumNodes, n)
	}
	if leaf := t.Param.Leaf; leaf != "" && leaf != "0" && leaf != "1" {
		return s, fmt.Errorf("tree_param.size_leaf_vector %.20q: want leaves of one value", leaf)
	}
	for i, categorical := range t.SplitType {
		if categorical {
			return s, fmt.Errorf("split_type[%d]: a categorical split: want numbers only", i)
		}
	}
	if len(t.Categories) > 0 {
		return s, fmt.Errorf("categories: %d: want numerical splits only", len(t.Categories))
	}
	if len(t.Default) != n {
		return s, fmt.Errorf("%d default_left for %d nodes", len(t.Default), n)
	}
	s = trees.Source[float32]{Left: t.Left, Right: t.Right, Feature: t.Feature, Value: t.Value,
		Flags: make([]trees.Flags, n)}
	for i, left := range t.Default {
		s.Flags[i] = flags(bool(left))
	}
	return s, nil
}
