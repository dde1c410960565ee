package strictjson

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

type inner struct {
	Name string `json:"name"`
	N    uint64 `json:"n"`
}

type outer struct {
	inner
	Score *float64         `json:"score"`
	Raw   json.RawMessage  `json:"raw"`
	List  []*inner         `json:"list"`
	Map   map[string]inner `json:"map"`
	Whole int
	Left  int `json:"-"`
}

func TestUnmarshal(t *testing.T) {
	for text, want := range map[string]string{ // "" where nothing is wrong
		`{}`: "", ` { "score" : 1 } `: "", `{"score":null,"list":[null,{"name":"a"}],"map":{"A":{},"a":{}}}`: "",
		`{"other":1,"deep":{"x":[1,{"y":2}]},"Left":3}`: "",
		`{"raw":{"Score":1,"score":2}}`:                 "",
		`{"score":1,"score":2}`:                         `"score" stands twice`,
		`{"score":1,"Score":2}`:                         `"Score" is written "score"`,
		`{"SCORE":1}`:                                   `"SCORE" is written "score"`,
		`{"NAME":"a"}`:                                  `"NAME" is written "name"`,
		`{"whole":1}`:                                   `"whole" is written "Whole"`,
		`{"list":[{},{"Name":"b"}]}`:                    `"Name" is written "name"`,
		`{"list":[{"n":1,"n":1}]}`:                      `"n" stands twice`,
		`{"map":{"a":{"N":1}}}`:                         `"N" is written "n"`,
		`{"map":{"a":{},"a":{}}}`:                       `"a" stands twice`,
		`{"raw":{"x":1,"x":1}}`:                         `"x" stands twice`,
		`{"other":{"x":1,"x":1}}`:                       `"x" stands twice`,
		`{"other":1,"Score":1}`:                         `"Score" is written "score"`,
		`{"score":NaN}`:                                 `NaN is no number of JSON`,
		`{"score": Infinity}`:                           `Infinity is no number of JSON`,
		`{"score":-Infinity}`:                           `-Infinity is no number of JSON`,
		`{"score":1e999}`:                               `score: number 1e999: must be a finite number`,
		`{"score":"1"}`:                                 `score: string: must be a finite number`,
		`{"n":-1}`:                                      `n: number -1: must be a whole number from 0`,
		`{"n":1.5}`:                                     `n: number 1.5: must be a whole number from 0`,
		`{"name":7}`:                                    `name: number: must be a text`,
		`{"list":{}}`:                                   `list: object: must be a list`,
		`{"score":1} {}`:                                "more than one JSON value",
		`{"score":1}x`:                                  "more than one JSON value",
		`{"score":`:                                     "byte",
		``:                                              "",
		`hello`:                                         "byte 1",
		`[1]`:                                           "must be an object",
	} {
		var got, lenient outer
		err := Unmarshal([]byte(text), &got)
		if text == "" {
			if err == nil {
				t.Error("nothing was read")
			}
			continue
		}
		if want == "" {
			if e := json.Unmarshal([]byte(text), &lenient); err != nil || e != nil || !reflect.DeepEqual(got, lenient) {
				t.Errorf("%s: %+v, want %+v: %v %v", text, got, lenient, err, e)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// FuzzUnmarshal takes nothing that encoding/json refuses, and what both take is the same.
func FuzzUnmarshal(f *testing.F) {
	f.Add(`{"score":1,"list":[{"n":1}],"raw":{"a":[1,2]},"map":{"x":{}}}`)
	f.Add(`{"Score":1,"score":NaN}`)
	f.Fuzz(func(t *testing.T, text string) {
		var got, want outer
		if Unmarshal([]byte(text), &got) != nil {
			return
		}
		if err := json.Unmarshal([]byte(text), &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, encoding/json has %+v, %v", text, got, want, err)
		}
	})
}
