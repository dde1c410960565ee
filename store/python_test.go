package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestScoresOfPython(t *testing.T) {
	line := func(arch, score, rest string) string {
		return `{"arch": "` + arch + `", "id": "` + idOf(arch) + `", "estimator": "e", "settings": {}, "settings_hash": ` +
			`"h", "dataset": "", "seed": 0, "score": ` + score + `, ` + rest + `, "code": "c", "cpu": "p"}`
	}
	ok := `"seconds": 0.5, "status": "ok"`
	for name, c := range map[string]struct {
		text, want string // of the last record: status and reason; or the error
	}{
		"NaN":            {line("a", "NaN", ok) + "\n" + line("b", "1.5", ok) + "\n", "undefined: the file has NaN as the score"},
		"-Infinity":      {line("a", "-Infinity", ok) + "\r\n", "undefined: the file has -Infinity as the score"},
		"no end of line": {line("a", "Infinity", ok), "undefined: the file has Infinity as the score"},
		"undefined":      {line("a", "NaN", `"seconds": 0, "status": "undefined", "error": "why"`) + "\n", "undefined: why"},
		"mark":           {"\ufeff" + line("a", "1", ok) + "\r\n" + line("b", "2", ok), "ok: "},
		"text":           {line("a", `"NaN"`, ok) + "\n", "score: string: must be a finite number"},
		"text and NaN":   {line("a", `"NaN"`, `"seconds": NaN, "status": "ok"`) + "\n", "seconds: NaN is no number of JSON"},
		"seconds":        {line("a", "1", `"seconds": NaN, "status": "ok"`) + "\n", "seconds: NaN is no number of JSON"},
		"both":           {line("a", "NaN", `"seconds": NaN, "status": "ok"`) + "\n", "score: NaN is no number of JSON"},
		"key twice":      {line("a", "NaN", `"seconds": 1, "score": 3, "status": "ok"`) + "\n", "NaN is no number of JSON"},
		"nothing, ok":    {line("a", "null", ok) + "\n", `status "ok" without a score`},
		"array":          {"[" + line("a", "1", ok) + "]", "a JSON array"},
		"array in lines": {"[\n" + line("a", "1", ok) + "\n]\n", "a JSON array"},
	} {
		path := filepath.Join(t.TempDir(), "scores.jsonl")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		records, err := Collect(ReadAll(nil, path))
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			last := records[len(records)-1] // what is no score comes last
			got = string(last.Status) + ": " + last.Error
		}
		if !strings.Contains(got, c.want) || (err == nil) != (got == c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
