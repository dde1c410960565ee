package pickle

import "fmt"

// MaxDepth is how deep containers may nest. Python's own pickler gives up between 300 and 1000.
const MaxDepth = 200

// nesting checks that v is a finite tree of bounded height, so that callers may recurse over it. Heights of shared
// containers are remembered: the walk takes time in the size of the pickle.
type nesting struct{ height map[any]int }

const open = -1 // a container whose content is being walked

// of returns the height of v, which stands at the given depth.
func (n *nesting) of(v any, depth int) (int, error) {
	if depth > MaxDepth {
		return 0, fmt.Errorf("values nest deeper than %d levels", MaxDepth)
	}
	var children [2][]any
	var entries []Entry
	var key any
	switch v := v.(type) {
	case Tuple:
		if len(v) == 0 {
			return 1, nil
		}
		children[0], key = v, &v[0] // slices of one tuple share their first element
	case *List:
		children[0], key = v.Items, v
	case *Dict:
		entries, key = v.Entries, v
	case *Object:
		children = [2][]any{v.Args, v.Items}
		entries, key = v.Entries, v
		if v.State != nil {
			entries = append(entries[:len(entries):len(entries)], Entry{nil, v.State})
		}
	case PersID:
		h, err := n.of(v.ID, depth+1)
		return h + 1, err
	default:
		return 0, nil
	}
	if h, seen := n.height[key]; seen {
		switch {
		case h == open:
			return 0, fmt.Errorf("a %s contains itself", Kind(v))
		case depth+h > MaxDepth:
			return 0, fmt.Errorf("values nest deeper than %d levels", MaxDepth)
		}
		return h, nil
	}
	n.height[key] = open
	height, err := n.tallest(children, entries, depth+1)
	n.height[key] = height + 1
	return height + 1, err
}

func (n *nesting) tallest(children [2][]any, entries []Entry, depth int) (int, error) {
	tallest := 0
	visit := func(v any) error {
		h, err := n.of(v, depth)
		tallest = max(tallest, h)
		return err
	}
	for _, list := range children {
		for _, c := range list {
			if err := visit(c); err != nil {
				return 0, err
			}
		}
	}
	for _, e := range entries {
		if err := visit(e.Key); err != nil {
			return 0, err
		}
		if err := visit(e.Value); err != nil {
			return 0, err
		}
	}
	return tallest, nil
}
