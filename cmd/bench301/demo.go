package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/internal/atomicfile"
	"rwe301/reports"
	"rwe301/store"
	"rwe301/studies"
	"rwe301/study"
)

func newDemo(s streams) *cobra.Command {
	var to outOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Do the main job once, on data inside the binary",
		Long: `Do the main job once, on data inside the binary: sample 60 architectures, score them by Random-Weight
Evaluation and five baselines, compare the scores with NAS-Bench-301 accuracies (as the mini surrogate approximates
them), and write tables and figures.`,
		Example: `  bench301 demo
  bench301 demo --out results`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), s, to.out) },
	}
	to.AddFlags(cmd, "folder of the results (default runs/<UTC time>-demo)")
	return cmd
}

func demo(ctx context.Context, s streams, out string) error {
	if out == "" {
		out = filepath.Join("runs", time.Now().UTC().Format("20060102T150405Z")+"-demo")
	}
	start := time.Now()
	d, err := study.Parse("quick.yaml", studies.Quick)
	if err != nil {
		return err
	}
	p, err := study.Prepare(ctx, d)
	if err != nil {
		return err
	}
	r, err := study.Create(out, p, studies.Quick, study.Shard{}, machine())
	if err != nil {
		return err
	}
	if err := work(ctx, s, r, p, study.Options{}); err != nil {
		return errors.Join(err, r.Close())
	}
	results, err := r.Load()
	if err != nil {
		return errors.Join(err, r.Close())
	}
	scores := filepath.Join(out, "scores.jsonl")
	err = atomicfile.Write(scores, func(w io.Writer) error {
		return store.Export(w, store.FormatJSONL,
			r.Store.All(), true)
	})
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	f, err := analysis.Analyse(ctx, results, analysis.Options{})
	if err != nil {
		return err
	}
	report := reports.Study{Findings: f}
	files, err := report.Save(out, "scatter", "bars")
	if err != nil {
		return err
	}
	if err := report.InOrder().Write(s.out, reports.Terminal); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "\n%d files in %s after %s, among them scatter.png and bars.png\n", len(files)+1, out,
		time.Since(start).Round(time.Second))
	return nil
}
