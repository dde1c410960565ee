package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/bench301/surrogate"
	"rwe301/internal/atomicfile"
	"rwe301/internal/printable"
	"rwe301/scoring"
)

func newSurrogate(s streams) *cobra.Command {
	return group("do", &cobra.Command{
		Use:   "surrogate",
		Short: "Import, inspect and export the published surrogates of NAS-Bench-301",
		Long: `NAS-Bench-301 publishes its surrogates as pickles of XGBoost, LightGBM and PyTorch objects. bench301 reads
them without Python and without running anything that a pickle asks for, and predicts the same numbers. "import" turns
an ensemble into one small file; a query can use the originals as well. Without any of them there are mini, mini2 and
mini-runtime, small models that are part of the program (bench301 surrogate info).

A surrogate's PATH is a surrogate file, a model file, the folder of an ensemble or of one member, or the published
zip.`,
		Example: `  bench301 surrogate fetch 1.0
  bench301 surrogate import nb_models_1.0.zip --ensemble nb_models/xgb_v1.0 --out xgb.surrogate
  bench301 query --surrogate xgb.surrogate archs.csv`,
	}, newSurrogateImport(s), newSurrogateInfo(s), newSurrogateVerify(s), newSurrogateFetch(s), newSurrogateExport(s))
}

func newSurrogateImport(s streams) *cobra.Command {
	var o importOptions
	cmd := with(&cobra.Command{
		Use:   "import PATH",
		Short: "Turn an ensemble into one file",
		Long: `Read an ensemble of NAS-Bench-301 from the published zip, an unpacked folder, a member's folder or a model
file, and write one file with all members. Without --out it goes into the cache folder, where a query finds it by the
ensemble's name or that of --name. Where PATH holds several ensembles and --ensemble names none, each becomes a file. A
file that exists is replaced only with --force.`,
		Example: `  bench301 surrogate import nb_models_1.0.zip
  bench301 surrogate import nb_models/xgb_v1.0 --out xgb.surrogate`,
		Args: someArgs(1, 1, "one path"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), s, args[0])
		},
	}, outFlag(&o.out, "file to write, or folder that exists (default: the cache folder)"))
	f := cmd.Flags()
	f.StringVar(&o.ensemble, "ensemble", "", "the folder inside PATH that holds the ensemble")
	f.StringVar(&o.name, "name", "", "name under which the cache folder keeps it (default: the ensemble's)")
	f.BoolVar(&o.force, "force", false, "replace a file that exists")
	cmd.MarkFlagsMutuallyExclusive("name", "out")
	return cmd
}

// importOptions are the flags of `surrogate import`.
type importOptions struct {
	out, ensemble, name string
	force               bool
}

// run imports one or all ensembles at a path.
func (o *importOptions) run(ctx context.Context, s streams, from string) error {
	if o.name != "" && (o.name != filepath.Base(o.name) || strings.ContainsAny(o.name, `/\:`) || o.name[0] == '.') {
		return usagef("--name %s: must be the name of a file, without folders", printable.Cut(o.name, 50))
	}
	names, out := []string{o.ensemble}, o.out
	if o.ensemble == "" {
		var err error
		if names, err = surrogate.Ensembles(from); err != nil {
			return err
		}
	}
	folder := ""
	if out == "" {
		var err error
		if folder, err = makeFolder(""); err != nil {
			return err
		}
	} else if info, err := os.Stat(out); err == nil && info.IsDir() {
		folder = out
	}
	if len(names) > 1 && o.name != "" {
		return usagef("--name %s: %s holds %d ensembles (%s): choose one with --ensemble", o.name, from, len(names),
			strings.Join(names, ", "))
	}
	if len(names) > 1 && folder == "" {
		return usagef("%s holds %d ensembles (%s): choose one with --ensemble, or name a folder that "+
			"exists with --out", from, len(names), strings.Join(names, ", "))
	}
	taken := map[string]string{}
	for _, name := range names {
		if other, twice := taken[path.Base(name)]; twice {
			return fmt.Errorf("%s: %s and %s would become files of the same name: import them one by one with --ensemble "+
				"and --out", from, other, name)
		}
		taken[path.Base(name)] = name
	}
	known := "" // what finds the last one
	m := newMeter(s.err, "importing", "ensembles")
	defer m.close()
	for i, name := range names {
		m.count(i, len(names))
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := surrogate.LoadNamed(from, name)
		if err != nil {
			return err
		}
		target := out
		if folder != "" {
			target = filepath.Join(folder, cmp.Or(o.name, path.Base(e.Info().Name))+surrogate.FileExt)
		}
		if _, err := os.Lstat(target); err == nil && !o.force && !holds(target, e) {
			return fmt.Errorf("%s: exists: --force replaces it, --name or --out keeps both", target)
		}
		if err := e.Save(target); err != nil {
			return err
		}
		fmt.Fprint(s.out, printable.Text(fmt.Sprintf("%s\t%s, %d members, sha256 %s\n", target, e.Info().Kind,
			e.Info().Members, e.Checksum())))
		known = target
		if folder != "" && o.out == "" {
			known = cmp.Or(o.name, path.Base(e.Info().Name))
		}
	}
	m.close()
	s.next("query --surrogate", known)
	return nil
}

