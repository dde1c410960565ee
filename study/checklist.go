package study

import (
	"fmt"
	"slices"
	"strings"

	"rwe301/reports"
)

// Checklist answers the best-practice checklist for research on architecture search (Lindauer and Hutter 2020) as far
// as the run knows; the rest is left to the author.
func (f *Findings) Checklist() reports.Table {
	m := f.Manifest
	t := reports.Table{
		Title:   "NAS best-practice checklist (Lindauer and Hutter 2020) for the study " + m.Name,
		Columns: []reports.Column{{Name: "practice", Left: true}, {Name: "answer", Left: true}},
		Notes:   []string{"Filled in from the run folder. Answers that begin with \"author:\" cannot be known from it."},
	}
	add := func(practice, answer string, args ...any) {
		t.Rows = append(t.Rows, []string{practice, fmt.Sprintf(answer, args...)})
	}
	ablations, err := f.Ablations()
	varied := map[string]bool{}
	for _, a := range ablations {
		varied[a.Knob] = true
	}
	trivial, incomplete, seconds := 0, 0, 0.0
	seeds := 1
	for _, c := range f.Columns {
		if c.Trivial {
			trivial++
		}
		if c.Undefined+c.Failed+c.Missing > 0 {
			incomplete++
		}
		seconds += c.Seconds * float64(c.Asked)
		seeds = max(seeds, len(c.Seeds))
	}
	add("Code of the evaluation pipeline released", "yes: bench301 %s; the definition is study.yaml in the run folder", m.Code)
	add("Code of the method released", "author: for estimators of your own (%s)", orNone(f.own()))
	add("Same benchmark, not just the same data set", "yes: space %s, accuracies by %s", m.Space, m.Truth)
	add("Same evaluation protocol for all methods", "yes: the same %d architectures (%s), data and seeds for all %d estimators", len(f.Architectures), m.Origin, len(f.Columns))
	add("Same hardware and time measurement", "one machine: %s, %d cores, %s", m.CPU, m.Cores, m.Platform)
	switch {
	case err != nil || len(varied) == 0:
		add("Ablation studies", "no: the study varies no setting")
	default:
		var knobs []string
		for k := range varied {
			knobs = append(knobs, k)
		}
		slices.Sort(knobs)
		add("Ablation studies", "yes: %s", strings.Join(knobs, ", "))
	}
	if trivial > 0 {
		add("Comparison with trivial baselines", "yes: %d of them", trivial)
	} else {
		add("Comparison with trivial baselines", "no: add params and flops to the study")
	}
	add("Several runs with different seeds reported", "%d weight seed(s): %s", seeds, seedRange(f.Columns))
	add("Uncertainty reported", "%s", f.Method)
	add("Multiple comparisons corrected", "yes: Holm")
	add("Results over time, not only at the end", "cost of every estimate in seconds; table budget")
	add("Tabular or surrogate benchmark used", "yes: %s", m.Truth)
	add("Confounding factors controlled", "table confounding: partial tau given parameters, and within strata of convolutions")
	add("Tuning of the methods' own settings reported", "author: how the settings in study.yaml were chosen")
	add("End-to-end time reported", "about %s s of one core for all estimates", reports.Seconds(seconds))
	add("Failures reported", "%s", map[bool]string{true: "every estimate succeeded", false: fmt.Sprintf("%d estimators without full coverage; see the column coverage", incomplete)}[incomplete == 0])
	add("All details of the experiment reported", "yes: settings, seeds, data and versions stand beside every score (study export)")
	return t
}

// own lists estimators that are not built in.
func (f *Findings) own() []string {
	var out []string
	for _, c := range f.Columns {
		if c.Full == "" {
			out = append(out, c.Label)
		}
	}
	return out
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none here"
	}
	return strings.Join(names, ", ")
}
