// Package export writes architectures for other programs.
//
//	Onnxruntime, Netron                      ONNX, the network with its weights
//	PyTorch                                  a module of Python and its weights
//	Training scripts in Python               Python, the notation that the space's own code imports
//	Graphviz                                 DOT, the cells as graphs
//	Programs of your own                     JSON, the network operation by operation
package export
