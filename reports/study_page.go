package reports

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"rwe301/analysis"
)

// captions say what the kinds of figures show.
var captions = map[string]string{
	"bars": "Kendall's tau-b of every estimator with the accuracies, the highest on top, with 95% intervals. Squares " +
		"are trivial baselines. n is the number of architectures where it is not that of the others.",
	"cost": "tau-b, with 95% intervals, against the time of one estimate. The line joins the estimators that none beats " +
		"in less time.",
	"ablation":    "tau-b by one setting, the others at their defaults; bands and bars are 95% intervals.",
	"grid":        "tau-b by two settings that were varied together; the value is in the cell where it fits.",
	"importance":  "Share of the variance of tau-b that settings explain: " + importanceMethod + ".",
	"convergence": "How wide the 95% interval of tau-b is with fewer architectures, around its value with all.",
	"seeds": "tau-b of each weight seed on its own (rings), and of the mean score of all seeds with its 95% interval, " +
		"over architectures and seeds.",
	"proxies": "Spearman correlation between the scores of the estimators, the highest tau-b first; values stand in the " +
		"cells where these are wide enough, and in the CSV always.",
	"pairs": "tau-b of the row minus that of the column; marked are differences that the paired bootstrap tells from 0 " +
		"at p < 0.05 after Holm over all pairs. 95% intervals and p are in the CSV.",
	"entropy": "How uncertain the accuracy remains (entropy of bins of equal width) when scores are known, each the " +
		"one that leaves least given those before it. Chance: the same for accuracies in random order. Only what lies " +
		"between the curves is information; both fall because the architectures are few for so many bins.",
	"strata": fmt.Sprintf("Spearman correlation of scores and accuracies among architectures with equally many "+
		"convolutions; their number in brackets. Blank: fewer than %d of them have a score of that estimator, or the "+
		"correlation is undefined.", analysis.FewPairs),
	"bias": "Accuracies and scores against the number of skip connections: an estimator is biased where its " +
		"correlation is far from the accuracies'. Boxes hold the middle half, with the median; whiskers end at the last " +
		"value within 1.5 times the box; all others, and groups of fewer than 5, are points.",
	"precision": "Share of the predicted top that belongs to the true top, with Wilson's 95% intervals, which take the " +
		"architectures of the top as independent. Of more than three estimators each has a panel, with the others in grey. " +
		"Chance is the share itself.",
	"ranks": "True against predicted rank, 1 the best; on the diagonal they agree.",
	"critical": "Mean ranks over parts of the architectures, 1 the best; bars join estimators that Nemenyi's test " +
		"cannot tell apart.",
	CohortsKind: "Mean Spearman correlation with the accuracies within each cohort, a line an estimator; bands are 95% " +
		"intervals. The panels given a count hold it fixed (partial correlation); the count itself has none there.",
	"cells": "The cells of an architecture.",
}

// drawings are figures with their captions.
func (f Study) drawings(made []Figure) (out []Drawing) {
	for _, m := range made {
		kind, rest, _ := strings.Cut(m.Name, "-")
		caption := captions[kind]
		switch kind {
		case CohortsKind:
			of := cmp.Or(rest, string(analysis.Survivors))
			caption = fmt.Sprintf("Of %s: %s%s", of, strings.ToLower(caption[:1]), caption[1:])
		case "ablation":
			caption = fmt.Sprintf("tau-b of %s by one setting, the others at their defaults; bands and bars are 95%% intervals.",
				rest)
		case "cells":
			caption = map[string]string{"best": "The most accurate architecture.",
				"worst": "The least accurate architecture."}[rest]
		}
		if m.Note != "" {
			caption += " " + strings.ToUpper(m.Note[:1]) + m.Note[1:] + "."
		}
		out = append(out, Drawing{caption, m})
	}
	return out
}

