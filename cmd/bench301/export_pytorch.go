package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/export"
	"rwe301/internal/atomicfile"
	"rwe301/internal/printable"
	"rwe301/network"
)

// exportPyTorch writes a module of Python and a file of weights for each architecture: at the path of one module, or
// into a folder.
func exportPyTorch(ctx context.Context, s streams, space bench301.Space, size sizer, o exportOptions,
	items []bench301.Item) error {
	paths, items, err := modulePaths(space, o.out, items)
	if err != nil {
		return err
	}
	for _, path := range paths {
		for _, file := range []string{path, weightsPath(path)} {
			if err := replaceable(file); err != nil {
				return err
			}
		}
	}
	for i, item := range items {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, err := newModule(ctx, space, size, o, item)
		if err != nil {
			return at(item, err)
		}
		m.Name = strings.TrimSuffix(filepath.Base(paths[i]), ".py")
		if i == 0 && filepath.Ext(o.out) != ".py" {
			if err := os.MkdirAll(o.out, 0o777); err != nil {
				return err
			}
		}
		if err := writeModule(paths[i], m); err != nil {
			return err
		}
		fmt.Fprintf(s.err, "wrote %s and %s.pt\n", printable.Line(paths[i]), m.Name)
	}
	return nil
}

// modulePaths returns the path of the module of each different architecture.
func modulePaths(space bench301.Space, out string, items []bench301.Item) ([]string, []bench301.Item, error) {
	seen := map[string]bool{}
	items = slices.DeleteFunc(slices.Clone(items), func(item bench301.Item) bool {
		id := item.Architecture.ID()
		again := seen[id]
		seen[id] = true
		return again
	})
	info, err := os.Stat(out)
	folder := err == nil && info.IsDir()
	ext := filepath.Ext(out)
	switch {
	case out == "":
		return nil, nil, usagef("--to pytorch writes a module and its weights: name net.py or a folder with --out")
	case folder:
	case ext == ".py":
		name := strings.TrimSuffix(filepath.Base(out), ext)
		if err := export.CheckModuleName(name); err != nil {
			return nil, nil, usagef("--out %s: %w", printable.Line(out), err)
		}
		if len(items) != 1 {
			return nil, nil, usagef("--out %s is one network, not %d: name a folder", printable.Line(out), len(items))
		}
		return []string{out}, items, nil
	case err == nil || slices.Contains([]string{".pt", ".pth", ".onnx", ".npz", ".safetensors"}, ext):
		return nil, nil, usagef("--out %s: must be a folder, or a module such as %s.py; the weights go beside it",
			printable.Line(out), export.ModuleName(strings.TrimSuffix(filepath.Base(out), ext)))
	}
	var paths []string
	taken := map[string]bool{}
	for _, item := range items {
		name := export.ModuleName(title(space, item))
		if taken[name] {
			name = "arch_" + item.Architecture.ID()
		}
		taken[name] = true
		paths = append(paths, filepath.Join(out, name+".py"))
	}
	return paths, items, nil
}

// title is what a reader knows an architecture by.
func title(space bench301.Space, item bench301.Item) string {
	id := item.Architecture.ID()
	for _, k := range bench301.KnownNetworks(space) {
		if k.Architecture.ID() == id {
			return k.Name
		}
	}
	return printable.Cut(cmp.Or(item.Name, "arch_"+id), 40)
}

// weightsPath is the file of weights of a module.
func weightsPath(module string) string { return strings.TrimSuffix(module, ".py") + ".pt" }

// replaceable says that a file is not there or one that export wrote: weights that a user has trained stay.
func replaceable(path string) error {
	ours, err := export.Written(path)
	switch {
	case os.IsNotExist(err):
		return nil
	case err != nil:
		return err
	case !ours:
		return fmt.Errorf("%s is there, and not from bench301 export: choose another --out, or move it away",
			printable.Line(path))
	}
	return nil
}

// writeModule writes a module and its weights. Neither is replaced before both are complete.
func writeModule(path string, m export.Module) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		if err := m.WritePython(w); err != nil {
			return err
		}
		return atomicfile.Write(weightsPath(path), m.WriteWeights)
	})
}

