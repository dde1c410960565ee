package reports

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/scoring"
	"rwe301/store"
)

var (
	arXivNumber = regexp.MustCompile(`\d{4}\.\d{5}`)
	entryLink   = regexp.MustCompile(`eprint\s*=\s*\{([^}]+)\}`)
)

// TestBibliography checks that every paper an estimator cites, or names by its arXiv number, is in the bibliography,
// once.
func TestBibliography(t *testing.T) {
	keys, numbers := map[string]bool{}, map[string]string{} // of numbers, the keys
	for _, e := range bibliography {
		if e.key == "" || keys[e.key] {
			t.Errorf("entry %q: no key, or not the only one", e.key)
		}
		keys[e.key] = true
		if m := entryLink.FindStringSubmatch(e.text); m != nil {
			if numbers[m[1]] != "" {
				t.Errorf("entry %q, arXiv %q: not the only one", e.key, m[1])
			}
			numbers[m[1]] = e.key
		}
		if strings.Count(e.text, "{") != strings.Count(e.text, "}") || !strings.Contains(e.text, " title ") ||
			!strings.Contains(e.text, " author ") {
			t.Errorf("%s: no proper entry", e.key)
		}
	}
	for _, info := range estimators.All() {
		for _, n := range arXivNumber.FindAllString(info.Paper, -1) {
			if !slices.Contains(info.Cites, numbers[n]) {
				t.Errorf("%s: %s: add it to bibliography.bib and to what the estimator cites", info.Name, info.Paper)
			}
		}
		for _, key := range info.Cites {
			if !keys[key] {
				t.Errorf("%s cites %s, which is not in the bibliography", info.Name, key)
			}
		}
	}
	cited := []string{keyNB301, keyCIFAR, keyPractices}
	for _, s := range bench301.Spaces() {
		if c, ok := s.(bench301.Cited); ok {
			cited = append(cited, c.Citations()...)
		}
		if b, ok := s.(bench301.Bounded); ok {
			cited = append(cited, b.ObjectiveBox().Citation)
		}
	}
	for _, key := range slices.Concat(slices.Collect(maps.Values(searchPapers)), cited) {
		if !keys[key] {
			t.Errorf("%s: not in the bibliography", key)
		}
	}
	r := analysis.Results{Space: bench301.DARTS{}, From: analysis.Provenance{Space: "darts", Truth: "mini",
		Predicted: true}}
	for _, q := range []*store.Question{
		{Estimator: "meco", Paper: "Jiang"}, {Estimator: "lce-power", Paper: "Domhan"},
		{Estimator: "snip", Paper: "Lee", Dataset: "cifar10 0f"},
		{Estimator: "zen"}, // scored elsewhere
	} {
		scoring.Recall(q)
		r.Columns = append(r.Columns, &analysis.Column{Question: q})
	}
	got := strings.Join(entriesOf(BibTeX(&r)), " ")
	if want := "zela2022surrogate liu2019darts krizhevsky2009cifar lindauer2020best krishnakumar2022suite lee2019snip " +
		"domhan2015speeding jiang2023meco"; got != want {
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
