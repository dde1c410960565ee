package main

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/bench301/surrogate"
	"rwe301/bench301/trained"
	"rwe301/estimators"
	"rwe301/network"
	"rwe301/plots"
	"rwe301/reports"
	"rwe301/scoring"
	"rwe301/search"
	"rwe301/store"
)

// Completion by the shell: what `bench301 completion` writes asks the hidden command __complete, which asks these
// functions.

// Directives to the shell.
const (
	alone = cobra.ShellCompDirectiveNoFileComp                                   // these words and nothing else
	open  = cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp // more may follow at once
	files = cobra.ShellCompDirectiveDefault                                      // where no word fits, files
)

// offer gives every command below a completion of its arguments and flags, by what they are called.
func offer(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		offer(sub)
	}
	if cmd.ValidArgsFunction == nil {
		_, args, _ := strings.Cut(cmd.Use, " ")
		switch {
		case strings.Contains(args, "RUN"):
			cmd.ValidArgsFunction = completeRun
		case strings.Contains(args, "ARCH"):
			cmd.ValidArgsFunction = words(files, knownNames(bench301.Spaces()...)...)
		case args == "FILE" || args == "[FILE]":
			cmd.ValidArgsFunction = filesNamed("yaml", "yml")
		case strings.HasPrefix(args, "SCORES"):
			cmd.ValidArgsFunction = filesNamed("jsonl")
		case args == "TABLE":
			cmd.ValidArgsFunction = filesNamed("csv", "tsv", "json", "jsonl")
		case args == "":
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
	}
	for name, complete := range map[string]cobra.CompletionFunc{
		"algorithm": words(alone, search.Algorithms()...),
		"cohorts":   words(alone, groupingNames()...),
		"encoding":  words(alone, encodings()...),
		"data":      words(files, "sample", dataset.CIFAR10Name),
		"estimator": completeEstimator,
		"given":     completeEstimator,
		"reference": words(alone, published),
		"from":      words(alone, dataset.FromAny, dataset.FromOfficial, dataset.FromNPM),
		"notation":  words(alone, notations()...),
		"objective": completeObjective,
		"repeats":   words(alone, scoring.RepeatsNames()...),
		"runtime":   completeSurrogate,
		"searches":  completeRun,
		"space":     words(alone, scoring.SpaceNames()...),
		"surrogate": completeSurrogate,
		"to":        words(alone, "python", "onnx", "dot", "json"),
		"unit":      words(alone, scoring.UnitNames()...),
		"variant":   words(alone, variants()...),
		"weights":   words(alone, search.CommonWeights, search.FreshWeights),
		"init":      words(alone, distributions()...),
		"format":    formatsOf(cmd),
		"only":      kindsOf(cmd),
	} {
		if f := cmd.Flags().Lookup(name); f != nil && f.Value.Type() != "bool" {
			_ = cmd.RegisterFlagCompletionFunc(name, complete) // fails only where there is one already
		}
	}
}

// formatsOf offers the formats of a command's flag --format, several between commas where it takes several.
func formatsOf(cmd *cobra.Command) cobra.CompletionFunc {
	switch cmd.Name() {
	case "figure":
		return several(plots.Formats())
	case "sample", "query":
		return words(alone, recordFormats...)
	case "export":
		return words(alone, string(store.FormatCSV), string(store.FormatJSONL), string(store.FormatParquet))
	}
	var names []string
	for _, f := range reports.Formats() {
		names = append(names, string(f))
	}
	return words(alone, names...)
}

// kindsOf offers the kinds of figures or tables of a command's flag --only.
func kindsOf(cmd *cobra.Command) cobra.CompletionFunc {
	if cmd.Name() == "figure" {
		return several(reports.FigureNames())
	}
	return words(alone, append(reports.TableNames(), reports.AllTables)...)
}

// words offers words.
func words(then cobra.ShellCompDirective, words ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return starting(slices.Clone(words), typed), then
	}
}

// several offers words for a list between commas.
func several(words []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		done := typed[:strings.LastIndexByte(typed, ',')+1]
		var list []string
		for _, w := range words {
			if !slices.Contains(strings.Split(done, ","), w) {
				list = append(list, done+w)
			}
		}
		return starting(list, typed), open
	}
}

// filesNamed offers files by the end of their names.
func filesNamed(extensions ...string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return extensions, cobra.ShellCompDirectiveFilterFileExt
	}
}

// completeRun offers the folders below runs, or any path.
func completeRun(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	entries, _ := os.ReadDir("runs")
	var list []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			list = append(list, "runs/"+e.Name())
		}
	}
	return starting(list, typed), files
}

