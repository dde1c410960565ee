package reports

import (
	"fmt"
	"slices"
	"strings"

	"rwe301/internal/printable"
)

// omitted is what a figure leaves out, by the reason.
type omitted struct {
	reasons []string
	names   map[string][]string
}

func (o *omitted) add(reason, name string) {
	if o.names == nil {
		o.names = map[string][]string{}
	}
	if !slices.Contains(o.reasons, reason) {
		o.reasons = append(o.reasons, reason)
	}
	o.names[reason] = append(o.names[reason], printable.Line(name))
}

// String names them with the reasons: "a, b (undefined); c and 7 more (no time known)". It is empty where nothing is
// left out.
func (o omitted) String() string {
	var parts []string
	for _, r := range o.reasons {
		parts = append(parts, fmt.Sprintf("%s (%s)", several(o.names[r]), r))
	}
	if len(parts) == 0 {
		return ""
	}
	return "left out: " + strings.Join(parts, "; ")
}

// brief names what is left out where that is little, and counts it otherwise.
func (o omitted) brief() string {
	var parts []string
	for _, r := range o.reasons {
		what := fmt.Sprint(len(o.names[r]))
		if names := strings.Join(o.names[r], ", "); len(names) <= 30 {
			what = names
		}
		parts = append(parts, fmt.Sprintf("%s: %s", what, r))
	}
	return strings.Join(parts, "; ")
}

// and adds what another one holds.
func (o omitted) and(other omitted) omitted {
	for _, r := range other.reasons {
		for _, name := range other.names[r] {
			o.add(r, name)
		}
	}
	return o
}
