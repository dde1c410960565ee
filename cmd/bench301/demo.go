package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"rwe301/bench301/surrogate"
	"rwe301/reports"
	"rwe301/study"
)

func newDemo(s streams) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Do the main job once, on data inside the binary",
		Long: `Do the main job once, on data inside the binary: sample 60 architectures, score them by Random-Weight Evaluation and
five baselines, compare the scores with NAS-Bench-301 accuracies (as the mini surrogate approximates them), and write
tables and figures.`,
		Example: `  bench301 demo
  bench301 demo --out results`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), s, out) },
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "folder of the results (default runs/<UTC time>-demo)")
	return cmd
}

func demo(ctx context.Context, s streams, out string) error {
	if out == "" {
		out = filepath.Join("runs", time.Now().UTC().Format("20060102T150405Z")+"-demo")
	}
	var m *meter
	d := study.Demo{Dir: out, Surrogate: surrogate.NewMini(), Code: codeVersion(), CPU: cpuName(), Progress: func(done, total int) {
		if m == nil {
			m = newMeter(s.err, "scoring", "architectures", int64(total))
		}
		m.set(int64(done))
	}}
	start := time.Now()
	r, err := d.Run(ctx)
	if m != nil {
		m.close()
	}
	if err != nil {
		return err
	}
	if err := r.Table.Write(s.out, reports.Terminal); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "\n%d files in %s after %s, among them scatter.png and bars.png\n", len(r.Files), out, time.Since(start).Round(time.Second))
	return nil
}
