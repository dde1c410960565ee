// Package search runs experiments that look for architectures: multi-objective searches of a space, each method with
// the same number of evaluations and several seeds, from one definition to one run folder.
//
// [Parse] reads a definition, [Create] makes a folder, [Searches.Run] searches, from the last saved generation where it
// was interrupted, and [Searches.Report] has the fronts judged by the accuracy source. The algorithms are those of
// package moo; objectives are estimators, counts, surrogates or the accuracies themselves.
package search
