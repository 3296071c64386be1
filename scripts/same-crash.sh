#!/usr/bin/env bash
# How venues treat the same crash: scenarios/same-crash-everywhere.yaml and same-crash-lending.yaml under every preset, over
# seeds, and perpetuals on isolated margin too; a Markdown table of the least and the most over the seeds.
# usage: scripts/same-crash.sh [SEEDS]   (default 2; the docs use 2)
set -euo pipefail
cd "$(dirname "$0")/.."
seeds=${1:-2}
binary=$(swift build -c release --show-bin-path)/crossmargin
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
for preset in binance-usdm okx-multi-currency bybit-uta bitmex-usdt deribit hyperliquid dydx-v4 drift-v2 mango-v4 synthetix-v3 gmx-v2 gmx-v1; do
    if "$binary" protocols "$preset" > /dev/null 2>&1; then
        # GMX has no cross margin.
        case $preset in gmx-*) ;; *) run "$preset" cross same-crash-everywhere ;; esac
        run "$preset" isolated same-crash-everywhere --set agents.traders.crowd.mode=isolated
    fi
done > "$rows"
for preset in aave-v3 compound-v3 euler-v2 morpho-blue binance-margin; do
    if "$binary" protocols "$preset" > /dev/null 2>&1; then run "$preset" loans same-crash-lending; fi
done >> "$rows"
python3 - "$rows" "$seeds" <<'PY'
import json, sys
points = {}
for line in open(sys.argv[1]):
    preset, mode, text = line.split(" ", 2)
    points.setdefault((preset, mode), []).append(json.loads(text))
columns = [("liquidated_accounts", "accounts", 0, 1), ("liquidations", "steps", 0, 1),
           ("liquidated_notional_usd", "liquidated, $1000", 0, 0.001), ("penalties_usd", "penalties, $1000", 1, 0.001),
           ("deficit_usd", "deficit, $1000", 1, 0.001), ("insurance_change_usd", "insurance fund, $1000", 1, 0.001),
           ("socialised_usd", "lenders, $1000", 1, 0.001), ("bad_debt_usd", "nobody, $1000", 1, 0.001)]
print("| venue | mode | " + " | ".join(title for _, title, _, _ in columns) + " |")
print("|---" * (len(columns) + 2) + "|")
for (preset, mode), runs in points.items():
    cells = []
    for name, _, digits, scale in columns:
        values = [float(run[name]) * scale for run in runs]
        least, most = min(values), max(values)
        cells.append(f"{least:.{digits}f}" if least == most else f"{least:.{digits}f} … {most:.{digits}f}")
    print(f"| {preset} | {mode} | " + " | ".join(cells) + " |")
PY
