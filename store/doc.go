// Package store keeps scores. A [Record] is one score of one architecture together with everything that produced it.
// [OpenSQLite] keeps the records of a study in a database, [OpenJSONL] those of a single command as JSON lines; a later
// run resumes from either. [Export] writes them out as CSV, JSON lines or Parquet, in an order that does not depend on
// how they came in.
package store
