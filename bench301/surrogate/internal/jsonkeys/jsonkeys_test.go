package jsonkeys

import (
	"strings"
	"testing"
)

type inner struct {
	Deep int `json:"deep"`
}

type outer struct {
	Name  string  `json:"name"`
	Inner []inner `json:"inner"`
	Model *inner  `json:"Model"`
}

func TestUnmarshal(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"name": "a", "inner": [{"deep": 1}, {"deep": 2}], "other": {"x": 1, "X": 2}}`, ""},
		{`{"name": "a\"b:\\", "x": ["name", "name"], "y": {"name": ":"}}`, ""},
		{`{"Model": {"deep": 1}, "more": 1}`, ""},
		{`{"name": "a", "name": "b"}`, `offset 14: the key "name" stands twice in an object`},
		{`{"name": "a", "n\u0061me": "b"}`, `the key "name" stands twice`},
		{`{"x": {"y": 1, "z": [{"y": 1}], "y" : 2}}`, `the key "y" stands twice`},
		{`{"Name": "a"}`, `offset 1: the key "Name": write "name"`},
		{`{"inner": [{"DEEP": 1}]}`, `the key "DEEP": write "deep"`},
		{`{"model": {}}`, `the key "model": write "Model"`},
		{`{"Extra": 1}`, `the key "Extra": write "extra"`},
		{`{"name": "a"} x`, "invalid character"},
	} {
		var v outer
		err := Unmarshal([]byte(c.text), &v, struct {
			Extra int `json:"extra"`
		}{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %s", c.text, err, c.want)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"name": "a", "inner": [{"d\u0065ep": 1}], "x": {"y": "\\\"", "z": []}}`))
	f.Add([]byte(`"` + strings.Repeat(`\"`, 40) + `"`))
	f.Add([]byte(strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50)))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v outer
		_ = Unmarshal(data, &v)
	})
}