// completeSurrogate offers the surrogates that there are by name, or any path.
func completeSurrogate(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	list := surrogate.BuiltIn()
	if folder, err := scoring.SurrogateFolder(); err == nil {
		installed, _ := surrogate.Installed(folder)
		list = append(list, installed...)
	}
	for _, b := range trained.Benchmarks() {
		list = append(list, b.Name)
		if t, err := scoring.Trained(b); err == nil {
			for _, c := range t.Columns {
				list = append(list, b.Name+":"+c.Dataset)
			}
		}
	}
	return starting(list, typed), files
}

// completeObjective offers what a search can minimise.
func completeObjective(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	list, then := completeEstimator(cmd, args, typed)
	list = slices.DeleteFunc(list, estimators.IsGroup)
	for _, w := range []string{scoring.AccuracyName, "surrogate:"} {
		if strings.HasPrefix(w, typed) {
			list = append(list, w)
		}
	}
	return list, then
}

// notations, variants and distributions list names that flags take.
func notations() (names []string) {
	for _, s := range bench301.Spaces() {
		for _, n := range s.Notations() {
			names = append(names, string(n))
		}
	}
	return names
}

func variants() (names []string) {
	for _, v := range bench301.Variants() {
		names = append(names, string(v))
	}
	return names
}

func distributions() (names []string) {
	for _, d := range network.Distributions() {
		names = append(names, string(d))
	}
	return names
}

// described is a word that a shell offers, with what it means.
func described(word, meaning string) string { return word + "\t" + meaning }

// completeEstimator offers estimators and groups, and behind a colon their settings and values.
func completeEstimator(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	head, name, rest := "", typed, ""
	if estimators.IsGroup(typed) {
		head, name = estimators.GroupPrefix, strings.TrimPrefix(typed, estimators.GroupPrefix)
	}
	name, rest, settings := strings.Cut(name, ":")
	if !settings {
		return completeName(typed), open
	}
	keys, values := settingWords(head, name)
	done, last := "", rest
	if i := strings.LastIndexByte(rest, ','); i >= 0 {
		done, last = rest[:i+1], rest[i+1:]
	}
	prefix := head + name + ":" + done
	var words []string
	if key, _, ok := strings.Cut(last, "="); ok {
		for _, v := range values[key] {
			words = append(words, prefix+key+"="+v)
		}
		return starting(words, typed), open
	}
	for _, k := range keys {
		if !strings.Contains(","+done, ","+k.Name+"=") {
			words = append(words, described(prefix+k.Name+"=", k.Meaning))
		}
	}
	return starting(words, typed), open
}

// completeName offers estimators and groups.
func completeName(typed string) []string {
	var words []string
	for _, info := range estimators.All() {
		words = append(words, described(info.Name, info.Measures))
	}
	for _, g := range estimators.Groups() {
		words = append(words, described(estimators.GroupPrefix+g.Name, g.Title))
	}
	return starting(words, typed)
}

// presetSetting is what a preset is among settings.
var presetSetting = estimators.Setting{Name: estimators.PresetKey, Meaning: "settings that belong together"}

// settingWords lists the settings of an estimator or, behind the prefix, of a group, and the words that they take.
func settingWords(prefix, name string) (keys []estimators.Setting, values map[string][]string) {
	members := []string{name}
	if prefix != "" {
		g, err := estimators.LookupGroup(name)
		if err != nil {
			return nil, nil
		}
		members = g.Members
	}
	values = map[string][]string{}
	for _, m := range members {
		list, err := estimators.Settings(m)
		if err != nil {
			return nil, nil
		}
		for _, s := range list {
			if _, known := values[s.Name]; known {
				continue
			}
			keys, values[s.Name] = append(keys, s), s.Values
			if s.Values == nil {
				values[s.Name] = []string{s.Default}
			}
		}
		presets, err := estimators.Presets(m)
		if err != nil {
			return nil, nil
		}
		for _, p := range presets {
			if word := described(p.Name, p.Title); !slices.Contains(values[estimators.PresetKey], word) {
				values[estimators.PresetKey] = append(values[estimators.PresetKey], word)
			}
		}
	}
	if values[estimators.PresetKey] != nil {
		keys = append(keys, presetSetting)
	}
	return keys, values
}

// completeExplained offers what `estimators` explains: estimators, settings behind a point, groups.
func completeExplained(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, alone
	}
	name, _, settings := strings.Cut(typed, ".")
	if !settings {
		return completeName(typed), alone
	}
	list, err := estimators.Settings(name)
	if err != nil {
		return nil, alone
	}
	var words []string
	if presets, err := estimators.Presets(name); err == nil && presets != nil {
		list = append(list, presetSetting)
	}
	for _, s := range list {
		words = append(words, described(name+"."+s.Name, s.Meaning))
	}
	return starting(words, typed), alone
}

// starting are the words that begin with what is typed.
func starting(words []string, typed string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return !strings.HasPrefix(w, typed) })
}
