// Package store keeps scores. A [Record] is one score of one architecture together with everything that produced it;
// [OpenJSONL] keeps records as JSON lines in a file that a later run resumes from.
package store
