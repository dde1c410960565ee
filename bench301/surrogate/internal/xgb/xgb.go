// Package xgb reads XGBoost models as NAS-Bench-301 uses them: one regression output of 56 features, trees with
// numerical splits. It reads the pickles of all versions, binary files, JSON and UBJSON, and predicts the bits that the
// version which wrote the file predicts.
package xgb

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rwe301/bench301/surrogate/internal/trees"
)

// Model is one booster.
type Model struct {
	Forest    trees.Forest[float32]
	Format    string // how it was stored
	Version   [3]int // of the XGBoost that wrote it; 0.0.0 before 1.0
	Objective string
}

// Parse reads a booster: what stands in the handle of a pickled Booster, or a model file.
func Parse(data []byte) (*Model, error) {
	switch {
	case len(data) == 0:
		return nil, fmt.Errorf("0 bytes: want an XGBoost model")
	case bytes.HasPrefix(data, snapshotMagic):
		return parseSnapshot(data)
	case data[0] == '{' && len(data) > 1 && strings.IndexByte("iUIlL}", data[1]) >= 0:
		return parseUBJSON(data)
	case data[0] == '{':
		return parseJSON(data)
	}
	return parseBinary(data, 0, "binary")
}

// baseFirst says in which order a version adds the base score: first since 1.3, last before.
func baseFirst(version [3]int) bool {
	return version[0] > 1 || version[0] == 1 && version[1] >= 3
}

// objectives are those whose prediction is the plain sum.
var objectives = []string{"reg:squarederror", "reg:linear"}

func check(booster, objective string) error {
	if booster != "gbtree" {
		return fmt.Errorf("booster %.40q: want gbtree", booster)
	}
	if !slices.Contains(objectives, objective) {
		return fmt.Errorf("objective %.40q: want %s", objective, strings.Join(objectives, " or "))
	}
	return nil
}

// attributes are what users and XGBoost's Python package note in a model.
type attributes map[string]string

// check refuses a model for which Booster and XGBRegressor predict different numbers: after early stopping the latter
// uses the trees up to the best iteration, the former all of them.
func (a attributes) check(trees int) error {
	best, stopped := a["best_iteration"]
	_, regressor := a["scikit_learn"]
	if n, err := strconv.Atoi(best); !stopped || !regressor || err == nil && n+1 == trees {
		return nil
	}
	return fmt.Errorf("best_iteration %.20q of %d trees, saved by XGBRegressor, which predicts with the trees up to it "+
		"where a Booster takes all: save the one that you mean, get_booster() or a slice of it", best, trees)
}

// checkCount checks a parameter that XGBoost stores as text; older versions lack some.
func checkCount(name, text string) error {
	ok := text == ""
	switch name {
	case "num_feature":
		ok = text == strconv.Itoa(trees.Features)
	default:
		ok = ok || text == "0" || text == "1"
	}
	if !ok {
		want := "one output"
		if name == "num_feature" {
			want = fmt.Sprintf("the %d features of NAS-Bench-301", trees.Features)
		}
		return fmt.Errorf("%.20q: want %s", text, want)
	}
	return nil
}

func flags(defaultLeft bool) trees.Flags {
	f := trees.NaNMissing
	if defaultLeft {
		f |= trees.DefaultLeft
	}
	return f
}
