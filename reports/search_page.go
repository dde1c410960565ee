package reports

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rwe301/analysis"
)

// searchCaptions say what the figures of searches show, by the name of their files.
var searchCaptions = map[string]string{
	"fronts": "Fronts of all seeds of a method together: no other member of these has both a lower error and fewer of " +
		"the count. Lower and further left is better.",
	"generations": "The front of the first seed of each method after some generations. Lower and further left is better.",
	"hypervolume": "Hypervolume of the front over the evaluations, in what the methods minimise: median, and quartiles " +
		"where there are several seeds. Higher is better.",
	"best-so-far": "Best accuracy of the front over the evaluations: median, and quartiles where there are several " +
		"seeds. Higher is better.",
	"best-so-far-time": "Best accuracy among the architectures evaluated so far, over the hours that training each of " +
		"them once as NAS-Bench-301 did takes, as a surrogate of training times predicts: median, and quartiles where " +
		"there are several seeds. Estimates cost less than that. Higher is better.",
}

// noAccuracies stands for the name of an accuracy source where there is none.
const noAccuracies = "no accuracies"

// Page is the report of searches. Figures that cannot be made are named in their section.
func (r Search) Page(ctx context.Context) (Document, error) {
	m, d := r.From, r.Setup
	doc := Document{Look: r.Look,
		Progress: r.Progress,
		Title:    d.Name,
		Lead: fmt.Sprintf("Searches of the space %s for accurate and small networks, judged by accuracies that come from: "+
			"%s.",
			d.Space, cmp.Or(m.Truth, noAccuracies)),
		Facts: []Fact{
			{Name: "accuracies", Value: cmp.Or(m.Truth, noAccuracies)},
			{Name: "methods", Value: strconv.Itoa(len(d.Methods))},
			{Name: "evaluations a run", Value: fmt.Sprintf("%d (%d generations of %d)", d.Population*d.Generations,
				d.Generations, d.Population)},
			{Name: "seeds", Value: numbers(d.Seeds)},
		},
		Made: fmt.Sprintf("Made from the run folder by bench301; the searches by bench301 %s on %s.", m.Code, m.CPU),
	}
	if r.Missing > 0 {
		doc.Facts = append(doc.Facts, Fact{Name: "not finished", Value: fmt.Sprintf("%d searches", r.Missing)})
	}
	clouds, items := r.clouds()
	doc.Items = items
	var curves, cells []Drawing
	figures, failed := r.Figures(ctx)
	if ctx.Err() != nil {
		return doc, ctx.Err()
	}
	for _, f := range figures {
		kind, _, _ := strings.Cut(f.Name, "-")
		drawing := Drawing{cmp.Or(searchCaptions[f.Name], searchCaptions[kind]), f}
		if f.Name == "best-so-far-time" && r.Trainer.Outside > 0 {
			drawing.Caption += fmt.Sprintf(" %d of %d architectures are unlike those that the surrogate was trained on.",
				r.Trainer.Outside, r.Trainer.Asked)
		}
		if what, ok := strings.CutPrefix(f.Name, "cells-"); ok {
			drawing.Caption = "The " + strings.ReplaceAll(what, "-", " ") + " of all fronts."
			cells = append(cells, drawing)
			continue
		}
		curves = append(curves, drawing)
	}
	doc.Sections = []Section{
		{Name: "result", Title: "Result", Tables: []Table{r.Table()}},
		{Name: "fronts", Title: "Fronts", Text: "Point at an architecture to see what it is.", Clouds: clouds},
		{Name: "figures", Title: "Fronts and progress", Drawings: curves, Failed: failures(failed)},
		r.cohortSection(ctx),
		{Name: "architectures", Title: "Architectures", Tables: []Table{r.frontTable()}, Drawings: cells},
		{Name: "protocol", Title: "Protocol", Tables: []Table{r.protocolTable()}},
		{Name: "checklist", Title: "Checklist", Tables: []Table{r.Checklist()}},
		{Name: "bibliography", Title: "Bibliography", Verbatim: r.BibTeX()},
	}
	return doc, ctx.Err()
}

// cohortSection is what the estimators say of the architectures that the searches evaluated, generation by generation.
func (r Search) cohortSection(ctx context.Context) Section {
	s := Section{Name: CohortsKind, Title: cohortsTitle}
	if r.Scores == nil {
		return s
	}
	tables, failed := r.Scores.attemptTables(ctx, CohortsKind)
	figures, err := r.Scores.Figures(ctx, CohortsKind)
	s.Text, s.Tables, s.Drawings = cohortsText, tables, r.Scores.drawings(figures)
	s.Failed = append(failures(failed), failures(err)...)
	return s
}

