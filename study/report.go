package study

import (
	"fmt"
	"io"

	"rwe301/reports"
)

// captions say what the figures show.
var captions = map[string]string{
	"scatter":     "Scores against accuracies, an architecture a point.",
	"bars":        "tau-b of every estimator with its 95% interval.",
	"cost":        "tau-b against the time of one estimate.",
	"convergence": "95% interval of tau-b by number of architectures: how many are needed to tell.",
	"seeds":       "tau-b of single weight seeds.",
	"proxies":     "How much the estimators say the same.",
	"strata":      "Correlation among architectures with equally many convolutions; in brackets how many there are.",
	"precision":   "Share of the predicted top that belongs to the true top.",
	"ranks":       "Predicted against true rank.",
	"critical":    "Mean ranks over disjoint parts of the architectures; bars join what the Nemenyi test cannot tell apart.",
	"cells-best":  "The most accurate architecture.",
	"cells-worst": "The least accurate architecture.",
}

// Report writes everything about a run into one HTML file that needs nothing else.
func (f *Findings) Report(w io.Writer) error {
	m := f.Manifest
	d := reports.Document{
		Title: "Study " + m.Name,
		Lead: []string{
			fmt.Sprintf("%d architectures of the space %s, %s. Accuracies: %s (surrogate association, not training runs of this study).", len(f.Architectures), m.Space, m.Origin, m.Truth),
			"Click on a heading to sort a table; point at a dot to see the architecture.",
		},
	}
	for _, name := range TableNames() {
		t, err := f.Table(name)
		if err != nil {
			return err
		}
		if len(t.Rows) == 0 {
			continue
		}
		s := reports.Section{Title: sectionTitles[name], Table: &t}
		if name == "estimators" {
			s.Clouds = f.clouds()
		}
		d.Sections = append(d.Sections, s)
	}
	drawn, err := f.Figures()
	if err != nil {
		return err
	}
	figures := reports.Section{Title: "Figures"}
	for _, g := range drawn {
		if g.Name == "scatter" {
			continue // the clouds show the same, with the pointer
		}
		caption, ok := captions[g.Name]
		if !ok {
			caption = g.Name
		}
		figures.Figures = append(figures.Figures, reports.Drawn{Caption: caption, Figure: g.Figure, Width: g.Width, Height: g.Height})
	}
	checklist := f.Checklist()
	d.Sections = append(d.Sections, figures,
		reports.Section{Title: "Checklist", Table: &checklist},
		reports.Section{Title: "References", Listing: BibTeX(m)})
	return d.Write(w)
}

// sectionTitles head the tables of a report.
var sectionTitles = map[string]string{
	"estimators": "Estimators", "top": "The top", "confounding": "Confounding by size", "budget": "Budget", "ablation": "Ablation",
	"seeds": "Seeds", "protocol": "Protocol",
}

// clouds are the scatter plots of the best estimators.
func (f *Findings) clouds() []reports.Cloud {
	var out []reports.Cloud
	for _, r := range f.best(maxPanels) {
		c := reports.Cloud{
			Title:  fmt.Sprintf("%s: tau %+.3f, rho %+.3f", r.Estimator, r.Tau.Value, r.Rho.Value),
			XLabel: "score", YLabel: f.accuracyLabel(), X: r.Scores, Y: r.Truth,
		}
		for _, i := range r.Rows {
			c.IDs, c.Texts = append(c.IDs, f.Architectures[i].ID), append(c.Texts, f.Architectures[i].Arch)
		}
		out = append(out, c)
	}
	return out
}