// The title and the text of the section on cohorts.
const (
	cohortsTitle = "Within the populations of searches"
	cohortsText  = "How well estimates order the architectures of one generation. A search keeps what its objectives " +
		"rate high, so that among survivors an objective and the accuracies are tied by the selection itself: what an " +
		"estimate adds to the size of the networks, the partial correlation says, and what it says before selection, the " +
		"newborn."
)

// sections are the parts of the report of a study, with the tables and figures that stand in each.
var sections = []struct {
	name, title, text string
	tables, figures   []string
}{
	{"result", "Rank correlation", "", []string{"estimators"}, []string{"bars", "cost"}},
	{"scatter", "Scores against accuracies",
		"Point at an architecture to see what it is, and where the other estimators put it.", nil, nil},
	{"ablation", "Ablation", "", []string{"ablation", "grid", "importance"}, []string{"ablation", "grid", "importance"}},
	{"top", "Top of the ranking", "", []string{"top"}, []string{"precision", "ranks"}},
	{"budget", "Time", "", []string{"budget"}, nil},
	{"size", "Size of the networks",
		"Large networks are more accurate, so that a score that grows with size correlates " +
			"with accuracy. Is anything left at fixed size?", []string{"confounding"}, []string{"strata", "bias"}},
	{CohortsKind, cohortsTitle, cohortsText, []string{CohortsKind}, []string{CohortsKind}},
	{"certainty", "Certainty", "", []string{"seeds"}, []string{"seeds", "pairs", "convergence", "critical"}},
	{"proxies", "Estimators among themselves", "", nil, []string{"proxies", "entropy"}},
	{"architectures", "Architectures", "", nil, []string{"cells"}},
	{"protocol", "Protocol", "", []string{"protocol"}, nil},
}

// Page is the report of a run. Tables and figures that cannot be made are named in their sections.
func (f Study) Page(ctx context.Context) (Document, error) {
	m := f.From
	d := Document{Look: f.Look,
		Progress: f.Progress,
		Title:    cmp.Or(m.Name, m.Dir),
		Lead: fmt.Sprintf("How well estimators order %d architectures of the space %s by accuracy. The accuracies come "+
			"from: %s.",
			len(f.Architectures), m.Space, m.Truth),
		Facts: []Fact{
			{Name: "accuracies", Value: m.Truth},
			{Name: "architectures", Value: known(strconv.Itoa(len(f.Architectures)), m.Origin)},
			{Name: "estimators and settings", Value: strconv.Itoa(len(f.Columns))},
			{Name: "weight seeds", Value: seedRange(f.Columns)},
		},
		Made: made(m),
	}
	if m.Part != "" {
		d.Facts = append(d.Facts, Fact{Name: "part of the study", Value: m.Part})
	}
	if best := f.Top(1); len(best) > 0 {
		b := best[0]
		d.Facts = append(d.Facts, Fact{Name: "highest tau-b",
			Value: fmt.Sprintf("%s %s %s", b.Estimator, signed(b.Tau.Value), interval(b.Tau))})
	}
	items, err := f.items()
	if err != nil {
		return d, err
	}
	d.Items = items
	total, done := 0, 0
	for _, part := range sections {
		total += len(part.tables) + len(part.figures)
	}
	for _, part := range sections {
		s := Section{Name: part.name, Title: part.title, Text: part.text}
		for _, name := range part.tables {
			f.Progress.tell(done, total, "table "+name)
			done++
			made, err := f.attemptTables(ctx, name)
			if ctx.Err() != nil {
				return d, ctx.Err()
			}
			s.Tables, s.Failed = append(s.Tables, made...), append(s.Failed, failures(err)...)
		}
		if len(part.figures) > 0 {
			one := f
			one.Progress = func(k, _ int, name string) { f.Progress.tell(done+k, total, name) }
			made, err := one.Figures(ctx, part.figures...)
			if ctx.Err() != nil {
				return d, ctx.Err()
			}
			done += len(part.figures)
			s.Drawings, s.Failed = f.drawings(made), append(s.Failed, failures(err)...)
		}
		switch part.name {
		case "scatter":
			s.Clouds = f.clouds()
			if all := len(f.Top(len(f.Rows))); all > len(s.Clouds) {
				s.Text += fmt.Sprintf(" The best %d of %d estimators.", len(s.Clouds), all)
			}
		case "architectures":
			s.Tables = append(s.Tables, f.architectureTable())
		}
		d.Sections = append(d.Sections, s)
	}
	d.Sections = append(d.Sections,
		Section{Name: "checklist", Title: "Checklist", Tables: []Table{f.Checklist()}},
		Section{Name: "bibliography", Title: "Bibliography", Verbatim: BibTeX(f.Results)})
	return d, nil
}

