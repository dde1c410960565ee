package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/export"
	"rwe301/internal/atomicfile"
	"rwe301/internal/printable"
	"rwe301/network"
)

type exportOptions struct {
	to        string
	out       string
	init      string
	seed      uint64
	calibrate int
	command   string // as it can be typed again
	in        sizedInput
}

func newExport(s streams) *cobra.Command {
	o := exportOptions{in: sizedInput{archs: archInput{in: s.in, say: s.say}}}
	cmd := with(&cobra.Command{
		Use:   "export ARCH|FILE...",
		Short: "Write architectures for other programs: Python, PyTorch, ONNX, Graphviz, JSON",
		Long: `Write architectures for other programs:

  python   a Genotype for each architecture, as training scripts import it
  pytorch  a network with random weights as one module of Python, net.py, and its state_dict beside it, net.pt:
           from net import network. Several go into a folder
  onnx     one network with random weights (opset 13, IR 7): input images N x 3 x H x W, output logits N x classes
  dot      the cells, for Graphviz
  json     the network as a list of primitive operations and parameter tensors, one object a line

The module needs PyTorch and nothing else. Its names in the state_dict are those of the code of DARTS and of
NAS-Bench-201. python net.py compares its logits with bench301's. A file that export did not write is not replaced.

Running statistics of normalisations, by which an ONNX file and PyTorch in eval mode normalise, are mean 0 and
variance 1, or with --calibrate those of the embedded CIFAR-10 images.

` + archHelp,
		Example: `  bench301 export DARTS_V2 --to python > genotypes.py
  bench301 export DARTS_V2 --to pytorch -C 16 --seed 1 --calibrate 500 --out darts_v2.py
  bench301 export runs/small/report/fronts.csv --to pytorch --variant darts --out front
  bench301 export DARTS_V2 --to onnx -C 16 --seed 1 --calibrate 500 --out darts_v2.onnx
  bench301 export DARTS_V2 --to dot | dot -Tsvg > cells.svg`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.command = commandLine(cmd, args)
			return exportArchs(cmd.Context(), s, o, args)
		},
	}, outFlag(&o.out, "write to this file instead of standard output; a folder too for pytorch"), o.in.AddFlags)
	cmd.Flags().StringVar(&o.to, "to", "python", "format: python, pytorch, onnx, dot or json")
	cmd.Flags().Uint64Var(&o.seed, "seed", 0, "seed of the weights (pytorch, onnx)")
	cmd.Flags().StringVar(&o.init, "init", string(network.Default), fmt.Sprintf("initialisation of the weights: %v "+
		"(pytorch, onnx)", network.Distributions()))
	cmd.Flags().IntVar(&o.calibrate, "calibrate", 0, "set running statistics by so many embedded training "+
		"images (pytorch, onnx)")
	return cmd
}

func exportArchs(ctx context.Context, s streams, o exportOptions, args []string) error {
	space, size, err := o.in.open()
	if err != nil {
		return err
	}
	items, err := o.in.archs.all(ctx, args)
	if err != nil {
		return err
	}
	if most := dataset.Sample().Train.Len(); o.calibrate < 0 || o.calibrate > most {
		return usagef("--calibrate %d: must lie in [0, %d]", o.calibrate, most)
	}
	switch {
	case o.to == "pytorch":
		return exportPyTorch(ctx, s, space, size, o, items)
	case o.to == "onnx" && len(items) != 1:
		return usagef("--to onnx writes one network, not %d", len(items))
	case o.to == "onnx" && o.out == "" && isTerminal(s.out):
		return usagef("--to onnx writes bytes, not text: name a file with --out")
	}
	var b bytes.Buffer
	switch o.to {
	case "python":
		err = export.Python(&b, space, architectures(items))
	case "onnx", "dot", "json":
		for _, item := range items {
			if err = errors.Join(ctx.Err(), exportOne(ctx, &b, space, size, o, item)); err != nil {
				break
			}
		}
	default:
		return usagef("--to %q: must be python, pytorch, onnx, dot or json", o.to)
	}
	if err != nil {
		return err
	}
	if o.out == "" {
		_, err = s.out.Write(b.Bytes())
		return err
	}
	if err := atomicfile.WriteBytes(o.out, b.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "wrote %s\n", printable.Line(o.out))
	return nil
}

// exportOne writes one architecture in a format that stands for one.
func exportOne(ctx context.Context, w io.Writer, space bench301.Space, size sizer, o exportOptions,
	item bench301.Item) error {
	a := bench301.Canonical(item.Architecture)
	if o.to == "dot" {
		return export.DOT(w, space, a)
	}
	cfg, err := size(a)
	if err == nil {
		var graph bench301.Graph
		if graph, err = a.Graph(cfg); err == nil {
			if o.to == "json" {
				return export.JSON(w, space, a, graph)
			}
			err = exportONNX(ctx, w, a, graph, o)
		}
	}
	if err != nil {
		return at(item, err)
	}
	return nil
}

func exportONNX(ctx context.Context, w io.Writer, a bench301.Architecture, graph bench301.Graph,
	o exportOptions) error {
	plan, err := network.Compile(graph)
	if err != nil {
		return err
	}
	theta := make([]float32, plan.NumParams())
	if err := network.Initialise(plan, theta, network.Scheme{Distribution: network.Distribution(o.init)},
		o.seed); err != nil {
		return usageError{err}
	}
	m := export.Model{Name: a.ID(), Graph: graph, Theta: theta, About: map[string]string{
		"arch": a.String(), "id": a.ID(), "init": o.init, "seed": strconv.FormatUint(o.seed, 10),
		"calibrated_on": strconv.Itoa(o.calibrate), "code": codeVersion(),
	}}
	if o.calibrate > 0 {
		if m.Running, err = calibrated(ctx, plan, theta, o.calibrate); err != nil {
			return err
		}
	}
	return export.ONNX(w, m)
}

// calibrated is the running statistics of a network after the first embedded training images.
func calibrated(ctx context.Context, plan *network.Plan, theta []float32, images int) (
	func(string) (mean, variance []float64), error) {
	m, err := network.NewExecutor(plan, network.Options{Batch: min(calibrationBatch, images)})
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return m.Running, calibrate(ctx, m, theta, images)
}

// calibrationBatch is how many images at a time set running statistics.
const calibrationBatch = 100

// calibrate runs the first embedded training images through a network. To the running statistics every batch has
// contributed alike.
func calibrate(ctx context.Context, m *network.Executor, theta []float32, images int) error {
	train := dataset.Sample().Train
	in := m.Plan().Graph().Nodes[0]
	if in.H != train.Height || in.W != train.Width {
		return fmt.Errorf("--calibrate: the embedded images are %dx%d, the network reads %dx%d", train.Height, train.Width,
			in.H, in.W)
	}
	pick := make([]int, images)
	for i := range pick {
		pick[i] = i
	}
	x := train.Subset(pick).Normalise(dataset.CIFAR10Normalisation).Pixels
	m.SetMomentum(0)
	image := in.H * in.W * in.C
	for at := 0; at < images; at += calibrationBatch {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(calibrationBatch, images-at)
		if err := m.Forward(theta, x[at*image:(at+n)*image], n, network.BatchNorm); err != nil {
			return err
		}
	}
	return nil
}
