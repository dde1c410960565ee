// Package trained keeps accuracies of networks that were really trained, as benchmarks publish them: for every
// architecture of a space, and for each data set, a number in percent or none.
//
// What to call first:
//
//	Know the benchmarks                   Benchmarks, Lookup, Of
//	Read what NATS-Bench or NASLib wrote   Read; text (CSV, JSON) is read by package scoring, which knows tables
//	Keep it in a folder                   Update, Load
//
// The numbers of a data set are one Column: what they measure stands beside them, for the files that people have differ
// in it. Files are data: nothing in a pickle is run, and sizes are bounded before memory is taken.
package trained
