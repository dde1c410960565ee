package main

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rwe301/internal/kernels"
	"rwe301/internal/process"
	"rwe301/network"
)

func newBench(s streams) *cobra.Command {
	return group("measure", &cobra.Command{
		Use:     "bench",
		Short:   "Measure how fast this machine and the networks on it are",
		Example: "  bench301 bench machine\n  bench301 bench network --arch DARTS_V2 --channels 16 --mode backward --json",
	}, newBenchMachine(s), newBenchNetwork(s))
}

// machineRow is one line of `bench machine`.
type machineRow struct {
	Level   string             `json:"level"`
	Workers int                `json:"workers"`
	GFLOPs  float64            `json:"fma_gflops"`
	Reads   map[string]float64 `json:"read_gb_per_second"` // by where the working set lives
	reads   []kernels.Bandwidth
}

func newBenchMachine(s streams) *cobra.Command {
	var (
		f       recordOptions
		workers int
		budget  time.Duration
	)
	cmd := with(&cobra.Command{
		Use:   "machine",
		Short: "Measure the roofline: multiply-adds a second and bandwidth of caches and memory",
		Long: `Measure, for every SIMD level of the CPU, with one worker and with all of them, how many single-precision
multiply-adds a second the cores do (two operations each) and how fast they read working sets of 16 KB (L1), 512 KB
(L2), 8 MB (L3) and 128 MB (memory) a worker. Every figure is the best of many short runs.`,
		Example: "  bench301 bench machine\n  bench301 bench machine --workers 4 --json",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if workers < 1 || budget <= 0 {
				return usagef("--workers %d, --time %v: both must be positive", workers, budget)
			}
			return benchMachine(cmd.Context(), s, f, workers, budget)
		},
	}, f.AddFlags)
	cmd.Flags().IntVar(&workers, "workers", runtime.NumCPU(), "cores to use at once")
	cmd.Flags().DurationVar(&budget, "time", 3*time.Second, "about how long to measure")
	return cmd
}

func benchMachine(ctx context.Context, s streams, f recordOptions, workers int, budget time.Duration) error {
	counts := slices.Compact([]int{1, workers})
	levels := kernels.Levels()
	p := newPrinter(s, f, "level,>workers,>FMA GFLOP/s,>L1 GB/s,>L2 GB/s,>L3 GB/s,>memory GB/s",
		func(r machineRow) []any {
			cells := []any{r.Level, r.Workers, fixed(r.GFLOPs, 1)}
			for _, b := range r.reads {
				cells = append(cells, fixed(b.GBps, 1))
			}
			return cells
		})
	p.live = true
	defer func(before kernels.Level) { _, _ = kernels.Use(before) }(kernels.Active())
	for _, level := range levels {
		if _, err := kernels.Use(level); err != nil {
			return err
		}
		for _, n := range counts {
			if err := ctx.Err(); err != nil {
				return err
			}
			r := kernels.Measure(n, budget/time.Duration(len(levels)*len(counts)))
			row := machineRow{Level: level.String(), Workers: n, GFLOPs: r.GFLOPs, Reads: map[string]float64{}, reads: r.Reads}
			for _, b := range r.Reads {
				row.Reads[strings.ToLower(b.Name)] = b.GBps
			}
			if err := p.print(row); err != nil {
				return err
			}
		}
	}
	return p.close()
}

// networkRow is the answer of `bench network`. The names of the JSON fields are fixed.
type networkRow struct {
	Arch               string  `json:"arch"`
	Channels           int     `json:"channels"`
	Layers             int     `json:"layers"`
	Batch              int     `json:"batch"`
	Mode               string  `json:"mode"`
	Workers            int     `json:"workers"`
	SIMD               string  `json:"simd"`
	Passes             int     `json:"passes"`
	ImagesPerSecond    float64 `json:"images_per_second"`
	MedianPerSecond    float64 `json:"images_per_second_median"`
	ImagesPerCPUSecond float64 `json:"images_per_cpu_second"`
	GFLOPs             float64 `json:"gflops"`
	PeakGFLOPs         float64 `json:"peak_gflops"`
	PeakShare          float64 `json:"peak_share"`
	PlannedMemory      float64 `json:"planned_memory_mb"`
	PeakMemory         float64 `json:"peak_memory_mb"`
}

