// Package network runs the networks that a [bench301.Graph] describes.
//
// [Compile] turns a graph into a [Plan]: shapes, one flat parameter vector theta with named views, no data. An executor
// runs a plan in memory that is laid out beforehand from the lifetimes of its buffers; a pass allocates nothing.
// [NewExecutor] works in float32, [NewExecutor64] in float64; [Runner] is what both offer. Forward computes outputs,
// Backward gradients, and HessianVector the exact product of the loss's Hessian and a vector.
//
// Tensors are N x H x W x C, densely packed. A result is a function of (plan, theta, images) alone: the number of
// workers never changes a bit of it, because workers share images out and every reduction over images runs in an
// order that depends on the number of images only.
//
// Executor64 computes node by node in plain loops and is the reference (package [rwe301/network/reference]). Executor
// fuses (package [rwe301/network/fused], by a design of package [rwe301/network/plan]): what normalisation, ReLU and
// drop path make of a stored value is left to its readers; a depthwise convolution exists tile by tile inside the 1x1
// convolution that follows it; terms of a concatenation are slices of it; everything that reads one tensor runs while
// an image of it is in the cache; and equal pools are one. Statistics come from the sums that a product keeps of its
// outputs. The backward pass mirrors that. What is kept or probed exists in memory, and changes no bit of a result.
//
// There are two ways to see more than logits, pooled features and gradients of theta and images. Options.Keep and
// Options.KeepGradients make Output and Gradient of a node readable after a pass, at the price of its memory.
// A [Probe] is called during the pass and costs next to none: outputs, sign patterns of ReLUs, and outputs together
// with their gradients.
//
// Nodes are numbered as in [bench301.Graph] and come in that order, whose names are those of the parameter tensors
// without ".weight": Plan.Layers lists convolutions and linear layers with the view of their weight, Plan.NodesOf
// the nodes of a kind. A layer's input is the output of its node's first input. Running returns the statistics of a
// batch normalisation by name. [PerSample] gives the gradients of each image's own loss.
//
//	e, err := network.NewExecutor(plan, network.Options{Batch: n, Gradients: true, Probes: probes})
//	e.Observe(network.Observer[float32]{Gradient: func(node int, y, g []float32) { ... }})
package network
