package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/bench301/trained"
	"rwe301/internal/printable"
	"rwe301/scoring"
)

// newTrainedImport imports accuracies of a benchmark of trained networks.
func newTrainedImport(s streams, b *trained.Benchmark) *cobra.Command {
	var f scoring.TrainedFile
	var asJSON, force bool
	cmd := with(&cobra.Command{
		Use:   b.Name + " FILE...",
		Short: "Import accuracies of " + b.Title + ", whose networks were trained",
		Long: `Read accuracies of trained networks from what people have of ` + b.Title + `, and keep them in the cache
folder, where studies and searches find them as accuracy: ` + b.Name + ` (--surrogate ` + b.Name +
			` of other commands), for each of the data sets ` + strings.Join(b.Datasets, ", ") + `. A FILE is:

  NATS-tss-v1_0-3ffb9-simple             of NATS-Bench, as the published tar, a zip, the unpacked folder, or one file of
                                         it (000284.pickle.pbz2): all data sets, mean over the seeds, 200 epochs
  nb201_cifar10_full_training.pickle     of NASLib, and its kind for cifar100 and ImageNet16-120
  zc_nasbench201.json                    of NAS-Bench-Suite-Zero: val_accuracy of each data set
  a table, CSV or JSON                   with architectures and accuracies: --dataset says which data set they are of,
                                         unless columns are called so

A file that covers some architectures only is taken as it is; another one completes it where the two agree. Other
accuracies of a data set that is there are refused, unless --force replaces them. docs/benchmarks.md says where the
files are, and what their numbers are: files differ in it. Pickles are read as data: nothing in them is run.`,
		Example: `  bench301 data import ` + b.Name + ` NATS-tss-v1_0-3ffb9-simple.tar
  bench301 data import ` + b.Name + ` accuracies.csv --dataset cifar10 --json`,
		Args: someArgs(1, 1000, "at least one file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, d := range f.Datasets {
				if _, err := b.Dataset(d); err != nil {
					return usageError{fmt.Errorf("--dataset: %w", err)}
				}
			}
			for _, path := range args {
				f.Path = path
				if err := importTrained(cmd, s, b, f, force, asJSON); err != nil {
					return err
				}
			}
			if !asJSON {
				s.say("next: accuracy: %s in a study or a search of the space %s, or bench301 query --space %[2]s ARCHS", b.Name,
					b.Space.Name())
			}
			return nil
		},
	}, jsonFlag(&asJSON), columnFlag(&f.Column), unitFlag(&f.Unit), repeatsFlag(&f.Repeats))
	flags := cmd.Flags()
	flags.StringSliceVar(&f.Datasets, "dataset", nil, "data sets to import, of a table the one that its accuracies are "+
		"of: "+strings.Join(b.Datasets, ", ")+" (default: all; of a table "+b.Datasets[0]+")")
	flags.BoolVar(&force, "force", false, "replace other accuracies of the data set")
	return cmd
}

// importTrained imports one file, and says what it was.
func importTrained(
	cmd *cobra.Command, s streams, b *trained.Benchmark, f scoring.TrainedFile, force, asJSON bool,
) error {
	m := newMeter(s.err, "reading accuracies", "architectures")
	r, err := scoring.ReadTrained(cmd.Context(), b, f, m.count)
	m.close()
	if err != nil {
		return err
	}
	for _, note := range r.Notes {
		s.say("%s", note)
	}
	done, err := scoring.Import(cmd.Context(), b, r, force)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	e := json.NewEncoder(s.out)
	e.SetEscapeHTML(false)
	for k, i := range done {
		if i.What == trained.Replaced {
			s.say("%s: the accuracies that were there are replaced: %s", i.Dataset, i.Before)
		}
		if asJSON {
			if err := e.Encode(i); err != nil {
				return err
			}
			continue
		}
		if k == 0 {
			if err := printLines(s, fmt.Sprintf("%s: %s, SHA-256 %.16s", printable.Line(f.Path), i.Format,
				i.Source.SHA256)); err != nil {
				return err
			}
		}
		read := fmt.Sprintf("%d of %d architectures in the file, %.2f to %.2f %%", i.Read, i.Of, i.Low, i.High)
		if i.Repeated+i.Skipped > 0 {
			read += fmt.Sprintf("; repeated %d, without a number %d", i.Repeated, i.Skipped)
		}
		text := fmt.Sprintf("%s: %s: %s", i.Dataset, i.What, i.Accuracy) + "\n" +
			indented(read, helpWidth(s.out)) + "\n" + indented(i.Measure, helpWidth(s.out))
		if err := printLines(s, strings.Split(text, "\n")...); err != nil {
			return err
		}
	}
	return nil
}

// indented breaks text into lines that fit a width, two blanks to the right.
func indented(text string, width int) string {
	return "  " + strings.ReplaceAll(reflow(text, max(width-2, 20)), "\n", "\n  ")
}

// trainedRecord is a line of `data info` about accuracies.
type trainedRecord struct {
	Benchmark string           `json:"benchmark"`
	Dataset   string           `json:"dataset"`
	Covered   int              `json:"covered"`
	Of        int              `json:"of"`
	Low       float64          `json:"low"`
	High      float64          `json:"high"`
	Hash      string           `json:"hash"`
	Measure   string           `json:"measure"`
	Sources   []trained.Source `json:"sources"`
	Where     string           `json:"where"`
}

// trainedRecords lists the accuracies of trained networks that were imported.
func trainedRecords() (list []trainedRecord, err error) {
	folder, err := scoring.TrainedFolder()
	if err != nil {
		return nil, err
	}
	for _, b := range trained.Benchmarks() {
		t, err := trained.Load(folder, b)
		if errors.Is(err, trained.ErrAbsent) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, c := range t.Columns {
			low, high := c.Range()
			list = append(list, trainedRecord{b.Name, c.Dataset, c.Covered(), b.Size, low, high, c.Hash(), c.Measure.String(),
				c.Sources, trained.Path(folder, b)})
		}
	}
	return list, nil
}

// trainedInfo prints them; alone says that nothing stands above.
func trainedInfo(s streams, f recordOptions, alone bool) error {
	list, err := trainedRecords()
	if err != nil || len(list) == 0 {
		if alone && err == nil {
			s.say("no accuracies of trained networks: bench301 data import %s FILE", trained.Names()[0])
		}
		return err
	}
	if !alone && !f.json {
		if err := printLines(s, ""); err != nil {
			return err
		}
	}
	p := newPrinter(s, f, "accuracies,data set,>covered,>of,>lowest,>highest,hash,from,what they are",
		func(r trainedRecord) []any {
			from := ""
			for i, source := range r.Sources {
				if i > 0 {
					from += ", "
				}
				from += source.File
			}
			return []any{r.Benchmark, r.Dataset, r.Covered, r.Of, fixed(r.Low, 2), fixed(r.High, 2), r.Hash, from, r.Measure}
		})
	p.width = terminalWidth(s.out)
	return p.printAll(list)
}
