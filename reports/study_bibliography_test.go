package reports

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/estimators"
	"rwe301/store"
)

var arXivNumber = regexp.MustCompile(`\d{4}\.\d{5}`)

// TestBibliography checks that every paper an estimator names by its arXiv number is in the bibliography, once.
func TestBibliography(t *testing.T) {
	keys, numbers := map[string]bool{}, map[string]bool{}
	for _, e := range bibliography {
		if e.key == "" || keys[e.key] || e.arXiv != "" && numbers[e.arXiv] {
			t.Errorf("entry %q, arXiv %q: no key, or not the only one", e.key, e.arXiv)
		}
		keys[e.key], numbers[e.arXiv] = true, true
		if strings.Count(e.text, "{") != strings.Count(e.text, "}") || !strings.Contains(e.text, " title ") || !strings.Contains(e.text, " author ") {
			t.Errorf("%s: no proper entry", e.key)
		}
	}
	for _, info := range estimators.All() {
		for _, n := range arXivNumber.FindAllString(info.Paper, -1) {
			if !numbers[n] {
				t.Errorf("%s: %s: add it to bibliography.bib", info.Name, info.Paper)
			}
		}
	}
	for _, key := range slices.Concat(slices.Collect(maps.Values(bywords)), slices.Collect(maps.Values(searchPapers)),
		[]string{keyNB301, keyDARTS, keyNB201, keyCIFAR, keyEvoXBench, keyPractices}) {
		if !keys[key] {
			t.Errorf("%s: not in the bibliography", key)
		}
	}
	r := analysis.Results{From: analysis.Provenance{Space: "darts", Truth: "mini", Predicted: true}}
	for _, q := range []*store.Question{
		{Paper: "Jiang, Wang, Bie 2023, MeCo, NeurIPS"}, {Paper: "Domhan, Springenberg, Hutter 2015, Speeding up Automatic Hyperparameter Optimization of Deep Neural Networks by Extrapolation of Learning Curves, IJCAI"},
		{Paper: "Lee, Ajanthan, Torr 2019, arXiv 1810.02340; as NASLib computes it", Dataset: "cifar10 0f"},
	} {
		r.Columns = append(r.Columns, &analysis.Column{Question: q})
	}
	got := strings.Join(entriesOf(BibTeX(&r)), " ")
	if want := "zela2022surrogate liu2019darts krizhevsky2009cifar lindauer2020best krishnakumar2022suite lee2019snip domhan2015speeding jiang2023meco"; got != want {
		t.Errorf("cited %s, want %s", got, want)
	}
}

func entriesOf(text string) (keys []string) {
	for line := range strings.Lines(text) {
		if m := entryKey.FindStringSubmatch(line); m != nil {
			keys = append(keys, m[1])
		}
	}
	return keys
}
