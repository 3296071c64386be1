#!/usr/bin/env python3
"""Generates the shared input of workload W1 (deterministic, seed 20240601).
usage: gen_w1.py DIRECTORY. Writes w1_inputs.npz (Python/NumPy) and w1_inputs.bin (C / Swift; little endian int64, layout in README.md).
Money, prices and sizes are integers in 1e-6 units."""
import numpy as np, hashlib, os, sys
N, M, B, T, S = 1000, 10, 2000, 20, 3          # accounts, markets, blocks, trades/block, slots/account
rng = np.random.default_rng(20240601)
p0 = np.array([60000, 3000, 150, 0.6, 0.15, 25, 7, 400, 1.2, 80.0])
sig = 2.5 * np.array([.0020, .0025, .0030, .0035, .0040, .0030, .0030, .0025, .0035, .0030])
mmr = np.array([200, 200, 300, 400, 500, 300, 300, 300, 400, 300], dtype=np.int64)   # maintenance, bps
imr = mmr * 2                                                                          # initial, bps
z = rng.standard_normal((B, M))
path = p0 * np.exp(np.cumsum(sig * z - sig**2 / 2, axis=0))
prices = np.maximum(1, np.round(path * 1e6)).astype(np.int64)          # price of block b
start = np.round(p0 * 1e6).astype(np.int64)                             # price before block 0 (= entry)
coll = np.round(rng.uniform(1_000, 20_000, N) * 1e6).astype(np.int64)
mkt = np.stack([rng.choice(M, S, replace=False) for _ in range(N)]).astype(np.int64)
lev = rng.uniform(1, 9, N)
w = rng.dirichlet(np.ones(S), N)
sgn = rng.choice([-1, 1], (N, S))
size = np.round(sgn * w * lev[:, None] * coll[:, None] / (start[mkt] / 1e6)).astype(np.int64)
entry = start[mkt].copy()
t_acct = rng.integers(0, N, (B, T)).astype(np.int64)
t_slot = rng.integers(0, S, (B, T)).astype(np.int64)
notional = rng.uniform(.05, .5, (B, T)) * coll[t_acct]
t_size = np.round(rng.choice([-1, 1], (B, T)) * notional / (prices[np.arange(B)[:, None], mkt[t_acct, t_slot]] / 1e6)).astype(np.int64)
t_size[t_size == 0] = 1
here = sys.argv[1] if len(sys.argv) > 1 else "."
np.savez(os.path.join(here, "w1_inputs.npz"), mmr=mmr, imr=imr, prices=prices, coll=coll, mkt=mkt, size=size, entry=entry,
         t_acct=t_acct, t_slot=t_slot, t_size=t_size)
with open(os.path.join(here, "w1_inputs.bin"), "wb") as f:
    for a in (np.array([N, M, B, T, S], dtype=np.int64), mmr, imr, coll, mkt, size, entry, prices, t_acct, t_slot, t_size):
        f.write(np.ascontiguousarray(a, dtype="<i8").tobytes())
print("w1_inputs.bin sha256", hashlib.sha256(open(os.path.join(here, "w1_inputs.bin"), "rb").read()).hexdigest())
