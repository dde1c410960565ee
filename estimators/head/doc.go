// Package head trains linear classifiers on fixed features: by gradient descent in a Gorgonia graph, or in closed form.
//
// Features are n x d row-major float64 values. A head maps them to n x classes outputs.
package head
