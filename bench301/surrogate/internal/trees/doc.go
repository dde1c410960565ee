// Package trees holds gradient-boosted trees in a layout made for speed, and walks them.
//
// A node takes two machine words of the leaves' type: a value and a packed pair of child and feature. The two children
// of a node are neighbours, so a step is "child + (x is not below the threshold)": no branch, nothing to predict. A
// leaf asks for a column that is always below its value and is its own child, so trees of one walk may end at different
// depths. Several trees (one row) or several rows (one tree) are walked side by side to hide the latency of the loads.
//
// The leaves are added one by one in tree order, as XGBoost and LightGBM do: the bits of the sum depend on it.
package trees
