package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/estimators"
	"rwe301/estimators/conformance"
)

func newEstimators(s streams) *cobra.Command {
	var (
		f             recordOptions
		check, groups bool
	)
	cmd := with(&cobra.Command{
		Use:   "estimators [NAME[.SETTING]|GROUP]",
		Short: "List the estimators, explain one or a setting, or check them all",
		Long: `List the estimators, one a line: what each measures, what one estimate costs at default settings on one core
(instant, cheap: below a second, seconds, minutes), and what it needs beside the architecture. With a name, explain that
estimator, its settings and its presets (settings that belong together, under one name: rwe:preset=cheap); with a name
and a setting, as rwe.readout or rwe.preset, explain that setting. A group, as group:naslib,
stands for several estimators wherever -e takes one and in a study's list; --groups lists them. With --check, compare
the estimators on this machine with reference numbers of the same weights and images.

Exit status: 0 done, 1 an estimator differs from its reference.`,
		Example: `  bench301 estimators
  bench301 estimators grasp
  bench301 estimators rwe.readout
  bench301 estimators --groups
  bench301 estimators --check --json`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeExplained,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case check && len(args) > 0:
				return usagef("--check checks all estimators: leave the name out")
			case groups && len(args) > 0:
				return usagef("--groups lists all groups: leave the name out")
			case check:
				return checkEstimators(cmd.Context(), s, f)
			case groups:
				return printGroups(s, f)
			case len(args) > 1:
				return usagef("one name at a time, not %q", args)
			case len(args) == 1:
				return explain(s, f, args[0])
			}
			if err := printEstimators(s, f, estimators.All()...); err != nil || f.json || f.csv {
				return err
			}
			s.say("add a name to explain one, name.setting to explain a setting; --groups lists groups")
			return nil
		},
	}, f.AddFlags)
	cmd.Flags().BoolVar(&check, "check", false, "compare the estimators with reference numbers")
	cmd.Flags().BoolVar(&groups, "groups", false, "list the groups of estimators")
	cmd.MarkFlagsMutuallyExclusive("check", "groups")
	return cmd
}

// explain says all that is known about an estimator, one of its settings, or a group.
func explain(s streams, f recordOptions, what string) error {
	name, setting, one := strings.Cut(what, ".")
	switch {
	case estimators.IsGroup(what):
		specs, err := estimators.Expand(what)
		if err != nil {
			return usageError{err}
		}
		var infos []estimators.Info
		for _, spec := range specs {
			c, err := estimators.Parse(spec)
			if err != nil {
				return usageError{err}
			}
			infos = append(infos, c.Info)
		}
		return printEstimators(s, f, infos...)
	case one && setting == estimators.PresetKey:
		return explainPresets(s, f, name)
	case one:
		return explainSetting(s, f, name, setting)
	}
	return explainEstimator(s, f, what)
}

// explainSetting says all that is known about one setting.
func explainSetting(s streams, f recordOptions, estimator, setting string) error {
	info, err := estimators.Lookup(estimator)
	if err != nil {
		return usageError{err}
	}
	t, err := estimators.LookupSetting(info.Name, setting)
	if err != nil {
		return usageError{err}
	}
	if f.json || f.csv {
		return newPrinter(s, f, "name,default,meaning,legal,effect", func(t estimators.Setting) []any {
			return []any{t.Name, t.Default, t.Meaning, t.Legal, t.Effect}
		}).printAll([]estimators.Setting{t})
	}
	if err := printLines(s, fmt.Sprintf("%s.%s", info.Name, t.Name)); err != nil {
		return err
	}
	return printTexts(s, [][2]string{
		{"meaning", t.Meaning}, {"legal", t.Legal}, {"default", t.Default}, {"effect", t.Effect},
		{"example", "-e " + example(info.Name, t)},
	})
}

