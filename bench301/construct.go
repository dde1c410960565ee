package bench301

import (
	"slices"
	"strconv"
	"strings"
)

// numberTypes are the names of Python's, numpy's and torch's types of numbers that print themselves around a value, as
// in np.int64(3).
var numberTypes = []string{
	"int", "float", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "intc", "intp", "longlong",
	"float16", "float32", "float64",
}

// construct takes the value out of a call that only wraps it: a number or a text of numpy, a list, an array or tensor
// (whose dtype and device do not matter), a dict; range is written out. Other calls stay as they are. Nothing is
// evaluated.
func construct(l literal) literal {
	name := l.text[strings.LastIndexByte(l.text, '.')+1:]
	var first literal // the first argument, if it has no name
	if len(l.items) > 0 && l.keys[0] == "" {
		first = l.items[0]
	} else if name != "dict" {
		return l
	}
	switch {
	case slices.Contains(numberTypes, name):
		if len(l.items) == 1 && first.kind == numberLiteral {
			return first
		}
	case name == "str" || name == "str_":
		if len(l.items) == 1 && first.kind == stringLiteral {
			return first
		}
	case name == "list" || name == "tuple":
		if len(l.items) == 1 && first.kind == listLiteral {
			return first
		}
	case slices.Contains([]string{"array", "asarray", "tensor", "Tensor", "IntTensor", "LongTensor", "FloatTensor"}, name):
		if first.kind == listLiteral || first.kind == numberLiteral {
			return first
		}
	case name == "range" || name == "xrange" || name == "arange":
		if list, ok := writtenOut(l.items); ok {
			return list
		}
	case name == "dict" && !slices.Contains(l.keys, ""):
		return literal{kind: objectLiteral, keys: l.keys, items: l.items}
	case name == "dict" || name == "OrderedDict":
		if o, ok := dictionary(first); ok && len(l.items) == 1 {
			return o
		}
	}
	return l
}

// writtenOut lists the numbers of range(stop), range(start, stop) and range(start, stop, step).
func writtenOut(args []literal) (literal, bool) {
	var n [3]int
	for i, a := range args {
		v, err := integer(a)
		if err != nil || i > 2 {
			return literal{}, false
		}
		n[i] = v
	}
	start, stop, step := n[0], n[1], n[2]
	switch {
	case len(args) == 1:
		start, stop, step = 0, start, 1
	case len(args) == 2:
		step = 1
	case step == 0:
		return literal{}, false
	}
	list := literal{kind: listLiteral}
	for i := start; i < stop; i += step {
		list.items = append(list.items, literal{kind: numberLiteral, text: strconv.Itoa(i)})
	}
	return list, true
}

// dictionary is an object, or a list of (key, value) as one.
func dictionary(l literal) (literal, bool) {
	if l.kind == objectLiteral {
		return l, true
	}
	o := literal{kind: objectLiteral}
	for _, item := range l.items {
		if l.kind != listLiteral || item.kind != listLiteral || len(item.items) != 2 || item.items[0].kind != stringLiteral ||
			slices.Contains(o.keys, item.items[0].text) || len(o.keys) >= maxKeys {
			return l, false
		}
		o.keys, o.items = append(o.keys, item.items[0].text), append(o.items, item.items[1])
	}
	return o, len(o.keys) > 0
}
