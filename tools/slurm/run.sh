#!/bin/bash
# Starts a Slurm of two nodes on this machine, runs a command with it, and stops it again:
#
#   tools/slurm/run.sh COMMAND [ARGUMENT...]
#
# Slurm and munge are those of the system (Debian: apt-get install slurm-wlm munge). Nothing of the system's own Slurm is
# read or changed: configuration, state, key and logs lie in a temporary folder, and the daemons run as whoever starts
# the script, on free ports of the loopback address. Exit status: that of the command.
set -eu

if [ $# = 0 ]; then
	echo "usage: $0 COMMAND [ARGUMENT...]: runs it with a Slurm of two nodes on this machine" >&2
	exit 2
fi
PATH=$PATH:/usr/sbin:/sbin # where Debian has the daemons
for program in munged slurmctld slurmd sbatch; do
	if ! command -v "$program" >/dev/null; then
		echo "$0: no $program here: apt-get install slurm-wlm munge" >&2
		exit 1
	fi
done

dir=$(mktemp -d)
chmod 755 "$dir" # munge wants that nobody else can write above its socket
mkdir "$dir/state" "$dir/node1" "$dir/node2"
daemons=()

stop() {
	trap - EXIT
	scancel --user="$(id -un)" 2>/dev/null || true
	if [ ${#daemons[@]} -gt 0 ]; then
		kill "${daemons[@]}" 2>/dev/null || true
		wait "${daemons[@]}" 2>/dev/null || true
	fi
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# start runs a daemon in the foreground, with a log of its own.
start() {
	local log=$1
	shift
	"$@" >"$dir/$log.out" 2>&1 &
	daemons+=($!)
}

# ready waits until a command succeeds.
ready() {
	local what=$1
	shift
	for _ in $(seq 300); do
		if "$@" >/dev/null 2>&1; then return; fi
		sleep 0.1
	done
	echo "$0: $what did not start:" >&2
	tail -n 20 "$dir"/*.out "$dir"/*.log >&2
	exit 1
}

head -c 1024 /dev/urandom >"$dir/munge.key"
chmod 600 "$dir/munge.key"
start munged munged --foreground --key-file="$dir/munge.key" --socket="$dir/munge.socket" \
	--pid-file="$dir/munged.pid" --log-file="$dir/munged.log" --seed-file="$dir/munge.seed"
ready munged munge --no-input --socket="$dir/munge.socket"

# free_port prints a port that nobody listens on.
free_port() {
	local port
	while port=$((20000 + RANDOM % 12000)) && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
	echo "$port"
}
port1=$(free_port) port2=$(free_port) port3=$(free_port)

# Two node names on one machine, as many jobs at a time as they have processors in name; no control groups, no
# accounting, no right of root needed. A task that is put back begins again after 5 seconds in place of two minutes
# (cred_expire), and is killed 5 seconds after it was told to end (KillWait).
cat >"$dir/slurm.conf" <<END
ClusterName=loopback
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$port1
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=100000,bf_interval=1
MpiDefault=none
ReturnToService=2
KillWait=5
MinJobAge=300
JobRequeue=1
NodeName=node1 NodeHostname=localhost NodeAddr=127.0.0.1 Port=$port2 CPUs=2
NodeName=node2 NodeHostname=localhost NodeAddr=127.0.0.1 Port=$port3 CPUs=2
PartitionName=cpu Nodes=node1,node2 Default=YES MaxTime=60 State=UP
END
export SLURM_CONF=$dir/slurm.conf

start slurmctld slurmctld -D -i -f "$SLURM_CONF"
ready slurmctld scontrol ping
start node1 slurmd -D -N node1 -f "$SLURM_CONF"
start node2 slurmd -D -N node2 -f "$SLURM_CONF"
two_idle() { [ "$(sinfo --noheader --format=%T | tr -d '\n')" = idle ] && [ "$(sinfo --noheader --format=%D)" = 2 ]; }
ready 'the nodes' two_idle

status=0
"$@" || status=$?
exit "$status"
