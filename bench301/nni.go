package bench301

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// nniKeys are the keys of edge k of a cell in NNI's dictionary, which numbers the two inputs of each node.
func nniKeys(cell string, k int) (op, input string) {
	at := fmt.Sprintf("%d_%d", 2+k/2, k%2)
	return cell + "/op_" + at, cell + "/input_" + at
}

// decodeNNI reads NNI's dictionary, whose inputs are numbers or, as its InputChoice exports them, lists of one.
func decodeNNI(l literal) (g Genotype, err error) {
	values := map[string]literal{}
	for i, k := range l.keys {
		if !missing(l.items[i]) && !slices.Contains(configSpaceBeside, k) {
			values[k] = l.items[i]
		}
	}
	take := func(key string) (literal, error) {
		v, ok := values[key]
		delete(values, key)
		if !ok {
			return v, fmt.Errorf("%s is missing", key)
		}
		if v.kind == listLiteral && len(v.items) == 1 {
			v = v.items[0]
		}
		return v, nil
	}
	err = cells(&g, func(name string, _ int, c *Cell) error {
		for k := range c {
			opKey, inputKey := nniKeys(name, k)
			op, err := take(opKey)
			if err != nil {
				return err
			}
			input, err := take(inputKey)
			if err != nil {
				return err
			}
			if c[k], err = namedEdge(op, input); err != nil {
				return fmt.Errorf("%s, %s: %w", opKey, inputKey, err)
			}
		}
		return nil
	})
	if err == nil && len(values) > 0 {
		err = fmt.Errorf("%s: no key of an architecture of NNI", clip(slices.Min(slices.Collect(maps.Keys(values)))))
	}
	return g, err
}

// nni writes NNI's dictionary.
func (g Genotype) nni() string {
	var fields []string
	for i, name := range []string{"normal", "reduce"} {
		for k, e := range g.cell(i) {
			op, input := nniKeys(name, k)
			fields = append(fields, fmt.Sprintf(`"%s": "%s", "%s": %d`, op, e.Op, input, e.Source))
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}
