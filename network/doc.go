// Package network runs the networks that a [bench301.Graph] describes.
//
// [Compile] turns a graph into a [Plan]: shapes, one flat parameter vector theta with named views, no data. An executor
// runs a plan in memory that is laid out beforehand from the lifetimes of its buffers; a pass allocates nothing.
// [Executor] works in float32, [Executor64] in float64. Forward computes outputs, Backward gradients, and
// HessianVector the exact product of the loss's Hessian and a vector.
//
// Tensors are N x H x W x C, densely packed. A result is a function of (plan, theta, images) alone: the number of
// workers never changes a bit of it, because workers share images out and every reduction over images runs in an
// order that depends on the number of images only.
package network
