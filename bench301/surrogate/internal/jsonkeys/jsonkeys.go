// Package jsonkeys reads JSON whose keys mean one thing: a key that stands twice in an object, of which readers take
// either, and one that differs from a known key in case only, are refused.
package jsonkeys

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"rwe301/internal/printable"
)

// Unmarshal is json.Unmarshal with these checks. The known keys are those of v's type and of the types of more.
func Unmarshal(data []byte, v any, more ...any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return err
	}
	known := map[string][]string{}
	for _, v := range append(more, v) {
		collect(reflect.TypeOf(v), known)
	}
	return check(data, known)
}

// collect lists the keys of a type, and of the types in it, by their lower case.
func collect(t reflect.Type, known map[string][]string) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		collect(t.Elem(), known)
	case reflect.Struct:
		for f := range t.Fields() {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
				known[strings.ToLower(name)] = append(known[strings.ToLower(name)], name)
			}
			collect(f.Type, known)
		}
	}
}

// check walks through a document that is known to be JSON.
func check(data []byte, known map[string][]string) error {
	var open []map[string]bool // the keys of the objects around; nil for an array, or without any yet
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			open = append(open, nil)
		case '}', ']':
			open = open[:len(open)-1]
		case '"':
			start := i
			for i++; data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
			if rest := bytes.TrimLeft(data[i+1:], " \t\r\n"); len(rest) == 0 || rest[0] != ':' {
				continue
			}
			var key string
			if err := json.Unmarshal(data[start:i+1], &key); err != nil {
				return err
			}
			top := &open[len(open)-1]
			if (*top)[key] {
				return fmt.Errorf("offset %d: the key %q stands twice in an object", start, printable.Cut(key, 60))
			}
			if *top == nil {
				*top = map[string]bool{}
			}
			(*top)[key] = true
			if like := known[strings.ToLower(key)]; like != nil && !slices.Contains(like, key) {
				return fmt.Errorf("offset %d: the key %q: write %q", start, printable.Cut(key, 60), like[0])
			}
		}
	}
	return nil
}
