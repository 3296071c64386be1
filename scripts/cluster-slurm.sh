#!/usr/bin/env bash
# A sharded sweep as a Slurm job array, merged and compared with one process. Where no cluster answers `sinfo`, starts one of
# this machine alone, on loopback and in a temporary folder, and ends it afterwards.
# usage: scripts/cluster-slurm.sh [SHARDS] [SWEEP OPTION…]   (default 4; what is swept is below)
# Needs slurm-wlm and munge (Debian, Ubuntu: apt-get install slurm-wlm munge), and a built crossmargin.
set -euo pipefail
cd "$(dirname "$0")/.."
shards=${1:-4}
shift $(($# > 0))
binary=${CROSSMARGIN:-$(swift build -c release --show-bin-path)/crossmargin}
sweep=(scenarios/oracle-delay.yaml --vary oracles.ETH.latency=0s..60s:20s --seeds 1...4
    --set duration=2h --set start=2020-03-12T09:30:00Z "$@")
folder=$(mktemp -d)
chmod 755 "$folder"
started=()
cleanup() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap cleanup EXIT

start_cluster() {
    local host user
    host=$(hostname -s) user=$(id -un)
    mkdir -p "$folder/state" "$folder/spool" "$folder/munge"
    chmod 700 "$folder/munge"
    dd if=/dev/urandom of="$folder/munge/key" bs=1024 count=1 status=none
    chmod 400 "$folder/munge/key"
    # The socket's folder must be open to all: any user may ask for a credential.
    mkdir -p "$folder/socket"
    chmod 755 "$folder/socket"
    munged --foreground --force --key-file="$folder/munge/key" --socket="$folder/socket/munge" \
        --pid-file="$folder/munge/pid" --seed-file="$folder/munge/seed" --log-file="$folder/munge/log" \
        > "$folder/munged.out" 2>&1 &
    started+=($!)
    cat > "$folder/slurm.conf" <<CONF
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$folder/socket/munge
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SlurmctldPort=16817
SlurmdPort=16818
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
    export SLURM_CONF="$folder/slurm.conf"
    slurmctld -D > "$folder/slurmctld.out" 2>&1 &
    started+=($!)
    slurmd -D > "$folder/slurmd.out" 2>&1 &
    started+=($!)
    for _ in $(seq 60); do
        if sinfo --noheader --format=%t 2>/dev/null | grep -qx idle; then return; fi
        sleep 0.5
    done
    tail -n 5 "$folder"/*.out "$folder"/*.log >&2
    echo "cluster-slurm: no node became idle" >&2
    exit 1
}

command -v sbatch >/dev/null || { echo "cluster-slurm: Slurm is missing: apt-get install slurm-wlm munge" >&2; exit 69; }
sinfo > /dev/null 2>&1 || start_cluster

cat > "$folder/shard.sh" <<JOB
#!/usr/bin/env bash
#SBATCH --job-name=crossmargin --array=1-$shards --cpus-per-task=1 --output=$folder/shard-%a.log
cd "$PWD"
exec "$binary" sweep $(printf '%q ' "${sweep[@]}") --jobs 1 --quiet \\
    --shard "\$SLURM_ARRAY_TASK_ID/$shards" --db "$folder/shard-\$SLURM_ARRAY_TASK_ID.sqlite"
JOB
sbatch --wait "$folder/shard.sh" || { cat "$folder"/shard-*.log >&2; exit 1; }
inputs=()
for shard in $(seq "$shards"); do inputs+=("$folder/shard-$shard.sqlite"); done
merged=$("$binary" study merge "$folder/merged.sqlite" "${inputs[@]}" | grep '^content ')
single=$("$binary" sweep "${sweep[@]}" --quiet --db "$folder/single.sqlite" | grep '^content ')
[ "$merged" = "$single" ] || { echo "cluster-slurm: merged $merged, one process $single" >&2; exit 1; }
echo "$shards shards by Slurm and one process agree: $merged"
