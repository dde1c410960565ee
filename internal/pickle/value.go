package pickle

import (
	"fmt"
	"math/big"
)

// A pickled value is one of: nil (None), bool, int64, *big.Int (outside int64), float64, string, []byte (bytes and
// bytearray), *List, Tuple, *Dict, Global, *Object, PersID.

// List is a Python list.
type List struct{ Items []any }

// Tuple is a Python tuple.
type Tuple []any

// Entry is one key of a dict with its value.
type Entry struct{ Key, Value any }

// Dict is a Python dict in order of insertion. A key that was set twice stands twice; Get answers with the later one,
// as Python does.
type Dict struct{ Entries []Entry }

// Get returns the value of a string key.
func (d *Dict) Get(key string) (any, bool) { return lookup(d.Entries, key) }

// Global is a name in a Python module: a class or a function. It is never resolved.
type Global struct{ Module, Name string }

// String is the dotted name.
func (g Global) String() string { return g.Module + "." + g.Name }

// Object is what the pickle asks Python to make: Class called with Args or instantiated from them, then Items appended,
// Entries set and State given to __setstate__ (or __dict__).
type Object struct {
	Class   Global
	Args    Tuple
	Items   []any
	Entries []Entry
	State   any
}

// Get returns the value of a string key among the entries, for dict-like classes such as OrderedDict.
func (o *Object) Get(key string) (any, bool) { return lookup(o.Entries, key) }

// PersID refers to something outside the pickle, in PyTorch to a tensor's storage.
type PersID struct{ ID any }

func lookup(entries []Entry, key string) (any, bool) {
	for i := len(entries) - 1; i >= 0; i-- {
		if k, ok := entries[i].Key.(string); ok && k == key {
			return entries[i].Value, true
		}
	}
	return nil, false
}

// Kind names the type of a pickled value for error messages.
func Kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case []byte:
		return "bytes"
	case *List:
		return "list"
	case Tuple:
		return "tuple"
	case *Dict:
		return "dict"
	case Global:
		return "name " + v.String()
	case *Object:
		return "object " + v.Class.String()
	case PersID:
		return "persistent id"
	}
	return fmt.Sprintf("%T", v)
}

// Bytes returns the content of a bytes or bytearray value. Below protocol 5 a bytearray is a call of bytearray on
// bytes, and below protocol 3 bytes are a call of _codecs.encode on text whose code points are the bytes; both are
// undone here.
func Bytes(v any) ([]byte, error) {
	switch v := v.(type) {
	case []byte:
		return v, nil
	case *Object:
		switch v.Class {
		case Global{"builtins", "bytearray"}, Global{"__builtin__", "bytearray"}, Global{"builtins", "bytes"},
			Global{"__builtin__", "bytes"}:
			if len(v.Args) == 0 {
				return nil, nil
			}
			if o, ok := v.Args[0].(*Object); ok && o.Class == encode {
				return latin1(o.Args)
			}
			if b, ok := v.Args[0].([]byte); ok {
				return b, nil
			}
			return nil, fmt.Errorf("%s of a %s: want bytes", v.Class, Kind(v.Args[0]))
		case encode:
			return latin1(v.Args)
		}
	}
	return nil, fmt.Errorf("a %s: want bytes", Kind(v))
}

var encode = Global{"_codecs", "encode"}

// latin1 undoes _codecs.encode(text, 'latin1').
func latin1(args Tuple) ([]byte, error) {
	if len(args) != 2 || args[1] != "latin1" && args[1] != "latin-1" {
		return nil, fmt.Errorf("%s with %d arguments: want text and 'latin1'", encode, len(args))
	}
	text, ok := args[0].(string)
	if !ok {
		return nil, fmt.Errorf("%s of a %s: want text", encode, Kind(args[0]))
	}
	out := make([]byte, 0, len(text))
	for i, r := range text {
		if r > 0xff {
			return nil, fmt.Errorf("%s: character %U at byte %d: latin1 ends at U+00FF", encode, r, i)
		}
		out = append(out, byte(r))
	}
	return out, nil
}
