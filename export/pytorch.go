package export

import (
	"archive/zip"
	"bufio"
	"embed"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"rwe301/bench301"
)

// Module is a network as a module of Python that PyTorch runs, and a file of its weights beside it. Model.Name is the
// name by which it is imported; see [ModuleName].
type Module struct {
	Model
	Title        string // what a reader knows the architecture by
	Space        bench301.Space
	Architecture bench301.Architecture // canonical: weights are drawn in its order
	Config       bench301.Config
	Mean, Std    [3]float32  // of the channels of images in [0, 1], which the network reads normalised
	Facts        [][2]string // names and values, for a reader
	Command      string      // what made it
	Batches      int         // that Running comes from
	Logits       []Logits
}

// Logits are what the network computes for image 0 of [CheckImages] in a mode of PyTorch, train or eval.
type Logits struct {
	Mode   string
	Values []float32
}

// checkImages is the number of images by which a module compares itself with this program.
const checkImages = 2

// CheckImages are images that a module of Python makes alike, n x height x width x 3 values.
func CheckImages(height, width int) (images []float32, n int) {
	pixels := height * width
	images = make([]float32, checkImages*pixels*3)
	for k := range images { // in the order of PyTorch, n x 3 x height x width
		image, channel, pixel := k/(3*pixels), k/pixels%3, k%pixels
		images[(image*pixels+pixel)*3+channel] = float32(float32(k*k%251)/128) - 1
	}
	return images, checkImages
}

//go:embed pytorch/*.tmpl
var pytorchFiles embed.FS

var pytorchTemplates = template.Must(template.ParseFS(pytorchFiles, "pytorch/*.tmpl"))

// WritePython writes the module: self-contained source in real modules of torch.nn for the spaces DARTS and
// NAS-Bench-201, operation by operation for others.
func (m Module) WritePython(w io.Writer) error {
	d := m.data()
	file := "graph.tmpl"
	switch a := m.Architecture.(type) {
	case bench301.Genotype:
		file = "darts.tmpl"
		d.darts(a, m.Config)
	case bench301.Genotype201:
		file = "nasbench201.tmpl"
		d.cell201(a, m.Config)
	default:
		if err := d.graph(m); err != nil {
			return fmt.Errorf("pytorch: %w", err)
		}
	}
	return pytorchTemplates.ExecuteTemplate(w, file, d)
}

// WriteWeights writes the weights and running statistics as torch.save writes a state_dict. What made them stands in
// the archive beside them; PyTorch does not read it.
func (m Module) WriteWeights(w io.Writer) error {
	nameOf := plainName
	switch m.Architecture.(type) {
	case bench301.Genotype:
		nameOf = dartsName
	case bench301.Genotype201:
		nameOf = name201
	}
	tensors, err := m.stateDict(nameOf)
	if err == nil {
		err = writeStateDict(w, m.Name, tensors, m.About)
	}
	if err != nil {
		return fmt.Errorf("pytorch: %w", err)
	}
	return nil
}

// pythonModule is what the templates read.
type pythonModule struct {
	Name, Title, Space, ID, Command string
	Arch                            []string // in pieces
	About                           [][2]string
	Sizes                           [][2]any
	Height, Width                   int
	Mean, Std                       []string
	Check                           []checkRows
	CheckImages                     int

	NASLib, ImageNet      bool // the variant of a DARTS network
	Plain, AuxMap         string
	AuxStride             int
	Normal, Reduce, Nodes []string
	Modules, Forward      []string
}

type checkRows struct {
	Mode string
	Rows []string
}

func (m Module) data() *pythonModule {
	d := &pythonModule{Name: m.Name, Title: m.Title, Space: m.Space.Name(), ID: m.Architecture.ID(),
		Command: inDocstring(m.Command), Height: m.Config.Height, Width: m.Config.Width,
		Mean: numbers(m.Mean[:]), Std: numbers(m.Std[:]), CheckImages: checkImages}
	d.Title = inDocstring(d.Title)
	for _, f := range m.Facts {
		d.About = append(d.About, [2]string{inDocstring(f[0]), inDocstring(f[1])})
	}
	for piece := range slices.Chunk([]rune(m.Architecture.String()), 90) {
		d.Arch = append(d.Arch, strconv.Quote(string(piece)))
	}
	for _, l := range m.Logits {
		const most, perRow = 12, 6
		texts := numbers(l.Values[:min(most, len(l.Values))])
		if slices.ContainsFunc(l.Values[:len(texts)], func(v float32) bool {
			return math.IsNaN(float64(v)) ||
				math.IsInf(float64(v), 0)
		}) {
			continue // nothing to compare with
		}
		c := checkRows{Mode: l.Mode}
		for row := range slices.Chunk(texts, perRow) {
			c.Rows = append(c.Rows, strings.Join(row, ", ")+",")
		}
		d.Check = append(d.Check, c)
	}
	return d
}

