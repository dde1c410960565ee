package scoring_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
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

// answering is a program that goes on reading and answers every question with its id.
func answering(answer string) string {
	return looping(`echo "{\"id\": \"$id\", ` + strings.ReplaceAll(answer, `"`, `\"`) + `}"`)
}

// looping does something for every question, whose id and seed are $id and $seed; $n counts from 1.
func looping(do string) string {
	return `n=0; while read -r line; do n=$((n+1)); id=${line#*'"id":"'}; id=${id%%'"'*}; seed=${line##*:}; seed=${seed%\}}; ` +
		do + `; done`
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
		"goes on reading":      {answering(`"score": 2.5`), "ok 2.5,ok 2.5,ok 2.5", "1"},
		"without id":           {`while read -r line; do echo '{"score": 2.5}'; done`, "ok 2.5,ok 2.5,ok 2.5", "3"},
		"ends after an answer": {`read -r line; echo '{"score": -1}'`, "ok -1,ok -1,ok -1", "3"},
		"no newline":           {`read -r line; printf '{"score": 4}'`, "ok 4,ok 4,ok 4", "3"},
		"says why": {answering(`"error": "no GPU"`),
			"failed no GPU,failed no GPU,failed no GPU", "1"},
		"no score": {answering(`"score": null`),
			"undefined the command gave no score,undefined the command gave no score,undefined the command gave no score", "1"},
		"dies": {`echo 'no module named torch' >&2; exit 3`,
			"failed mine.sh: ended without an answer: no module named torch,", ""},
		"not JSON": {`while read -r line; do echo NaN; done`,
			`failed mine.sh answered "NaN": must be one JSON line`, "3"},
		"too slow":       {`read -r line; exec sleep 60`, "failed mine.sh: no answer within 200ms; ", ""},
		"reads the line": {`while read -r line; do case $line in '{"arch":"[['*'","id":"'*'","seed":7}') echo '{"score": 1}';; *) echo '{"error": "bad line"}';; esac; done`, "ok 1,ok 1,ok 1", "3"},
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

// TestTrust gives programs that say too much, too little or the same twice, each a score that tells its question: the
// first digits of the id and the seed. Whatever they do, a score that counts is that of its question.
func TestTrust(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("needs /bin/sh for its example programs")
	}
	const score = `s=$((0x${id%????????????} * 10 + seed)); `
	plain, named := score+`echo "{\"score\": $s}"`, score+`echo "{\"id\": \"$id\", \"score\": $s}"`
	full := score + `echo "{\"id\": \"$id\", \"seed\": $seed, \"score\": $s}"`
	const all = 6 // questions: 3 architectures under 2 seeds
	for name, c := range map[string]struct {
		body   string
		right  int    // scores at least
		reason string // of the others
	}{
		"no id":                      {looping(plain), all, ""},
		"id":                         {looping(named), all, ""},
		"id and seed":                {looping(full), all, ""},
		"banner, no id":              {"echo ready; " + looping(plain), 0, `"ready"`},
		"banner, id":                 {"echo ready; " + looping(full), all, ""},
		"blank line first":           {"echo; " + looping(plain), 0, "it is empty"},
		"progress before an answer":  {looping("echo 50%; " + plain), 0, `"50%"`},
		"progress behind an answer":  {looping(plain + "; echo done"), 0, `"done"`},
		"progress behind, id":        {looping("echo 50%; " + full + "; echo; echo done"), all, ""},
		"blank line behind":          {looping(plain + "; echo"), 0, "follows an answer without an id"},
		"twice, no id":               {looping(plain + "; " + plain), 0, "follows an answer without an id"},
		"twice, id":                  {looping(named + "; " + named), all, ""},
		"twice, id and seed":         {looping(full + "; " + full), all, ""},
		"twice, late":                {looping(plain + "; sleep 0.05; " + plain), 0, "follows an answer without an id"},
		"twice in the background":    {looping(plain + "; (sleep 0.1; " + plain + ") & wait"), 0, "without an id"},
		"id, twice, late":            {looping(full + "; (sleep 0.05; " + full + ") & :"), 1, ""},
		"banner, half an answer":     {"echo ready; " + looping(`echo "{\"id\": \"$id\", \"score\": "`), 0, "must be one JSON line"},
		"two answers":                {looping(full + `; s=7; echo "{\"id\": \"$id\", \"seed\": $seed, \"score\": $s}"`), 1, "when it was asked about"},
		"stray answer first":         {`echo '{"score": 7}'; ` + looping(plain), 0, "follows an answer without an id"},
		"stray answer first, id":     {`echo '{"score": 7}'; ` + looping(full), 0, "follows an answer without an id"},
		"answer of the one before":   {`last=0; ` + looping(`old=$last; last=$id; id=$old; `+full), 0, "when it was asked about"},
		"id once only":               {looping(`if [ $n = 1 ]; then ` + full + `; else ` + plain + `; fi`), 1, "when it was asked about"},
		"output behind the last one": {looping(plain) + "; echo bye", 0, `"bye"`},
		"ends with a status":         {looping(full) + "; exit 3", all, ""},
		"ends early":                 {`read -r line; exit 0`, 0, "ended without an answer"},
		"ends after each":            {looping(full + "; exit 1"), all, ""},
		"does not end":               {`read -r line; echo '{"score": 1}'; exec sleep 60`, 0, "and did not end within"},
		"two in a line":              {looping(`echo '{"score": 1} {"score": 2}'`), 0, "more than one JSON value"},
		"a key twice":                {looping(`echo '{"score": 1, "score": 2}'`), 0, `the key "score" stands twice`},
		"another case":               {looping(`echo '{"Score": 1}'`), 0, "neither a score nor an error"},
		"a number as text":           {looping(`echo '{"score": "1.5"}'`), 0, "must be a number"},
		"true":                       {looping(`echo '{"score": true}'`), 0, "must be a number"},
		"NaN":                        {looping(`echo '{"score": NaN}'`), 0, "score is NaN"},
		"-Infinity":                  {looping(`echo '{"score":-Infinity}'`), 0, "score is -Infinity"},
		"NaN of R":                   {looping(`echo '{"score": "NaN"}'`), 0, "score is NaN"},
		"null":                       {looping(`echo null`), 0, "it is no JSON object"},
		"1e400":                      {looping(`echo '{"score": 1e400}'`), 0, "not finite"},
		"id as number":               {looping(`echo '{"id": 5, "score": 1}'`), 0, "its id must be that of the question"},
		"other keys":                 {looping(score + `echo "{\"t\": [1, {}], \"score\": $s}"`), all, ""},
		"NaN in other keys":          {looping(score + `echo "{\"t\": [NaN, \"\\\"score\\\": NaN\"], \"score\": $s}"`), all, ""},
		"bytes of Latin-1":           {looping(score + `printf '{"t": "\351", "score": %s}\n' $s`), all, ""},
		"a long line": {looping(`head -c 1100000 /dev/zero | tr '\000' x; echo`), 0,
			"it has more than 1048576 bytes"},
		"a flood of errors": {`head -c 1000000 /dev/zero | tr '\000' x >&2; ` + looping(plain), all, ""},
		"half a line":       {`read -r line; printf '{"score": 4'`, 0, "it is no JSON object: the JSON ends at byte"},
		"no newline in time": {`read -r line; printf '{"score": 4}'; exec sleep 60`, 0,
			`only "{"score": 4}" without the end of the line`},
		"escapes": {looping(`printf '\033]0;owned\007\n'`), 0, `\x1b]0;owned\x07`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := &scoring.Program{Argv: []string{script(t, dir, c.body+"\n")}, Dir: dir, Timeout: 20 * time.Second}
			if strings.Contains(c.body, "sleep 60") {
				cmd.Timeout = 300 * time.Millisecond
			}
			right := 0
			for _, a := range studytest.Architectures(t, 3) {
				for seed := range uint64(2) {
					s, err := cmd.Score(t.Context(), a, estimators.NewEnv(nil, seed))
					if err != nil {
						t.Fatal(err)
					}
					digits, err := strconv.ParseUint(a.ID()[:4], 16, 64)
					if err != nil {
						t.Fatal(err)
					}
					switch {
					case s.Status != estimators.OK && (c.reason == "" || !strings.Contains(s.Reason, c.reason)):
						t.Errorf("%s, want %q", s.Reason, c.reason)
					case s.Status == estimators.OK && s.Value != float64(digits*10+seed):
						t.Errorf("%s seed %d: score %v", a.ID(), seed, s.Value)
					case s.Status == estimators.OK:
						right++
					}
				}
			}
			if right < c.right || c.right == 0 && right > 0 {
				t.Errorf("%d right scores, want %d", right, c.right)
			}
			if err := cmd.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNothingIsLeft looks for what programs started themselves, after a time-out, at the end, and when ctx ended.
func TestNothingIsLeft(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("looks into /proc")
	}
	for name, c := range map[string]struct {
		body   string
		cancel bool
	}{
		"time-out":  {"sleep 1017 & echo $! >> pids; sleep 1018 & echo $! >> pids; wait", false},
		"cancelled": {"sleep 1019 & echo $! >> pids; read -r line; wait", true},
		"end":       {"sleep 1020 & echo $! >> pids; " + answering(`"score": 1`), false},
		"one shot":  {`sleep 1021 & echo $! >> pids; read -r line; echo '{"score": 1}'`, false},
		"dies":      {"sleep 1022 & echo $! >> pids; exit 1", false},
	} {
		dir := t.TempDir()
		cmd := &scoring.Program{Argv: []string{script(t, dir, c.body+"\n")}, Dir: dir, Timeout: 500 * time.Millisecond}
		ctx, stop := context.WithCancel(t.Context())
		if c.cancel {
			cmd.Timeout = time.Minute
			time.AfterFunc(300*time.Millisecond, stop)
		}
		_, _ = cmd.Score(ctx, studytest.Architectures(t, 1)[0], estimators.NewEnv(nil, 0))
		stop()
		if err := cmd.Close(); err != nil {
			t.Error(err)
		}
		pids, _ := os.ReadFile(filepath.Join(dir, "pids"))
		if len(strings.Fields(string(pids))) == 0 {
			t.Errorf("%s: started nothing", name)
		}
		for _, pid := range strings.Fields(string(pids)) {
			for try := 0; alive(pid); try++ {
				if try == 100 {
					t.Errorf("%s: process %s is left", name, pid)
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
	}
}

// alive says whether a process runs; one that nobody has waited for does not.
func alive(pid string) bool {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(text), ") Z ")
}
