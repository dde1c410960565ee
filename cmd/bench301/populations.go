package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/internal/printable"
	"rwe301/internal/suggest"
	"rwe301/search"
)

// populationOptions are the flags of search populations.
type populationOptions struct {
	recordOptions
	methods            []string
	seeds, generations string
}

func newPopulations(s streams) *cobra.Command {
	var o populationOptions
	cmd := with(&cobra.Command{
		Use:   "populations RUN",
		Short: "List who was born and who survived in every generation of searches",
		Long: `Lists the generations of the searches in a run folder: how many architectures each evaluated (born), how many
of these no earlier one had (new), and how many stand in the population after it (survived, of them distinct ones), with
the best and the median accuracy of the survivors.

--json and --csv print every member of every generation: born and survived, which count and are 0 for no; what the
method minimises; the accuracy by the source of the searches; and params and macs at C=32 and 8 cells.

A generation has as many evaluations as the first population, so that algorithms compare:
  nsga2   a step; the best of parents and children survive
  random  a step; all newborn survive
  moead   a step over all weights; a member for each weight survives
  aging   steps of four children until there are so many; the youngest survive
  local   the same, of steps over neighbours; the non-dominated ones survive
The newborn may be architectures that were evaluated before.

Searches that are not finished are listed as far as they have come. Those of earlier versions did not keep their
populations: these are found by going through the algorithm again with the scores that there are.`,
		Example: `  bench301 search populations runs/my-search
  bench301 search populations runs/my-search --generations 1..2 --csv
  bench301 search populations runs/my-search --methods nsga2 --seeds 1 --json`,
		Args: someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), s, args[0]) },
	}, o.AddFlags)
	f := cmd.Flags()
	f.StringSliceVarP(&o.methods, "methods", "m", nil, "only these methods (default: all)")
	f.StringVar(&o.seeds, "seeds", "", "only these seeds: 1,2,5 or 1..5 (default: all)")
	f.StringVar(&o.generations, "generations", "", "only these generations: 1,2,5 or 1..20 (default: all)")
	return cmd
}

// member is a row of --json and --csv.
type member struct {
	Method     string             `json:"method"`
	Seed       uint64             `json:"seed"`
	Generation int                `json:"generation"`
	ID         string             `json:"id"`
	Arch       string             `json:"arch"`
	Born       int                `json:"born"`
	Survived   int                `json:"survived"`
	New        bool               `json:"new"`
	Minimised  map[string]float64 `json:"minimised"` // by objective; empty where the evaluation failed
	Failed     string             `json:"failed,omitempty"`
	Accuracy   *float64           `json:"accuracy"`
	Params     int64              `json:"params"`
	MACs       int64              `json:"macs"`
}

func (o *populationOptions) run(ctx context.Context, s streams, dir string) (err error) {
	searches, err := search.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, searches.Close()) }()
	d := searches.Manifest.Definition
	wanted, generations, err := o.wanted(d)
	if err != nil {
		return err
	}
	show, finish := o.summary(s, searches.Manifest.Truth)
	if o.json || o.csv {
		show, finish = o.rows(s, d.Methods)
	}
	judge := searches.Judge()
	count, end := s.steps("reading the populations of "+dir, "generations")
	defer end()
	at, shown, total := 0, 0, d.Generations*len(d.Methods)*len(d.Seeds)
	unknown := map[string]int{}
	for p, err := range searches.EachPopulation(ctx, wanted) {
		if err != nil {
			return err
		}
		at++
		count(min(at, total), total)
		if generations != nil && !generations[p.Generation] {
			continue
		}
		if p.NotKept != "" {
			unknown[p.NotKept]++
			continue
		}
		shown++
		found := make([]analysis.Found, len(p.Members))
		for i, m := range p.Members {
			if found[i], err = judge(ctx, m.Arch); err != nil {
				return err
			}
		}
		if err := show(p, found); err != nil {
			return err
		}
	}
	end()
	return errors.Join(finish(), o.say(ctx, s, searches, shown, unknown))
}

// say tells what the rows do not.
func (o *populationOptions) say(ctx context.Context, s streams, searches *search.Searches, shown int,
	unknown map[string]int) error {
	for _, reason := range slices.Sorted(maps.Keys(unknown)) {
		s.say("%d %s not known: %s", unknown[reason], plural(unknown[reason], "generation"), reason)
	}
	done, err := searches.Finished(ctx)
	if err != nil {
		return err
	}
	if !done {
		s.say("%s: the searches are not finished: these are the generations so far", searches.Dir)
	}
	switch {
	case shown > 0:
		if truth := searches.Manifest.Truth; (o.json || o.csv) && truth != "" {
			s.say("accuracies are those of %s", truth)
		}
		return nil
	case o.generations != "":
		return fmt.Errorf("%s: no generation %s: bench301 status %s says how far the searches have come", searches.Dir,
			printable.Cut(o.generations, 50), shellWord(searches.Dir))
	case len(unknown) > 0:
		return fmt.Errorf("%s: the populations are not known", searches.Dir)
	}
	return fmt.Errorf("%s: no generation is finished yet: bench301 search resume %s goes on", searches.Dir,
		shellWord(searches.Dir))
}

