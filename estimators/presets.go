package estimators

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"rwe301/internal/printable"
	"rwe301/internal/suggest"
)

// Preset names settings that belong together. It stands where a setting could, as "rwe:preset=cheap", and is replaced
// by its settings before anything else is done with them; settings beside it override it.
type Preset struct {
	Name     string          `json:"name"`
	Title    string          `json:"title"` // what it is for
	Settings json.RawMessage `json:"settings"`
}

// PresetKey is what stands before the name of a preset in settings.
const PresetKey = "preset"

// Spelled are the settings of the preset as Parse reads them.
func (p Preset) Spelled() string { return spelled(values(p.Settings)) }

// preset makes one of settings as Parse reads them.
func preset(name, title, spec string) Preset {
	raw, err := readSettings(spec)
	if err != nil {
		panic(err) // the registry's own
	}
	return Preset{name, title, raw}
}

// offering is the definition with presets.
func (d definition) offering(presets ...Preset) definition {
	d.presets = presets
	return d
}

// Presets lists the presets of an estimator.
func Presets(name string) ([]Preset, error) {
	d, err := find(name)
	return d.presets, err
}

// preset finds a preset. An unknown name is an error that names the legal ones.
func (d definition) preset(name string) (Preset, error) {
	var names []string
	for _, p := range d.presets {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	if names == nil {
		return Preset{}, fmt.Errorf("%s: there is none for %s", PresetKey, d.Name)
	}
	return Preset{}, fmt.Errorf("%s: %q: must be %s%s", PresetKey, printable.Cut(name, 50), strings.Join(names, " or "),
		suggest.Near(name, names))
}

// spellOut replaces the preset in settings by what it stands for.
func (d definition) spellOut(raw json.RawMessage) (json.RawMessage, error) {
	var given map[string]json.RawMessage
	if json.Unmarshal(raw, &given) != nil || given[PresetKey] == nil {
		return raw, nil // decodeSettings says what is wrong
	}
	var name string
	if err := json.Unmarshal(given[PresetKey], &name); err != nil {
		name = string(given[PresetKey])
	}
	p, err := d.preset(name)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(p.Settings, &fields); err != nil {
		return nil, err
	}
	for key, value := range given {
		if key != PresetKey {
			fields[key] = value
		}
	}
	return json.Marshal(fields)
}

// without leaves settings out of what a preset sets.
func (p Preset) without(keys ...string) Preset {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(p.Settings, &fields)
	for _, key := range keys {
		delete(fields, key)
	}
	p.Settings, _ = json.Marshal(fields)
	return p
}

// readSettings reads "key=value,key=value" as a JSON object.
func readSettings(spec string) (json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	for _, pair := range strings.Split(spec, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("%q: settings are written key=value,key=value", pair)
		}
		if _, twice := fields[key]; twice {
			return nil, errors.New(key + " is given twice")
		}
		raw := json.RawMessage(value)
		if !json.Valid(raw) {
			raw, _ = json.Marshal(value)
		}
		fields[key] = raw
	}
	return json.Marshal(fields)
}
