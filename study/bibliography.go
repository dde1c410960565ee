package study

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"

	"rwe301/estimators"
)

// references are the papers behind what a run may use, in BibTeX.
//
//go:embed bibliography.bib
var references string

// entry is one paper.
type entry struct{ key, text string }

var entryKey = regexp.MustCompile(`^@\w+\{([^,]+),`)

// bibliography lists the papers in the order of the file.
var bibliography = func() []entry {
	var out []entry
	for text := range strings.SplitSeq(references, "\n\n") {
		text = strings.TrimSpace(text)
		key := ""
		if m := entryKey.FindStringSubmatch(text); m != nil {
			key = m[1]
		}
		out = append(out, entry{key, text})
	}
	return out
}()

// Keys of papers that are not an estimator's own.
const (
	keyNB301     = "zela2022surrogate"
	keyDARTS     = "liu2019darts"
	keyNB201     = "dong2020nasbench201"
	keyCIFAR     = "krizhevsky2009cifar"
	keyEvoXBench = "lu2023evoxbench"
	keyPractices = "lindauer2020best"
)

// cites lists the keys of the papers behind an estimator of ours. Scores by its name from elsewhere have no source here.
func (q *Question) cites() []string {
	info, err := estimators.Lookup(q.Estimator)
	if err != nil || q.Paper == "" {
		return nil
	}
	return info.Cites
}

// bibTeX prints the papers with these keys, in the order of the file.
func bibTeX(keys []string) string {
	var b strings.Builder
	for _, e := range bibliography {
		if slices.Contains(keys, e.key) {
			b.WriteString(e.text + "\n\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// setting are the papers of the checklist, and of the space, the accuracies and the images that a run used. truth names the accuracies; predicted
// says whether a surrogate predicts them.
func setting(space, truth string, predicted bool, data string) []string {
	keys := []string{keyPractices}
	switch space {
	case "darts":
		keys = append(keys, keyDARTS)
	case "nasbench201":
		keys = append(keys, keyNB201)
	}
	if space == "darts" && predicted || strings.Contains(strings.ToLower(truth), "nasbench301") {
		keys = append(keys, keyNB301)
	}
	if strings.Contains(data, "cifar10") {
		keys = append(keys, keyCIFAR)
	}
	return keys
}

// BibTeX prints the papers of the benchmark and of every estimator of the run.
func (m Manifest) BibTeX() string {
	var keys []string
	data, predicted := "", false
	for _, q := range m.Questions {
		data += q.Dataset
		predicted = predicted || q.Accuracy && q.value("source") != string(Table)
		keys = append(keys, q.cites()...)
	}
	return bibTeX(append(keys, setting(m.Space, m.Truth, predicted, data)...))
}

// searchPapers are the papers of search algorithms.
var searchPapers = map[string]string{"nsga2": "deb2002nsga2", "moead": "zhang2007moead", "aging": "real2019regularized"}

// BibTeX prints the papers of the benchmark, the algorithms and every estimator of the searches.
func (s *Searches) BibTeX() string {
	d := s.Manifest.Definition
	var keys []string
	data := ""
	if d.Space == "darts" {
		keys = append(keys, keyEvoXBench)
	}
	for _, m := range d.Methods {
		keys = append(keys, searchPapers[m.Algorithm])
		for _, spec := range m.Objectives {
			if o, err := s.plan.objective(spec); err == nil {
				keys = append(keys, o.cites()...)
				data += o.Dataset
			}
		}
	}
	return bibTeX(append(keys, setting(d.Space, s.Manifest.Truth, d.Accuracy.Source != Table, data)...))
}