// clouds are the fronts of all runs and the published networks, against each count.
func (r Search) clouds() ([]Cloud, []Item) {
	axes := []struct {
		label string
		of    func(analysis.Found) float64
	}{
		{"MACs (millions)", func(f analysis.Found) float64 { return float64(f.MACs) / 1e6 }},
		{"params (millions)", func(f analysis.Found) float64 { return float64(f.Params) / 1e6 }},
	}
	var names []string
	for _, m := range r.Setup.Methods {
		names = append(names, m.Name)
	}
	groups := make([][]Dots, len(axes))
	for k := range axes {
		for _, name := range append(names, "published") {
			groups[k] = append(groups[k], Dots{Name: name})
		}
	}
	var items []Item
	add := func(group int, f analysis.Found, facts ...[2]string) {
		items = append(items, Item{Name: f.ID, Text: f.Arch, Facts: append(facts,
			[2]string{"params", fmt.Sprintf("%.3g M", float64(f.Params)/1e6)},
			[2]string{"MACs", fmt.Sprintf("%.4g M", float64(f.MACs)/1e6)})})
		for k, c := range axes {
			g := &groups[k][group]
			g.Item, g.X, g.Y = append(g.Item, len(items)-1), append(g.X, c.of(f)), append(g.Y, f.Accuracy)
		}
	}
	for i, name := range names {
		for _, f := range r.Found {
			if f.Method == name {
				add(i, f, [2]string{"method", fmt.Sprintf("%s, seed %d", f.Method, f.Seed)}, [2]string{"estimates", estimates(f)})
			}
		}
	}
	for _, f := range r.Known {
		add(len(names), f, [2]string{"published as", f.Method})
	}
	if len(r.Found) == 0 {
		return nil, nil
	}
	var out []Cloud
	for k, c := range axes {
		if len(r.Known) == 0 {
			groups[k] = groups[k][:len(names)]
		}
		out = append(out, Cloud{Title: "Fronts of all seeds, accuracy against " + c.label, XLabel: c.label,
			YLabel: "accuracy (%)", Groups: groups[k]})
	}
	return out, items
}

// estimates writes the values that a search minimised.
func estimates(f analysis.Found) string {
	var text []string
	for _, e := range f.Estimates {
		text = append(text, fmt.Sprintf("%.5g", e))
	}
	return strings.Join(text, ", ")
}

// frontTable lists the members of all fronts.
func (r Search) frontTable() Table {
	t := Table{
		Name:  "fronts",
		Title: "Members of the fronts, accuracy by " + cmp.Or(r.From.Truth, noAccuracies),
		Columns: slices.Concat([]Column{
			{Name: "method", Key: "method", Kind: Label}, {Name: "seed", Key: "seed", Kind: Words},
			{Name: "id", Key: "id", Kind: Label}, {Name: "estimates", Key: "estimates", Kind: Words},
		}, foundColumns),
	}
	all := slices.Concat(r.Found, r.Unjudged)
	for _, f := range all {
		if len(t.Rows) == maxListed {
			t.Notes = append(t.Notes, fmt.Sprintf("The first %d of %d; fronts.csv in the folder of the report has all.",
				maxListed, len(all)))
			break
		}
		t.Rows = append(t.Rows, append(Texts(f.Method, strconv.FormatUint(f.Seed, 10), f.ID, estimates(f)), found(f)...))
	}
	return t
}

// protocolTable says how the searches were run.
func (r Search) protocolTable() Table {
	m, d := r.From, r.Setup
	t := Table{Name: "protocol", Title: "Protocol of the searches " + d.Name,
		Columns: []Column{{Name: "what", Key: "what", Kind: Label}, {Name: "value", Key: "value", Kind: Words}}}
	add := func(what, value string) { t.Rows = append(t.Rows, Texts(what, value)) }
	add("search space", d.Space)
	add("accuracies", cmp.Or(m.Truth, noAccuracies))
	if n := len(r.Unjudged); n > 0 {
		add("members of fronts without an accuracy", fmt.Sprintf("%d of %d", n, n+len(r.Found)))
	}
	for _, method := range d.Methods {
		add("method "+method.Name, fmt.Sprintf("%s minimises %s", method.Algorithm, strings.Join(method.Objectives, ", ")))
	}
	add("population", strconv.Itoa(d.Population))
	add("generations", strconv.Itoa(d.Generations))
	add("seeds", numbers(d.Seeds))
	add("random weights", d.Weights)
	for _, l := range d.Limits {
		add("limit", l.String())
	}
	if r.Data != "" {
		add("images", r.Images)
	}
	add("program", "bench301 "+m.Code)
	add("machine", m.CPU)
	for _, note := range m.Notes {
		add("note", note)
	}
	return t
}
