// Package op makes a compiled network one operation of a Gorgonia graph: (images, theta) -> features, logits or both.
//
// The operation differentiates itself through Gorgonia's SymDiff, so that heads, losses, penalties and solvers are
// ordinary Gorgonia graphs around it. [Network.Logits] and its kin build it, [Images] and [Theta] its inputs.
//
// A TapeMachine has habits to know about. It allocates, although the network's own values do not: they are the same
// tensors in every run, valid until the next. With BindDualValues it adds the gradients of a run to those of the last
// one, until a solver steps: call [ClearGradients] before a run that no step precedes, or read node.Deriv().Value()
// without binding. Gorgonia 0.9.18's Momentum applies WithL2Reg to its velocity, not to the weights: add weight decay
// to the gradient.
package op
