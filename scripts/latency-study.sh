#!/usr/bin/env bash
# What a late oracle costs: scenarios/oracle-delay.yaml at several latencies, over seeds; a Markdown table.
# usage: scripts/latency-study.sh [SEEDS [OPTION…]]   (default 16; the docs use 16)
# Options go to `crossmargin run`: --set protocol.liquidation.taker=pool studies that variant.
set -euo pipefail
cd "$(dirname "$0")/.."
seeds=${1:-16}
shift $(($# > 0))
binary=$(swift build -c release --show-bin-path)/crossmargin
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
for latency in 0s 10s 20s 30s 45s 60s 90s 120s; do
    for seed in $(seq 1 "$seeds"); do
        printf '%s ' "$latency"
        "$binary" run scenarios/oracle-delay.yaml --json --no-expect --seed "$seed" \
            --set "oracles.ETH.latency=$latency" "$@"
    done
done > "$rows"
python3 - "$rows" "$seeds" <<'PY'
import json, statistics, sys
points = {}
for line in open(sys.argv[1]):
    latency, text = line.split(" ", 1)
    points.setdefault(latency, []).append(json.loads(text))
columns = [("liquidations", "steps", 0, 1), ("late_liquidations", "late", 0, 1),
           ("wrongful_liquidations", "wrongful", 0, 1), ("mean_delay_seconds", "mean delay, s", 0, 1),
           ("max_oracle_error", "largest oracle error, %", 1, 100), ("stale_loss_usd", "stale loss, $1000", 1, 0.001),
           ("deficit_usd", "deficit, $1000", 1, 0.001)]
print("| latency | " + " | ".join(title for _, title, _, _ in columns) + " |")
print("|---" * (len(columns) + 1) + "|")
for latency, runs in points.items():
    cells = []
    for name, _, digits, scale in columns:
        values = [float(run[name]) * scale for run in runs]
        mean = statistics.fmean(values)
        error = 1.96 * statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
        cells.append(f"{mean:.{digits}f} ± {error:.{max(digits, 1)}f}")
    print(f"| {latency} | " + " | ".join(cells) + " |")
# The same seed has the same prices and traders at every latency: differences are paired.
first, last = list(points)[0], list(points)[-1]
cells = []
for name, _, digits, scale in columns:
    values = [(float(b[name]) - float(a[name])) * scale for a, b in zip(points[first], points[last])]
    error = 1.96 * statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    cells.append(f"{statistics.fmean(values):+.{digits}f} ± {error:.{max(digits, 1)}f}")
print(f"| {last} − {first}, paired | " + " | ".join(cells) + " |")
PY
