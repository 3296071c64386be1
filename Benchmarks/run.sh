#!/usr/bin/env bash
# Builds the benchmark's programs, runs them in turn, and compares the law and the audit with C.
# usage: Benchmarks/run.sh [--rounds N] [--only law|audit] [--law-bound R] [--audit-bound R]
set -euo pipefail
cd "$(dirname "$0")/.."

python=python3
if ! python3 -c 'import numpy' 2>/dev/null; then
    python=.venv-bench/bin/python
    if [ ! -x "$python" ]; then
        python3 -m venv .venv-bench
        "$python" -m pip install --quiet numpy
    fi
fi
exec "$python" Benchmarks/compare.py "$@"
