package export

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
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
	"rwe301/internal/pickle"
	"rwe301/network"
)

var update = flag.Bool("update", false, "write the modules in testdata")

// foreign is an architecture of a space that package export does not know.
type foreign struct{ bench301.Architecture }

// moduleCase is a module with images and the logits that this program computes of them.
type moduleCase struct {
	Module
	images                 []float32 // n x h x w x 3
	n                      int
	train, eval, auxiliary []float32
}

const strided = "[[(0, 3), (1, 4), (0, 5), (2, 6), (1, 0), (3, 1), (2, 2), (4, 3)], [(0, 2), (1, 3), (0, 1), (1, 0), " +
	"(1, 4), (3, 5), (0, 6), (2, 2)]]"

// moduleCases are networks of every variant and space, of several sizes, whose running statistics are those of a batch.
func moduleCases(t *testing.T) (cases []moduleCase) {
	t.Helper()
	cell := "|avg_pool_3x3~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
	for _, c := range []struct {
		name, space, arch string
		cfg               bench301.Config
		foreign           bool
	}{
		{"naslib", "darts", strided, bench301.Config{Channels: 4, Layers: 8, Classes: 10, Height: 32, Width: 32,
			Variant: bench301.VariantNASLib}, false},
		{"odd", "darts", dartsV2, bench301.Config{Channels: 3, Layers: 2, Classes: 2, Height: 16, Width: 24,
			Variant: bench301.VariantNASLib}, false},
		{"single", "darts", dartsV2, bench301.Config{Channels: 2, Layers: 1, Classes: 5, Height: 8, Width: 8,
			Variant: bench301.VariantNASLib}, false},
		{"darts", "darts", strided, bench301.Config{Channels: 4, Layers: 8, Classes: 10, Height: 32, Width: 32,
			Variant: bench301.VariantDARTS}, false},
		{"auxiliary", "darts", dartsV2, bench301.Config{Channels: 4, Layers: 5, Classes: 7, Height: 32, Width: 32,
			Variant: bench301.VariantDARTS, Auxiliary: true, DropPath: true}, false},
		{"rectangle", "darts", strided, bench301.Config{Channels: 6, Layers: 3, Classes: 100, Height: 32, Width: 64,
			Variant: bench301.VariantDARTS}, false},
		{"imagenet", "darts", strided, bench301.Config{Channels: 4, Layers: 5, Classes: 5, Height: 64, Width: 96,
			Variant: bench301.VariantImageNet}, false},
		{"imagenet_auxiliary", "darts", dartsV2, bench301.Config{Channels: 2, Layers: 2, Classes: 5, Height: 224, Width: 224,
			Variant: bench301.VariantImageNet, Auxiliary: true}, false},
		{"cell", "nasbench201", cell, bench301.Config{Channels: 4, Layers: 8, Classes: 10, Height: 16, Width: 16,
			Variant: bench301.VariantNASLib}, false},
		{"zeros", "nasbench201", "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|avg_pool_3x3~2|",
			bench301.Config{Channels: 4, Layers: 5, Classes: 10, Height: 16, Width: 32, Variant: bench301.VariantNASLib}, false},
		{"nothing", "nasbench201", "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", bench301.Config{Channels: 4, Layers: 5,
			Classes: 10, Height: 16, Width: 16, Variant: bench301.VariantNASLib}, false},
		{"graph_darts", "darts", strided, bench301.Config{Channels: 4, Layers: 5, Classes: 10, Height: 32, Width: 32,
			Variant: bench301.VariantDARTS, DropPath: true}, true},
		{"graph_naslib", "darts", dartsV2, bench301.Config{Channels: 4, Layers: 3, Classes: 10, Height: 32, Width: 32,
			Variant: bench301.VariantNASLib}, true},
		{"graph_cell", "nasbench201", "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
			bench301.Config{Channels: 4, Layers: 5, Classes: 10, Height: 16, Width: 16, Variant: bench301.VariantNASLib}, true},
	} {
		space, a := parse(t, c.space, c.arch)
		if c.foreign {
			a = foreign{a}
		}
		m := newCase(t, c.name, space, a, c.cfg)
		m.theta(func(theta []float32, v network.View, rng *rand.Rand) {
			scale := 1 / math.Sqrt(float64(max(v.FanIn, 64)))
			for i := range theta {
				theta[i] = float32(scale * rng.NormFloat64())
				if v.Kind == bench301.NormWeight {
					theta[i]++
				}
			}
		})
		m.n = 3
		m.images = make([]float32, m.n*c.cfg.Height*c.cfg.Width*3)
		rng := rand.New(rand.NewPCG(301, 1))
		for i := range m.images {
			m.images[i] = float32(rng.NormFloat64())
		}
		e := m.run(t, m.images, m.n)
		m.Running, m.Batches = e.Running, 1
		checked, n := CheckImages(c.cfg.Height, c.cfg.Width)
		check := m.run(t, checked, n)
		m.Logits = []Logits{{"train", check.Logits()[:c.cfg.Classes]}}
		cases = append(cases, m)
	}
	return cases
}

