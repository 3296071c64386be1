#!/usr/bin/env bash
# The same scenario, in a debug and a release build, must end in the same head hash.
set -euo pipefail
cd "$(dirname "$0")/.."
release=$(swift build -c release --show-bin-path)/crossmargin
debug=$(swift build --show-bin-path)/crossmargin
# A debug build is some fifty times slower: an hour of the scenario is enough to touch every part.
for scenario in oracle-delay congestion cascade; do
    override=(--set duration=1h --json --no-expect)
    a=$("$release" run "scenarios/$scenario.yaml" "${override[@]}" | sed -nE 's/.*"head_hash" ?: ?"([0-9a-f]+)".*/\1/p')
    b=$("$debug" run "scenarios/$scenario.yaml" "${override[@]}" | sed -nE 's/.*"head_hash" ?: ?"([0-9a-f]+)".*/\1/p')
    [ -n "$a" ] && [ "$a" = "$b" ] || { echo "$scenario: release ${a:-none}, debug ${b:-none}" >&2; exit 1; }
    echo "$scenario: release and debug agree on $a"
done
