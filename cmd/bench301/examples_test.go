package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// standIns makes the files that examples name, from the outside in: small ones.
const standIns = `set -e
mkdir cache
bench301 sample -n 8 --seed 1 > archs.txt
{ echo arch,val_accuracy; n=90; while read a; do n=$((n+1)); echo "\"$a\",$n"; done < archs.txt; } > archs.csv
bench301 score -e params -e pool-count -e map-effdim -o scores.jsonl archs.txt > /dev/null
cp scores.jsonl run1.jsonl
bench301 score -e params -e pool-count --seed 1 -o run2.jsonl archs.txt > /dev/null
cat > my.yaml <<END
name: my-study
architectures: {sample: 8}
accuracy: {source: mini}
estimators: [params, pool-count, {name: l2_norm, vary: {gain: [1, 2]}}]
END
bench301 study run my.yaml > /dev/null
for run in before after he orthogonal results; do bench301 study run my.yaml --out runs/$run > /dev/null; done
`

// skipped are beginnings of examples that are not executed, with the reasons.
var skipped = map[string]string{
	"data fetch": "fetches from elsewhere", "data import": "wants CIFAR-10", "surrogate fetch": "fetches from elsewhere",
	"surrogate": "wants the published models", "query --surrogate": "wants the published models",
	"serve --surrogate": "wants the published models", "serve": "does not end: see serve.txtar",
	"curl": "wants the server: see serve.txtar", "doctor": "checks the machine: see doctor.txtar",
	"bench": "measures the machine: see bench.txtar", "demo": "see TestRunsOfEarlierVersions",
	"search": "takes minutes: see search.txtar", "report runs/my-search": "wants a search: see search.txtar",
	"estimators --check": "takes a minute: see the tests of conformance",
	"replay":             "wants published tables: see study.txtar",
	"study merge":        "wants 16 parts: see study.txtar", "study run": "its folder is there: see study.txtar",
	"study init": "writes over my.yaml: see study.txtar", "score -e rwe": "takes a minute: see score.txtar",
	"sample -n 20 | bench301 score": "takes a minute: see score.txtar", "export": "see export.txtar",
}

// TestExamples executes the examples of all help texts.
func TestExamples(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("examples are written for a Unix shell")
	}
	if testing.Short() {
		t.Skip("executes many commands")
	}
	dir := t.TempDir()
	shell := func(line string) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "sh", "-c", line)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "BENCH301_DATA="+filepath.Join(dir, "cache"))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := shell(standIns); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ran := 0
	commands(newRoot(streams{strings.NewReader(""), io.Discard, io.Discard}), func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Example) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(cmd.CommandPath(), "bench301 completion") {
				continue
			}
			if skips(line) {
				continue
			}
			ran++
			if out, err := shell(line); err != nil {
				t.Errorf("%s: %s: %v: %s", cmd.CommandPath(), line, err, out)
			}
		}
	})
	if ran < 20 {
		t.Errorf("only %d examples were executed", ran)
	}
}

func skips(line string) bool {
	words := strings.TrimPrefix(line, "bench301 ")
	for begin := range skipped {
		if words == begin || strings.HasPrefix(words, begin+" ") || strings.HasPrefix(words, begin+":") {
			return true
		}
	}
	return false
}
