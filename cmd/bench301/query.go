package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/internal/printable"
)

// queryOptions are the flags of query.
type queryOptions struct {
	recordOptions
	surrogate      string
	runtime        runtimeFlag
	members, noise bool
	seed           uint64
	in             archInput
	encoding       encodingFlag
	encoder        *encoder // nil: none
}

func newQuery(s streams) *cobra.Command {
	o := queryOptions{in: archInput{in: s.in, say: s.say}}
	cmd := with(&cobra.Command{
		Use:   "query [ARCH|FILE]...",
		Short: "Ask a surrogate of NAS-Bench-301, or networks that were trained, for accuracies",
		Long: `Print the accuracy (percent) that a surrogate of NAS-Bench-301 predicts for each architecture, the standard
deviation of that prediction, and whether the architecture resembles those that the surrogate was trained on: out of
range, a prediction may be off by several percent.

The surrogate "mini" is part of the binary. It approximates the published XGBoost ensemble and is no substitute for it
where single accuracies matter. Published ensembles work as they are or imported (see bench301 surrogate --help):
their mean and standard deviation over the members have the bits that NAS-Bench-301 gives.

--runtime also prints the seconds that training takes as NAS-Bench-301 did it, by a surrogate of its own: the one that
is named, or a published one that is imported, or else "mini-runtime", which is part of the binary.

Of the space nasbench201 networks were trained: a query answers with their accuracies on every data set that
bench301 data import nasbench201 has read, or on that of --surrogate nasbench201:DATASET.

--encoding adds the architecture's vector (docs/encodings.md).

` + archHelp,
		Example: `  bench301 query archs.csv --json
  bench301 query --space nasbench201 '|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|'
  bench301 sample -n 5 | bench301 query
  bench301 query --runtime archs.csv
  bench301 query --format csv --encoding onehot archs.csv
  bench301 query --surrogate nb_models/xgb_v1.0 --runtime nb_models/lgb_runtime_v1.0 archs.csv`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.noise = cmd.Flags().Changed("noise-seed")
			args = o.runtime.take(args, func(arg string) bool { return o.in.isSurrogate(arg) })
			b, set, err := o.benchmark(cmd.Flags().Changed("surrogate"))
			if err != nil {
				return err
			}
			if b != nil {
				return o.runTrained(cmd.Context(), s, args, b, set)
			}
			q, err := o.question(s)
			if err != nil {
				return err
			}
			space, _, err := o.in.open()
			if err != nil {
				return err
			}
			if o.encoder, err = o.encoding.open(space, o.recordOptions); err != nil {
				return err
			}
			o.runtime.say(s, q)
			return o.run(cmd.Context(), s, args, q)
		},
	}, o.AddFlags, o.addFormat, o.in.AddFlags, surrogateFlag(&o.surrogate), o.encoding.AddFlags)
	o.runtime.before = cmd.Flags().NArg
	cmd.Flags().Var(&o.runtime, "runtime", "also print the training time in seconds, by the surrogate `[PATH]`; "+
		"without one, by a published one that is imported, or else by mini-runtime")
	cmd.Flags().Lookup("runtime").NoOptDefVal = bestRuntime
	cmd.Flags().BoolVar(&o.members, "members", false, "print the prediction of every member of the ensemble")
	cmd.Flags().Uint64Var(&o.seed, "noise-seed", 0, "print a prediction with NAS-Bench-301's noise too, drawn from "+
		"this seed (default: no noise)")
	return cmd
}

// question opens the surrogates that the options name.
func (o *queryOptions) question(s streams) (*surrogate.Question, error) {
	q := &surrogate.Question{Members: o.members}
	if o.noise {
		q.Noise = &o.seed
	}
	var err error
	if q.Accuracy, err = openSurrogate(o.surrogate); err != nil {
		return nil, err
	}
	if info := q.Accuracy.Info(); info.Unit == surrogate.Seconds {
		return nil, usagef("--surrogate: %s predicts seconds: give it as --runtime", info.Name)
	}
	if o.runtime.name == "" {
		return q, nil
	}
	if q.Runtime, err = o.runtime.open(s); err != nil {
		return nil, err
	}
	if info := q.Runtime.Info(); info.Unit == surrogate.Percent {
		return nil, usagef("--runtime: %s predicts accuracies: give it as --surrogate", info.Name)
	}
	return q, nil
}

