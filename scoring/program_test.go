package scoring_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rwe301/estimators"
	"rwe301/scoring"
	"rwe301/study/studytest"
)

// script writes a program for the command estimator.
func script(t *testing.T, dir, body string) string {
	t.Helper()
	path := studytest.Write(t, dir, "mine.sh", "#!/bin/sh\n"+body)
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOwnPrograms(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("needs /bin/sh for its example programs")
	}
	archs := studytest.Architectures(t, 3)
	for name, c := range map[string]struct {
		body   string
		want   string // of three architectures
		starts string
	}{
		"goes on reading":      {`while read -r line; do echo '{"score": 2.5}'; done`, "ok 2.5,ok 2.5,ok 2.5", "1"},
		"ends after an answer": {`read -r line; echo '{"score": -1}'`, "ok -1,ok -1,ok -1", "3"},
		"no newline":           {`read -r line; printf '{"score": 4}'`, "ok 4,ok 4,ok 4", "3"},
		"says why": {`while read -r line; do echo '{"error": "no GPU"}'; done`,
			"failed no GPU,failed no GPU,failed no GPU", "1"},
		"no score": {`while read -r line; do echo '{"score": null}'; done`,
			"undefined the command gave no score,undefined the command gave no score,undefined the command gave no score", "1"},
		"dies": {`echo 'no module named torch' >&2; exit 3`,
			"failed mine.sh: ended without an answer: no module named torch,", ""},
		"not JSON": {`while read -r line; do echo NaN; done`,
			`failed mine.sh answered "NaN": must be one JSON line`, "1"},
		"too slow":       {`read -r line; exec sleep 60`, "failed mine.sh: no answer within 200ms,", ""},
		"reads the line": {`while read -r line; do case $line in '{"arch":"[['*'","id":"'*'","seed":7}') echo '{"score": 1}';; *) echo '{"error": "bad line"}';; esac; done`, "ok 1,ok 1,ok 1", "1"},
	} {
		dir := t.TempDir()
		path := script(t, dir, "echo start >> starts\n"+c.body+"\n")
		cmd := &scoring.Program{Argv: []string{path}, Dir: dir, Timeout: 200 * time.Millisecond}
		if !strings.Contains(name, "slow") {
			cmd.Timeout = 20 * time.Second
		}
		var got []string
		for _, a := range archs {
			s, err := cmd.Score(t.Context(), a, estimators.NewEnv(nil, 7))
			if err != nil {
				t.Fatal(err)
			}
			text := string(s.Status) + " " + s.Reason
			if s.Status == estimators.OK {
				text += fmt.Sprint(s.Value)
			}
			got = append(got, text)
		}
		if err := cmd.Close(); err != nil {
			t.Fatal(err)
		}
		all := strings.ReplaceAll(strings.Join(got, ","), dir+"/", "")
		if !strings.HasPrefix(all, c.want) {
			t.Errorf("%s: %s, want %s", name, all, c.want)
		}
		starts, _ := os.ReadFile(filepath.Join(dir, "starts"))
		if n := fmt.Sprint(strings.Count(string(starts), "start")); c.starts != "" && n != c.starts {
			t.Errorf("%s: started %s times, want %s", name, n, c.starts)
		}
	}
	if s, err := (&scoring.Program{Argv: []string{"no-such-program-here"}, Timeout: time.Second}).Score(t.Context(),
		archs[0], estimators.NewEnv(nil, 0)); err != nil ||
		s.Status != estimators.Failed || !strings.Contains(s.Reason, "cannot be started") {
		t.Errorf("missing program: %+v %v", s, err)
	}
}

// TestNoShell gives a program arguments that a shell would take apart.
func TestNoShell(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("needs /bin/sh for its example program")
	}
	dir := t.TempDir()
	path := script(t, dir,
		`while read -r line; do if [ "$1" = '; touch broken $(touch broken)' ]; then echo '{"score": 1}'; else echo '{"score": 0}'; fi; done`)
	cmd := &scoring.Program{Argv: []string{path, "; touch broken $(touch broken)"}, Dir: dir, Timeout: time.Minute}
	defer cmd.Close()
	if s, err := cmd.Score(t.Context(), studytest.Architectures(t, 1)[0], estimators.NewEnv(nil, 0)); err != nil ||
		s.Value != 1 {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "broken")); err == nil {
		t.Error("a shell ran")
	}
}
