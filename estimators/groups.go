package estimators

import (
	"fmt"
	"slices"
	"strings"

	"rwe301/internal/suggest"
)

// Group is a set of estimators that can be asked for by one name.
type Group struct {
	Name    string   `json:"name"` // without GroupPrefix
	Title   string   `json:"title"`
	Members []string `json:"members"` // in the order of the registry
}

// GroupPrefix stands before the name of a group where an estimator's could stand.
const GroupPrefix = "group:"

// groups are the groups, each with the rule that makes it.
var groups = []struct {
	name, title string
	has         func(Info) bool
}{
	{"counts", "closed forms: no image, no weight, no seed",
		func(i Info) bool { return i.Family == Baseline && !i.Random }},
	{"cheap", "below a second each at default settings on one core",
		func(i Info) bool { return i.Cost == Instant || i.Cost == Cheap }},
	{"naslib", "the 13 zero-cost proxies of NAS-Bench-Suite-Zero",
		func(i Info) bool { return slices.Contains(suiteProxies, i.Name) }},
	{"rwe", "Random-Weight Evaluation and its variants",
		func(i Info) bool { return i.Family == RWEFamily }},
	{"trained", "of networks in training; those of the same settings share one training",
		func(i Info) bool { return i.Family == TrainingFamily }},
}

// suiteProxies are the zero-cost proxies of Krishnakumar et al. 2022, arXiv 2210.03230, table 1.
var suiteProxies = []string{
	"epe_nas", "fisher", "flops", "grad_norm", "grasp", "jacov", "l2_norm", "nwot", "params", "plain", "snip", "synflow",
	"zen",
}

// Groups lists the groups.
func Groups() []Group {
	var all []Group
	for _, g := range groups {
		out := Group{Name: g.name, Title: g.title}
		for _, d := range registry {
			if g.has(d.Info) {
				out.Members = append(out.Members, d.Name)
			}
		}
		all = append(all, out)
	}
	return all
}

// LookupGroup finds a group by its name. An unknown name is an error that suggests one.
func LookupGroup(name string) (Group, error) {
	var names []string
	for _, g := range Groups() {
		if g.Name == name {
			return g, nil
		}
		names = append(names, g.Name)
	}
	return Group{}, fmt.Errorf("unknown group %q%s", name, suggest.Nearest(name, names))
}

// IsGroup reports whether an estimator is written as a group.
func IsGroup(spec string) bool { return strings.HasPrefix(spec, GroupPrefix) }

// Expand lists what an estimator written as a group stands for, as Parse reads it: "group:naslib", or
// "group:naslib:channels=8" with settings for each member that has them. Anything else stands for itself.
func Expand(spec string) ([]string, error) {
	if !IsGroup(spec) {
		return []string{spec}, nil
	}
	name, rest, given := strings.Cut(strings.TrimPrefix(spec, GroupPrefix), ":")
	g, err := LookupGroup(name)
	if err != nil || !given {
		return g.Members, err
	}
	pairs := strings.Split(rest, ",")
	used := map[string]bool{}
	var list []string
	for _, member := range g.Members {
		var own []string
		for _, pair := range pairs {
			key, _, _ := strings.Cut(pair, "=")
			if slices.Contains(keysOf(member), key) {
				own, used[key] = append(own, pair), true
			}
		}
		if own != nil {
			member += ":" + strings.Join(own, ",")
		}
		list = append(list, member)
	}
	for _, pair := range pairs {
		if key, _, _ := strings.Cut(pair, "="); !used[key] {
			return nil, fmt.Errorf("%s%s: none of its estimators has a setting %q%s", GroupPrefix, name, key,
				suggest.Nearest(key, g.Settings()))
		}
	}
	return list, nil
}

// Settings lists what may stand in the settings of members, sorted.
func (g Group) Settings() []string {
	var keys []string
	for _, m := range g.Members {
		for _, s := range keysOf(m) {
			if !slices.Contains(keys, s) {
				keys = append(keys, s)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// keysOf are the Keys of an estimator that there is.
func keysOf(name string) []string {
	keys, _ := Keys(name)
	return keys
}