func newCase(t *testing.T, name string, space bench301.Space, a bench301.Architecture,
	cfg bench301.Config) moduleCase {
	t.Helper()
	graph, err := a.Graph(cfg)
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, p := range graph.Params {
		size += p.Size()
	}
	return moduleCase{Module: Module{Model: Model{Name: name, Graph: graph, Theta: make([]float32, size),
		About: map[string]string{"id": a.ID()}}, Title: "A network", Space: space, Architecture: a, Config: cfg,
		Mean: [3]float32{0.5, 0.25, 1}, Std: [3]float32{1, 0.125, 0.2}, Facts: [][2]string{{"id", a.ID()}},
		Command: "bench301 export " + name}}
}

// theta draws the parameters, tensor by tensor.
func (m *moduleCase) theta(draw func([]float32, network.View, *rand.Rand)) {
	p, err := network.Compile(m.Graph)
	if err != nil {
		panic(err)
	}
	rng := rand.New(rand.NewPCG(301, 0))
	for _, v := range p.Views() {
		draw(m.Theta[v.Offset:v.Offset+v.Size], v, rng)
	}
}

// run passes images through the network in train mode and then in eval mode. The executor's logits are those in train
// mode where the images are not the case's own.
func (m *moduleCase) run(t *testing.T, images []float32, n int) *network.Executor {
	t.Helper()
	p, err := network.Compile(m.Graph)
	if err != nil {
		t.Fatal(err)
	}
	e, err := network.NewExecutor(p, network.Options{Batch: n})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Forward(m.Theta, images, n, network.BatchNorm); err != nil {
		t.Fatal(err)
	}
	if &images[0] != &m.images[0] {
		return e
	}
	m.train, m.auxiliary = slices.Clone(e.Logits()), slices.Clone(e.AuxLogits())
	if err := e.Forward(m.Theta, images, n, network.RunningNorm); err != nil {
		t.Fatal(err)
	}
	m.eval = slices.Clone(e.Logits())
	return e
}

