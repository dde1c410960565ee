// Package strictjson reads JSON whose keys mean one thing, and says what is wrong with other JSON: a key twice, of
// which readers take either, a key in another case than its field's, a number that a field cannot hold.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"

	strict "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"rwe301/internal/printable"
)

// Unmarshal is json.Unmarshal for one JSON value, without its leniency: it would take the last of two values of a key
// and any case of its letters. Keys that v has no field for are left out. v is zeroed first.
func Unmarshal(data []byte, v any) error {
	if strict.Unmarshal(data, v, strict.RejectUnknownMembers(true)) == nil {
		return nil
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("empty: want JSON")
	}
	// There is a fault, for which there are words below, or a key without a field.
	reflect.ValueOf(v).Elem().SetZero()
	d := jsontext.NewDecoder(bytes.NewBuffer(data))
	if err := check(d, reflect.TypeOf(v)); err != nil {
		return explained(err, data)
	}
	if rest := bytes.TrimSpace(data[d.InputOffset():]); len(rest) > 0 {
		return errors.New("more than one JSON value")
	}
	err := json.Unmarshal(data, v)
	if bad := (*json.UnmarshalTypeError)(nil); errors.As(err, &bad) {
		return fmt.Errorf("%s: must be %s", strings.TrimPrefix(bad.Field+": "+bad.Value, ": "), kind(bad.Type))
	}
	return err
}

// check reads one value, and compares the keys of its objects with the fields of the struct that they fill.
func check(d *jsontext.Decoder, t reflect.Type) error {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || reflect.PointerTo(t).Implements(unmarshaler) {
		return d.SkipValue()
	}
	switch {
	case d.PeekKind() == '{' && (t.Kind() == reflect.Struct || t.Kind() == reflect.Map):
		return object(d, t)
	case d.PeekKind() == '[' && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && composite(t.Elem()):
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		for d.PeekKind() != ']' {
			if err := check(d, t.Elem()); err != nil {
				return err
			}
		}
		_, err := d.ReadToken()
		return err
	}
	return d.SkipValue()
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// composite says whether there may be keys in a value of a type.
func composite(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Struct, reflect.Map, reflect.Slice, reflect.Array:
		return true
	}
	return false
}

func object(d *jsontext.Decoder, t reflect.Type) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		var in reflect.Type
		if t.Kind() == reflect.Map {
			in = t.Elem()
		} else if in, err = field(t, name.String()); err != nil {
			return err
		}
		if in == nil || !composite(in) {
			err = d.SkipValue()
		} else {
			err = check(d, in)
		}
		if err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// field is the type of a struct's field, nil for a key that it does not have.
func field(t reflect.Type, key string) (reflect.Type, error) {
	known, ok := structs.Load(t)
	if !ok {
		all := map[string]reflect.Type{}
		collect(t, all)
		known, _ = structs.LoadOrStore(t, all)
	}
	all := known.(map[string]reflect.Type)
	if in, ok := all[key]; ok {
		return in, nil
	}
	for name := range all {
		if strings.EqualFold(name, key) {
			return nil, fmt.Errorf("the key %q is written %q", shown(key), name)
		}
	}
	return nil, nil
}

// structs are the fields of struct types by their keys.
var structs sync.Map

func collect(t reflect.Type, into map[string]reflect.Type) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			collect(f.Type, into)
		case name == "":
			into[f.Name] = f.Type
		default:
			into[name] = f.Type
		}
	}
}

// explained says what is wrong with the syntax.
func explained(err error, data []byte) error {
	syntax := (*jsontext.SyntacticError)(nil)
	if !errors.As(err, &syntax) {
		return err
	}
	at := min(int(syntax.ByteOffset), len(data))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the JSON ends at byte %d, but is not complete", at)
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return fmt.Errorf("the key %q stands twice, again at byte %d", shown(syntax.JSONPointer.LastToken()), at+1)
	}
	start := at
	if at > 0 && data[at-1] == '-' {
		start--
	}
	if w := wordAt(data[start:]); w != nil {
		return fmt.Errorf("%s: %s is no number of JSON", shown(syntax.JSONPointer.LastToken()), w)
	}
	return fmt.Errorf("%w at byte %d", syntax.Err, at+1)
}

// shown is a key as an error quotes it.
func shown(key string) string { return printable.Cut(key, 60) }

// kind names what a type takes.
func kind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Float32, reflect.Float64:
		return "a finite number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number from 0"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	}
	return "an object"
}
