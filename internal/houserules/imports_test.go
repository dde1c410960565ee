package houserules

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

// plan lists, for every package of ours, the packages of ours that it may import, and gorgonia where that is allowed.
// Arrows point down only. A line that begins with a tab goes on with the one before.
const plan = `
analysis: bench301 correlation internal/input internal/strictjson internal/suggest internal/tabular moo store
bench301: internal/input internal/printable internal/strictjson internal/suggest
bench301/dataset: internal/atomicfile internal/download internal/input internal/pickle internal/printable
bench301/surrogate: bench301 bench301/surrogate/internal/gin bench301/surrogate/internal/lgb
	bench301/surrogate/internal/torch bench301/surrogate/internal/trees bench301/surrogate/internal/xgb
	internal/atomicfile internal/download internal/input internal/pickle internal/printable internal/strictjson
bench301/surrogate/internal/gin: bench301 bench301/surrogate/internal/torch
bench301/surrogate/internal/lgb: bench301/surrogate/internal/trees
bench301/surrogate/internal/torch: internal/pickle
bench301/surrogate/internal/trees:
bench301/surrogate/internal/ubjson:
bench301/surrogate/internal/xgb: bench301/surrogate/internal/trees bench301/surrogate/internal/ubjson
	internal/strictjson
bench301/trained: bench301 internal/atomicfile internal/input internal/pickle internal/printable internal/strictjson
cluster: bench301 bench301/dataset estimators internal/atomicfile internal/input internal/printable
	internal/strictjson scoring store
cluster/slurm:
cmd/bench301: analysis bench301 bench301/dataset bench301/surrogate bench301/trained cluster cluster/slurm
	correlation estimators estimators/conformance export internal/atomicfile internal/download internal/kernels internal/printable
	internal/process internal/strictjson internal/suggest internal/system internal/yamldoc moo network pipe plots reports
	scoring search serve store studies study
correlation:
estimators: bench301 bench301/dataset estimators/head estimators/inputs estimators/internal/curve
	estimators/internal/linear estimators/internal/precision estimators/internal/training internal/printable
	internal/process internal/suggest network
estimators/conformance: bench301 estimators estimators/internal/curve estimators/internal/reference
estimators/head: gorgonia internal/process
estimators/inputs: bench301/dataset network
estimators/internal/curve:
estimators/internal/linear: internal/kernels
estimators/internal/precision: network
estimators/internal/reference: bench301 bench301/dataset estimators/inputs internal/splitmix network
estimators/internal/training: bench301 bench301/dataset estimators/inputs estimators/internal/precision
	internal/atomicfile internal/process network
export: bench301
internal/atomicfile:
internal/download:
internal/houserules:
internal/input:
internal/kernels:
internal/oracle: internal/splitmix
internal/pickle:
internal/printable:
internal/process:
internal/splitmix:
internal/strictjson: internal/printable
internal/suggest:
internal/system:
internal/tabular:
internal/yamldoc: internal/input internal/printable internal/suggest
moo:
network: bench301 internal/process network/fused network/memory network/pass network/plan network/reference
network/fused: internal/kernels network/memory network/pass network/plan network/reference
network/memory: internal/kernels internal/system
network/op: gorgonia network
network/pass: bench301 internal/process network/plan
network/plan: bench301 internal/kernels internal/process network/memory
network/reference: bench301 network/memory network/pass network/plan
pipe: analysis bench301 bench301/dataset bench301/surrogate bench301/trained correlation estimators
	internal/printable internal/suggest reports scoring store
plots: bench301 internal/atomicfile
plots/plotstest: plots
reports: analysis bench301 correlation internal/atomicfile internal/printable internal/suggest internal/yamldoc
	plots store
scoring: bench301 bench301/dataset bench301/surrogate bench301/trained estimators internal/input
	internal/printable internal/process internal/strictjson internal/tabular internal/yamldoc store
search: analysis bench301 bench301/dataset bench301/surrogate estimators internal/atomicfile internal/input
	internal/printable internal/strictjson internal/suggest internal/yamldoc moo scoring store
serve: bench301 bench301/surrogate
store: internal/atomicfile internal/printable internal/strictjson
studies:
study: analysis bench301 bench301/dataset estimators internal/atomicfile internal/printable internal/strictjson
	internal/suggest internal/yamldoc scoring search store
study/studytest: analysis bench301 correlation scoring store study
`

func TestImportsPointDown(t *testing.T) {
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}}: {{join .Imports " "}}`, "./...")
	cmd.Dir = oracle.Root()
	cmd.Env = append(os.Environ(), "GOOS=linux") // the same files everywhere
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, problem := range compare(string(out), plan) {
		t.Error(problem)
	}
}

// compare returns where the packages that go list found and the plan differ: what is not in the plan, and entries of
// the plan that nothing uses.
func compare(found, plan string) (problems []string) {
	allowed, used := parse(plan), ours(parse(found))
	for _, path := range slices.Sorted(maps.Keys(used)) {
		may, known := allowed[path]
		if !known {
			problems = append(problems, path+": not in the plan of the house: add it with the packages it may import")
			continue
		}
		for _, i := range used[path] {
			if !slices.Contains(may, i) {
				problems = append(problems, path+" imports "+i+": not allowed by the plan of the house")
			}
		}
		for _, i := range may {
			if !slices.Contains(used[path], i) {
				problems = append(problems, path+" does not import "+i+": remove that from the plan of the house")
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(allowed)) {
		if _, exists := used[path]; !exists {
			problems = append(problems, path+": in the plan of the house, but no such package exists")
		}
	}
	return problems
}

// parse reads lines "package: imports".
func parse(text string) map[string][]string {
	lists := map[string][]string{}
	for line := range strings.Lines(strings.ReplaceAll(text, "\n\t", " ")) {
		if path, imports, ok := strings.Cut(line, ":"); ok {
			lists[path] = strings.Fields(imports)
		}
	}
	return lists
}

// ours shortens what go list found to what the plan is about.
func ours(found map[string][]string) map[string][]string {
	lists := map[string][]string{}
	for path, imports := range found {
		path = strings.TrimPrefix(path, "rwe301/")
		if strings.HasPrefix(path, "tools/") {
			continue // programs for maintainers may use everything
		}
		var list []string
		for _, i := range imports {
			if i, ok := strings.CutPrefix(i, "rwe301/"); ok {
				list = append(list, i)
			} else if strings.HasPrefix(i, "gorgonia.org/") {
				list = append(list, "gorgonia")
			}
		}
		lists[path] = slices.Compact(list)
	}
	return lists
}

func TestCompare(t *testing.T) {
	found := "rwe301/a: fmt rwe301/b\nrwe301/b: gorgonia.org/gorgonia gorgonia.org/tensor\nrwe301/c:\n" +
		"rwe301/tools/x: rwe301/a\n"
	want := []string{
		"a imports b: not allowed by the plan of the house",
		"a does not import c: remove that from the plan of the house",
		"b imports gorgonia: not allowed by the plan of the house",
		"c: not in the plan of the house: add it with the packages it may import",
		"d: in the plan of the house, but no such package exists",
	}
	if got := compare(found, "a:\n\tc\nb:\nd:\n"); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
