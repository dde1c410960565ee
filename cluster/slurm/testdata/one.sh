#!/bin/bash
# The study my.yaml on Slurm, in one task.
# Written by: bench301 study submit my.yaml --slurm --array 1
# Submitted, from /home/me/nas, by:
#
#   mkdir -p runs/my-slurm
#   shards=$(sbatch --parsable runs/my-slurm/job.sh)
#
# Submitted again, it goes on where it stopped: scores that are on disk are not made again.
#
#SBATCH --job-name=my
#SBATCH --chdir=/home/me/nas
#SBATCH --output=runs/my-slurm/%A_%a.log
#SBATCH --array=1
#
# What a task needs. It is one process, that scores as many architectures at a time as it has processors.
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
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
*)
	# A requeued task may come to another processor, of the same kind: its scores are the same to the bit, and each
	# says which one made it.
	part=$run
	if [ -e "$part/manifest.json" ]; then
		set -- study resume "$part" --any-cpu
	else
		set -- study run my.yaml --out "$part"
	fi
	;;
esac
set -- "$@" --jobs "${SLURM_CPUS_PER_TASK:-1}"
echo "$(date '+%F %T') on $SLURMD_NODENAME: bench301 $*"

# The shell hands on the signal, and waits until the program has saved.
"$bench301" "$@" &
program=$!
told=no
trap 'told=yes; kill -TERM "$program" 2>/dev/null || true' TERM
status=0
while kill -0 "$program" 2>/dev/null; do
	status=0
	wait "$program" || status=$?
done

# Saved, but not finished: back into the queue, at most 1 times. Not if the task was cancelled or has to make room:
# then Slurm no longer counts it as running.
task=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
if [ "$told" = yes ] && [ "$status" = 143 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 1 ] &&
	[ "$(squeue --noheader --jobs="$task" --format=%T)" = RUNNING ]; then
	echo "out of time: back into the queue"
	exec scontrol requeue "$task"
fi
exit "$status"
