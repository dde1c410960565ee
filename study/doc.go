// Package study runs experiments: architectures, an accuracy for each, and estimators with all their settings, from one
// YAML definition to a run folder that figures and tables are drawn from.
//
// [Parse] reads a definition, [Prepare] makes a plan of it, [Create] a run folder, and [Run.Do] scores what the folder
// still lacks; [Run.Load] reads the scores for package analysis. A run folder holds
//
//	study.yaml         the definition, as it was written
//	manifest.json      what the definition came to: code, machine, data, every question that is asked
//	architectures.csv  the architectures in the order of the study
//	scores.db          the scores (package store)
//
// The scores are a function of definition and code: the number of workers, interruptions and shards leave no trace.
package study