func newBenchNetwork(s streams) *cobra.Command {
	var (
		f          recordOptions
		in         = sizedInput{archs: archInput{in: s.in, say: s.say}}
		arch, mode string
		o          network.Options
		budget     time.Duration
	)
	cmd := with(&cobra.Command{
		Use:   "network",
		Short: "Measure how many images a second a network takes",
		Long: `Measure the passes of one network in train mode: forward to logits, or backward, which is forward, mean
cross-entropy and the gradients of all parameters. Figures are those of the best of several passes: images a second
and per second of CPU time, operations of convolutions and linear layers a second (two a multiply-accumulate), their
share of the peak that multiply-adds alone reach on the same workers within the same run, the memory that the plan
asks for, and the peak of the whole process (MB are 1e6 bytes). BENCH301_SIMD=avx512|avx2|neon|portable forces a SIMD
level.`,
		Example: `  bench301 bench network --arch DARTS_V2 --channels 16 --batch 128 --mode forward
  bench301 bench network --arch DARTS_V2 --channels 32 --batch 128 --mode backward --workers 2 --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, size, err := in.open()
			if err != nil {
				return err
			}
			if mode != "forward" && mode != "backward" {
				return usagef("--mode %q: must be forward or backward", mode)
			}
			if o.Batch < 1 || o.Workers < 1 || budget <= 0 {
				return usagef("--batch %d, --workers %d, --time %v: all must be positive", o.Batch, o.Workers, budget)
			}
			if err := kernels.Check(); err != nil {
				return err
			}
			o.Gradients = mode == "backward"
			for item, err := range in.archs.each(cmd.Context(), []string{arch}) {
				if err != nil {
					return err
				}
				cfg, err := size(item.Architecture)
				if err != nil {
					return err
				}
				g, err := item.Architecture.Graph(cfg)
				if err != nil {
					return err
				}
				plan, err := network.Compile(g)
				if err != nil {
					return err
				}
				row := networkRow{Arch: item.Architecture.String(), Channels: cfg.Channels, Layers: cfg.Layers, Mode: mode}
				return benchNetwork(cmd.Context(), s, f, row, plan, o, budget)
			}
			return usagef("--arch %q: holds no architecture", arch)
		},
	}, f.AddFlags, in.AddFlags)
	cmd.Flags().StringVar(&arch, "arch", "DARTS_V2", "architecture in any notation, a published name, or a file "+
		"whose first architecture counts")
	cmd.Flags().StringVar(&mode, "mode", "forward", "forward or backward")
	cmd.Flags().IntVar(&o.Batch, "batch", 128, "images of a pass")
	cmd.Flags().IntVar(&o.Workers, "workers", runtime.NumCPU(), "goroutines that share the images of a pass")
	cmd.Flags().DurationVar(&budget, "time", 3*time.Second, "about how long to measure; a pass that has begun ends")
	return cmd
}

func benchNetwork(ctx context.Context, s streams, f recordOptions, row networkRow, plan *network.Plan,
	o network.Options, budget time.Duration) error {
	const forPeak = 10 // a tenth of the time before and a tenth after
	row.PeakGFLOPs = kernels.MeasurePeak(o.Workers, budget/forPeak)
	t, err := network.MeasureThroughput(ctx, plan, o, budget-2*budget/forPeak)
	if err != nil {
		return err
	}
	row.PeakGFLOPs = max(row.PeakGFLOPs, kernels.MeasurePeak(o.Workers, budget/forPeak))
	row.Batch, row.Workers, row.SIMD, row.Passes = o.Batch, o.Workers, kernels.Active().String(), t.Passes
	row.ImagesPerSecond = float64(o.Batch) / t.Seconds
	row.MedianPerSecond = float64(o.Batch) / t.Median
	if t.CPUSeconds > 0 {
		row.ImagesPerCPUSecond = float64(o.Batch) / t.CPUSeconds
	}
	row.GFLOPs = t.Operations / t.Seconds / 1e9
	row.PeakShare = row.GFLOPs / row.PeakGFLOPs
	row.PlannedMemory = float64(plan.Memory(o)) / 1e6
	if used, ok := process.Used(); ok {
		row.PeakMemory = float64(used.PeakMemory) / 1e6
	}
	columns := "mode,simd,>workers,>images/s,>images/CPU-s,>GFLOP/s,>of peak,>planned MB,>process MB"
	return newPrinter(s, f, columns, func(r networkRow) []any {
		return []any{
			r.Mode, r.SIMD, r.Workers, fixed(r.ImagesPerSecond, 1), fixed(r.ImagesPerCPUSecond, 1),
			fixed(r.GFLOPs, 1), fixed(r.PeakShare, 3), fixed(r.PlannedMemory, 1), fixed(r.PeakMemory, 1),
		}
	}).printAll([]networkRow{row})
}
