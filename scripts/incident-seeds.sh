#!/usr/bin/env bash
# How many of an incident's bands hold with other seeds: incident-seeds.sh [FIRST LAST]
# Needs a release build; prints for each scenario of the library its seeds, and the bands that do not hold with them.
set -eu
cd "$(dirname "$0")/.."
first=${1:-1}
last=${2:-8}
for file in scenarios/incidents/*.yaml; do
    name=$(basename "$file" .yaml)
    for seed in $(seq "$first" "$last"); do
        text=$(.build/release/crossmargin run "$file" --seed "$seed" || true)
        met=$(grep -c '^  met ' <<<"$text" || true)
        missed=$(grep '^  NOT MET' <<<"$text" | sed 's/^  NOT MET *//; s/:.*(\(.*\))$/ \1/' | paste -sd ';' || true)
        echo "$name, seed $seed: $met met${missed:+, not met: $missed}"
    done
done
