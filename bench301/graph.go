package bench301

import "strconv"

// Kind is what a node of a Graph computes.
type Kind uint8

// The primitive operations that networks are made of. Tensors are N x H x W x C.
const (
	Input     Kind = iota // the images
	Conv                  // convolution without bias; see Node's geometry
	BatchNorm             // per-channel normalisation over N, H, W (eps 1e-5); affine if it has parameters
	ReLU                  // max(x, 0)
	MaxPool               // padding never wins
	AvgPool               // divides by the number of pixels inside the image
	Add                   // sum of the inputs, in order
	Concat                // inputs side by side along the channels, in order
	GlobalAvg             // mean over H and W; output is 1 x 1 x C
	Linear                // matrix product plus bias, on a 1 x 1 input
	DropPath              // zeroes a branch for whole images with the executor's probability while training
	Zero                  // zeros of the shape of its input
)

var kindNames = []string{
	"input", "conv", "batch_norm", "relu", "max_pool", "avg_pool", "add", "concat", "global_avg", "linear", "drop_path",
	"zero",
}

// String names the operation.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Node is one operation of a Graph.
type Node struct {
	Name   string // unique, e.g. "cell0.edge1.dw1"
	Kind   Kind
	Inputs []int // indices of earlier nodes
	Params []int // indices into Graph.Params: weight[, bias]

	// Geometry of Conv, MaxPool and AvgPool: square windows, the first one starting at pixel Offset - Pad. The groups of
	// a Conv split input and output channels alike; Groups = channels is a depthwise convolution.
	Kernel, Stride, Pad, Dilation, Groups, Offset int

	H, W, C int // shape of the output for one image
}

// ParamKind is the part a parameter tensor plays, which decides how it is initialised.
type ParamKind uint8

// The parameter tensors of a network.
const (
	ConvWeight   ParamKind = iota // shape [out][in/groups][k][k]
	LinearWeight                  // shape [out][in]
	LinearBias                    // shape [out]
	NormWeight                    // shape [channels]
	NormBias                      // shape [channels]
)

// Param is one parameter tensor, filled row-major.
type Param struct {
	Name  string // node name plus ".weight" or ".bias"
	Kind  ParamKind
	Shape []int
	FanIn int // inputs of one output value: (in/groups)*k*k or in features; 0 for NormWeight and NormBias
}

// Size is the number of values of the tensor.
func (p Param) Size() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// Graph is the neutral description of a network: nodes in an order in which every input precedes its reader, and
// parameters in the order in which the architecture is written. Node 0 is the input.
type Graph struct {
	Nodes  []Node
	Params []Param

	Cells     []int   // output node of each cell
	Edges     [][]int // output node of each edge of each cell, in written order
	Features  int     // the map that the classifier's global average reads: the last cell's output
	Pooled    int     // that average
	Logits    int     // output of the classifier
	AuxLogits int     // output of the auxiliary classifier, or -1
}