// holds says whether a file holds an ensemble already.
func holds(path string, e *surrogate.Ensemble) bool {
	old, err := openEnsemble(path)
	return err == nil && old.Checksum() == e.Checksum()
}

// makeFolder makes the folder of surrogates, by default that in the cache.
func makeFolder(folder string) (_ string, err error) {
	if folder == "" {
		if folder, err = scoring.SurrogateFolder(); err != nil {
			return "", err
		}
	}
	return folder, os.MkdirAll(folder, 0o777)
}

func newSurrogateInfo(s streams) *cobra.Command {
	var f recordOptions
	return with(&cobra.Command{
		Use:   "info [PATH|NAME]",
		Short: "Say what a surrogate is and where its members came from, or which ones there are",
		Long: `Say what a surrogate is, and where the members of an ensemble came from. Of mini, mini2 and mini-runtime, which
are part of the program, it says how well they predicted architectures that they were not trained on. Without a name it
lists the surrogates that a query knows by name.`,
		Example: `  bench301 surrogate info
  bench301 surrogate info mini-runtime
  bench301 surrogate info xgb.surrogate
  bench301 surrogate info nb_models/xgb_v1.0 --json`,
		Args: someArgs(0, 1, "at most one surrogate"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listSurrogates(s, f)
			}
			if m := surrogate.OpenBuiltIn(args[0]); m != nil {
				return f.describe(s, m)
			}
			e, err := openEnsemble(args[0])
			if err != nil {
				return err
			}
			if f.json {
				return json.NewEncoder(s.out).Encode(struct {
					surrogate.Info
					SHA256 string             `json:"sha256"`
					Models []surrogate.Member `json:"models"`
				}{e.Info(), e.Checksum(), e.Members()})
			}
			if !f.csv {
				fmt.Fprint(s.out, printable.Text(fmt.Sprintf("%s: %s, %d members, predicts %s, sha256 %s\n", e.Info().Name,
					e.Info().Kind, e.Info().Members, cmp.Or(e.Info().Unit, "an unknown unit"), e.Checksum())))
			}
			columns := "member,format,written by,>trees,>nodes,>depth,>weights,>original bytes,original sha256"
			return newPrinter(s, f, columns, func(m surrogate.Member) []any {
				return []any{m.Name, m.Format, m.Version, m.Trees, m.Nodes, m.Depth, m.Weights, m.Bytes, m.SHA256}
			}).printAll(e.Members())
		},
	}, f.AddFlags)
}

