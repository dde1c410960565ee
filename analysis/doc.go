// Package analysis turns results into findings: numbers only, which package reports renders.
//
// [Results] are scores as vectors over architectures, whatever they were read from; [FromRecords] makes them of single
// records. [Analyse] correlates every estimator with the accuracies, with intervals, and compares it with the best one.
// [Findings] answer the further questions: ablations, the top of the ranking, confounding by size, stability over
// seeds. [Compare] holds two runs against each other, and [Fronts] judges what searches found.
package analysis
