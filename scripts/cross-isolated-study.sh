#!/usr/bin/env bash
# One account for everything against one for each position: scenarios/cross-vs-isolated.yaml over seeds, the same
# traders twice. Prints two Markdown tables and writes the second, loss by quantile, as CSV for plotting.
# usage: scripts/cross-isolated-study.sh [SEEDS] [CSV]   (default 32; the docs use 32)
set -euo pipefail
cd "$(dirname "$0")/.."
seeds=${1:-32}
csv=${2:-docs/cross-vs-isolated.csv}
binary=$(swift build -c release --show-bin-path)/crossmargin
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for seed in $(seq 1 "$seeds"); do
    "$binary" run scenarios/cross-vs-isolated.yaml --seed "$seed" --no-expect --json --db "$folder/$seed.sqlite" > /dev/null
done
python3 - "$folder" "$seeds" "$csv" <<'PY'
import sqlite3, statistics, sys
folder, seeds, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
# A trader's worth is that of all its accounts; its loss is a share of what it began with.
worth = """
select a.owner_group, a.owner, sum(h.equity_e8) / 1e8
from v_account a join account_health h on h.run = a.run and h.account = a.account
where a.role = 'margin' and a.owner_kind = 'trader'
  and h.block = (select {which}(block) from account_health where run = a.run and account = a.account)
group by a.owner_group, a.owner"""
liquidated = """
select a.owner_group, count(distinct a.owner), count(*), total(l.penalty)
from v_liquidation l join v_account a on a.run = l.run and a.account = l.account
where a.owner_kind = 'trader' group by a.owner_group"""
losses = {"cross": [], "isolated": []}
counts = {"cross": [], "isolated": []}
for seed in range(1, seeds + 1):
    db = sqlite3.connect(f"{folder}/{seed}.sqlite")
    first = {(g, o): w for g, o, w in db.execute(worth.format(which="min"))}
    last = {(g, o): w for g, o, w in db.execute(worth.format(which="max"))}
    for (group, owner), begun in first.items():
        if begun > 0:
            losses[group].append((begun - last[group, owner]) / begun)
    rows = {g: (traders, steps, penalty) for g, traders, steps, penalty in db.execute(liquidated)}
    for group in counts:
        counts[group].append(rows.get(group, (0, 0, 0.0)))
def interval(values, digits):
    error = 1.96 * statistics.stdev(values) / len(values) ** 0.5
    return f"{statistics.fmean(values):.{digits}f} ± {error:.{digits}f}"
def quantile(values, q):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]
print("| per seed, of 150 traders each | cross | isolated |")
print("|---|---|---|")
for index, (title, digits) in enumerate([("traders liquidated", 1), ("liquidation steps", 1), ("penalties, $", 0)]):
    print(f"| {title} | " + " | ".join(interval([c[index] for c in counts[g]], digits) for g in losses) + " |")
for title, test in [("traders who lost more than half", 0.5), ("traders who lost more than 90 %", 0.9)]:
    print(f"| {title} | " + " | ".join(f"{150 * sum(v > test for v in losses[g]) / len(losses[g]):.1f}" for g in losses) + " |")
print("\n| quantile | loss on cross margin, % of equity | loss on isolated margin, % |")
print("|---|---|---|")
quantiles = [0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999]
with open(path, "w") as out:
    out.write("quantile,loss_share_cross,loss_share_isolated\n")
    for q in [i / 200 for i in range(1, 200)] + [0.999]:
        out.write(f"{q:.3f},{quantile(losses['cross'], q):.4f},{quantile(losses['isolated'], q):.4f}\n")
for q in quantiles:
    print(f"| {q:g} | " + " | ".join(f"{100 * quantile(losses[g], q):.1f}" for g in losses) + " |")
PY
