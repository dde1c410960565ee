package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"rwe301/estimators"
)

// settingsPage is the reference of all settings.
const settingsPage = "docs/reference/settings.md"

const settingsIntro = `# Settings

Written by ` + "`go run ./tools/estimatordocs`" + ` from the registry (package estimators): change that.

A setting stands behind a colon, as in ` + "`-e rwe:head=ridge,channels=16`" + `, or in a study under
` + "`settings` and `vary`" + `. One that is left out has its default. ` + "`bench301 estimators rwe.readout`" + `
prints what stands here of one, ` + "`bench301 estimators rwe`" + ` all of an estimator. Intervals are written
[from, to] and, where the end is not legal itself, [from, to). What an estimator measures is in
[estimators.md](../estimators.md).
`

// meaning is what a setting means to some estimators.
type meaning struct {
	estimators.Setting          // of the first of them
	defaults           []string // in the order of the registry
	of                 map[string][]string
}

// renderSettings writes the page: a section a setting, in it the estimators to which it means the same.
func renderSettings(w io.Writer) error {
	bySetting := map[string][]*meaning{}
	var names []string
	for _, info := range estimators.All() {
		list, err := estimators.Settings(info.Name)
		if err != nil {
			return err
		}
		for _, s := range list {
			if !slices.Contains(names, s.Name) {
				names = append(names, s.Name)
			}
			i := slices.IndexFunc(bySetting[s.Name], func(m *meaning) bool {
				return m.Meaning == s.Meaning && m.Legal == s.Legal && m.Effect == s.Effect
			})
			if i < 0 {
				i = len(bySetting[s.Name])
				bySetting[s.Name] = append(bySetting[s.Name], &meaning{Setting: s, of: map[string][]string{}})
			}
			m := bySetting[s.Name][i]
			if m.of[s.Default] == nil {
				m.defaults = append(m.defaults, s.Default)
			}
			m.of[s.Default] = append(m.of[s.Default], info.Name)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(settingsIntro)
	b.WriteString("\n## Groups\n\nA group stands for several estimators: `-e group:naslib`, or `- group:naslib` in the " +
		"list of a\nstudy. Settings behind it, as in `group:naslib:channels=8`, go to each member that has them.\n\n")
	for _, g := range estimators.Groups() {
		b.WriteString(fill("* **"+estimators.GroupPrefix+g.Name+"**: "+plain(g.Title+": "+strings.Join(g.Members, ", ")),
			"  "))
	}
	if err := renderPresets(&b); err != nil {
		return err
	}
	for _, name := range names {
		fmt.Fprintf(&b, "\n## %s\n", plain(name))
		for _, m := range bySetting[name] {
			b.WriteString("\n")
			if len(bySetting[name]) > 1 {
				var of []string
				for _, d := range m.defaults {
					of = append(of, m.of[d]...)
				}
				b.WriteString(fill("Of "+plain(strings.Join(of, ", "))+":", "") + "\n")
			}
			b.WriteString(fill("* **Meaning**: "+plain(m.Meaning)+".", "  "))
			b.WriteString(fill("* **Legal**: "+plain(m.Legal)+".", "  "))
			b.WriteString(fill("* **Effect**: "+plain(m.Effect)+".", "  "))
			for _, d := range m.defaults {
				b.WriteString(fill("* **Default** `"+d+"` of "+plain(strings.Join(m.of[d], ", "))+".", "  "))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// renderPresets writes the section of the presets: each with the estimators to which it means the same.
func renderPresets(b *strings.Builder) error {
	var lines []string
	of := map[string][]string{}
	for _, info := range estimators.All() {
		list, err := estimators.Presets(info.Name)
		if err != nil {
			return err
		}
		for _, p := range list {
			line := plain(p.Title) + ": `" + strings.ReplaceAll(p.Spelled(), ",", "`, `") + "`."
			line = "* **" + estimators.PresetKey + "=" + p.Name + "** of %s: " + strings.ReplaceAll(line, "%", "%%")
			if of[line] == nil {
				lines = append(lines, line)
			}
			of[line] = append(of[line], info.Name)
		}
	}
	b.WriteString("\n## Presets\n\n" + fill("A preset stands for several settings where one could stand: "+
		"`-e rwe:preset=cheap`, in a study `settings: {preset: cheap}`, several in a list or under `vary`. Settings "+
		"beside it override its own. It is replaced by them before anything else: `rwe:preset=cheap` and its settings "+
		"spelled out are one question.", "") + "\n")
	for _, line := range lines {
		b.WriteString(fill(fmt.Sprintf(line, plain(strings.Join(of[line], ", "))), "  "))
	}
	return nil
}

// widestLine bounds the lines of a page, in bytes.
const widestLine = 120

// fill breaks a text into lines, of which those after the first begin with an indent.
func fill(text, indent string) string {
	var b strings.Builder
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > widestLine {
			b.WriteString(line + "\n")
			line = indent + word
			continue
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	b.WriteString(line + "\n")
	return b.String()
}
