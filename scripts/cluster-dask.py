#!/usr/bin/env python3
"""A sharded sweep by Dask's workers, merged and compared with one process.

usage: scripts/cluster-dask.py [--shards N] [--workers N] [--scheduler ADDRESS] [-- SWEEP OPTION...]

Needs `pip install "dask[distributed]"` and a built crossmargin. Without --scheduler, starts worker processes on this machine;
with one, workers must see this folder and the folder of the results (--folder) under the same paths.
"""
import argparse, os, pathlib, subprocess, tempfile

from dask.distributed import Client, LocalCluster

ROOT = pathlib.Path(__file__).resolve().parent.parent
SWEEP = ["scenarios/oracle-delay.yaml", "--vary", "oracles.ETH.latency=0s..60s:20s", "--seeds", "1...4",
         "--set", "duration=2h", "--set", "start=2020-03-12T09:30:00Z"]


def crossmargin(binary, *arguments):
    """Runs the program at the root of the repository and returns what it printed."""
    done = subprocess.run([binary, *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def shard(binary, sweep, index, count, path):
    """One shard, into a file of its own; a worker that dies is tried again and goes on where the file ends."""
    crossmargin(binary, "sweep", *sweep, "--jobs", "1", "--quiet", "--shard", f"{index}/{count}", "--db", path)
    return path, os.getpid()


def content(text):
    return next(line for line in text.splitlines() if line.startswith("content "))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scheduler")
    parser.add_argument("--folder")
    parser.add_argument("--binary", default=os.environ.get("CROSSMARGIN"))
    parser.add_argument("sweep", nargs="*")
    options = parser.parse_args()
    binary = options.binary or subprocess.check_output(
        ["swift", "build", "-c", "release", "--show-bin-path"], cwd=ROOT, text=True).strip() + "/crossmargin"
    sweep = options.sweep or SWEEP
    cluster = None if options.scheduler else LocalCluster(
        n_workers=options.workers, threads_per_worker=1, processes=True, dashboard_address=None)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, Client(options.scheduler or cluster) as client:
        jobs = [client.submit(shard, binary, sweep, index, options.shards, f"{folder}/shard-{index}.sqlite",
                              retries=2, pure=False) for index in range(1, options.shards + 1)]
        done = client.gather(jobs)
        merged = content(crossmargin(binary, "study", "merge", f"{folder}/merged.sqlite", *[path for path, _ in done]))
        single = content(crossmargin(binary, "sweep", *sweep, "--quiet", "--db", f"{folder}/single.sqlite"))
        if merged != single:
            raise SystemExit(f"cluster-dask: merged {merged}, one process {single}")
        workers = len({worker for _, worker in done})
        print(f"{options.shards} shards by {workers} Dask workers and one process agree: {merged}")
    if cluster:
        cluster.close()


if __name__ == "__main__":
    main()