// newModule draws the weights of an architecture's network and computes what stands beside them.
func newModule(ctx context.Context, space bench301.Space, size sizer, o exportOptions, item bench301.Item) (
	m export.Module, err error) {
	a := bench301.Canonical(item.Architecture)
	cfg, err := size(a)
	if err != nil {
		return m, err
	}
	graph, err := a.Graph(cfg)
	if err != nil {
		return m, err
	}
	plan, err := network.Compile(graph)
	if err != nil {
		return m, err
	}
	if err := network.CheckMemory(8*int64(plan.NumParams()), 1); err != nil { // the weights, and one tensor as bytes
		return m, err
	}
	m = export.Module{Model: export.Model{Graph: graph, Theta: make([]float32, plan.NumParams())}, Title: title(space,
		item), Space: space, Architecture: a, Config: cfg, Command: o.command}
	normalisation := dataset.CIFAR10Normalisation
	if cfg.Variant == bench301.VariantImageNet {
		normalisation = dataset.ImageNetNormalisation
	}
	m.Mean, m.Std = normalisation.Mean, normalisation.Std
	if err := network.Initialise(plan, m.Theta, network.Scheme{Distribution: network.Distribution(o.init)},
		o.seed); err != nil {
		return m, usageError{err}
	}
	if err := measure(ctx, plan, &m, o.calibrate); err != nil {
		return m, err
	}
	statistics := "none yet: mean 0, variance 1 (--calibrate computes some)"
	if o.calibrate > 0 {
		statistics = fmt.Sprintf("of %d training images of CIFAR-10", o.calibrate)
	}
	m.Facts = [][2]string{
		{"id", a.ID()}, {"network", networkFact(space, cfg)}, {"parameters", strconv.Itoa(plan.NumParams())},
		{"weights", fmt.Sprintf("initialisation %s, seed %d", o.init, o.seed)}, {"statistics", statistics},
		{"made by", "bench301 " + codeVersion()},
	}
	m.About = map[string]string{
		"arch": a.String(), "id": a.ID(), "space": space.Name(), "init": o.init, "seed": strconv.FormatUint(o.seed, 10),
		"calibrated_on": strconv.Itoa(o.calibrate), "code": codeVersion(),
	}
	return m, nil
}

// measure sets the running statistics of a module, and what the network computes for the images by which the module
// checks itself.
func measure(ctx context.Context, plan *network.Plan, m *export.Module, calibration int) error {
	images, n := export.CheckImages(m.Config.Height, m.Config.Width)
	e, err := network.NewExecutor(plan, network.Options{Batch: max(n, min(calibrationBatch, calibration))})
	if err != nil {
		return err
	}
	defer e.Close()
	if calibration > 0 {
		if err := calibrate(ctx, e, m.Theta, calibration); err != nil {
			return err
		}
		m.Batches = (calibration + calibrationBatch - 1) / calibrationBatch
	}
	type moments struct{ mean, variance []float64 }
	running := map[string]moments{}
	for _, node := range m.Graph.Nodes {
		if node.Kind == bench301.BatchNorm {
			mean, variance := e.Running(node.Name)
			running[node.Name] = moments{slices.Clone(mean), slices.Clone(variance)}
		}
	}
	m.Running = func(node string) (mean, variance []float64) { return running[node].mean, running[node].variance }
	for _, mode := range []struct {
		name string
		norm network.Norm
	}{{"eval", network.RunningNorm}, {"train", network.BatchNorm}} {
		if err := e.Forward(m.Theta, images, n, mode.norm); err != nil {
			return err
		}
		logits := export.Logits{Mode: mode.name, Values: slices.Clone(e.Logits()[:m.Config.Classes])}
		m.Logits = append([]export.Logits{logits}, m.Logits...)
	}
	return nil
}

// commandLine is a command as it can be typed again, in lines that fit where it is indented by four.
func commandLine(cmd *cobra.Command, args []string) string {
	const room, mostLines = 92, 8
	var words []string // with what ends a line before them
	add := func(word, end string) { words = append(words, end, word) }
	add(cmd.CommandPath(), "")
	for _, arg := range args {
		if !strings.Contains(arg, "), (") {
			add(shellWord(arg), " \\")
			continue
		}
		// An architecture may go on on the next line.
		arg = strings.Join(strings.Fields(arg), " ")
		quoted := shellWord(arg)
		if !strings.ContainsAny(arg, "\"$`\\!") {
			quoted = `"` + arg + `"`
		}
		for i, part := range strings.SplitAfter(quoted, "), ") {
			add(strings.TrimSuffix(part, " "), []string{" \\", ""}[min(i, 1)])
		}
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "bool" {
			add("--"+f.Name+strings.TrimPrefix("="+f.Value.String(), "=true"), " \\")
			return
		}
		add("--"+f.Name+" "+shellWord(f.Value.String()), " \\")
	})
	lines := []string{words[1]}
	for i := 2; i < len(words); i += 2 {
		last := &lines[len(lines)-1]
		if len(*last)+len(words[i+1])+3 <= room {
			*last += " " + words[i+1]
			continue
		}
		*last += words[i]
		lines = append(lines, "        "+words[i+1])
	}
	if len(lines) > mostLines {
		lines = append(lines[:mostLines-1], "        ...")
	}
	return strings.Join(lines, "\n")
}
