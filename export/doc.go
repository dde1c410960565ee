// Package export writes architectures for other programs: networks with their weights as ONNX, cells for Python and
// Graphviz, and the neutral description of a network as JSON.
package export
