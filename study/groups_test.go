package study

import (
	"strings"
	"testing"
)

// A group stands for its members; what the list names itself is not brought again.
func TestGroupsOfEstimators(t *testing.T) {
	const head = "name: g\narchitectures: {sample: 3}\n"
	for _, c := range []struct{ list, want, wrong string }{
		{"[group:counts]", "params macs flops pool-count sepconv-count depth", ""},
		{"[group:counts, {name: params, label: P}]", "macs flops pool-count sepconv-count depth params", ""},
		{"[group:counts, group:naslib, rwe]", "params macs flops pool-count sepconv-count depth l2_norm grad_norm snip " +
			"plain grasp fisher synflow nwot jacov epe_nas zen rwe", ""},
		{"[{name: group:counts, settings: {resolution: 16}}]", "params macs flops pool-count sepconv-count depth", ""},
		{"[group:cuonts]", "", `g.yaml:3: estimators[0]: unknown group "cuonts" (did you mean counts?)`},
		{"[{name: group:counts, settings: {bathc: 16}}]", "", "none of its estimators has such a setting"},
		{"[{name: group:counts, label: C}]", "", "label: a group has many estimators"},
		{"[{name: group:counts, scores: x.csv}]", "", "name"},
	} {
		d, err := Parse("g.yaml", []byte(head+"estimators: "+c.list+"\n"))
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: %v, want %s", c.list, err, c.wrong)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.list, err)
			continue
		}
		var names []string
		for _, e := range d.Estimators {
			names = append(names, e.Name)
			if err := e.checkKeys(); err != nil {
				t.Errorf("%s: %v", c.list, err)
			}
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.list, got, c.want)
		}
	}
}
