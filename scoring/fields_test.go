package scoring

import (
	"encoding/json"
	"maps"
	"testing"
)

// FuzzFields compares the keys and values of JSON objects with those that package json finds.
func FuzzFields(f *testing.F) {
	for _, s := range []string{`{}`, `{ "a" : 1 }`, `{"a":{"b":[1,{"c":"}"}]},"d":"x\"y","é":null,"":[]}`, `{"a\u0041":"\\"}`,
		"{\n\"a\"\t:\r[ ] , \"b\": -1e5}", `{"a":true,"b":"{\"score\": 1}"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want map[string]json.RawMessage
		if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &want) != nil {
			return
		}
		var trimmed json.RawMessage
		if json.Unmarshal(raw, &trimmed) != nil {
			return
		}
		got := map[string]string{}
		for _, f := range fieldsOf(trimmed) {
			got[f.Name] = f.Value
		}
		values := map[string]string{}
		for k, v := range want {
			values[k] = cellOf(v)
		}
		if !maps.Equal(got, values) {
			t.Errorf("%q: %q, want %q", raw, got, values)
		}
	})
}
