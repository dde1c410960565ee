// Package bench301 describes architectures of the search spaces of NAS benchmarks: how they are written, drawn and
// varied, which network each of them stands for, and what that network costs. It has the DARTS space as NAS-Bench-301
// uses it ([DARTS], [Genotype]) and NAS-Bench-201 ([NASBench201], [Genotype201]).
//
// Which question, which function:
//
//	Read one architecture in any notation    Parse
//	Read a CSV, JSON or text file of them    Read
//	Write one in a given notation            Space.Format
//	Draw at random, from a seed              Samples
//	Vary one, as a search does               Space.Neighbours, Space.Mutate, Space.Crossover
//	Its network, operation by operation      Architecture.Graph
//	Parameters and multiply-accumulates      Architecture.Complexity; FitMACs for a width under a budget
//	Published networks to compare with       KnownNetworks
//	A space by name                          LookupSpace; Register adds one
//
// # Identity
//
// An architecture is a small comparable value. Its canonical text (String) and the hash of it (ID) are equal for all
// spellings of one architecture; [Canonical] gives the spelling that estimators score.
//
// # Other spaces
//
// Packages above this one know [Architecture] and [Space] only. What just some spaces have is an optional interface,
// found by type assertion: [Published], [Cited], [Bounded] and [PythonSource] of a space, [Canonicaliser],
// [PoolCounter] and [OperationCounter] of an architecture. docs/new-space.md says how to add a space.
package bench301
