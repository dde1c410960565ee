// Package plots draws the figures of an estimator study with gonum/plot, and the cells of an architecture.
//
// A [Figure] knows how to draw itself at a size and which numbers stand behind it; [Save] writes it as PNG, SVG, PDF,
// EPS or TeX with those numbers as CSV beside it.
package plots