// numbers are float32 values as Python reads them.
func numbers(values []float32) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strconv.FormatFloat(float64(v), 'g', -1, 32)
		if !strings.ContainsAny(out[i], ".eIN") {
			out[i] += ".0"
		}
	}
	return out
}

// inDocstring is text that does not end a docstring between r""" and """.
func inDocstring(text string) string { return strings.ReplaceAll(text, `"""`, `""\"`) }

// darts fills in what a DARTS network needs.
func (d *pythonModule) darts(g bench301.Genotype, c bench301.Config) {
	d.NASLib, d.ImageNet = c.Variant == bench301.VariantNASLib, c.Variant == bench301.VariantImageNet
	d.AuxStride, d.AuxMap = 3, "8 x 8"
	if d.NASLib {
		d.Plain = ", affine=False"
	}
	if d.ImageNet {
		d.AuxStride, d.AuxMap = 2, "7 x 7"
	}
	d.Normal, d.Reduce = dartsEdges(g.Normal), dartsEdges(g.Reduce)
	d.Sizes = [][2]any{{"CHANNELS", c.Channels}, {"LAYERS", c.Layers}, {"CLASSES", c.Classes}}
	if !d.NASLib {
		d.Sizes = append(d.Sizes, [2]any{"AUXILIARY", pythonBool(c.Auxiliary)})
	}
}

func pythonBool(v bool) string {
	if v {
		return "True"
	}
	return "False"
}

// dartsEdges writes the edges of a cell, a node a line.
func dartsEdges(c bench301.Cell) (lines []string) {
	for k := 0; k < len(c); k += 2 {
		lines = append(lines, fmt.Sprintf(`("%s", %d), ("%s", %d),`, c[k].Op, c[k].Source, c[k+1].Op, c[k+1].Source))
	}
	return lines
}

// cell201 fills in what a network of NAS-Bench-201 needs.
func (d *pythonModule) cell201(g bench301.Genotype201, c bench301.Config) {
	for to := 1; to < bench301.Nodes201; to++ {
		var names []string
		for _, op := range g[to*(to-1)/2 : to*(to+1)/2] {
			names = append(names, strconv.Quote(op.String()))
		}
		d.Nodes = append(d.Nodes, strings.Join(names, ", "))
	}
	d.Sizes = [][2]any{{"CHANNELS", c.Channels}, {"CELLS", fmt.Sprintf("%d  # in each of three stages", (c.Layers-2)/3)},
		{"CLASSES", c.Classes}}
}

// graph fills in a network operation by operation.
func (d *pythonModule) graph(m Module) error {
	d.Sizes = [][2]any{{"CLASSES", m.Config.Classes}}
	values := make([]string, len(m.Graph.Nodes))
	values[0] = "images"
	live := liveNodes(m.Graph)
	for i, n := range m.Graph.Nodes {
		if i == 0 {
			continue
		}
		name, ok := plainName(m.Graph, n)
		if !ok {
			return fmt.Errorf("node %q: has no name in a module of Python", n.Name)
		}
		module, expression, err := pythonNode(m.Graph, n, name, values)
		if err != nil {
			return err
		}
		if module != "" {
			d.Modules = append(d.Modules, "self."+name+" = "+module)
		}
		values[i] = name
		if n.Kind == bench301.DropPath {
			values[i] = expression
		} else if live[i] {
			d.Forward = append(d.Forward, name+" = "+expression)
		}
	}
	d.Forward = append(d.Forward, "return "+values[m.Graph.Logits])
	return nil
}

