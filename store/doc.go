// Package store keeps scores. A [Record] is one score of one architecture together with everything that produced it;
// its [Key] is the question that it answers, and a store keeps one record a key.
//
//	The records of a study, in a database          OpenSQLite; ReadSQLite without the right to write
//	Those of a single command, as JSON lines       OpenJSONL; ReadAll without keeping them
//	As CSV, JSON lines or Parquet                  Export
//
// Both are a [Store]: Put adds records, and a later run that opens the same file asks Get what is already there. Export
// writes in an order that does not depend on how the records came in.
package store