// tensorsOf reads a file of weights: the entries of the pickle, with the values that they refer to.
func tensorsOf(t *testing.T, data []byte) (names []string, values map[string]any, shapes map[string][]int) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		at, err := f.DataOffset()
		if err != nil || at%64 != 0 || f.Method != zip.Store {
			t.Errorf("%s begins at %d, method %d: %v", f.Name, at, f.Method, err)
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		root, name, _ := strings.Cut(f.Name, "/")
		if files[name], err = io.ReadAll(r); err != nil || root == "" {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	if string(files["version"]) != "3\n" || string(files["byteorder"]) != "little" {
		t.Errorf("version %q, byte order %q", files["version"], files["byteorder"])
	}
	v, end, err := pickle.Decode(files["data.pkl"], 0)
	if err != nil || end != len(files["data.pkl"]) {
		t.Fatal(end, err)
	}
	values, shapes = map[string]any{}, map[string][]int{}
	for _, e := range v.(*pickle.Object).Entries {
		name, args := e.Key.(string), e.Value.(*pickle.Object).Args
		storage := args[0].(pickle.PersID).ID.(pickle.Tuple)
		raw := files["data/"+storage[2].(string)]
		names = append(names, name)
		if storage[1].(pickle.Global).Name == "LongStorage" {
			values[name] = int64(binary.LittleEndian.Uint64(raw))
			continue
		}
		floats := make([]float32, len(raw)/4)
		for i := range floats {
			floats[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		size := 1
		for _, n := range args[2].(pickle.Tuple) {
			shapes[name] = append(shapes[name], int(n.(int64)))
			size *= int(n.(int64))
		}
		if size != len(floats) || storage[4] != int64(size) {
			t.Errorf("%s: %d values of shape %v, storage of %v", name, len(floats), shapes[name], storage[4])
		}
		values[name] = floats
	}
	return names, values, shapes
}

func TestWeightFiles(t *testing.T) {
	for _, m := range moduleCases(t) {
		var b, again bytes.Buffer
		if err := m.WriteWeights(&b); err != nil {
			t.Fatal(err)
		}
		if err := m.WriteWeights(&again); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Errorf("%s: two files differ: %v", m.Name, err)
		}
		names, values, shapes := tensorsOf(t, b.Bytes())
		at, norms := 0, 0
		for _, name := range names {
			floats, _ := values[name].([]float32)
			switch {
			case strings.HasSuffix(name, ".num_batches_tracked"):
				if norms++; values[name] != int64(1) {
					t.Errorf("%s: %s is %v", m.Name, name, values[name])
				}
			case strings.Contains(name, ".running_") || strings.Contains(name, "_running_"):
			default:
				if !slices.Equal(floats, m.Theta[at:at+len(floats)]) {
					t.Errorf("%s: %s has other values", m.Name, name)
				}
				at += len(floats)
			}
		}
		if at != len(m.Theta) || len(values) != len(names) {
			t.Errorf("%s: %d of %d parameters, %d names of %d", m.Name, at, len(m.Theta), len(values), len(names))
		}
		kinds := 0
		for _, n := range m.Graph.Nodes {
			if n.Kind == bench301.BatchNorm {
				kinds++
			}
		}
		if norms != kinds {
			t.Errorf("%s: statistics of %d normalisations, want %d", m.Name, norms, kinds)
		}
		if m.Name == "darts" {
			mean, _ := m.Running("cell0.edge1.bn2")
			if got := values["cells.0._ops.1.op.7.running_mean"]; !slices.Equal(got.([]float32), narrow(mean)) ||
				!slices.Equal(shapes["cells.0._ops.1.op.1.weight"], []int{4, 1, 5, 5}) {
				t.Errorf("running mean %v, want %v; shape %v", got, mean, shapes["cells.0._ops.1.op.1.weight"])
			}
		}
	}
}

// TestModuleText looks at the text of the modules, and keeps one module of each kind in testdata, to be looked at.
func TestModuleText(t *testing.T) {
	for _, m := range moduleCases(t) {
		var b bytes.Buffer
		if err := m.WritePython(&b); err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(b.String(), "\n") {
			if len(line) > 100 || strings.TrimRight(line, " ") != line || strings.Contains(line, "\t") {
				t.Errorf("%s:%d: %q: a line of more than 100 columns, or ending in blanks", m.Name, i+1, line)
			}
		}
		if strings.Contains(b.String(), "\n\n\n\n") || !strings.HasSuffix(b.String(), ")\n") {
			t.Errorf("%s: three blank lines, or none or several newlines at the end", m.Name)
		}
		if !slices.Contains([]string{"naslib", "auxiliary", "imagenet", "cell", "graph_cell"}, m.Name) {
			continue
		}
		// The logits are those of this machine; others differ in the last digits.
		m.Logits = []Logits{{"train", []float32{0.5, -0.25}}}
		b.Reset()
		if err := m.WritePython(&b); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", m.Name+".py")
		if *update {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(path); err != nil || !bytes.Equal(want, b.Bytes()) {
			t.Errorf("%s is not what is written (-update writes it): %v", path, err)
		}
	}
}

// ran is what tools/pytorch/run.py prints of a module.
type ran struct {
	Parameters             int
	Train, Eval, Auxiliary [][]float64
	EvalAfter              [][]float64 `json:"eval_after"`
	Train64, Eval64        [][]float64
	Check                  map[string]float64
	Losses                 []float64
	WithoutGradient        []string `json:"without_gradient"`
	Drawn                  []string
	Drops                  *bool
	Refusal                string
	Heads                  int
}

// inTorch runs modules in PyTorch; use also trains them and tries what else a module offers.
func inTorch(t *testing.T, cases []moduleCase, use bool) []ran {
	t.Helper()
	python, dir := oracle.Torch(t), t.TempDir()
	var jobs bytes.Buffer
	for _, m := range cases {
		for name, write := range map[string]func(io.Writer) error{
			m.Name + ".py": m.WritePython, m.Name + ".pt": m.WriteWeights,
			m.Name + ".f32": func(w io.Writer) error {
				_, err := w.Write(little(channelsFirst(m.images, m.Config.Height*m.Config.Width)))
				return err
			},
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprintf(&jobs, `{"module": "%s", "images": "%[1]s.f32", "n": %d, "use": %v}`+"\n", m.Name, m.n, use)
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), python, filepath.Join(oracle.Root(), "tools", "pytorch", "run.py"), dir)
	cmd.Stdin, cmd.Stderr = &jobs, &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.Bytes())
	}
	results := make([]ran, 0, len(cases))
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var r ran
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	if len(results) != len(cases) {
		t.Fatalf("%d results, want %d: %s", len(results), len(cases), said.Bytes())
	}
	return results
}

// apart is the largest difference between rows, and the largest value wanted.
func apart[T float32 | float64](t *testing.T, got [][]float64, want []T) (off, largest float64) {
	t.Helper()
	n := 0
	for _, row := range got {
		for _, v := range row {
			off, largest = max(off, math.Abs(v-float64(want[n]))), max(largest, math.Abs(float64(want[n])))
			n++
		}
	}
	if n != len(want) {
		t.Errorf("%d logits, want %d", n, len(want))
	}
	return off, largest
}

func TestModulesInPyTorch(t *testing.T) {
	cases := moduleCases(t)
	for i, r := range inTorch(t, cases, true) {
		m := cases[i]
		for _, c := range []struct {
			what string
			got  [][]float64
			want []float32
		}{{"train", r.Train, m.train}, {"eval", r.Eval, m.eval}, {"auxiliary", r.Auxiliary, m.auxiliary}} {
			off, largest := apart(t, c.got, c.want)
			if !(off <= 1e-5*max(1, largest)) { // FIXTURES.md
				t.Errorf("%s: %s: logits differ by %v", m.Name, c.what, off)
			}
		}
		if off, ok := r.Check["train"]; !ok || off > 1e-5 {
			t.Errorf("%s: checks itself with %v", m.Name, r.Check)
		}
		if r.Parameters != len(m.Theta) || len(r.Losses) != 2 || !(r.Losses[1] != r.Losses[0]) {
			t.Errorf("%s: %d parameters, losses %v", m.Name, r.Parameters, r.Losses)
		}
		_, generic := m.Architecture.(foreign)
		darts := m.Space.Name() == "darts" && !generic
		if darts && (len(r.WithoutGradient) > 0 || r.Drops == nil || !*r.Drops) {
			t.Errorf("%s: no gradient of %v; drops paths: %v", m.Name, r.WithoutGradient, r.Drops)
		}
		heads := []string{"classifier.bias", "classifier.weight"}
		if m.Config.Auxiliary {
			heads = append([]string{"auxiliary_head.classifier.bias", "auxiliary_head.classifier.weight"}, heads...)
		}
		if !slices.Equal(r.Drawn, heads) {
			t.Errorf("%s: with other classes PyTorch draws %v", m.Name, r.Drawn)
		}
		if want := m.Name + ".pt has "; !generic && !strings.HasPrefix(r.Refusal, want) {
			t.Errorf("%s: another size is refused with %q", m.Name, r.Refusal)
		}
		if darts && slices.Contains([]string{"darts", "auxiliary", "imagenet_auxiliary"}, m.Name) && r.Heads != 2 {
			t.Errorf("%s: %d outputs with the auxiliary head", m.Name, r.Heads)
		}
	}
}

// TestModulesAgainstOracles compares modules with what an independent network in PyTorch computed, in float32 within
// the bounds of this program's own tests, and in float64.
func TestModulesAgainstOracles(t *testing.T) {
	oracle.Torch(t)
	var cases []moduleCase
	var wants []oracleLogits
	for _, path := range oracle.Files(t, "network", "fx_*_C*_L*.json*") {
		m, want := networkCase(t, path)
		cases, wants = append(cases, m), append(wants, want)
	}
	darts, _ := filepath.Glob(filepath.Join(oracle.Dir("network"), "fx_darts_*.json*"))
	for _, path := range darts {
		m, want := networkCase(t, path)
		cases, wants = append(cases, m), append(wants, want)
	}
	compared := 0
	for i, r := range inTorch(t, cases, false) {
		m, w := cases[i], wants[i]
		tolerance := 1e-5 // FIXTURES.md
		if m.Config.Channels >= 16 {
			tolerance = 1e-4
		}
		for _, c := range []struct {
			what      string
			got, want [][]float64
			tolerance float64
		}{
			{"train", r.Train, w.Train, tolerance}, {"eval", r.EvalAfter, w.Eval, tolerance},
			{"auxiliary", r.Auxiliary, w.Auxiliary, tolerance}, {"float64", r.Train64, w.Train, 1e-10},
		} {
			off, _ := apart(t, c.got, slices.Concat(c.want...))
			compared += len(slices.Concat(c.want...))
			if !(off <= c.tolerance) {
				t.Errorf("%s: %s: logits differ by %v", m.Name, c.what, off)
			}
		}
	}
	t.Logf("compared %d values of %d cases", compared, len(cases))
}

type oracleLogits struct {
	Train     [][]float64 `json:"logits_train"`
	Eval      [][]float64 `json:"logits_eval"`
	Auxiliary [][]float64 `json:"aux_logits_train"`
}

// networkCase is the module of a case of package oracle, with its logits.
func networkCase(t *testing.T, path string) (m moduleCase, want oracleLogits) {
	t.Helper()
	f := oracle.ReadNetwork(t, path)
	space, a := parse(t, "darts", f.ArchText())
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	m = newCase(t, name, space, a, bench301.Config{Channels: f.C, Layers: f.Layers, Classes: f.Classes, Height: 32,
		Width: 32, Variant: cmp.Or(bench301.Variant(f.Variant), bench301.VariantNASLib), Auxiliary: f.AuxiliaryWeight > 0})
	s := oracle.NewStream(f.Seeds["params"])
	m.theta(func(theta []float32, v network.View, _ *rand.Rand) {
		s.Fill(theta, v.FanIn, v.Kind == bench301.NormWeight)
	})
	m.images, m.n = f.Images(t), f.Batch
	if err := json.Unmarshal(f.F64, &want); err != nil {
		t.Fatal(err)
	}
	return m, want
}

func TestModuleNames(t *testing.T) {
	for text, want := range map[string]string{
		"DARTS_V2": "darts_v2", "PC-DARTS": "pc_darts", "my net (1)": "my_net_1", "301": "arch_301", "class": "arch_class",
		"torch": "arch_torch", "": "arch", "Ärger": "rger", "True": "true", "a/b": "a_b", "_x_": "x",
	} {
		if got := ModuleName(text); got != want || CheckModuleName(got) != nil {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"a-b", "1a", "class", "True", "torch", "a.b", "", "ä"} {
		if err := CheckModuleName(text); err == nil || !strings.Contains(err.Error(), ": such as "+ModuleName(text)) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestWrittenFiles(t *testing.T) {
	dir, m := t.TempDir(), moduleCases(t)[0]
	var source, weights, foreign bytes.Buffer
	for _, err := range []error{m.WritePython(&source), m.WriteWeights(&weights),
		writeStateDict(&foreign, "x", nil, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	theirs := bytes.ReplaceAll(foreign.Bytes(), []byte(aboutRecord), []byte("training.json"))
	for name, c := range map[string]struct {
		data []byte
		want bool
	}{
		"net.py": {source.Bytes(), true}, "net.pt": {weights.Bytes(), true}, "own.py": {[]byte("import torch\n"), false},
		"own.pt": {theirs, false}, "empty": {nil, false}, "zeros": {make([]byte, 5000), false},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, c.data, 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := Written(path); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := Written(dir); got || err != nil {
		t.Errorf("a folder: %v, %v", got, err)
	}
	if _, err := Written(filepath.Join(dir, "absent")); !os.IsNotExist(err) {
		t.Errorf("an absent file: %v", err)
	}
}

// TestModuleRefuses tries what has no module.
func TestModuleRefuses(t *testing.T) {
	m := moduleCases(t)
	short := m[0]
	short.Theta = short.Theta[1:]
	if err := short.WriteWeights(io.Discard); err == nil || !strings.Contains(err.Error(), "parameters: the network has") {
		t.Errorf("a missing parameter: %v", err)
	}
	odd := m[len(m)-1]
	odd.Graph.Nodes = slices.Clone(odd.Graph.Nodes)
	odd.Graph.Nodes[1].Name = "1-2"
	for _, err := range []error{odd.WriteWeights(io.Discard), odd.WritePython(io.Discard)} {
		if err == nil || !strings.Contains(err.Error(), `node "1-2": has no name in a module of Python`) {
			t.Errorf("a name that Python does not take: %v", err)
		}
	}
	odd.Graph.Nodes[1].Name, odd.Graph.Nodes[1].Kind = "new", 200
	if err := odd.WritePython(io.Discard); err == nil || !strings.Contains(err.Error(), "node new: kind kind 200 has no") {
		t.Errorf("an operation that is new: %v", err)
	}
}

// TestDocstrings tries texts that would end the docstring of a module.
func TestDocstrings(t *testing.T) {
	m := moduleCases(t)[2]
	m.Title, m.Command = `a"""b\`, `bench301 export '"""' "\"`
	var b bytes.Buffer
	if err := m.WritePython(&b); err != nil {
		t.Fatal(err)
	}
	if python, err := exec.LookPath("python3"); err == nil {
		cmd := exec.Command(python, "-c", "import ast, sys; print(type(ast.parse(sys.stdin.read()).body[0]).__name__)")
		cmd.Stdin = &b
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != "Expr\n" {
			t.Errorf("%v: %s", err, out)
		}
	}
}