// explainPresets says all that is known about the presets of an estimator.
func explainPresets(s streams, f recordOptions, estimator string) error {
	info, err := estimators.Lookup(estimator)
	if err != nil {
		return usageError{err}
	}
	list, err := estimators.Presets(info.Name)
	switch {
	case err != nil:
		return err
	case list == nil:
		return usagef("%s has no presets", info.Name)
	case f.json || f.csv:
		return newPrinter(s, f, "name,title,settings", func(p estimators.Preset) []any {
			return []any{p.Name, p.Title, p.Spelled()}
		}).printAll(list)
	}
	return printPresets(s, info.Name, list)
}

// printPresets lists presets: what each is, and what it sets.
func printPresets(s streams, estimator string, list []estimators.Preset) error {
	head := fmt.Sprintf("presets (-e %s:%s=%s), each with the settings that it stands for; settings beside it override "+
		"them:", estimator, estimators.PresetKey, list[0].Name)
	if err := printLines(s, strings.Split(reflow(head, helpWidth(s.out)), "\n")...); err != nil {
		return err
	}
	var lines [][2]string
	for _, p := range list {
		lines = append(lines, [2]string{"  " + p.Name, p.Title + ": " + strings.ReplaceAll(p.Spelled(), ",", ", ")})
	}
	return printTexts(s, lines)
}

// example is an estimator with a value of a setting that is not the default, where one is known.
func example(name string, t estimators.Setting) string {
	for _, v := range t.Values {
		if v != t.Default {
			return name + ":" + t.Name + "=" + v
		}
	}
	return name + ":" + t.Name + "=" + t.Default
}

// explainEstimator says all that is known about one estimator.
func explainEstimator(s streams, f recordOptions, name string) error {
	info, err := estimators.Lookup(name)
	if err != nil {
		return usageError{err}
	}
	if f.json || f.csv {
		return printEstimators(s, f, info)
	}
	settings, err := estimators.Settings(info.Name)
	if err != nil {
		return err
	}
	var groups []string
	for _, g := range estimators.Groups() {
		if slices.Contains(g.Members, info.Name) {
			groups = append(groups, estimators.GroupPrefix+g.Name)
		}
	}
	if err := printTexts(s, [][2]string{
		{"name", strings.Join(append([]string{info.Name}, info.Aliases...), ", ")},
		{"measures", info.Measures},
		{"formula", info.Formula},
		{"passes", info.Mode},
		{"source", info.Paper},
		{"family", string(info.Family)},
		{"groups", strings.Join(groups, ", ")},
		{"needs", info.Needs.String()},
		{"better", string(info.Direction)},
		{"unit", info.Unit},
		{"cost", string(info.Cost)},
		{"caveats", info.Caveats},
		{"noise", info.Noise},
	}); err != nil || len(settings) == 0 {
		return err
	}
	if err := printLines(s, "", fmt.Sprintf("settings, with their defaults (bench301 estimators %s.%s explains one):",
		info.Name, settings[0].Name)); err != nil {
		return err
	}
	var lines [][2]string
	for _, t := range settings {
		lines = append(lines, [2]string{"  " + t.Name + "=" + t.Default, t.Meaning})
	}
	if err := printTexts(s, lines); err != nil {
		return err
	}
	presets, err := estimators.Presets(info.Name)
	if err != nil || presets == nil {
		return err
	}
	return cmp.Or(printLines(s, ""), printPresets(s, info.Name, presets))
}

// printTexts prints texts behind their titles, broken where the terminal ends. Empty ones are left out.
func printTexts(s streams, texts [][2]string) error {
	wide := 0
	for _, t := range texts {
		if t[1] != "" {
			wide = max(wide, len(t[0]))
		}
	}
	indent := strings.Repeat(" ", wide+2)
	for _, t := range texts {
		if t[1] == "" {
			continue
		}
		text := strings.ReplaceAll(reflow(t[1], helpWidth(s.out)-len(indent)), "\n", "\n"+indent)
		if _, err := fmt.Fprintf(s.out, "%-*s  %s\n", wide, t[0], text); err != nil {
			return err
		}
	}
	return nil
}

