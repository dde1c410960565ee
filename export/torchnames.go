package export

import (
	"fmt"
	"regexp"
	"strings"

	"rwe301/bench301"
)

// The modules of the networks have the names that the code of DARTS and of NAS-Bench-201 gives them, so that a
// state_dict of one fits the other. Stages are the modules inside an edge or a block.
var (
	cellNode = regexp.MustCompile(`^cell(\d+)\.(?:(edge|pre)(\d)\.)?(.+)$`)

	dartsHeads = map[string]string{
		"stem.conv": "stem.0", "stem.bn": "stem.1", "stem0.conv1": "stem0.0", "stem0.bn1": "stem0.1",
		"stem0.conv2": "stem0.3", "stem0.bn2": "stem0.4", "stem1.conv": "stem1.1", "stem1.bn": "stem1.2",
		"classifier":      "classifier",
		"auxiliary.conv1": "auxiliary_head.features.2", "auxiliary.bn1": "auxiliary_head.features.3",
		"auxiliary.conv2": "auxiliary_head.features.5", "auxiliary.bn2": "auxiliary_head.features.6",
		"auxiliary.classifier": "auxiliary_head.classifier",
	}
	dartsStages = map[string]string{
		"dw": "op.1", "pw": "op.2", "dw1": "op.1", "pw1": "op.2", "bn1": "op.3", "dw2": "op.5", "pw2": "op.6", "bn2": "op.7",
		"conv": "op.1", "conv1": "conv_1", "conv2": "conv_2",
	}

	heads201 = map[string]string{
		"stem.conv": "stem.0", "stem.bn": "stem.1", "head.bn": "lastact.0", "classifier": "classifier",
	}
	stages201 = map[string]string{
		"conv": "op.1", "bn": "op.2", "conv1": "conv_a.op.1", "bn1": "conv_a.op.2", "conv2": "conv_b.op.1",
		"bn2": "conv_b.op.2", "shortcut": "downsample.1",
	}
)

// dartsName is the name of the module of node n of a DARTS network.
func dartsName(g bench301.Graph, n bench301.Node) (string, bool) {
	if name, ok := dartsHeads[n.Name]; ok {
		return name, true
	}
	m := cellNode.FindStringSubmatch(n.Name)
	if m == nil || m[2] == "" {
		return "", false
	}
	stage, ok := dartsStages[m[4]]
	if m[4] == "bn" {
		ok = true
		switch before := g.Nodes[n.Inputs[0]]; {
		case before.Kind == bench301.Concat: // of a factorised reduction
			stage = "bn"
		case before.Kind != bench301.Conv: // of a pool
			stage = "1"
		case strings.HasSuffix(before.Name, ".pw"):
			stage = "op.3"
		default:
			stage = "op.2"
		}
	}
	place := "preprocess"
	if m[2] == "edge" {
		place = "_ops."
	}
	return "cells." + m[1] + "." + place + m[3] + "." + stage, ok
}

// name201 is the name of the module of node n of a network of NAS-Bench-201.
func name201(_ bench301.Graph, n bench301.Node) (string, bool) {
	if name, ok := heads201[n.Name]; ok {
		return name, true
	}
	m := cellNode.FindStringSubmatch(n.Name)
	if m == nil || m[2] == "pre" {
		return "", false
	}
	stage, ok := stages201[m[4]]
	if m[2] == "edge" {
		return "cells." + m[1] + ".layers." + m[3] + "." + stage, ok
	}
	return "cells." + m[1] + "." + stage, ok
}

// plainName is the name of the module of a node where every node is an attribute of the network.
func plainName(_ bench301.Graph, n bench301.Node) (string, bool) {
	name := strings.ReplaceAll(n.Name, ".", "_")
	return name, identifier.MatchString(name)
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// stateDict lists the tensors of a model in the order of its graph: parameters, and the running statistics of
// normalisations.
func (m Module) stateDict(nameOf func(bench301.Graph, bench301.Node) (string, bool)) ([]tensor, error) {
	g := m.Graph
	offsets, size := make([]int, len(g.Params)), 0
	for i, p := range g.Params {
		offsets[i] = size
		size += p.Size()
	}
	if size != len(m.Theta) {
		return nil, fmt.Errorf("%d parameters: the network has %d", len(m.Theta), size)
	}
	var out []tensor
	seen := map[string]bool{}
	for _, n := range g.Nodes {
		norm := n.Kind == bench301.BatchNorm
		if len(n.Params) == 0 && !norm {
			continue
		}
		name, ok := nameOf(g, n)
		if !ok || seen[name] {
			return nil, fmt.Errorf("node %q: has no name in a module of Python", n.Name)
		}
		seen[name] = true
		for i, k := range n.Params {
			p := g.Params[k]
			out = append(out, tensor{name: name + []string{".weight", ".bias"}[i], shape: p.Shape,
				float: m.Theta[offsets[k] : offsets[k]+p.Size()]})
		}
		if !norm {
			continue
		}
		mean, variance := make([]float32, n.C), make([]float32, n.C)
		for i := range variance {
			variance[i] = 1
		}
		if m.Running != nil {
			if a, b := m.Running(n.Name); a != nil {
				mean, variance = narrow(a), narrow(b)
			}
		}
		out = append(out, tensor{name: name + ".running_mean", shape: []int{n.C}, float: mean},
			tensor{name: name + ".running_var", shape: []int{n.C}, float: variance},
			tensor{name: name + ".num_batches_tracked", long: int64(m.Batches)})
	}
	return out, nil
}
