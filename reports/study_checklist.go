package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// unknown is the answer to what only the people behind a run know.
const unknown = "not known from the run"

// practices are the items of the NAS best practices checklist (Lindauer and Hutter, JMLR 21(243), 2020), shortened.
var practices = []string{
	"Code of the training pipeline of the final architectures released",
	"Code of the search space released",
	"Hyperparameters and random seeds of the final evaluation released",
	"Code of the method released",
	"Hyperparameters and random seeds of the method released",
	"Same benchmark for all methods: data, space, training code",
	"Confounding factors controlled: hardware, versions, run times",
	"Ablation studies",
	"Same evaluation protocol for all methods",
	"Performance over time compared",
	"Compared with random search",
	"Multiple runs, random seeds reported",
	"Tabular or surrogate benchmark used for in-depth evaluation",
	"How hyperparameters were tuned, with time and resources",
	"Time of the entire method, end to end",
	"All details of the experimental setup",
}

// reply fills one item: yes, no, unknown or that it does not apply, and what in the run says so.
type reply struct{ verdict, evidence string }

func yesIf(yes bool, evidence, otherwise string) reply {
	if yes {
		return reply{"yes", evidence}
	}
	return reply{"no", otherwise}
}

func checklist(title string, answers []reply) Table {
	t := Table{
		Name:  "checklist",
		Title: "Best practices of neural architecture search, " + title,
		Columns: []Column{{Key: "item", Kind: Count}, {Name: "practice", Key: "practice", Kind: Words},
			{Name: "answer", Key: "answer", Kind: Words}, {Name: "from the run", Key: "evidence", Kind: Words}},
		Notes: []string{"Items: Lindauer and Hutter, JMLR 21(243), 2020, shortened. Only the authors of a paper can " +
			"answer what is not known from the run."},
	}
	for i, a := range answers {
		t.Rows = append(t.Rows, append([]Cell{count(i + 1)}, Texts(practices[i], a.verdict, a.evidence)...))
	}
	return t
}

// Checklist answers the best practices checklist as far as the run knows.
func (f Study) Checklist() Table {
	m := f.From
	var own, varied, trivial []string
	seeds, total, partial := 0, 0.0, 0
	for _, c := range f.Columns {
		if c.Paper == "" && c.Parts == nil {
			own = append(own, c.Label)
		}
		for _, v := range c.Varied {
			if !slices.Contains(varied, v.Setting) {
				varied = append(varied, v.Setting)
			}
		}
		if c.Trivial {
			trivial = append(trivial, c.Label)
		}
		if c.Undefined+c.Failed+c.Missing > 0 {
			partial++
		}
		seeds = max(seeds, len(c.Seeds))
		total += c.Total()
	}
	method := reply{"yes", "all estimators are part of bench301 " + m.Code}
	if len(own) > 0 {
		method = reply{unknown, "scores or programs from outside: " + strings.Join(own, ", ")}
	}
	benchmark := reply{"yes", "surrogate: " + m.Truth}
	if !m.Predicted {
		benchmark.evidence = "table: " + m.Truth
	}
	return checklist("study "+m.Name, []reply{
		{unknown, "nothing was trained to the end; accuracies by " + m.Truth},
		{"yes", fmt.Sprintf("%s in bench301 %s", m.Space, m.Code)},
		{unknown, "accuracies by " + m.Truth},
		method,
		{"yes", "every setting and seed in the manifest; weight seeds " + seedRange(f.Columns)},
		{"yes", fmt.Sprintf("all score the same %d architectures; estimators without full coverage: %d of %d",
			len(f.Architectures), partial, len(f.Columns))},
		{"yes", fmt.Sprintf("bench301 %s, %s, %s; one estimate a core; each score keeps its version and processor", m.Code,
			m.Go, m.CPU)},
		yesIf(len(varied) > 0, "varied: "+strings.Join(varied, ", "), "no setting is varied"),
		{"yes", "tau-b, intervals and paired tests with Holm's correction on the same architectures"},
		yesIf(total > 0, "tau-b against seconds an estimate (table budget, figure cost)", "no times"),
		{"not applicable", "no search; trivial baselines: " + orNone(trivial)},
		yesIf(seeds > 1, fmt.Sprintf("up to %d weight seeds: %s", seeds, seedRange(f.Columns)),
			"one weight seed; intervals are over architectures only"),
		benchmark,
		{unknown, ""},
		yesIf(total > 0, fmt.Sprintf("about %s s%s for all estimates; the making of the accuracies not counted",
			Seconds(total), f.clock()), "no times"),
		{"yes", "definition, manifest and every score in the run folder; table protocol"},
	})
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Checklist answers the best practices checklist as far as the searches know.
func (r Search) Checklist() Table {
	m, d := r.From, r.Setup
	truth := cmp.Or(m.Truth, noAccuracies)
	var algorithms []string
	objectives := map[string]bool{}
	for _, method := range d.Methods {
		algorithms = append(algorithms, method.Algorithm)
		objectives[strings.Join(method.Objectives, ", ")] = true
	}
	return checklist("searches "+d.Name, []reply{
		{unknown, "nothing was trained to the end; accuracies by " + truth},
		{"yes", fmt.Sprintf("%s in bench301 %s", d.Space, m.Code)},
		{unknown, "accuracies by " + truth},
		{"yes", "algorithms and estimators are part of bench301 " + m.Code},
		{"yes", fmt.Sprintf("the definition in the run folder; seeds %s", numbers(d.Seeds))},
		{"yes", "one space, one source of accuracies"},
		{"yes", fmt.Sprintf("bench301 %s on %s; as many evaluations for every method", m.Code, m.CPU)},
		yesIf(len(objectives) > 1, fmt.Sprintf("%d sets of objectives", len(objectives)), "one set of objectives"),
		{"yes", "every front re-evaluated by " + truth},
		{"yes", "hypervolume and best accuracy over evaluations (figures hypervolume, best-so-far)"},
		yesIf(slices.Contains(algorithms, "random"), "a method is random search", "no method is random search"),
		yesIf(len(d.Seeds) > 1, fmt.Sprintf("%d runs a method, seeds %s", len(d.Seeds), numbers(d.Seeds)),
			"one run a method"),
		{"yes", truth},
		{unknown, ""},
		{unknown, fmt.Sprintf("%d evaluations a run; every score keeps its seconds", d.Evaluations())},
		{"yes", "definition and every score in the run folder"},
	})
}

func numbers(v []uint64) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ", "), "[]")
}
