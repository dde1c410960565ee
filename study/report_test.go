package study

import (
	"regexp"
	"strings"
	"testing"

	"rwe301/estimators"
)

// TestEveryPaperHasAnEntry reads the arXiv numbers of the registry.
func TestEveryPaperHasAnEntry(t *testing.T) {
	number := regexp.MustCompile(`\d{4}\.\d{5}`)
	for _, info := range estimators.All() {
		for _, n := range number.FindAllString(info.Paper, -1) {
			if !strings.Contains(bibliography, "{"+n+"}") {
				t.Errorf("%s: no BibTeX entry for arXiv %s: add it to bibliography.bib", info.Name, n)
			}
		}
	}
	for _, n := range always {
		if !strings.Contains(bibliography, "{"+n+"}") {
			t.Errorf("no BibTeX entry for arXiv %s", n)
		}
	}
}

func TestBibTeXListsWhatWasUsed(t *testing.T) {
	lce, err := estimators.Lookup("lce-power")
	if err != nil {
		t.Fatal(err)
	}
	got := BibTeX(Manifest{Space: "darts", Questions: []*Question{{Paper: "Lee, Ajanthan, Torr 2019, arXiv 1810.02340; as NASLib computes it"}, {Paper: "Jiang, Wang, Bie 2023, MeCo, NeurIPS"}, {Paper: lce.Paper}, {}}})
	for entry, want := range map[string]bool{"lee2019snip": true, "jiang2023meco": true, "domhan2015speeding": true, "zela2022surrogate": true, "liu2019darts": true, "wang2020grasp": false, "peng2024swap": false, "hu2023rwe": false} {
		if strings.Contains(got, "{"+entry+",") != want {
			t.Errorf("%s is listed: %v, want %v", entry, !want, want)
		}
	}
	if strings.Count(got, "{") != strings.Count(got, "}") {
		t.Error("unbalanced braces")
	}
}

func TestReport(t *testing.T) {
	f := madeUp(t, t.TempDir(), 30, 1)
	var b strings.Builder
	if err := f.Report(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Estimators", "Confounding by size", "best-practice checklist", "zela2022surrogate", f.Architectures[0].Arch[:20]} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	answers := map[string]string{}
	for _, row := range f.Checklist().Rows {
		answers[row[0]] = row[1]
	}
	for practice, want := range map[string]string{
		"Ablation studies": "no: the study varies", "Comparison with trivial baselines": "no: add params", "Failures reported": "1 estimators without full coverage",
		"Code of the method released": "good, twin, poor, noise, constant, reverse",
	} {
		if !strings.Contains(answers[practice], want) {
			t.Errorf("%s: %s, want %s", practice, answers[practice], want)
		}
	}
}
