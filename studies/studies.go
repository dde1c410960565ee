// Package studies holds the definitions of studies that are part of the binary.
package studies

import _ "embed" // the definitions are part of the binary

// Quick is the study of `bench301 demo`: does an estimator order architectures as NAS-Bench-301's accuracies do?
//
//go:embed quick.yaml
var Quick []byte
