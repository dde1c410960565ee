package pickle

import "fmt"

// stepFill adds to the container below the values on the stack.
func (m *machine) stepFill(op opcode) error {
	var items []any
	var err error
	switch op {
	case opAppend:
		items, err = m.popN(1)
	case opSetItem:
		items, err = m.popN(2)
	default:
		items, err = m.popMark()
	}
	if err != nil {
		return err
	}
	container, err := m.top()
	if err != nil {
		return err
	}
	if op == opAppend || op == opAppends {
		switch c := container.(type) {
		case *List:
			c.Items = append(c.Items, items...)
			return nil
		case *Object:
			c.Items = append(c.Items, items...)
			return nil
		}
		return fmt.Errorf("to a %s: want a list", Kind(container))
	}
	entries, err := pairs(items)
	if err != nil {
		return err
	}
	switch c := container.(type) {
	case *Dict:
		m.emptied(entries)
		c.Entries = append(c.Entries, entries...)
		return nil
	case *Object:
		m.emptied(entries)
		c.Entries = append(c.Entries, entries...)
		return nil
	}
	return fmt.Errorf("in a %s: want a dict", Kind(container))
}

// emptied lets go of what nobody wants of a large pickle.
func (m *machine) emptied(entries []Entry) {
	if m.empty == nil {
		return
	}
	for _, e := range entries {
		if key, ok := e.Key.(string); ok && m.empty(key) {
			switch v := e.Value.(type) {
			case *List:
				v.Items = nil
			case *Dict:
				v.Entries = nil
			}
		}
	}
}

// pairs groups keys and values. A key must be of a type that Python can hash.
func pairs(items []any) ([]Entry, error) {
	if len(items)%2 != 0 {
		return nil, fmt.Errorf("%d keys and values: want an even number", len(items))
	}
	out := make([]Entry, 0, len(items)/2)
	for i := 0; i < len(items); i += 2 {
		switch items[i].(type) {
		case *List, *Dict:
			return nil, fmt.Errorf("a %s as key: not hashable", Kind(items[i]))
		}
		out = append(out, Entry{items[i], items[i+1]})
	}
	return out, nil
}

// stepObject runs the opcodes that name, call, instantiate and fill classes. All of them only record what is asked for.
func (m *machine) stepObject(op opcode) error {
	switch op {
	case opGlobal:
		module, err := m.line()
		if err != nil {
			return err
		}
		name, err := m.line()
		if err != nil {
			return err
		}
		return m.push(Global{module, name})
	case opBinPersID:
		id, err := m.pop()
		if err != nil {
			return err
		}
		return m.push(PersID{id})
	}
	two, err := m.popN(2)
	if err != nil {
		return err
	}
	switch op {
	case opStackGlobal:
		module, ok1 := two[0].(string)
		name, ok2 := two[1].(string)
		if !ok1 || !ok2 {
			return fmt.Errorf("of a %s and a %s: want two str", Kind(two[0]), Kind(two[1]))
		}
		return m.push(Global{module, name})
	case opBuild:
		return m.build(two[0], two[1])
	}
	class, ok := two[0].(Global)
	if !ok {
		return fmt.Errorf("of a %s: want the name of a class or function", Kind(two[0]))
	}
	args, ok := two[1].(Tuple)
	if !ok {
		return fmt.Errorf("%s with a %s: want a tuple of arguments", class, Kind(two[1]))
	}
	return m.push(&Object{Class: class, Args: args})
}

func (m *machine) build(target, state any) error {
	o, ok := target.(*Object)
	switch {
	case !ok:
		return fmt.Errorf("of a %s: want an object", Kind(target))
	case o.State != nil:
		return fmt.Errorf("of %s: its state is set already", o.Class)
	}
	o.State = state
	return m.push(o)
}
