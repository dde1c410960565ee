package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/internal/oracle"
	"rwe301/network"
)

// runtimeDir names the environment variable with a folder that npm installed onnxruntime-node into; see tools/onnx.
const runtimeDir = "BENCH301_ONNXRUNTIME"

// exported is a model with its own eval-mode logits on a few images.
type exported struct {
	name   string
	model  Model
	images []float32 // n x h x w x 3
	logits []float32
	n      int
}

// models are networks of all variants and spaces, with running statistics of one batch.
func models(t *testing.T) []exported {
	t.Helper()
	darts := "[[(0, 3), (1, 4), (0, 5), (2, 6), (1, 0), (3, 1), (2, 2), (4, 3)], [(0, 2), (1, 3), (0, 1), (1, 0), (1, " +
		"4), (3, 5), (0, 6), (2, 2)]]"
	var out []exported
	for _, c := range []struct {
		name, space, arch string
		cfg               bench301.Config
	}{
		{"naslib", "darts", darts, bench301.Config{Channels: 4, Layers: 8, Classes: 10, Height: 32, Width: 32,
			Variant: bench301.VariantNASLib}},
		{"darts", "darts", darts, bench301.Config{Channels: 4, Layers: 5, Classes: 7, Height: 32, Width: 32,
			Variant: bench301.VariantDARTS, Auxiliary: true, DropPath: true}},
		{"imagenet", "darts", darts, bench301.Config{Channels: 4, Layers: 5, Classes: 5, Height: 64, Width: 96,
			Variant: bench301.VariantImageNet}},
		{"cell", "nasbench201", "|avg_pool_3x3~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
			bench301.Config{Channels: 4, Layers: 8, Classes: 10, Height: 16, Width: 16, Variant: bench301.VariantNASLib}},
		{"zeros", "nasbench201", "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|avg_pool_3x3~2|",
			bench301.Config{Channels: 4, Layers: 5, Classes: 10, Height: 16, Width: 16, Variant: bench301.VariantNASLib}},
		{"nothing", "nasbench201", "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
			bench301.Config{Channels: 4, Layers: 5, Classes: 10, Height: 16, Width: 16, Variant: bench301.VariantNASLib}},
	} {
		space, err := bench301.LookupSpace(c.space)
		if err != nil {
			t.Fatal(err)
		}
		a, _, err := space.Parse(c.arch)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, trained(t, c.name, a, c.cfg))
	}
	return out
}

// trained draws a network's weights, and runs it in train mode and in eval mode.
func trained(t *testing.T, name string, a bench301.Architecture, cfg bench301.Config) exported {
	t.Helper()
	graph, err := a.Graph(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p, err := network.Compile(graph)
	if err != nil {
		t.Fatal(err)
	}
	theta := make([]float32, p.NumParams())
	rng := rand.New(rand.NewPCG(301, uint64(len(name))))
	for _, v := range p.Views() {
		scale := 1 / math.Sqrt(float64(max(v.FanIn, 64)))
		for i := range v.Size {
			theta[v.Offset+i] = float32(scale * rng.NormFloat64())
			if v.Kind == bench301.NormWeight {
				theta[v.Offset+i]++
			}
		}
	}
	const n = 3
	images := make([]float32, n*cfg.Height*cfg.Width*3)
	for i := range images {
		images[i] = float32(rng.NormFloat64())
	}
	m, err := network.NewExecutor(p, network.Options{Batch: n})
	if err != nil {
		t.Fatal(err)
	}
	for _, norm := range []network.Norm{network.BatchNorm, network.RunningNorm} {
		if err := m.Forward(theta, images, n, norm); err != nil {
			t.Fatal(err)
		}
	}
	model := Model{Name: name, Graph: graph, Theta: theta, Running: m.Running,
		About: map[string]string{"arch": a.String()}}
	return exported{name, model, images, slices.Clone(m.Logits()), n}
}

// channelsFirst turns n x pixels x 3 values into n x 3 x pixels.
func channelsFirst(x []float32, pixels int) []float32 {
	out := make([]float32, len(x))
	for k, v := range x {
		n, p, c := k/(3*pixels), k/3%pixels, k%3
		out[(n*3+c)*pixels+p] = v
	}
	return out
}

// write writes the models into a folder.
func write(t *testing.T, dir string, all []exported) (paths []string) {
	t.Helper()
	for _, e := range all {
		var b bytes.Buffer
		if err := ONNX(&b, e.model); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, e.name+".onnx")
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func TestModelsPassTheONNXChecker(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import onnx").Run(); err != nil {
		t.Skipf("%s has no onnx package: %v", python, err)
	}
	paths := write(t, t.TempDir(), models(t))
	out, err := exec.Command(python, append([]string{filepath.Join(oracle.Root(), "tools", "onnx", "check.py")},
		paths...)...).CombinedOutput()
	if err != nil || strings.Count(string(out), ": IR 7, opset 13") != len(paths) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestModelsInONNXRuntime(t *testing.T) {
	dir := os.Getenv(runtimeDir)
	if dir == "" {
		t.Skipf("set %s to a folder with onnxruntime-node; see tools/onnx/run.js", runtimeDir)
	}
	all := models(t)
	tmp := t.TempDir()
	paths := write(t, tmp, all)
	for i, e := range all {
		in := e.model.Graph.Nodes[0]
		images := channelsFirst(e.images, in.H*in.W)
		file := filepath.Join(tmp, "images.f32")
		if err := os.WriteFile(file, little(images), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("node", filepath.Join(oracle.Root(), "tools", "onnx", "run.js"), paths[i], file, "3",
			fmt.Sprint(in.H), fmt.Sprint(in.W))
		cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"))
		out, err := cmd.Output()
		if err != nil {
			var failed *exec.ExitError
			if errors.As(err, &failed) {
				t.Errorf("%s: %s", e.name, failed.Stderr)
			}
			t.Fatal(err)
		}
		var rows [][]float64
		if err := json.Unmarshal(out, &rows); err != nil || len(rows) != e.n {
			t.Fatalf("%s: %s: %v", e.name, out, err)
		}
		worst, size := 0.0, 0.0
		for r, row := range rows {
			for k, v := range row {
				mine := float64(e.logits[r*len(row)+k])
				worst, size = max(worst, math.Abs(v-mine)), max(size, math.Abs(mine))
			}
		}
		t.Logf("%s: largest logit %.4g, largest difference %.2g", e.name, size, worst)
		if !(worst <= 1e-5*max(1, size)) {
			t.Errorf("%s: logits differ by %v", e.name, worst)
		}
	}
}

func TestONNXRefuses(t *testing.T) {
	e := models(t)[0]
	e.model.Theta = e.model.Theta[1:]
	if err := ONNX(&bytes.Buffer{}, e.model); err == nil || !strings.Contains(err.Error(), "parameters: the network has") {
		t.Errorf("a missing parameter: %v", err)
	}
}
