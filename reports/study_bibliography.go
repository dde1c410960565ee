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

// entry is one paper. Sources name it by its arXiv number, or else by the words in braces with which its title begins.
type entry struct{ key, arXiv, title, text string }

var (
	entryKey   = regexp.MustCompile(`^@\w+\{([^,]+),`)
	entryLink  = regexp.MustCompile(`eprint\s*=\s*\{([^}]+)\}`)
	entryTitle = regexp.MustCompile(`title\s*=\s*\{\{([^}]+)\}`)
)

// bibliography lists the papers in the order of the file.
var bibliography = func() []entry {
	var out []entry
	for text := range strings.SplitSeq(references, "\n\n") {
		e := entry{text: strings.TrimSpace(text)}
		for _, part := range []struct {
			of   *regexp.Regexp
			into *string
		}{{entryKey, &e.key}, {entryLink, &e.arXiv}, {entryTitle, &e.title}} {
			if m := part.of.FindStringSubmatch(e.text); m != nil {
				*part.into = m[1]
			}
		}
		out = append(out, e)
	}
	return out
}()

// bywords are other words for papers, and their keys.
var bywords = map[string]string{
	"NASLib": "krishnakumar2022suite", "WRCor": "jing2025wrcor", "jacov,": "mellor2021naswot",
	"epe_nas,": "lopes2021epenas",
}

// Keys of papers that are not an estimator's own.
const (
	keyNB301     = "zela2022surrogate"
	keyCIFAR     = "krizhevsky2009cifar"
	keyPractices = "lindauer2020best"
)

// citedBy lists the keys of the papers that the source of an estimator names.
func citedBy(source string) (keys []string) {
	for _, e := range bibliography {
		if e.arXiv != "" && strings.Contains(source, e.arXiv) || e.arXiv == "" && e.title != "" &&
			strings.Contains(source, e.title) {
			keys = append(keys, e.key)
		}
	}
	for word, key := range bywords {
		if strings.Contains(source, word) {
			keys = append(keys, key)
		}
	}
	return keys
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
		keys = append(keys, citedBy(c.Paper)...)
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
	for _, paper := range r.Papers {
		keys = append(keys, citedBy(paper)...)
	}
	return bibTeX(append(keys, setting(r.Space, r.From.Truth, r.From.Predicted, r.Data)...))
}
