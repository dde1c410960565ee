package strictjson

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestWordsOfPython(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": NaN, "b": [Infinity, -Infinity], "c": 1}`: `{"a": "NaN", "b": ["Infinity", "-Infinity"], "c": 1}`,
		`NaN`:                      `"NaN"`,
		`[NaN]`:                    `["NaN"]`,
		`{"NaN": "Infinity"}`:      `{"NaN": "Infinity"}`,
		`{"a\"": NaN}`:             `{"a\"": "NaN"}`,
		`{"a": "x\\", "b": NaN}`:   `{"a": "x\\", "b": "NaN"}`,
		`{"a": "x\", NaN, \"y"}`:   `{"a": "x\", NaN, \"y"}`,
		`{"a": NaNs, "b": xNaN}`:   `{"a": NaNs, "b": xNaN}`,
		`{"a": --Infinity}`:        `{"a": --Infinity}`,
		"{\"a\":\nNaN\n,\"b\":-2}": "{\"a\":\n\"NaN\"\n,\"b\":-2}",
		`{"a": "NaN`:               `{"a": "NaN`,
		`{"a": "NaN\`:              `{"a": "NaN\`,
		``:                         ``,
	} {
		if got := string(Quote([]byte(text))); got != want {
			t.Errorf("%s: %s; want %s", text, got, want)
		}
	}
}

// FuzzQuote checks that JSON stays what it is.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{`{"NaN": [1, "Infinity\\", -1e3]}`, `["\"NaN", {"a": null}]`, `"NaN"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := Quote(data); json.Valid(data) && !bytes.Equal(got, data) {
			t.Errorf("%q became %q", data, got)
		}
	})
}
