package reports

import "rwe301/plots"

// published are curves of the mean Spearman correlation within the generations of a search, from generation 1, read off
// a picture without caption on the page of RWE's first author (ShengranHu/shengranhu.github.io,
// assets/img/publication_preview/CAIS2021.jpg), by eye to within 0.02.
var published = []struct {
	name string
	rho  []float64
}{
	{"RWE, read off a picture", []float64{-0.22, -0.28, -0.08, 0.21, 0.39, 0.51, 0.44, 0.53, 0.66, 0.65, 0.58, 0.55,
		0.46, 0.57, 0.49, 0.39, 0.35, 0.42, 0.46}},
	{"training-based, read off a picture", []float64{-0.32, -0.04, 0.16, 0.39, 0.48, 0.56, 0.54, 0.67, 0.66, 0.65,
		0.63, 0.68, 0.68, 0.66, 0.68, 0.69, 0.63, 0.68, 0.7}},
}

// publishedNote says what the published curves are.
const publishedNote = "grey: read off a picture without caption on the page of RWE's first author; that it is the " +
	"paper's NAS-Bench-301 ablation is an inference; ±0.02"

// publishedLines are the published curves as lines.
func publishedLines() (out []plots.Line) {
	for _, p := range published {
		line := plots.Line{Name: p.name, Y: p.rho}
		for g := range p.rho {
			line.X = append(line.X, float64(g+1))
		}
		out = append(out, line)
	}
	return out
}