// named is an answer with the name that the architecture's file gives it.
type named struct {
	surrogate.Answer
	Name     string `json:"name,omitempty"`
	Encoding []int  `json:"encoding,omitempty"` // where one is asked for
}

// printer prints answers, with a column for names if there are any.
func (o *queryOptions) printer(s streams, names bool) *printer[named] {
	percent := func(v float64) string { return fixed(v, 3) }
	if o.csv {
		percent = exact
	}
	columns := "arch,id,>accuracy,>std,in_range,surrogate"
	if o.noise {
		columns += ",>noisy"
	}
	if o.members {
		columns += ",members"
	}
	if o.runtime.name != "" {
		columns += ",>runtime"
		if o.csv {
			columns += ",runtime_in_range,runtime_surrogate"
		}
	}
	if names {
		columns += ",name"
	}
	return printerOf(s, o.recordOptions, append(strings.Split(columns, ","), o.encoder.names()...), func(a named) []any {
		cells := []any{a.Arch, a.ID, percent(a.Accuracy), percent(a.Std), a.InRange, a.Surrogate}
		if o.noise {
			cells = append(cells, percent(*a.Noisy))
		}
		if o.members {
			texts := make([]string, len(a.Members))
			for i, v := range a.Members {
				texts[i] = percent(v)
			}
			cells = append(cells, strings.Join(texts, " "))
		}
		if o.runtime.name != "" {
			cells = append(cells, fixed(*a.Runtime, 1))
			if o.csv {
				cells = append(cells, *a.RuntimeInRange, a.RuntimeSurrogate)
			}
		}
		if names {
			cells = append(cells, a.Name)
		}
		return appendNumbers(cells, a.Encoding)
	})
}

// queryBatch is how many architectures are answered at once.
const queryBatch = 4096

func (o *queryOptions) run(ctx context.Context, s streams, args []string, q *surrogate.Question) error {
	var p *printer[named]
	name := q.Accuracy.Info().Name
	asked, outside, strange := 0, 0, 0
	batch := make([]bench301.Genotype, 0, queryBatch)
	names := make([]string, 0, queryBatch)
	flush := func() error {
		if p == nil {
			p = o.printer(s, slices.ContainsFunc(names, func(name string) bool { return name != "" }))
		}
		for i, a := range q.Ask(batch) {
			asked++
			if !a.InRange {
				outside++
			}
			if a.RuntimeInRange != nil && !*a.RuntimeInRange {
				strange++
			}
			v, err := o.encoder.encode(batch[i])
			if err != nil {
				return err
			}
			if err := p.print(named{a, names[i], v}); err != nil {
				return err
			}
		}
		batch, names = batch[:0], names[:0]
		return nil
	}
	ask := func(item bench301.Item) error {
		g, err := surrogate.Genotype(item.Architecture)
		if err != nil {
			return at(item, err)
		}
		names = append(names, printable.Line(item.Name))
		if batch = append(batch, g); len(batch) < queryBatch {
			return nil
		}
		return flush()
	}
	var err error
	for item, failed := range o.in.each(ctx, args) {
		if err = failed; err == nil {
			err = ask(item)
		}
		if err != nil {
			break
		}
	}
	flushed := flush()
	err = errors.Join(flushed, p.close(), err) // what was predicted before an error is printed all the same
	if outside > 0 {
		s.say("%d of %d architectures are unlike the training data of %s", outside, asked, name)
	}
	if strange > 0 && q.Runtime.Info().Kind == surrogate.KindMini {
		s.say("%d of %d architectures are unlike the training data of %s", strange, asked, q.Runtime.Info().Name)
	}
	return err
}
