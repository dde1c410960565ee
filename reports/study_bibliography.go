package reports

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"

	"rwe301/analysis"
	"rwe301/bench301"
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
	keyCIFAR     = "krizhevsky2009cifar"
	keyPractices = "lindauer2020best"
	keyNATS      = "dong2021nats"
	keySuite     = "krishnakumar2022suite"
)

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

// setting are the papers of the checklist, and of the space, the accuracies and the images that a run used. truth names
// the accuracies; predicted says whether a surrogate predicts them.
func setting(space bench301.Space, truth string, predicted bool, data string) []string {
	keys := []string{keyPractices}
	if c, ok := space.(bench301.Cited); ok {
		keys = append(keys, c.Citations()...)
	}
	if predicted || strings.Contains(strings.ToLower(truth), "nasbench301") {
		keys = append(keys, keyNB301)
	}
	for name, key := range map[string]string{"NATS-Bench": keyNATS, "NAS-Bench-Suite-Zero": keySuite} {
		if !predicted && strings.Contains(truth, name) { // whose file the accuracies of trained networks are
			keys = append(keys, key)
		}
	}
	if strings.Contains(data, "cifar10") {
		keys = append(keys, keyCIFAR)
	}
	return keys
}

// BibTeX prints the papers of the benchmark and of every estimator of the run.
func BibTeX(r *analysis.Results) string {
	var keys []string
	data := ""
	for _, c := range r.Columns {
		data += c.Dataset
		keys = append(keys, c.Cites...)
	}
	return bibTeX(append(keys, setting(r.Space, r.From.Truth, r.From.Predicted, data)...))
}

// searchPapers are the papers of search algorithms.
var searchPapers = map[string]string{"nsga2": "deb2002nsga2", "moead": "zhang2007moead", "aging": "real2019regularized"}

// BibTeX prints the papers of the benchmark, the algorithms and every estimator of the searches.
func (r Search) BibTeX() string {
	var keys []string
	if b, ok := r.OwnBox(); ok {
		keys = append(keys, b.Citation)
	}
	for _, m := range r.Setup.Methods {
		keys = append(keys, searchPapers[m.Algorithm])
	}
	return bibTeX(slices.Concat(keys, r.Cites, setting(r.Space, r.From.Truth, r.From.Predicted, r.Data)))
}
