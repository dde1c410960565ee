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
	Settings     json.RawMessage // canonical: sorted keys, defaults filled in
	SettingsHash string
	Label        string // the name and, in Parse's notation, the settings that are not the defaults

	values map[string]string
}

// Setting returns the value of a setting as Parse reads it, and whether the estimator has such a setting.
func (c *Configured) Setting(key string) (value string, ok bool) {
	value, ok = c.values[key]
	return value, ok
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
	configure func(raw json.RawMessage) (Estimator, json.RawMessage, error)
}

// define makes an entry: build turns valid settings into an estimator.
func define[S settings](info Info, defaults S, build func(S) Estimator) definition {
	t := reflect.TypeFor[S]()
	return definition{info, t, canonicalSettings(defaults), func(raw json.RawMessage) (Estimator, json.RawMessage, error) {
		s := defaults
		if err := decodeSettings(raw, &s); err != nil {
			return nil, nil, err
		}
		if err := s.validate(); err != nil {
			return nil, nil, fmt.Errorf("settings: %w", err)
		}
		return build(s), canonicalSettings(s), nil
	}}
}

// New binds the estimator of a name or alias to settings, a JSON object in which every key is optional; nil means the
// defaults.
func New(name string, settings json.RawMessage) (*Configured, error) {
	d, err := find(name)
	if err != nil {
		return nil, err
	}
	e, canonical, err := d.configure(settings)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.Name, err)
	}
	values := values(canonical)
	return &Configured{e, d.Info, canonical, Hash(canonical), d.label(values), values}, nil
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
	fields := map[string]json.RawMessage{}
	for _, pair := range strings.Split(rest, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("%s: %q: settings are written key=value,key=value", name, pair)
		}
		if _, twice := fields[key]; twice {
			return nil, fmt.Errorf("%s: %s is given twice", name, key)
		}
		raw := json.RawMessage(value)
		if !json.Valid(raw) {
			raw, _ = json.Marshal(value)
		}
		fields[key] = raw
	}
	raw, err := json.Marshal(fields)
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
	var changed []string
	for _, key := range slices.Sorted(maps.Keys(chosen)) {
		if defaults[key] != chosen[key] {
			changed = append(changed, key+"="+chosen[key])
		}
	}
	if len(changed) == 0 {
		return d.Name
	}
	return d.Name + ":" + strings.Join(changed, ",")
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