// wanted are the searches and the generations that the flags ask for, nil for all.
func (o *populationOptions) wanted(d search.Definition) (of func(method string, seed uint64) bool,
	generations map[int]bool, err error) {
	var names []string
	for _, m := range d.Methods {
		names = append(names, m.Name)
	}
	for _, m := range o.methods {
		if !slices.Contains(names, m) {
			return nil, nil, usagef("--methods %s: the searches have no such method%s", printable.Cut(m, 50),
				suggest.Nearest(m, names))
		}
	}
	var seeds []uint64
	if o.seeds != "" {
		if seeds, err = wholeNumbers("--seeds", o.seeds); err != nil {
			return nil, nil, usageError{err}
		}
		if !slices.ContainsFunc(seeds, func(seed uint64) bool { return slices.Contains(d.Seeds, seed) }) {
			return nil, nil, usagef("--seeds %s: the searches have no such seed, only %s", o.seeds, seedsText(d.Seeds))
		}
	}
	if o.generations != "" {
		numbers, err := wholeNumbers("--generations", o.generations)
		if err != nil {
			return nil, nil, usageError{err}
		}
		generations = map[int]bool{}
		for _, g := range numbers {
			generations[int(g)] = true
		}
	}
	return func(method string, seed uint64) bool {
		return (len(o.methods) == 0 || slices.Contains(o.methods, method)) && (seeds == nil || slices.Contains(seeds, seed))
	}, generations, nil
}

// seedsText names seeds, as the flags take them where they follow each other.
func seedsText(seeds []uint64) string {
	first, last := slices.Min(seeds), slices.Max(seeds)
	if len(seeds) > 1 && last-first == uint64(len(seeds)-1) {
		return fmt.Sprintf("%d..%d", first, last)
	}
	text := ""
	for i, seed := range seeds {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprint(seed)
	}
	return printable.Cut(text, 60)
}

// showPopulation prints a generation; found is what is known of each member.
type showPopulation func(p search.Population, found []analysis.Found) error

// summary prints a row a generation.
func (o *populationOptions) summary(s streams, truth string) (show showPopulation, finish func() error) {
	columns := "method,>seed,>generation,>born,>new,>survived,>distinct"
	if truth != "" {
		columns += ",>best,>median"
	}
	t := newPrinter(s, recordOptions{}, columns, func(cells []any) []any { return cells })
	t.width = terminalWidth(s.out)
	if truth != "" {
		t.table.Notes = []string{"best, median: accuracy of the survivors, each once, by " + truth + "."}
	}
	return func(p search.Population, found []analysis.Found) error {
		born, fresh, survived, distinct := 0, 0, 0, 0
		var accuracies []float64
		for i, m := range p.Members {
			born, survived = born+m.Born, survived+m.Survived
			if m.New {
				fresh++
			}
			if m.Survived == 0 {
				continue
			}
			distinct++
			if a := found[i].Accuracy; !math.IsNaN(a) {
				accuracies = append(accuracies, a)
			}
		}
		best, median := "", ""
		if len(accuracies) > 0 {
			best, median = fixed(slices.Max(accuracies), 2), fixed(correlation.Quantile(accuracies, 0.5), 2)
		}
		return t.print([]any{p.Method, p.Seed, p.Generation, born, fresh, survived, distinct, best, median})
	}, t.close
}

// rows prints a row a member, as CSV with a column for everything that a method minimises.
func (o *populationOptions) rows(s streams, methods []analysis.Method) (show showPopulation, finish func() error) {
	columns := []string{"method", "seed", "generation", "id", "arch", "born", "survived", "new", "accuracy", "params",
		"macs", "failed"}
	objectives := map[string][]string{}
	var minimised []string
	for _, m := range methods {
		objectives[m.Name] = m.Objectives
		for _, objective := range m.Objectives {
			if !slices.Contains(minimised, objective) {
				minimised, columns = append(minimised, objective), append(columns, "minimised "+objective)
			}
		}
	}
	p := printerOf(s, o.recordOptions, columns, func(m member) []any {
		accuracy := ""
		if m.Accuracy != nil {
			accuracy = exact(*m.Accuracy)
		}
		row := []any{m.Method, m.Seed, m.Generation, m.ID, m.Arch, m.Born, m.Survived, m.New, accuracy, m.Params, m.MACs,
			m.Failed}
		for _, objective := range minimised {
			cell := ""
			if v, ok := m.Minimised[objective]; ok {
				cell = exact(v)
			}
			row = append(row, cell)
		}
		return row
	})
	return func(g search.Population, found []analysis.Found) error {
		for i, m := range g.Members {
			f := found[i]
			row := member{
				Method: g.Method, Seed: g.Seed, Generation: g.Generation, ID: f.ID, Arch: m.Arch, Born: m.Born,
				Survived: m.Survived, New: m.New, Minimised: map[string]float64{}, Failed: m.Failed, Params: f.Params, MACs: f.MACs,
			}
			for k, v := range m.Objectives {
				row.Minimised[objectives[g.Method][k]] = v
			}
			if !math.IsNaN(f.Accuracy) {
				row.Accuracy = &f.Accuracy
			}
			if err := p.print(row); err != nil {
				return err
			}
		}
		return nil
	}, p.close
}
