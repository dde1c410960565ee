package estimators

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"rwe301/internal/printable"
	"rwe301/internal/suggest"
)

// Canonical settings are a flat JSON object with sorted keys, defaults filled in and floats in Go's shortest form.

// canonicalSettings encodes a settings struct.
func canonicalSettings(settings any) json.RawMessage {
	var fields map[string]json.RawMessage
	raw, err := json.Marshal(settings)
	if err == nil {
		err = json.Unmarshal(raw, &fields)
	}
	if err == nil {
		raw, err = json.Marshal(fields)
	}
	if err != nil {
		panic(err) // settings hold numbers, strings and booleans only
	}
	return raw
}

// laterSettings are settings younger than stored scores, with the value that those scores were made with: always their
// default.
var laterSettings = map[string]string{"schedule": `"constant"`}

// stored are canonical settings as they are stored and hashed: without the later ones at their default, so that a
// question of an earlier version keeps its hash.
func stored(canonical json.RawMessage) json.RawMessage {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(canonical, &fields)
	maps.DeleteFunc(fields, func(key string, value json.RawMessage) bool { return laterSettings[key] == string(value) })
	raw, _ := json.Marshal(fields)
	return raw
}

// Hash is the settings_hash of canonical settings: the first 16 hex digits of their SHA-256.
func Hash(settings json.RawMessage) string {
	sum := sha256.Sum256(settings)
	return hex.EncodeToString(sum[:8])
}

// decodeSettings overwrites fields of the struct that into points to with those of a JSON object. A key that is
// not legal, or a value of another type, is an error that says what would be right.
func decodeSettings(raw json.RawMessage, legal []string, into any) error {
	if len(raw) == 0 {
		return nil
	}
	var given map[string]json.RawMessage
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&given); err != nil {
		if errors.As(err, new(*json.UnmarshalTypeError)) {
			err = errors.New("it is another kind of value")
		}
		return fmt.Errorf("settings: not a JSON object: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("settings: text after the JSON object")
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(legal, key) {
			return fmt.Errorf("settings: unknown key %q%s", key, suggest.Nearest(key, legal))
		}
		if string(given[key]) == "null" {
			return fmt.Errorf("settings: %s: null: leave the key out for its default", key)
		}
	}
	if err := json.Unmarshal(raw, into); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			key := wrong.Field[strings.LastIndex(wrong.Field, ".")+1:] // without the embedded structs on the way
			return fmt.Errorf("settings: %s: %s: must be %s", key, printable.Cut(string(given[key]), 50), inWords(wrong.Type))
		}
		return fmt.Errorf("settings: %w", err)
	}
	return nil
}

// inWords says what a setting of a type may be.
func inWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number from 0"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "a whole number"
}

// settingKeys lists the keys of a settings struct, sorted.
func settingKeys(settings any) []string {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(canonicalSettings(settings), &fields)
	return slices.Sorted(maps.Keys(fields))
}

// Keys lists what may stand in the settings of an estimator: its settings and, where it has presets, PresetKey.
func Keys(name string) ([]string, error) {
	d, err := find(name)
	if err != nil {
		return nil, err
	}
	return d.keys(), nil
}

func (d definition) keys() []string {
	keys := settingKeys(d.defaults)
	if d.presets != nil {
		keys = append(keys, PresetKey)
	}
	return keys
}
