#!/usr/bin/env python3
"""Compares the law and the audit writer with the same work in C.

Programs run in turn, round by round, so that a busy machine slows all of them; what counts is the median over the
rounds of the ratio within a round. Exits with 1 when figures differ or a ratio is below its bound.
"""
import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
WORKLOAD = os.path.join(HERE, "workload")
SCRATCH = os.path.join(ROOT, ".build", "benchmark")
INPUT = os.path.join(SCRATCH, "w1_inputs.bin")
INPUT_SHA256 = "1950a7a82e589322cc9ea4e86ba4c546fa81476c5882f00ab4db131553ba6d22"
# One row for each price, liquidation and trade: 2,000 · (10 + 20) + 967.
TRANSITIONS = 60_967

COUNTS = {"liqs": 967, "applied": 36_014, "rejected": 3_986, "open": 2_278}
# The law keeps what a position cost; the C program floors entry prices to 1e-6.
FIGURES = {
    "law": dict(COUNTS, insurance=999_995.48, fees=325_779.91, coll=8_353_211.14),
    "c": dict(COUNTS, insurance=999_995.47, fees=325_780.14, coll=8_353_240.27),
}


def call(*command, **options):
    subprocess.run(command, check=True, **options)


def measure(*command):
    """The last line of a program's output that is JSON."""
    environment = dict(os.environ, W1_BIN=INPUT)
    done = subprocess.run(
        command, cwd=SCRATCH, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return json.loads([line for line in done.stdout.splitlines() if line.startswith("{")][-1])


def generate(needs_rows):
    os.makedirs(SCRATCH, exist_ok=True)
    if not os.path.exists(INPUT) or sha256(INPUT) != INPUT_SHA256:
        call(sys.executable, os.path.join(WORKLOAD, "gen_w1.py"), SCRATCH)
    if sha256(INPUT) != INPUT_SHA256:
        sys.exit("the generated input is not the workload's: another generator of random numbers?")
    rows = os.path.join(SCRATCH, "sql_rows.bin")
    if needs_rows and (not os.path.exists(rows) or os.path.getsize(rows) != 8 + 88 * TRANSITIONS):
        environment = dict(os.environ, W1_DIRECTORY=SCRATCH)
        call(sys.executable, os.path.join(WORKLOAD, "sql_rows.py"), env=environment)
        if os.path.getsize(rows) != 8 + 88 * TRANSITIONS:
            sys.exit("the generated transitions are not the workload's")


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def build(needs_rows):
    """The programs' paths: the law's, the C law's, the C audit's."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        sys.exit("a C compiler is needed: gcc or cc")
    law, rows = os.path.join(SCRATCH, "w1_c"), os.path.join(SCRATCH, "sql_c")
    call(compiler, "-O2", "-o", law, os.path.join(WORKLOAD, "w1_c.c"))
    if needs_rows:
        call(compiler, "-O2", "-o", rows, os.path.join(WORKLOAD, "sql_c.c"), "-lsqlite3")
    release = ["-c", "release", "--explicit-target-dependency-import-check", "error"]
    call("swift", "build", *release, "--product", "w1-benchmark", cwd=ROOT)
    directory = subprocess.run(
        ["swift", "build", *release, "--show-bin-path"], check=True, cwd=ROOT, capture_output=True,
        text=True).stdout.strip()
    return os.path.join(directory, "w1-benchmark"), law, rows


def check_figures(name, digest):
    expected = FIGURES[name]
    found = {key: round(digest[key], 2) for key in expected}
    if found != expected:
        sys.exit(f"{name}: figures differ: {found}, expected {expected}")


def compare(title, unit, rounds, ours, theirs, bound):
    """Runs both in turn; prints medians and the median ratio; is it within its bound?"""
    pairs = []
    for number in range(rounds):
        # Whoever goes first changes, so that a trend favours nobody.
        order = (ours, theirs) if number % 2 == 0 else (theirs, ours)
        results = {program: program() for program in order}
        pairs.append((results[ours], results[theirs]))
    key = unit.replace("/", "_per_")
    ratio = statistics.median(a[key] / b[key] for a, b in pairs)
    for index in (0, 1):
        values = [pair[index][key] for pair in pairs]
        print(f"  {pairs[0][index]['impl']:22} {statistics.median(values):12,.0f} {unit}"
              f"   [{min(values):,.0f} … {max(values):,.0f}]")
    verdict = "ok" if ratio >= bound else "TOO SLOW"
    print(f"  {title + ' / C':22} {ratio:12.2f}            at least {bound:.2f}: {verdict}\n")
    return ratio >= bound, pairs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", choices=["law", "audit"])
    parser.add_argument("--law-bound", type=float, default=1.0)
    parser.add_argument("--audit-bound", type=float, default=0.6)
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("at least one round")
    generate(options.only != "law")
    program, law, rows = build(options.only != "law")
    good = True
    print(f"\nmedians of {options.rounds} rounds, run in turn")

    def swift_law():
        result = measure(program, "law", INPUT, "5")
        check_figures("law", result["digest"])
        return result

    def c_law():
        result = measure(law, "2000", "5")
        check_figures("c", result["digest"])
        return result

    def swift_audit():
        return measure(program, "audit", INPUT, SCRATCH)

    def c_audit():
        result = measure(rows, "5", "block", SCRATCH)
        if result["rows"] != 5 * TRANSITIONS:
            sys.exit(f"C wrote {result['rows']} rows, expected {5 * TRANSITIONS}")
        return result

    if options.only != "audit":
        fast, _ = compare("law", "blocks/s", options.rounds, swift_law, c_law, options.law_bound)
        good = good and fast
    if options.only != "law":
        fast, pairs = compare(
            "audit", "rows/s", options.rounds, swift_audit, c_audit, options.audit_bound)
        good = good and fast
        audits = [pair[0] for pair in pairs]
        if len({audit["rows"] for audit in audits}) != 1:
            sys.exit("the audit wrote different numbers of rows")
        close = statistics.median(audit["close_seconds"] for audit in audits)
        print(f"  {audits[0]['rows']:,} rows a run; closing it, indexes included: {close:.2f} s more")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
