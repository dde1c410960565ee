#!/bin/bash
# The study it's $HOME/`my`.yaml on Slurm, in 9 shards: a job array with a task a shard, and a merge of their runs.
# Written by: bench301 study submit ...
# Submitted, from /home/me/a "b" c's \d, by:
#
#   mkdir -p 'my runs/50% #1-slurm'
#   shards=$(sbatch --parsable 'my runs/50% #1-slurm/job.sh')
#   sbatch --parsable --array=0 --cpus-per-task=1 --dependency=afterany:$shards 'my runs/50% #1-slurm/job.sh' merge
#
# Submitted again, it goes on where it stopped: scores that are on disk are not made again.
#
#SBATCH --job-name=my-study
#SBATCH --chdir='/home/me/a "b" c'"'"'s \\d'
#SBATCH --output='my runs/50%% #1-slurm/%A_%a.log'
#SBATCH --array=2-4,7,9%2
#
# What a task needs. It is one process, that scores as many architectures at a time as it has processors.
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --time=1-12:00:00
#SBATCH --mem=4G
#SBATCH --partition=long,short
#SBATCH --account=nas
#SBATCH --qos=low
#SBATCH --constraint='avx512|avx2'
#SBATCH --mail-user=me@example.org
#SBATCH --mail-type=END,FAIL
#SBATCH --nice=100
#SBATCH --comment='it'"'"'s mine'
#
# 120 seconds before the time is up, the program is told to save and end. A task whose node fails, or that has to
# make room for another job, is put back into the queue, and goes on in its log.
#SBATCH --signal=B:TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append

set -eu

bench301='/opt/my tools/bench301'
run='my runs/50% #1'
export BENCH301_DATA='/scratch/my cache'

case ${1-} in
merge)
	# Joins the shards once all are complete; where one is not, says which, and fails. It begins after the array has
	# ended, well or not: after success only, it would wait for ever for a task that failed.
	exec "$bench301" study merge "$run"-{1..9}-of-9 --out "$run" --complete --update
	;;
*)
	# A requeued task may come to another processor, of the same kind: its scores are the same to the bit, and each
	# says which one made it.
	part=$run-$SLURM_ARRAY_TASK_ID-of-9
	if [ -e "$part/manifest.json" ]; then
		set -- study resume "$part" --any-cpu --allow-commands --retry
	else
		set -- study run 'it'\''s $HOME/`my`.yaml' --out "$part" --shard "$SLURM_ARRAY_TASK_ID/9" --allow-commands '--data=my images'
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

# Saved, but not finished: back into the queue, at most 5 times. Not if the task was cancelled or has to make room:
# then Slurm no longer counts it as running.
task=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
if [ "$told" = yes ] && [ "$status" = 143 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 5 ] &&
	[ "$(squeue --noheader --jobs="$task" --format=%T)" = RUNNING ]; then
	echo "out of time: back into the queue"
	exec scontrol requeue "$task"
fi
exit "$status"
