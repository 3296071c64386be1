#!/usr/bin/env bash
# How venues treat the same crash: scenarios/same-crash-everywhere.yaml and same-crash-lending.yaml under every preset, over
# seeds, and perpetuals on isolated margin too; a Markdown table of the mean over the seeds and its 95 % interval.
# usage: scripts/same-crash.sh [SEEDS]   (default 16; the docs use 16)
# CROSSMARGIN names the binary, where that is not the release of this folder.
set -euo pipefail
cd "$(dirname "$0")/.."
seeds=${1:-16}
binary=${CROSSMARGIN:-$(swift build -c release --show-bin-path)/crossmargin}
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
run() { # PRESET MODE SCENARIO [OPTIONS]
    local preset=$1 mode=$2 scenario=$3
    shift 3
    for seed in $(seq 1 "$seeds"); do
        printf '%s %s ' "$preset" "$mode"
        "$binary" run "scenarios/$scenario.yaml" --json --no-expect --seed "$seed" --set "protocol.preset=$preset" "$@"
    done
}
for preset in binance-usdm okx-multi-currency bybit-uta bitmex-usdt deribit hyperliquid dydx-v4 drift-v2 mango-v4 synthetix-v3 vertex gmx-v2 gmx-v1; do
    if "$binary" protocols "$preset" > /dev/null 2>&1; then
        # GMX has no cross margin.
        case $preset in gmx-*) ;; *) run "$preset" cross same-crash-everywhere ;; esac
        run "$preset" isolated same-crash-everywhere --set agents.traders.crowd.mode=isolated
    fi
done > "$rows"
for preset in aave-v3 compound-v2 compound-v3 euler-v1 euler-v2 gearbox-v3 morpho-blue binance-margin; do
    if "$binary" protocols "$preset" > /dev/null 2>&1; then run "$preset" loans same-crash-lending; fi
done >> "$rows"
python3 - "$rows" "$seeds" <<'PY'
import json, math, sys
# Student's t for a two-sided 95 %, by degrees of freedom.
t = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
     2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042]
points = {}
for line in open(sys.argv[1]):
    preset, mode, text = line.split(" ", 2)
    points.setdefault((preset, mode), []).append(json.loads(text))
columns = [("liquidated_accounts", "accounts", 1, 1), ("liquidations", "steps", 0, 1),
           ("liquidated_notional_usd", "liquidated, $1000", 0, 0.001), ("penalties_usd", "penalties, $1000", 1, 0.001),
           ("deficit_usd", "deficit, $1000", 1, 0.001), ("insurance_change_usd", "insurance fund, $1000", 1, 0.001),
           ("socialised_usd", "lenders, $1000", 1, 0.001), ("bad_debt_usd", "nobody, $1000", 1, 0.001)]
print("| venue | mode | " + " | ".join(title for _, title, _, _ in columns) + " |")
print("|---" * (len(columns) + 2) + "|")
for (preset, mode), runs in points.items():
    cells = []
    for name, _, digits, scale in columns:
        values = [float(run[name]) * scale for run in runs]
        n = len(values)
        mean = sum(values) / n
        if max(values) == min(values) or n < 2:
            cells.append(f"{mean:.{digits}f}")
            continue
        deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1))
        half = (t[n - 2] if n - 2 < len(t) else 1.96) * deviation / math.sqrt(n)
        cells.append(f"{mean:.{digits}f} ± {half:.{digits}f}")
    print(f"| {preset} | {mode} | " + " | ".join(cells) + " |")
PY
