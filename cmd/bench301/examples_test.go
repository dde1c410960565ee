package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
echo 'dpi: 100' > paper.yaml
echo 'rwe: Ours' > names.yaml
{ echo arch,val_accuracy; n=90; while read a; do n=$((n+1)); echo "\"$a\",$n"; done < archs.txt; } > archs.csv
bench301 query --csv archs.txt > their-table.csv
bench301 score -e params -e pool-count -e map-effdim -o scores.jsonl archs.txt > /dev/null
cp scores.jsonl run1.jsonl
echo arch,acc,nwot,params > scores.csv
n=90; while read a; do n=$((n+1)); echo "\"$a\",$n,$((n*7%11)),$((n%5))"; done < archs.txt >> scores.csv
cp scores.jsonl a.jsonl
cp scores.jsonl b.jsonl
cat > comparison.yaml <<END
name: comparison
population: 4
generations: 2
methods: [{name: nsga2, algorithm: nsga2, objectives: [params, pool-count]}]
END
bench301 score -e params -e pool-count --seed 1 -o run2.jsonl archs.txt > /dev/null
cat > my.yaml <<END
name: my-study
architectures: {sample: 8}
accuracy: {source: mini}
dataset: {name: sample}
estimators:
  - params
  - pool-count
  - {name: l2_norm, vary: {gain: [1, 2]}}
  - {name: rwe, label: rwe, settings: {channels: 2, layers: 5, train_images: 50, val_images: 50, batch: 50}}
  - {name: map-effdim, label: map-effdim, settings: {channels: 2, layers: 5}}
END
bench301 study run my.yaml > /dev/null
for run in before after he orthogonal results old; do cp -r runs/my-study runs/$run; done
for part in $(seq 16); do bench301 study run my.yaml --shard $part/16 > /dev/null; done
small='-O params -O l2_norm:channels=4,resolution=8 --population 8 --generations 2'
bench301 search $small --out runs/my-search > /dev/null
bench301 search $small --out runs/small > /dev/null
mkdir experiments
cp -r runs/small experiments
printf 'arch,acc\n|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|,84.5\n' > trained.csv
bench301 data import nasbench201 trained.csv > /dev/null
cell=2,0,2,1,2,1,2,2,2,2,2,3,1,0,1,4
echo "[{\"run\": 1, \"X\": [[$cell,$cell]], \"F\": [[0.1, 600000]]}, {\"run\": 2, \"X\": [[$cell,$cell]], \"F\": [[0.09, 7e5]]}]" |
  tee c10mop8_nsga2.json a.json > b.json
printf 'run,error,params\n1,0.1,6e5\n2,0.2,5e5\n' > mine.csv
bench301 report runs/my-search > /dev/null
`

// skipped are beginnings of examples that are not executed, with the reasons.
var skipped = map[string]string{
	"data fetch": "fetches from elsewhere", "data import": "wants CIFAR-10", "surrogate fetch": "fetches from elsewhere",
	"surrogate": "wants the published models", "query --surrogate": "wants the published models",
	"serve": "does not end: see TestServeExample", "curl": "see TestServeExample",
	"worker": "works until it is told to stop: see cluster.txtar",
	"doctor": "checks the machine: see doctor.txtar", "bench": "measures the machine: see bench.txtar",
	"demo":                     "see TestRunsOfEarlierVersions",
	"estimators --check":       "takes a minute: see the tests of conformance",
	"replay zc_":               "wants published tables: see study.txtar",
	"export DARTS_V2 --to dot": "wants Graphviz: see export.txtar",
}

// smaller makes an example small, or possible a second time.
var smaller = strings.NewReplacer(
	"bench301 search -O rwe-ridge -O macs", "bench301 search -O l2_norm:channels=4,resolution=8 -O macs "+
		"--population 4 --generations 2",
	"-O rwe-ridge", "-O l2_norm:channels=4,resolution=8",
	"sample -n 20", "sample -n 1", "channels=16,seeds=3", "channels=2,seeds=3", "--calibrate 500", "--calibrate 20",
	"study init my.yaml", "study init $$.yaml", "search init my.yaml", "search init $$.yaml",
	"bench301 study run my.yaml --shard", "rm -r runs/my-study-3-of-16 && bench301 study run my.yaml --shard",
	"bench301 study merge", "rm -r runs/my-study && bench301 study merge",
	"--out runs/small", "--out runs/smaller",
	"my.yaml --slurm --array 16", "my.yaml --slurm --dry-run --out runs/array --array 8",
	"my.yaml --slurm --array 100%20", "my.yaml --slurm --dry-run --out runs/array --array 8%2",
	"--listen 127.0.0.1:4222", "--listen 127.0.0.1:0", // whatever else listens here
)

// TestExamples executes the examples of all help texts.
func TestExamples(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("examples are written for a Unix shell")
	}
	if testing.Short() {
		t.Skip("executes many commands")
	}
	t.Parallel()
	dir := t.TempDir()
	shell := func(line string) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "sh", "-c", line)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "BENCH301_DATA="+filepath.Join(dir, "cache"))
		cmd.WaitDelay = time.Second // what it started may outlive it
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := shell(standIns); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ran := 0
	commands(newRoot(streams{strings.NewReader(""), io.Discard, io.Discard}), func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Example) {
			line = smaller.Replace(strings.TrimSpace(line))
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
	if ran < 60 {
		t.Errorf("only %d examples were executed", ran)
	}
}

func skips(line string) bool {
	words := strings.TrimPrefix(line, "bench301 ")
	for begin := range skipped {
		if words == begin || strings.HasPrefix(words, begin+" ") || strings.HasPrefix(words, begin+":") ||
			strings.HasSuffix(begin, "_") && strings.HasPrefix(words, begin) {
			return true
		}
	}
	return false
}

// TestServeExample executes the request that the help of serve shows.
func TestServeExample(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl here")
	}
	root := newRoot(streams{strings.NewReader(""), io.Discard, io.Discard})
	cmd, _, err := root.Find([]string{"serve"})
	if err != nil {
		t.Fatal(err)
	}
	_, request, found := strings.Cut(cmd.Example, "curl ")
	if !found {
		t.Fatal("the help of serve shows no request")
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	said, talk := io.Pipe()
	go run(ctx, []string{"serve", "--surrogate", "mini", "--listen", "127.0.0.1:0"}, strings.NewReader(""), io.Discard,
		talk)
	var address string
	for lines := bufio.NewScanner(said); address == "" && lines.Scan(); {
		address = serving.FindString(lines.Text())
	}
	go io.Copy(io.Discard, said)
	line := "curl -sS " + strings.Replace(strings.TrimSpace(request), "http://127.0.0.1:8301", address, 1)
	out, err := exec.CommandContext(ctx, "sh", "-c", line).CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"accuracy":94.2`) {
		t.Errorf("%s: %v: %s", line, err, out)
	}
}

var serving = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