// listSurrogates prints the surrogates that have a name.
func listSurrogates(s streams, f recordOptions) error {
	type entry struct {
		Key string `json:"key"`
		surrogate.Info
	}
	names := surrogate.BuiltIn()
	if folder, err := scoring.SurrogateFolder(); err == nil {
		installed, err := surrogate.Installed(folder)
		if err != nil {
			return err
		}
		names = append(names, installed...)
	}
	p := newPrinter(s, f, "key,name,kind,unit,>members", func(e entry) []any {
		return []any{e.Key, e.Name, e.Kind, e.Unit, e.Members}
	})
	p.width = terminalWidth(s.out)
	var failed error
	for _, name := range names {
		m, err := openSurrogate(name)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if err := p.print(entry{name, m.Info()}); err != nil {
			return err
		}
	}
	return errors.Join(p.close(), failed)
}

// describe prints what a surrogate inside the binary is, and how well it predicts.
func (f *recordOptions) describe(s streams, m surrogate.Surrogate) error {
	type described struct {
		surrogate.Info
		Validation surrogate.MiniValidation `json:"validation"`
	}
	info, v := m.Info(), surrogate.Validation(m)
	if !f.json && !f.csv {
		fmt.Fprintf(s.out, "%s: part of the program, predicts %s\n%d-fold cross-validation over architectures:\n",
			info.Name, info.Unit, v.Folds)
	}
	columns := "name,kind,unit,>tau_b,>spearman,>r2,>mean_absolute_error,>median_relative_error"
	if !f.csv {
		columns = strings.TrimPrefix(columns, "name,kind,unit,")
	}
	return newPrinter(s, *f, columns, func(d described) []any {
		cells := []any{d.Name, d.Kind, d.Unit}
		if !f.csv {
			cells = nil
		}
		for _, v := range []float64{v.Kendall, v.Spearman, v.R2, v.MAE} {
			cells = append(cells, fixed(v, 5))
		}
		if v.Relative > 0 {
			return append(cells, fixed(v.Relative, 5))
		}
		return append(cells, "")
	}).printAll([]described{{info, v}})
}

// openEnsemble is openSurrogate for commands that need the models.
func openEnsemble(name string) (*surrogate.Ensemble, error) {
	m, err := openSurrogate(name)
	if err != nil {
		return nil, err
	}
	e, ok := m.(*surrogate.Ensemble)
	if !ok {
		return nil, usagef("%s is part of the program: name an imported surrogate", m.Info().Name)
	}
	return e, nil
}

func newSurrogateVerify(s streams) *cobra.Command {
	var n int
	var seed uint64
	cmd := &cobra.Command{
		Use:   "verify PATH|NAME [ORIGINAL]",
		Short: "Check a surrogate's content, and that it predicts what the original does",
		Long: `Read the whole surrogate, checking its checksum and the structure of every model. With ORIGINAL, ask both for
the same random architectures; every member's prediction must agree to the last bit.`,
		Example: `  bench301 surrogate verify xgb.surrogate
  bench301 surrogate verify xgb.surrogate nb_models/xgb_v1.0`,
		Args: someArgs(1, 2, "a surrogate and perhaps its original"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := atLeast("-n", n, 1); err != nil {
				return err
			}
			e, err := openEnsemble(args[0])
			if err != nil {
				return err
			}
			fmt.Fprint(s.out, printable.Text(fmt.Sprintf("%s: whole, %d members of kind %s, sha256 %s\n", args[0],
				e.Info().Members, e.Info().Kind, e.Checksum())))
			if len(args) < 2 {
				return nil
			}
			original, err := openEnsemble(args[1])
			if err != nil {
				return err
			}
			if err := surrogate.Compare(cmd.Context(), e, original, n, seed); err != nil {
				if cmd.Context().Err() != nil {
					return err
				}
				return fmt.Errorf("%s and %s differ: %w", args[0], args[1], err)
			}
			fmt.Fprintf(s.out, "%s: the same predictions for %d architectures, to the bit\n", printable.Line(args[1]), n)
			return nil
		},
	}
	cmd.Flags().IntVarP(&n, "n", "n", 1000, "architectures to ask both for")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "seed of the architectures")
	return cmd
}

