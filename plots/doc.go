// Package plots draws the figures of an estimator study with gonum/plot, and the cells of an architecture.
//
// A [Figure] draws itself at any size and knows the numbers behind it. Make one, then write it:
//
//	Scores against accuracies                    NewScatter; Panels for several side by side
//	Values with intervals, as dots or points     Dots, NewPoints
//	Curves with bands, heat maps                 NewLines, NewHeatMap
//	Mean ranks with a critical difference        NewCritical
//	The cells of an architecture                 NewCells
//	To files, with the numbers as CSV beside     Save; SaveAs for one file, Write for a writer
//
// The formats are PNG, SVG, PDF, EPS and TeX. Sizes are those of gonum's vg; [SingleColumn], [DoubleColumn] and
// [ColumnHeight] suit a two-column paper.
package plots
