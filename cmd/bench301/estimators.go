package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/estimators"
	"rwe301/estimators/conformance"
)

func newEstimators(s streams) *cobra.Command {
	var (
		f     recordOptions
		check bool
	)
	cmd := with(&cobra.Command{
		Use:   "estimators [NAME]",
		Short: "List the estimators, explain one, or check them all",
		Long: `List the estimators: what they need (d images, l labels, g gradients), which scores are meant to be better,
and what one estimate costs at default settings on one core: instant, cheap (below a second), seconds or minutes. With
a name, explain that estimator and its settings. With --check, compare the estimators on this machine with reference
numbers of the same weights and images.

Exit status: 0 done, 1 an estimator differs from its reference.`,
		Example: `  bench301 estimators
  bench301 estimators grasp
  bench301 estimators --check --json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case check && len(args) > 0:
				return usagef("--check checks all estimators: leave the name out")
			case check:
				return checkEstimators(cmd.Context(), s, f)
			case len(args) > 1:
				return usagef("one name at a time, not %q", args)
			case len(args) == 1:
				return explainEstimator(s, f, args[0])
			}
			return printEstimators(s, f, estimators.All()...)
		},
	}, f.AddFlags)
	cmd.Flags().BoolVar(&check, "check", false, "compare the estimators with reference numbers")
	return cmd
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
	defaults, err := estimators.Defaults(info.Name)
	if err != nil {
		return err
	}
	need := map[bool]string{true: "yes", false: "no"}
	lines := [][2]string{
		{"name", strings.Join(append([]string{info.Name}, info.Aliases...), ", ")},
		{"formula", info.Formula},
		{"passes", info.Mode},
		{"source", info.Paper},
		{"family", string(info.Family)},
		{"needs", fmt.Sprintf("images %s, labels %s, gradients %s", need[info.Needs.Data], need[info.Needs.Labels],
			need[info.Needs.Gradients])},
		{"better", string(info.Direction)},
		{"unit", info.Unit},
		{"cost", string(info.Cost)},
		{"caveats", info.Caveats},
		{"noise", info.Noise},
		{"settings", string(defaults)},
	}
	for _, l := range lines {
		if l[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(s.out, "%-9s %s\n", l[0], l[1]); err != nil {
			return err
		}
	}
	return nil
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

// estimatorRow is one line of `estimators`.
type estimatorRow struct {
	estimators.Info
	Settings jsonText `json:"settings"` // the defaults
}

// jsonText is JSON to be printed as it is.
type jsonText string

// MarshalJSON implements json.Marshaler.
func (j jsonText) MarshalJSON() ([]byte, error) { return []byte(j), nil }

func printEstimators(s streams, f recordOptions, infos ...estimators.Info) error {
	var rows []estimatorRow
	for _, info := range infos {
		defaults, err := estimators.Defaults(info.Name)
		if err != nil {
			return err
		}
		rows = append(rows, estimatorRow{info, jsonText(defaults)})
	}
	columns := "name,family,needs,better,cost,unit"
	if f.csv {
		columns += ",formula,aliases,paper,settings" // too long for a terminal
	}
	return newPrinter(s, f, columns, func(r estimatorRow) []any {
		return []any{
			r.Name, r.Family, needs(r.Info), r.Direction, r.Cost, r.Unit,
			r.Formula, strings.Join(r.Aliases, " "), r.Paper, r.Settings,
		}
	}).printAll(rows)
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
