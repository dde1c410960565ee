package estimators

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"rwe301/internal/suggest"
)

// Setting explains a setting of an estimator, in sentences for people.
type Setting struct {
	Name    string   `json:"name"`
	Default string   `json:"default"` // as Parse reads it
	Meaning string   `json:"meaning"`
	Legal   string   `json:"legal"`            // the legal values; intervals are written [from, to] and [from, to)
	Values  []string `json:"values,omitempty"` // the legal words, or examples of them, where it takes words
	Effect  string   `json:"effect"`           // what other values do
}

// Settings explains the settings of an estimator, in the order of their names.
func Settings(name string) ([]Setting, error) {
	d, err := find(name)
	if err != nil {
		return nil, err
	}
	texts := map[string]text{}
	collect(d.settings, texts)
	defaults := values(d.defaults)
	var list []Setting
	for _, key := range slices.Sorted(maps.Keys(defaults)) {
		t := texts[key]
		if special, ok := specialTexts[d.Name+"."+key]; ok {
			t = special
		}
		list = append(list, Setting{key, defaults[key], t.meaning, t.legal, t.values, t.effect})
	}
	return list, nil
}

// LookupSetting explains one setting of an estimator. An unknown name is an error that suggests one.
func LookupSetting(estimator, setting string) (Setting, error) {
	list, err := Settings(estimator)
	if err != nil {
		return Setting{}, err
	}
	var names []string
	for _, s := range list {
		if s.Name == setting {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Setting{}, fmt.Errorf("%s has no setting %q%s", estimator, setting, suggest.Nearest(setting, names))
}

// text is what Setting says beside name and default.
type text struct {
	meaning, legal string
	values         []string
	effect         string
}

// collect finds the texts of the settings of a struct and of those embedded in it.
func collect(t reflect.Type, into map[string]text) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Tag.Get("json") == "" {
			collect(f.Type, into)
			continue
		}
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		into[key] = settingTexts[t][key]
	}
}
