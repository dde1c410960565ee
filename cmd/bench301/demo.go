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
	var out string
	var look styleOptions
	return with(&cobra.Command{
		Use:   "demo",
		Short: "Do the main job once, on data inside the binary",
		Long: `Do the main job once, on data inside the binary: sample 60 architectures, score them by Random-Weight
Evaluation and five baselines, compare the scores with NAS-Bench-301 accuracies (as the mini surrogate approximates
them), and write tables and figures.`,
		Example: `  bench301 demo
  bench301 demo --out results`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			style, err := look.read()
			if err != nil {
				return err
			}
			return demo(cmd.Context(), s, out, style)
		},
	}, outFlag(&out, "folder of the results (default runs/demo, or demo-2 and so on where that is taken)"), look.AddFlags)
}

func demo(ctx context.Context, s streams, out string, style *reports.Look) error {
	start := time.Now()
	if out == "" {
		out = newRunFolder(s, "demo", "")
	}
	p, err := planOf(ctx, "quick.yaml", studies.Quick, nil)
	if err != nil {
		return err
	}
	r, err := study.Create(out, p, studies.Quick, study.Shard{}, machine())
	if err != nil {
		return err
	}
	s.say("running into %s", out)
	var results *analysis.Results
	var status []study.Progress
	if err = work(ctx, s, r, p, runOptions{}); err == nil {
		status, err = r.Status()
	}
	if err == nil {
		err = verdict(s, status, false)
	}
	if err == nil {
		results, err = r.Load()
	}
	if err == nil {
		err = atomicfile.Write(filepath.Join(out, "scores.jsonl"), func(w io.Writer) error {
			return store.Export(w, store.FormatJSONL, r.Store.All(), true)
		})
	}
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	f, err := analysis.Analyse(ctx, results, analysis.Options{})
	if err != nil {
		return err
	}
	if f, err = style.Show(f); err != nil {
		return err
	}
	report := reports.Study{Findings: f, Look: style}
	files, undrawn := report.Save(ctx, out, "scatter", "bars")
	if undrawn != nil && !errors.As(undrawn, new(*reports.Undrawn)) {
		return undrawn
	}
	if err := report.InOrder().Print(s.out, reports.Terminal, tableLook(s)); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "\n%d files in %s after %s, among them scatter.png and bars.png\n", len(files)+1, out,
		time.Since(start).Round(time.Second))
	s.next("report", out)
	return undrawn
}
