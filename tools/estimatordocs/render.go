package main

import (
	"fmt"
	"io"
	"strings"

	"rwe301/estimators"
)

const intro = `# Estimators

Written by ` + "`go run ./tools/estimatordocs`" + ` from the registry (package estimators) and from
docs/estimators.json: change those.

` + "`bench301 estimators`" + ` lists the estimators, ` + "`bench301 estimators NAME`" + ` explains one, and
` + "`bench301 estimators --check`" + ` compares them with PyTorch's numbers on your machine. Settings stand behind a
colon: ` + "`bench301 score -e snip:channels=16,batch=64`" + `; [settings](reference/settings.md) explains every one.

Scores are oriented as their authors mean them, and each section says which are better. The cost classes are of one
estimate at default settings on one core: instant (below a millisecond), cheap (below a second), seconds, minutes.
`

// families are the headings, in order.
var families = []struct {
	family estimators.Family
	title  string
}{
	{estimators.Baseline, "Counts"},
	{estimators.RWEFamily, "Random-Weight Evaluation"},
	{estimators.Features, "Features of random networks"},
	{estimators.Gradients, "Gradients of random networks"},
	{estimators.Codes, "Activations of random networks"},
	{estimators.TrainingFamily, "Training for a while"},
}

// render writes the page.
func render(w io.Writer, m Measurements) error {
	var b strings.Builder
	b.WriteString(intro)
	for _, f := range families {
		fmt.Fprintf(&b, "\n## %s\n", f.title)
		for _, info := range estimators.All() {
			if info.Family == f.family {
				if err := describe(&b, info); err != nil {
					return err
				}
			}
		}
	}
	m.render(&b)
	m.renderPublished(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// describe writes the section of one estimator.
func describe(b *strings.Builder, info estimators.Info) error {
	settings, err := estimators.Settings(info.Name)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "\n### %s\n\n", info.Name)
	b.WriteString(fill(fmt.Sprintf("* **Score**: %s; %s is better; in %s.", plain(info.Formula), info.Direction,
		info.Unit), "  "))
	for _, line := range []struct{ name, text string }{
		{"Passes", info.Mode}, {"Source", info.Paper}, {"Caveats", info.Caveats},
		{"Also called", strings.Join(info.Aliases, ", ")},
	} {
		if line.text != "" {
			b.WriteString(fill(fmt.Sprintf("* **%s**: %s.", line.name, plain(line.text)), "  "))
		}
	}
	trivial := ""
	if info.Trivial {
		trivial = " A count that any method must beat to be of use."
	}
	fmt.Fprintf(b, "* **Cost**: %s; **needs**: %s.%s\n", info.Cost, info.Needs, trivial)
	if len(settings) > 0 {
		var defaults []string
		for _, s := range settings {
			defaults = append(defaults, s.Name+"="+s.Default)
		}
		b.WriteString(fill("* **Defaults**: `"+strings.Join(defaults, "` `")+"`", "  "))
	}
	return nil
}

// plain keeps Markdown from taking a formula's characters for its own.
func plain(text string) string {
	return strings.NewReplacer("*", `\*`, "_", `\_`, "|", `\|`, "<", "&lt;").Replace(strings.TrimSuffix(text, "."))
}

// render writes the table of measurements.
func (m Measurements) render(b *strings.Builder) {
	b.WriteString("\n## Measured\n\n")
	if len(m.Measured) == 0 {
		b.WriteString("Nothing yet: `go run ./tools/estimatordocs measure`.\n")
		return
	}
	b.WriteString(fill(fmt.Sprintf(`The first n architectures of a fixed permutation of
NAS-Bench-Suite-Zero's table for NAS-Bench-301 (%s; accuracies are the
surrogate's), data set %s, seed %d. An architecture counts in n if it has a score. *s*:
processor seconds of one estimate on its own at these settings, on one core of %s, the median of five (one, where it
takes longer than five seconds). *two*: wall-clock seconds per architecture when two cores score one architecture
each. *tau*: Kendall's tau-b with the accuracies, in the direction of the score as printed, with its 95 %% interval
(percentile bootstrap over architectures, 2000 resamples). *suite*: Spearman's rho between these scores and those that
the table has under the same name, over m architectures. The table's own scores were computed with other weights and
batches, so rho is exactly 1 for closed forms only. *seeds*: Spearman's rho between these scores and our own with
weights and batch of another seed, over k architectures: where two seeds do not agree with each other, they cannot
agree with the table (plain, grasp; jacov and epe\_nas are rounding noise in all three).
An estimator that is missing here has not been measured yet: `+"`go run ./tools/estimatordocs measure NAME`"+`.`,
		m.Table, m.Data, m.Seed, m.CPU), ""))
	b.WriteString(`
| estimator | s | two | n | without | tau | 95 % interval | suite | m | seeds | k |
|---|---:|---:|---:|---:|---:|---|---:|---:|---:|---:|
`)
	for _, e := range m.Measured {
		tau, interval := "undefined", ""
		if e.Tau != nil {
			tau, interval = fmt.Sprintf("%+.3f", *e.Tau), fmt.Sprintf("[%+.3f, %+.3f]", e.Low, e.High)
		}
		suite, m := coefficient(e.Suite, e.SuiteN)
		again, k := coefficient(e.Again, e.AgainN)
		fmt.Fprintf(b, "| %s | %s | %s | %d | %d | %s | %s | %s | %s | %s | %s |\n",
			plain(e.Label), seconds(e.CPU), seconds(e.Pace), e.N, e.Missing, tau, interval, suite, m, again, k)
	}
}

// coefficient writes a coefficient and how many pairs it is of.
func coefficient(v *float64, n int) (value, pairs string) {
	if v == nil {
		return "", ""
	}
	return fmt.Sprintf("%+.3f", *v), fmt.Sprint(n)
}

// seconds writes two digits of a time.
func seconds(s float64) string {
	switch {
	case s == 0:
		return ""
	case s < 0.001:
		return "<0.001"
	}
	return fmt.Sprintf("%.2g", s)
}
