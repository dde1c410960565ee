package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"rwe301/bench301"
)

// sampleRow is one line of `sample`.
type sampleRow struct {
	Arch string `json:"arch"`
	ID   string `json:"id"`
	// Encoding is the architecture's vector, where one is asked for.
	Encoding []int `json:"encoding,omitempty"`
}

func newSample(s streams) *cobra.Command {
	var (
		f               recordOptions
		n               int
		seed            uint64
		space, notation string
		encoding        encodingFlag
	)
	cmd := with(&cobra.Command{
		Use:   "sample",
		Short: "Draw architectures uniformly from a search space",
		Long: `Draw architectures uniformly from a search space, one a line. The same seed gives the same architectures, and
the first k of n are those that -n k gives.

--encoding adds the vector that a model takes or makes: every edge one-hot, the choices as tokens, the graph of
operations, or the paths. docs/encodings.md defines them.`,
		Example: `  bench301 sample -n 100 --seed 301 > archs.txt
  bench301 sample -n 3 --notation genotype
  bench301 sample -n 1000 --csv | bench301 complexity --csv
  bench301 sample -n 100000 --format csv --encoding tokens > tokens.csv`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sp, err := bench301.LookupSpace(space)
			if err != nil {
				return usageError{err}
			}
			if notation == "" {
				notation = string(sp.Notations()[0])
			}
			as, err := bench301.LookupNotation(sp, notation)
			if err != nil {
				return usageError{err}
			}
			if err := atLeast("-n", n, 0); err != nil {
				return err
			}
			e, err := encoding.open(sp, f)
			if err != nil {
				return err
			}
			return sample(cmd.Context(), s, f, sp, as, n, seed, e)
		},
	}, f.AddFlags, f.addFormat, spaceFlag(&space), encoding.AddFlags)
	cmd.Flags().IntVarP(&n, "number", "n", 10, "how many")
	cmd.Flags().Uint64Var(&seed, "seed", 0, "seed of the draw")
	cmd.Flags().StringVar(&notation, "notation", "", "write them in this notation (default: the first): "+notationNames())
	return cmd
}

func sample(ctx context.Context, s streams, f recordOptions, space bench301.Space, n bench301.Notation,
	count int, seed uint64, e *encoder) error {
	var cells []any
	p := printerOf(s, f, append([]string{"arch", "id"}, e.names()...), func(r sampleRow) []any {
		cells = appendNumbers(append(cells[:0], r.Arch, r.ID), r.Encoding)
		return cells
	})
	for a := range bench301.Samples(space, seed) {
		if count--; count < 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		text, err := space.Format(a, n)
		if err != nil {
			return err
		}
		if f.json || f.csv {
			var v []int
			if v, err = e.encode(a); err == nil {
				err = p.print(sampleRow{text, a.ID(), v})
			}
		} else {
			_, err = fmt.Fprintln(p.out, text)
		}
		if err != nil {
			return err
		}
	}
	if err := p.close(); err != nil {
		return err
	}
	if kept(s.out) {
		s.next("score -e params -e map-effdim ARCHS")
	}
	return nil
}

// kept says whether what is written to w is seen or stays, as opposed to going to the next command.
func kept(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && (info.Mode().IsRegular() || isTerminal(f))
}