// printGroups lists the groups.
func printGroups(s streams, f recordOptions) error {
	groups := estimators.Groups()
	if f.json || f.csv {
		return newPrinter(s, f, "name,title,members", func(g estimators.Group) []any {
			return []any{g.Name, g.Title, strings.Join(g.Members, " ")}
		}).printAll(groups)
	}
	var texts [][2]string
	for _, g := range groups {
		texts = append(texts, [2]string{
			estimators.GroupPrefix + g.Name, fmt.Sprintf("%s: %s", g.Title, strings.Join(g.Members, ", ")),
		})
	}
	return printTexts(s, texts)
}

// checkEstimators prints how the estimators compare with their references.
func checkEstimators(ctx context.Context, s streams, f recordOptions) error {
	checks, err := conformance.Check(ctx)
	if err != nil {
		return err
	}
	deviation := func(c conformance.Result, v float64) string {
		if c.Compared == 0 {
			return ""
		}
		return strconv.FormatFloat(v, 'e', 1, 64)
	}
	p := newPrinter(s, f, "estimator,verdict,>compared,>deviation,>allowed,reference", func(c conformance.Result) []any {
		return []any{
			c.Estimator, c.Verdict, c.Compared, deviation(c, c.Deviation), deviation(c, c.Allowed),
			cmp.Or(c.Note, c.Reference),
		}
	})
	if err := p.printAll(checks); err != nil {
		return err
	}
	differ := 0
	for _, c := range checks {
		if c.Verdict == conformance.Differs {
			differ++
		}
	}
	if differ > 0 {
		return fmt.Errorf("%d estimators differ from their reference", differ)
	}
	return nil
}

// estimatorRow is one line of `estimators --json`.
type estimatorRow struct {
	estimators.Info
	Settings  jsonText             `json:"settings"`  // the defaults
	Explained []estimators.Setting `json:"explained"` // each of them
	Presets   []estimators.Preset  `json:"presets"`
}

// jsonText is JSON to be printed as it is.
type jsonText string

// MarshalJSON implements json.Marshaler.
func (j jsonText) MarshalJSON() ([]byte, error) { return []byte(j), nil }

func printEstimators(s streams, f recordOptions, infos ...estimators.Info) error {
	if !f.json && !f.csv {
		return listEstimators(s, infos)
	}
	var rows []estimatorRow
	for _, info := range infos {
		defaults, err := estimators.Defaults(info.Name)
		if err != nil {
			return err
		}
		explained, err := estimators.Settings(info.Name)
		if err != nil {
			return err
		}
		presets, err := estimators.Presets(info.Name)
		if err != nil {
			return err
		}
		rows = append(rows, estimatorRow{info, jsonText(defaults), explained, append([]estimators.Preset{}, presets...)})
	}
	const columns = "name,family,needs,better,cost,unit,formula,aliases,paper,settings,measures"
	return newPrinter(s, f, columns, func(r estimatorRow) []any {
		return []any{
			r.Name, r.Family, needs(r.Info), r.Direction, r.Cost, r.Unit,
			r.Formula, strings.Join(r.Aliases, " "), r.Paper, r.Settings, r.Measures,
		}
	}).printAll(rows)
}

// listEstimators prints a line an estimator, of at most 80 columns.
func listEstimators(s streams, infos []estimators.Info) error {
	const line = "%-16s  %-34s  %-7s  %s\n"
	if _, err := fmt.Fprintf(s.out, line, "name", "measures", "cost", "needs"); err != nil {
		return err
	}
	for _, i := range infos {
		need := i.Needs
		need.Data = need.Data && !need.Labels // labels are of images
		if _, err := fmt.Fprintf(s.out, line, i.Name, i.Measures, i.Cost, need); err != nil {
			return err
		}
	}
	return nil
}

// needs abbreviates what an estimator reads.
func needs(i estimators.Info) string {
	var b strings.Builder
	for _, n := range []struct {
		need   bool
		letter byte
	}{{i.Needs.Data, 'd'}, {i.Needs.Labels, 'l'}, {i.Needs.Gradients, 'g'}} {
		if n.need {
			b.WriteByte(n.letter)
		}
	}
	return b.String()
}
