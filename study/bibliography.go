package study

import (
	_ "embed" // the entries are part of the binary
	"regexp"
	"slices"
	"strings"
)

//go:embed bibliography.bib
var bibliography string

var (
	eprint = regexp.MustCompile(`eprint\s*=\s*\{([^}]+)\}`)
	titled = regexp.MustCompile(`title\s*=\s*\{\{([^}]+)\}`)
)

// always is what every study of NAS-Bench-301 cites: the benchmark, its space, and how to report.
var always = []string{"2008.09777", "1806.09055", "1909.02453"}

// cites says whether a paper, as the registry writes it, is that of a BibTeX entry: by its arXiv number, or else by the
// name in braces with which its title begins.
func cites(paper, entry string) bool {
	if m := eprint.FindStringSubmatch(entry); m != nil {
		return strings.Contains(paper, m[1])
	}
	m := titled.FindStringSubmatch(entry)
	return m != nil && strings.Contains(paper, m[1])
}

// BibTeX lists the entries of everything that a run used.
func BibTeX(m Manifest) string {
	var papers []string
	for _, q := range m.Questions {
		papers = append(papers, q.Paper)
	}
	if m.Space == "darts" {
		for _, number := range always {
			papers = append(papers, "arXiv "+number)
		}
	}
	var out []string
	for _, entry := range strings.Split(strings.TrimSpace(bibliography), "\n\n") {
		if slices.ContainsFunc(papers, func(p string) bool { return cites(p, entry) }) {
			out = append(out, entry)
		}
	}
	return strings.Join(out, "\n\n") + "\n"
}