// pythonNode returns the module of a node, if it has one, and the expression of its value.
func pythonNode(g bench301.Graph, n bench301.Node, name string, values []string) (module, expression string,
	err error) {
	in := make([]string, len(n.Inputs))
	for i, x := range n.Inputs {
		in[i] = values[x]
	}
	from := g.Nodes[n.Inputs[0]]
	x := in[0]
	if n.Offset > 0 {
		x = fmt.Sprintf("%s[:, :, %d:, %d:]", x, n.Offset, n.Offset)
	}
	call := "self." + name + "(" + x + ")"
	switch n.Kind {
	case bench301.Conv:
		options := window(n)
		if n.Dilation > 1 {
			options += fmt.Sprintf(", dilation=%d", n.Dilation)
		}
		if n.Groups > 1 {
			options += fmt.Sprintf(", groups=%d", n.Groups)
		}
		return fmt.Sprintf("nn.Conv2d(%d, %d, %s, bias=False)", from.C, n.C, options), call, nil
	case bench301.BatchNorm:
		plain := ""
		if len(n.Params) == 0 {
			plain = ", affine=False"
		}
		return fmt.Sprintf("nn.BatchNorm2d(%d%s)", n.C, plain), call, nil
	case bench301.MaxPool:
		return "nn.MaxPool2d(" + window(n) + ")", call, nil
	case bench301.AvgPool:
		return "nn.AvgPool2d(" + window(n) + ", count_include_pad=False)", call, nil
	case bench301.Linear:
		out := strconv.Itoa(n.C)
		if n.Name == g.Nodes[g.Logits].Name {
			out = "classes"
		}
		return fmt.Sprintf("nn.Linear(%d, %s)", from.C, out), "self." + name + "(" + x + ".flatten(1))", nil
	case bench301.ReLU:
		return "", "torch.relu(" + x + ")", nil
	case bench301.Add:
		return "", strings.Join(in, " + "), nil
	case bench301.Concat:
		return "", "torch.cat([" + strings.Join(in, ", ") + "], dim=1)", nil
	case bench301.GlobalAvg:
		return "", x + ".mean(dim=(2, 3), keepdim=True)", nil
	case bench301.DropPath:
		return "", x, nil // off
	case bench301.Zero:
		return "", fmt.Sprintf("images.new_zeros(len(images), %d, %d, %d)", n.C, n.H, n.W), nil
	}
	return "", "", fmt.Errorf("node %s: kind %s has no module of PyTorch here", n.Name, n.Kind)
}

// window writes the kernel, stride and padding of a convolution or pool.
func window(n bench301.Node) string {
	if n.Pad == 0 {
		return fmt.Sprintf("%d, %d", n.Kernel, n.Stride)
	}
	return fmt.Sprintf("%d, %d, %d", n.Kernel, n.Stride, n.Pad)
}

// reserved are keywords of Python, and modules that one of the same name would hide from the code in it.
var reserved = strings.Fields("False None True and as assert async await break class continue def del elif else " +
	"except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield " +
	"inspect pathlib collections torch")

// Written says whether a file is a module or a file of weights that this package wrote, and not someone's own.
func Written(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	if z, err := zip.NewReader(f, info.Size()); err == nil {
		return slices.ContainsFunc(z.File, func(f *zip.File) bool { return strings.HasSuffix(f.Name, "/"+aboutRecord) }), nil
	}
	line, _ := bufio.NewReader(io.LimitReader(f, 1000)).ReadString('\n')
	return strings.HasPrefix(line, `r"""`) && strings.Contains(line, ": a network of the search space "), nil
}

// unfit are runs of characters that no name in Python has.
var unfit = regexp.MustCompile(`[^a-z0-9_]+`)

// CheckModuleName says why a text is no name of a module of Python, and what would be one.
func CheckModuleName(name string) error {
	if identifier.MatchString(name) && !slices.Contains(reserved, name) {
		return nil
	}
	return fmt.Errorf("%q: not the name of a module that Python imports: such as %s", name, ModuleName(name))
}

// ModuleName is the name of a module after a text: lower case, digits and underscores.
func ModuleName(text string) string {
	name := strings.Trim(unfit.ReplaceAllString(strings.ToLower(text), "_"), "_")
	if !identifier.MatchString(name) || slices.Contains(reserved, name) {
		name = strings.TrimRight("arch_"+name, "_")
	}
	return name
}
