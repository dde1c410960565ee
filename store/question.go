package store

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// Question is what is asked of architectures: one estimator with its settings on its data, under each of its seeds. A
// database knows Estimator, Settings, SettingsHash and Dataset; the manifest of a run knows the rest.
type Question struct {
	Label        string          `json:"label"`          // tells it apart in its run
	Full         string          `json:"full,omitempty"` // names every setting that is not the estimator's default
	Estimator    string          `json:"estimator"`
	Settings     json.RawMessage `json:"settings"`
	SettingsHash string          `json:"settings_hash"`
	Dataset      string          `json:"dataset"`
	Seeds        []uint64        `json:"seeds"`
	Trivial      bool            `json:"trivial,omitempty"` // a count that any method must beat to be of use
	Accuracy     bool            `json:"accuracy,omitempty"`
	Lower        bool            `json:"lower,omitempty"` // lower scores are meant to be better
	Paper        string          `json:"paper,omitempty"`
	Varied       []Variation     `json:"varied,omitempty"`

	// What the registry of estimators knows, which no run stores.
	Training bool              `json:"-"` // trains the network; its setting epochs is its cost
	Implied  map[string]string `json:"-"` // settings that Settings leaves out, as they are written for people
	Cites    []string          `json:"-"` // BibTeX keys
	Unit     string            `json:"-"` // of scores; empty where it is not known
	Fixed    bool              `json:"-"` // draws nothing: the answer is the same under every seed
}

// Variation says that a question differs in one setting from another one, its base.
type Variation struct {
	Setting string `json:"knob"`
	// Base is the settings hash of the base, which is the question itself where it has the base's level.
	Base string `json:"base"`
	// Level is the question's where Setting is none of its settings, but stands for several.
	Level string `json:"level,omitempty"`
}

// Key is the part of a record's key that a question determines: all but architecture and seed.
func (q *Question) Key() Key {
	return Key{Estimator: q.Estimator, SettingsHash: q.SettingsHash, Dataset: q.Dataset}
}

// Asks says whether the question is asked under a seed.
func (q *Question) Asks(seed uint64) bool { return slices.Contains(q.Seeds, seed) }

// OnlyVaried says whether the question is asked only to vary a setting of another question.
func (q *Question) OnlyVaried() bool {
	return len(q.Varied) > 0 && !slices.ContainsFunc(q.Varied, func(v Variation) bool { return v.Base == q.SettingsHash })
}

// Levels are the settings as they are written for people, by name.
func (q *Question) Levels() map[string]string {
	var raw map[string]json.RawMessage
	_ = json.Unmarshal(q.Settings, &raw) // a program's or another version's settings may be anything
	levels := make(map[string]string, len(raw)+len(q.Implied))
	maps.Copy(levels, q.Implied)
	for name, value := range raw {
		levels[name] = level(value)
	}
	return levels
}

// level is a text as it is, and any other value as JSON in a line.
func level(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil && string(value) != "null" {
		return text
	}
	var line bytes.Buffer
	if json.Compact(&line, value) != nil {
		return string(value)
	}
	return line.String()
}
