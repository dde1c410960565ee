// Package bench301 is the benchmark itself: architectures of the DARTS space as NAS-Bench-301 uses it, their
// notations, sampling and variation, the network each of them stands for, and its complexity in closed form.
//
// A [Genotype] is a small comparable value; everything else is derived from it. [Architecture] and [Space] are the
// seam for other search spaces: an architecture knows its identity and the [Graph] of its network, and nothing
// downstream needs to know more.
package bench301