// made says what made the scores, as far as that is known.
func made(m analysis.Provenance) string {
	text := "Made from the run folder by bench301"
	if m.Created.IsZero() { // files, or several runs
		text = "Made from " + m.Dir + " by bench301"
	}
	if m.Code != "" {
		text += "; the scores by bench301 " + m.Code
		if from := known(m.Go, m.Platform); from != "" {
			text += " (" + from + ")"
		}
		text += " on " + cmp.Or(m.CPU, "an unknown processor")
	}
	if !m.Created.IsZero() {
		text += ", begun " + m.Created.Format("2006-01-02 15:04 MST")
	}
	return text + "."
}

// items describes the architectures.
func (f Study) items() ([]Item, error) {
	params, err := f.Params()
	if err != nil {
		return nil, err
	}
	out := make([]Item, len(f.Architectures))
	for i, a := range f.Architectures {
		out[i] = Item{Name: a.ID, Text: a.Arch, Facts: [][2]string{{"params", fmt.Sprintf("%.3g M", params[i]/1e6)}}}
	}
	return out, nil
}

// clouds are the scatter plots of the best estimators, a plot each.
func (f Study) clouds() []Cloud {
	var out []Cloud
	for _, r := range f.Top(maxPanels) {
		out = append(out, Cloud{
			Title:  fmt.Sprintf("%s: tau-b %+.2f, rho %+.2f, n %d", r.Estimator, r.Tau.Value, r.Rho.Value, r.N),
			XLabel: "score", YLabel: "accuracy (%)",
			Groups: []Dots{{Item: r.Rows, X: r.Scores, Y: r.Truth}},
		})
	}
	return out
}

// Limits of the table of architectures on a page.
const (
	maxListed       = 100
	maxListedScores = 6
)

// architectureTable lists the most accurate architectures with the scores of the best estimators.
func (f Study) architectureTable() Table {
	t := Table{Title: f.title("Architectures"), Columns: []Column{{Name: "id", Key: "id", Kind: Label},
		{Name: "accuracy", Key: "accuracy", Kind: Real, Digits: 2}}}
	rows := f.Top(maxListedScores)
	for _, r := range rows {
		t.Columns = append(t.Columns, Column{Name: r.Estimator, Key: r.Estimator, Kind: Significant, Digits: 5})
	}
	t.Columns = append(t.Columns, Column{Name: "architecture", Key: "arch", Kind: Words})
	if all := len(f.Top(len(f.Rows))); all > len(rows) {
		t.Notes = append(t.Notes, fmt.Sprintf("Scores of the best %d of %d estimators.", len(rows), all))
	}
	order := make([]int, 0, len(f.Architectures))
	for i, v := range f.Results.Truth {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(f.Results.Truth[b], f.Results.Truth[a]) })
	if len(order) > maxListed {
		t.Notes = append(t.Notes, fmt.Sprintf("The %d most accurate of %d; `bench301 study export` prints all.", maxListed,
			len(order)))
		order = order[:maxListed]
	}
	for _, i := range order {
		cells := []Cell{text(f.Architectures[i].ID), value(f.Results.Truth[i])}
		for _, r := range rows {
			cell := Cell{}
			if v := r.Column.Mean()[i]; !math.IsNaN(v) {
				cell = value(v)
			}
			cells = append(cells, cell)
		}
		t.Rows = append(t.Rows, append(cells, text(f.Architectures[i].Arch)))
	}
	return t
}
