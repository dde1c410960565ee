package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/estimators"
)

// Completion of names by the shell: what `bench301 completion` makes asks the hidden command __complete, which asks
// these functions.

// described is a word that a shell offers, with what it means.
func described(word, meaning string) string { return word + "\t" + meaning }

// completeEstimator offers estimators and groups, and behind a colon their settings and values.
func completeEstimator(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	const open = cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp // more may follow
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
	}
	return keys, values
}

// completeExplained offers what `estimators` explains: estimators, settings behind a point, groups.
func completeExplained(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	name, _, settings := strings.Cut(typed, ".")
	if !settings {
		return completeName(typed), cobra.ShellCompDirectiveNoFileComp
	}
	list, err := estimators.Settings(name)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var words []string
	for _, s := range list {
		words = append(words, described(name+"."+s.Name, s.Meaning))
	}
	return starting(words, typed), cobra.ShellCompDirectiveNoFileComp
}

// starting are the words that begin with what is typed.
func starting(words []string, typed string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return !strings.HasPrefix(w, typed) })
}
