#!/bin/bash
# The study my.yaml on Slurm, in 3 shards: a job array with a task a shard, and a merge of their runs.
# Written by: bench301 study submit my.yaml --slurm
# Submitted, from /home/me/nas, by:
#
#   mkdir -p runs/my-slurm
#   sbatch --parsable --array=0 --cpus-per-task=1 runs/my-slurm/job.sh merge
#
# Submitted again, it goes on where it stopped: scores that are on disk are not made again.
#
#SBATCH --job-name=my
#SBATCH --chdir=/home/me/nas
#SBATCH --output=runs/my-slurm/%A_%a.log
#
# What a task needs. It is one process, that scores as many architectures at a time as it has processors.
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#
# 60 seconds before the time is up, the program is told to save and end. A task whose node fails, or that has to
# make room for another job, is put back into the queue, and goes on in its log.
#SBATCH --signal=B:TERM@60
#SBATCH --requeue
#SBATCH --open-mode=append

set -eu

bench301=/home/me/bin/bench301
run=runs/my

case ${1-} in
merge)
	# Joins the shards once all are complete; where one is not, says which, and fails. It begins after the array has
	# ended, well or not: after success only, it would wait for ever for a task that failed.
	exec "$bench301" study merge "$run"-{1..3}-of-3 --out "$run" --complete --update
	;;
*)
	# A requeued task may come to another processor, of the same kind: its scores are the same to the bit, and each
	# says which one made it.
	part=$run-$SLURM_ARRAY_TASK_ID-of-3
	if [ -e "$part/manifest.json" ]; then
		set -- study resume "$part" --any-cpu
	else
		set -- study run my.yaml --out "$part" --shard "$SLURM_ARRAY_TASK_ID/3"
	fi
	;;
esac
set -- "$@" --jobs "${SLURM_CPUS_PER_TASK:-1}"
echo "$(date '+%F %T') on $SLURMD_NODENAME: bench301 $*"

# In place of this shell, so that the signal comes to the program itself.
exec "$bench301" "$@"
