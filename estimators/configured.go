package estimators

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"rwe301/internal/suggest"
)

// Configured is an estimator with its settings.
type Configured struct {
	Estimator
	Info         Info
	Settings     json.RawMessage // canonical: sorted keys, defaults filled in but for settings that Implied has
	SettingsHash string
	Label        string // the name and, in Parse's notation, the settings that are not the defaults

	values map[string]string
}

// Setting returns the value of a setting as Parse reads it, and whether the estimator has such a setting.
func (c *Configured) Setting(key string) (value string, ok bool) {
	value, ok = c.values[key]
	return value, ok
}

// Implied are the settings, as Parse reads them, that Settings leaves out: those that are younger than stored scores,
// at the default with which these were made.
func (c *Configured) Implied() map[string]string {
	implied := maps.Clone(c.values)
	for key := range values(c.Settings) {
		delete(implied, key)
	}
	return implied
}

// settings is what a family's settings struct can do.
type settings interface {
	comparable
	// validate says which setting is out of range.
	validate() error
}

// definition is an entry of the registry.
type definition struct {
	Info
	settings  reflect.Type
	defaults  json.RawMessage
	presets   []Preset
	configure func(raw json.RawMessage, legal []string) (Estimator, json.RawMessage, error)
}

// define makes an entry: build turns valid settings into an estimator.
func define[S settings](info Info, defaults S, build func(S) Estimator) definition {
	configure := func(raw json.RawMessage, legal []string) (Estimator, json.RawMessage, error) {
		s := defaults
		if err := decodeSettings(raw, legal, &s); err != nil {
			return nil, nil, err
		}
		if err := s.validate(); err != nil {
			return nil, nil, fmt.Errorf("settings: %w", err)
		}
		return build(s), canonicalSettings(s), nil
	}
	return definition{info, reflect.TypeFor[S](), canonicalSettings(defaults), nil, configure}
}

// New binds the estimator of a name or alias to settings, a JSON object in which every key is optional, and in which
// PresetKey may name a preset; nil means the defaults.
func New(name string, settings json.RawMessage) (*Configured, error) {
	d, err := find(name)
	if err != nil {
		return nil, err
	}
	if settings, err = d.spellOut(settings); err != nil {
		return nil, fmt.Errorf("%s: %w", d.Name, err)
	}
	e, canonical, err := d.configure(settings, d.keys())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.Name, err)
	}
	values, kept := values(canonical), stored(canonical)
	return &Configured{e, d.Info, kept, Hash(kept), d.label(values), values}, nil
}

// Parse reads "name" or "name:key=value,key=value".
func Parse(spec string) (*Configured, error) {
	name, rest, given := strings.Cut(spec, ":")
	if IsGroup(spec) {
		_, err := find(spec)
		return nil, err
	}
	if !given {
		return New(name, nil)
	}
	raw, err := readSettings(rest)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return New(name, raw)
}

// values are canonical settings in Parse's notation.
func values(canonical json.RawMessage) map[string]string {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(canonical, &fields)
	values := map[string]string{}
	for key, raw := range fields {
		values[key] = strings.Trim(string(raw), `"`)
	}
	return values
}

// label writes what Parse reads.
func (d definition) label(chosen map[string]string) string {
	defaults := values(d.defaults)
	changed := maps.Clone(chosen)
	maps.DeleteFunc(changed, func(key, value string) bool { return defaults[key] == value })
	if len(changed) == 0 {
		return d.Name
	}
	return d.Name + ":" + spelled(changed)
}

// spelled are values in Parse's notation, in the order of their names.
func spelled(values map[string]string) string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		pairs = append(pairs, key+"="+values[key])
	}
	return strings.Join(pairs, ",")
}

// All lists the estimators in the order of the registry.
func All() []Info {
	var all []Info
	for _, d := range registry {
		all = append(all, d.Info)
	}
	return all
}

// Lookup finds an estimator by name or alias. An unknown name is an error that suggests one.
func Lookup(name string) (Info, error) {
	d, err := find(name)
	return d.Info, err
}

// Defaults returns the canonical default settings of an estimator.
func Defaults(name string) (json.RawMessage, error) {
	d, err := find(name)
	return d.defaults, err
}

func find(name string) (definition, error) {
	var names []string
	for _, d := range registry {
		if d.Name == name || slices.Contains(d.Aliases, name) {
			return d, nil
		}
		names = append(append(names, d.Name), d.Aliases...)
	}
	if IsGroup(name) || name+":" == GroupPrefix {
		return definition{}, errors.New("a group is several estimators: name one of them (bench301 estimators --groups)")
	}
	return definition{}, fmt.Errorf("unknown estimator %q%s", name,
		cmp.Or(suggest.Near(name, names), " (bench301 estimators lists them)"))
}
