import json, os, resource, sys, time, platform
import numpy as np
HERE = os.environ.get("W1_DIRECTORY", ".")      # where gen_w1.py wrote the input
def load():
    return dict(np.load(os.path.join(HERE, "w1_inputs.npz")))
def blocks_arg(default=2000):
    return int(sys.argv[1]) if len(sys.argv) > 1 else default
class Timer:
    """wall and CPU seconds of the block loop only (set-up excluded)"""
    def __enter__(self): self.c = time.process_time(); self.w = time.perf_counter(); return self
    def __exit__(self, *a): self.wall = time.perf_counter() - self.w; self.cpu = time.process_time() - self.c
def report(name, version, blocks, t, checks, txs, digest, setup=None, **extra):
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    secs = t.wall
    d = dict(impl=name, version=version, python=platform.python_version(), blocks=blocks, seconds=round(secs, 4), cpu_s=round(t.cpu, 4),
             blocks_per_s=round(blocks / secs, 2), checks_per_s=round(checks / secs), tx_per_s=round(txs / secs, 1),
             peak_rss_mb=round(rss, 1), setup_s=None if setup is None else round(setup, 3), digest=digest, **extra)
    print(json.dumps(d), flush=True)
