package houserules

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"rwe301/internal/oracle"
)

const module = "rwe301"

// allowed lists, for every package of ours, the packages of ours that it may import. Arrows point down only.
var allowed = map[string][]string{
	"bench301":                           {},
	"bench301/dataset":                   {"internal/atomicfile", "internal/download"},
	"bench301/surrogate":                 {"bench301", "internal/atomicfile", "internal/download", "bench301/surrogate/internal/pickle", "bench301/surrogate/internal/trees", "bench301/surrogate/internal/xgb", "bench301/surrogate/internal/lgb", "bench301/surrogate/internal/torch", "bench301/surrogate/internal/gin"},
	"bench301/surrogate/internal/pickle": {},
	"bench301/surrogate/internal/ubjson": {},
	"bench301/surrogate/internal/trees":  {},
	"bench301/surrogate/internal/xgb":    {"bench301/surrogate/internal/trees", "bench301/surrogate/internal/ubjson"},
	"bench301/surrogate/internal/lgb":    {"bench301/surrogate/internal/trees"},
	"bench301/surrogate/internal/torch":  {"bench301/surrogate/internal/pickle"},
	"bench301/surrogate/internal/gin":    {"bench301", "bench301/surrogate/internal/torch"},
	"correlation":                        {},
	"internal/atomicfile":                {},
	"internal/download":                  {},
	"internal/houserules":                {},
	"internal/kernels":                   {},
	"internal/oracle":                    {"internal/splitmix"},
	"internal/splitmix":                  {},
	"internal/process":                   {},
	"internal/suggest":                   {},
	"internal/system":                    {},
	"internal/yamldoc":                   {"internal/suggest"},
	"network":                            {"bench301", "internal/kernels", "internal/process"},
	"network/op":                         {"network"},
	"estimators":                         {"bench301", "bench301/dataset", "network", "estimators/head", "internal/atomicfile", "internal/splitmix", "internal/suggest"},
	"estimators/head":                    {},
	"export":                             {"bench301"},
	"serve":                              {"bench301", "bench301/surrogate"},
	"store":                              {"bench301", "internal/atomicfile"},
	"moo":                                {},
	"plots":                              {"bench301", "correlation", "internal/atomicfile"},
	"reports":                            {"analysis", "bench301", "correlation", "estimators", "plots", "internal/atomicfile", "internal/suggest"},
	"analysis":                           {"bench301", "correlation", "moo", "store"},
	"scoring":                            {"bench301", "bench301/dataset", "bench301/surrogate", "estimators", "store", "internal/suggest", "internal/yamldoc"},
	"search":                             {"analysis", "bench301", "bench301/dataset", "bench301/surrogate", "estimators", "moo", "scoring", "store", "internal/atomicfile", "internal/yamldoc"},
	"studies":                            {},
	"study":                              {"analysis", "bench301", "bench301/dataset", "estimators", "scoring", "store", "internal/atomicfile", "internal/suggest", "internal/yamldoc"},
	"cmd/bench301":                       {"analysis", "bench301", "bench301/dataset", "bench301/surrogate", "correlation", "estimators", "export", "moo", "network", "plots", "reports", "scoring", "search", "serve", "store", "studies", "study", "internal/atomicfile", "internal/kernels", "internal/process", "internal/suggest", "internal/system"},
}

// gorgonia may be imported here only.
var gorgonia = []string{"network/op", "estimators/head"}

func TestImportsPointDown(t *testing.T) {
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}}|{{join .Imports " "}}`, "./...")
	cmd.Dir = oracle.Root()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := 0
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), "|")
		path = strings.TrimPrefix(path, module+"/")
		if strings.HasPrefix(path, "tools/") {
			continue // programs for maintainers may use everything
		}
		packages++
		may, known := allowed[path]
		if !known {
			t.Errorf("%s: not in the plan of the house: add it here with the packages it may import", path)
			continue
		}
		for _, i := range strings.Fields(imports) {
			if ours, ok := strings.CutPrefix(i, module+"/"); ok && !slices.Contains(may, ours) {
				t.Errorf("%s imports %s: only %v are allowed", path, ours, may)
			}
			if strings.HasPrefix(i, "gorgonia.org/") && !slices.Contains(gorgonia, path) {
				t.Errorf("%s imports %s: only %v may", path, i, gorgonia)
			}
		}
	}
	if packages < 5 {
		t.Errorf("go list named %d packages only", packages)
	}
}
