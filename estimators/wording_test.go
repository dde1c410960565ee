package estimators

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// internal matches what a user has no use for: names of types, fields and packages of the program.
var internal = regexp.MustCompile(`json: |\bGo (struct|value)|\b(u?int|float)(8|16|32|64)\b|interface \{|struct|` +
	`\b[A-Za-z]*[a-z]\.[A-Z]|\b[A-Z][A-Za-z]*\.[a-z]|reflect|unmarshal|0x[0-9a-f]{6}|%!`)

// TestErrorsInPlainWords gives every setting of every estimator values that it cannot have.
func TestErrorsInPlainWords(t *testing.T) {
	wrong := []string{`"x"`, `""`, `-1`, `1.5`, `1e300`, `1e999`, `99999999999999999999`, `[]`, `[1]`, `{}`, `{"a": 1}`,
		`true`, `null`, `"nan"`}
	for _, info := range All() {
		c, err := New(info.Name, nil)
		if err != nil {
			t.Fatal(err)
		}
		var settings map[string]any
		if err := json.Unmarshal(c.Settings, &settings); err != nil {
			t.Fatal(err)
		}
		refused := 0
		for key := range settings {
			for _, v := range wrong {
				for _, err := range []error{
					second(New(info.Name, json.RawMessage(fmt.Sprintf(`{%q: %s}`, key, v)))),
					second(Parse(fmt.Sprintf("%s:%s=%s", info.Name, key, v))),
				} {
					if err == nil {
						continue
					}
					refused++
					text := strings.NewReplacer(`"float32"`, "", `"float64"`, "").Replace(err.Error()) // names of precisions
					if found := internal.FindString(text); found != "" {
						t.Errorf("%s: %s %s: %q in: %v", info.Name, key, v, found, err)
					}
				}
			}
		}
		if len(settings) > 0 && refused == 0 {
			t.Errorf("%s: nothing was refused", info.Name)
		}
	}
	for _, raw := range []string{`[]`, `1`, `{`, `{"a"`, ``, `{}{}`, `{"channels": }`, "\xff", `"text"`} {
		if _, err := New("rwe", json.RawMessage(raw)); err != nil {
			if found := internal.FindString(err.Error()); found != "" {
				t.Errorf("%q: %q in: %v", raw, found, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestIncompleteSettingsAreRefusedOnce: before anything is scored.
func TestIncompleteSettingsAreRefusedOnce(t *testing.T) {
	for spec, ok := range map[string]bool{"regswap": false, "regswap:mu=800,sigma=40000": true} {
		c, err := Parse(spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Complete(); ok != (err == nil) {
			t.Errorf("%s: %v", spec, err)
		}
	}
}
