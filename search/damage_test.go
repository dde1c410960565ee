package search_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/search"
	"rwe301/study/studytest"
)

// searched runs a definition in a folder of its own and closes it.
func searched(t *testing.T, text string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "run")
	d, err := search.Parse("search.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := search.Create(t.Context(), dir, d, studytest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Run(t.Context(), 1, nil), s.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// goOn resumes the searches of a folder and reports them.
func goOn(t *testing.T, dir string) error {
	s, err := search.OpenForWriting(t.Context(), dir, studytest.Machine)
	if err != nil {
		return err
	}
	err = s.Run(t.Context(), 1, nil)
	if err == nil {
		_, err = s.Report(t.Context())
	}
	return errors.Join(err, s.Close())
}

// places lists the paths of all values of a JSON document.
func places(v any, at []any) (out [][]any) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			out = append(append(out, append(at[:len(at):len(at)], k)), places(x, append(at[:len(at):len(at)], k))...)
		}
	case []any:
		for i, x := range v {
			out = append(append(out, append(at[:len(at):len(at)], i)), places(x, append(at[:len(at):len(at)], i))...)
		}
	}
	return out
}

// put sets the value at a path, or removes a key for nil.
func put(v any, at []any, to any) {
	for _, k := range at[:len(at)-1] {
		if m, ok := v.(map[string]any); ok {
			v = m[k.(string)]
		} else {
			v = v.([]any)[k.(int)]
		}
	}
	switch last := at[len(at)-1].(type) {
	case string:
		if v.(map[string]any)[last] = to; to == nil {
			delete(v.(map[string]any), last)
		}
	case int:
		v.([]any)[last] = to
	}
}

// TestEditedManifest changes every value of search.json in turn, with and without what guards it, as folders of earlier
// versions lack it. No change may end in a panic, and one of what is searched is refused where it is guarded.
func TestEditedManifest(t *testing.T) {
	dir := searched(t, `population: 4
generations: 2
seeds: [1, 2]
limits: {macs: 1G}
budgets: {flops: 200M, accuracy: 8}
methods:
  - {name: a, algorithm: nsga2, objectives: [accuracy, params]}
  - {name: b, algorithm: local, objectives: [params, macs, accuracy]}
`)
	path := filepath.Join(dir, "search.json")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	parse := func(guarded bool) (v map[string]any) {
		if err := json.Unmarshal(whole, &v); err != nil {
			t.Fatal(err)
		}
		if !guarded {
			delete(v, "digest")
			delete(v, "questions")
		}
		return v
	}
	values := []any{nil, "", "nasbench201", "moead", "params", -1, 0, 3, 1e300, 1 << 40, true, []any{}, []any{nil},
		map[string]any{}, strings.Repeat("x", 3000) + "\x1b[2J"}
	try := func(guarded bool, at []any, to any) error {
		v := parse(guarded)
		put(v, at, to)
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		do := look
		if !guarded {
			do = goOn
		}
		err = do(t, dir)
		if err != nil && (len(err.Error()) > 1000 || strings.Contains(err.Error(), "\x1b")) {
			t.Errorf("%s = %.50v: an error of %d bytes: %.200q", at, to, len(err.Error()), err.Error())
		}
		return err
	}
	for _, at := range places(parse(true), nil) {
		for _, to := range values {
			empty := parse(true)
			put(empty, at, "")
			changed := compact(t, encode(t, empty)) != compact(t, whole) || to != nil && to != ""
			name := fmt.Sprint(at)
			steers := strings.Contains(name, "definition ") && !strings.Contains(name, "budgets") && !strings.Contains(name, "base")
			if err := try(true, at, to); err == nil && steers && changed {
				same := parse(true)
				if put(same, at, to); compact(t, encode(t, same)) != compact(t, whole) {
					t.Errorf("%s = %.50v: not refused", at, to)
				}
			}
		}
	}
	for _, at := range places(parse(false), nil) {
		name := fmt.Sprint(at)
		if strings.Contains(name, "seeds") || strings.Contains(name, "generations") || strings.Contains(name, "population") {
			continue // other searches, which may take long
		}
		for _, to := range []any{nil, "nasbench201", "moead", "params", -1, []any{}, map[string]any{}} {
			_ = try(false, at, to) // earlier versions kept nothing to tell by; it must end all the same
		}
	}
}

// look reports the searches of a folder.
func look(t *testing.T, dir string) error {
	s, err := search.Open(t.Context(), dir)
	if err != nil {
		return err
	}
	_, err = s.Report(t.Context())
	return errors.Join(err, s.Close())
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func compact(t *testing.T, text []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return string(encode(t, v))
}