func newSurrogateFetch(s streams) *cobra.Command {
	var out, url, from string
	var sums sumOptions
	cmd := with(&cobra.Command{
		Use:   "fetch 0.9|1.0",
		Short: "Download the published ensembles and import them",
		Long: `Download the archive of NAS-Bench-301's models into the cache folder and import its ensembles, so that a
query finds them by name. An interrupted download is continued. Upstream publishes no checksums: the one seen first is
written beside the archive and must be the same ever after.

--from FILE takes the archive that you downloaded (figshare, nb_models_1.0.zip: docs/surrogates.md) instead and copies
it into the folder. --sha256 and --blob say what the archive has to be, however it comes: a SHA-256, or the id that git
gives its bytes (git hash-object FILE). Nothing is kept of another file.

The published archives are too large for the tests of this program: the download is tested against a local server, the
reading of archives on models that were trained for the tests.`,
		Example: `  bench301 surrogate fetch 1.0
  bench301 surrogate fetch 1.0 --from ~/Downloads/nb_models_1.0.zip --blob "$ID"
  bench301 query --surrogate xgb_v1.0 archs.csv`,
		Args: someArgs(1, 1, "one version: 0.9 or 1.0"),
		RunE: func(cmd *cobra.Command, args []string) error {
			address, ok := surrogate.Published[args[0]]
			if url != "" {
				address = url
			} else if !ok {
				return usagef("version %q: must be 0.9 or 1.0", args[0])
			}
			if err := sums.validate(); err != nil {
				return err
			}
			folder, err := makeFolder(out)
			if err != nil {
				return err
			}
			fetch := surrogate.Fetch{URL: address, From: from, Want: sums.Sums,
				Path: filepath.Join(folder, "nb_models_"+filepath.Base(args[0])+".zip")}
			return fetchSurrogates(cmd.Context(), s, fetch, folder)
		},
	}, outFlag(&out, "folder (default: the cache folder)"))
	cmd.Flags().StringVar(&url, "url", "", "address of a mirror")
	cmd.Flags().StringVar(&from, "from", "", "take this archive, which you downloaded")
	cmd.MarkFlagsMutuallyExclusive("url", "from")
	sums.AddFlags(cmd)
	return cmd
}

// fetchSurrogates brings an archive into a folder and imports what it holds.
func fetchSurrogates(ctx context.Context, s streams, fetch surrogate.Fetch, folder string) error {
	m := newMeter(s.err, "downloading "+filepath.Base(fetch.Path), "B")
	fetch.Progress = m.set
	sums, err := fetch.Run(ctx)
	m.close()
	if err != nil {
		return err
	}
	sayChecked(s, fetch.Path, sums, fetch.Want)
	o := importOptions{out: folder}
	return o.run(ctx, s, fetch.Path)
}

func newSurrogateExport(s streams) *cobra.Command {
	var out string
	var asJSON bool
	cmd := with(&cobra.Command{
		Use:   "export PATH|NAME --json",
		Short: "Write the members of an XGBoost ensemble as JSON that XGBoost loads",
		Long: `Write every member as a JSON model that XGBoost 1.6 and later load, named after the member, into the folder
--out. Gains and covers are not kept in surrogate files and are zero. XGBoost adds the base score first since 1.3:
predictions of a model of an earlier version may differ from the original's in the last bit.`,
		Example: `  bench301 surrogate export xgb.surrogate --json --out boosters`,
		Args:    someArgs(1, 1, "one surrogate"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !asJSON || out == "" {
				return usagef("surrogate export wants --json and a folder: --out FOLDER")
			}
			e, err := openEnsemble(args[0])
			if err != nil {
				return err
			}
			if err := os.MkdirAll(out, 0o777); err != nil {
				return err
			}
			for i, m := range e.Members() {
				if err := cmd.Context().Err(); err != nil {
					return err
				}
				target := filepath.Join(out, fmt.Sprintf("%02d_%s.json", i, filepath.Base(m.Name)))
				if err := atomicfile.Write(target, func(w io.Writer) error { return e.ExportJSON(w, i) }); err != nil {
					return err
				}
				if err := printLines(s, target); err != nil {
					return err
				}
			}
			return nil
		},
	}, outFlag(&out, "folder to write to"))
	cmd.Flags().BoolVar(&asJSON, "json", false, "write XGBoost's JSON")
	return cmd
}
