package main

import (
	"strings"

	"github.com/spf13/cobra"

	"rwe301/estimators"
)

func newEstimators(s streams) *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use:   "estimators",
		Short: "List the estimators",
		Long: `List the estimators: what they need (d images, l labels, g gradients), which scores are meant to be better, and what
one estimate costs at default settings on one core: instant, cheap (below a second), seconds or minutes.`,
		Example: `  bench301 estimators
  bench301 estimators --json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return listEstimators(s, f) },
	}
	f.addFlags(cmd)
	return cmd
}

// estimatorRow is one line of `estimators`.
type estimatorRow struct {
	estimators.Info
	Settings jsonText `json:"settings"` // the defaults
}

// jsonText is JSON to be printed as it is.
type jsonText string

// MarshalJSON implements json.Marshaler.
func (j jsonText) MarshalJSON() ([]byte, error) { return []byte(j), nil }

func listEstimators(s streams, f format) error {
	text := func(name string, left bool, of func(estimators.Info) string) column[estimatorRow] {
		return column[estimatorRow]{name, left, func(r estimatorRow) string { return of(r.Info) }}
	}
	columns := []column[estimatorRow]{
		text("name", true, func(i estimators.Info) string { return i.Name }),
		text("family", true, func(i estimators.Info) string { return string(i.Family) }),
		text("needs", true, needs),
		text("better", true, func(i estimators.Info) string { return string(i.Direction) }),
		text("cost", true, func(i estimators.Info) string { return string(i.Cost) }),
		text("unit", true, func(i estimators.Info) string { return i.Unit }),
		text("formula", true, func(i estimators.Info) string { return i.Formula }),
	}
	if f.csv {
		columns = append(columns,
			text("aliases", true, func(i estimators.Info) string { return strings.Join(i.Aliases, " ") }),
			text("paper", true, func(i estimators.Info) string { return i.Paper }),
			column[estimatorRow]{"settings", true, func(r estimatorRow) string { return string(r.Settings) }})
	} else {
		columns = columns[:len(columns)-1] // formulas are too long for a terminal
	}
	p := newPrinter(s.out, f, columns...)
	for _, info := range estimators.All() {
		defaults, err := estimators.Defaults(info.Name)
		if err != nil {
			return err
		}
		if err := p.print(estimatorRow{info, jsonText(defaults)}); err != nil {
			return err
		}
	}
	return p.close()
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
