// Package slurm writes a study as a batch script for Slurm, the scheduler of most university clusters, and submits it:
// a job array of shards, and a merge after them.
package slurm
