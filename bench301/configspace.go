package bench301

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// configSpacePrefix stands before the architecture's keys in NAS-Bench-301's ConfigSpace.
const configSpacePrefix = "NetworkSelectorDatasetInfo:darts:"

// configSpaceKey is a key as NAS-Bench-301 spells it; YAHPO Gym writes colons as a word.
func configSpaceKey(key string) string { return strings.ReplaceAll(key, "_COLON_", ":") }

// configSpaceBeside are keys that tools keep among the hyperparameters: the budget (YAHPO's epoch), and what was
// measured.
var configSpaceBeside = []string{"epoch", "budget", "runtime", "val_accuracy", "test_accuracy"}

// missing reports whether l stands for nothing: a hyperparameter that is not active.
func missing(l literal) bool {
	return l.kind == wordLiteral && slices.Contains([]string{"null", "None", "NaN", "nan"}, l.text)
}

// configSpaceFixed are the hyperparameters that NAS-Bench-301 keeps at one value (its configspace.json).
var configSpaceFixed = map[string]string{
	"CreateImageDataLoader:batch_size":                             "96",
	"ImageAugmentation:augment":                                    "True",
	"ImageAugmentation:autoaugment":                                "False",
	"ImageAugmentation:cutout":                                     "True",
	"ImageAugmentation:cutout_holes":                               "1",
	"ImageAugmentation:cutout_length":                              "16",
	"ImageAugmentation:fastautoaugment":                            "False",
	"LossModuleSelectorIndices:loss_module":                        "cross_entropy",
	"NetworkSelectorDatasetInfo:darts:auxiliary":                   "True",
	"NetworkSelectorDatasetInfo:darts:drop_path_prob":              "0.2",
	"NetworkSelectorDatasetInfo:darts:init_channels":               "32",
	"NetworkSelectorDatasetInfo:darts:layers":                      "8",
	"NetworkSelectorDatasetInfo:network":                           "darts",
	"OptimizerSelector:optimizer":                                  "sgd",
	"OptimizerSelector:sgd:learning_rate":                          "0.025",
	"OptimizerSelector:sgd:momentum":                               "0.9",
	"OptimizerSelector:sgd:weight_decay":                           "0.0003",
	"SimpleLearningrateSchedulerSelector:cosine_annealing:T_max":   "100",
	"SimpleLearningrateSchedulerSelector:cosine_annealing:eta_min": "1e-08",
	"SimpleLearningrateSchedulerSelector:lr_scheduler":             "cosine_annealing",
	"SimpleTrainNode:batch_loss_computation_technique":             "mixup",
	"SimpleTrainNode:mixup:alpha":                                  "0.2",
}

// edgeKey is the number of the edge from state source to node n in ConfigSpace's counting.
func edgeKey(n, source int) int { return n*(n+3)/2 + source }

// decodeConfigSpace reads NAS-Bench-301's dictionary. Its edges have no order: they come sorted by source.
func decodeConfigSpace(l literal) (g Genotype, err error) {
	values := map[string]literal{}
	for i, k := range l.keys {
		k = configSpaceKey(k)
		if missing(l.items[i]) || slices.Contains(configSpaceBeside, k) {
			continue
		}
		if err := checkFixed(k, l.items[i]); err == nil {
			continue
		} else if _, fixed := configSpaceFixed[k]; fixed {
			return g, err
		}
		short := strings.TrimPrefix(k, configSpacePrefix)
		if _, twice := values[short]; twice {
			return g, fmt.Errorf("%s appears with and without its prefix", short)
		}
		values[short] = l.items[i]
	}
	take := func(key string) (literal, error) {
		v, ok := values[key]
		delete(values, key)
		if !ok {
			return v, fmt.Errorf("%s is missing", key)
		}
		if v.kind != stringLiteral {
			return v, fmt.Errorf("%s: %s where a quoted text should stand", key, v)
		}
		return v, nil
	}
	err = cells(&g, func(name string, _ int, c *Cell) error {
		for n := range Nodes {
			sources := [2]int{0, 1}
			if n > 0 {
				key := fmt.Sprintf("inputs_node_%s_%d", name, n+2)
				v, err := take(key)
				if err != nil {
					return err
				}
				if sources, err = inputPair(v.text, n); err != nil {
					return fmt.Errorf("%s: %w", key, err)
				}
			}
			for k, s := range sources {
				key := fmt.Sprintf("edge_%s_%d", name, edgeKey(n, s))
				v, err := take(key)
				if err != nil {
					return fmt.Errorf("node %d reads state %d, but %w", n+2, s, err)
				}
				op, err := ParseOperation(v.text)
				if err != nil {
					return fmt.Errorf("%s: %w", key, err)
				}
				c[2*n+k] = Edge{uint8(s), op}
			}
		}
		return nil
	})
	if err != nil {
		return g, err
	}
	if len(values) == 0 {
		return g, nil
	}
	k := slices.Min(slices.Collect(maps.Keys(values)))
	if strings.HasPrefix(k, "edge_") {
		return g, fmt.Errorf("%s: no inputs_node_... reads this edge; leave it out", clip(k))
	}
	return g, fmt.Errorf("%s: no hyperparameter of NAS-Bench-301", clip(k))
}

// inputPair reads the two states that node n reads, as in "0_2".
func inputPair(text string, n int) (pair [2]int, err error) {
	a, b, ok := strings.Cut(text, "_")
	s, errA := strconv.ParseUint(a, 10, 4)
	u, errB := strconv.ParseUint(b, 10, 4)
	if !ok || errA != nil || errB != nil || s >= u || int(u) >= n+2 {
		return pair, fmt.Errorf("%q: must name two different states of 0-%d in ascending order, such as \"0_1\"", clip(text),
			n+1)
	}
	return [2]int{int(s), int(u)}, nil
}

// checkFixed says whether v is the value that NAS-Bench-301 fixes for key.
func checkFixed(key string, v literal) error {
	want, ok := configSpaceFixed[key]
	if !ok {
		return fmt.Errorf("%s is not fixed", key)
	}
	got := v.text
	if v.kind == wordLiteral && got != "" {
		got = strings.ToUpper(got[:1]) + got[1:]
	}
	x, errX := strconv.ParseFloat(got, 64)
	y, errY := strconv.ParseFloat(want, 64)
	if got == want || errX == nil && errY == nil && x == y {
		return nil
	}
	return fmt.Errorf("%s: %s: NAS-Bench-301 keeps it at %s", key, v, want)
}
