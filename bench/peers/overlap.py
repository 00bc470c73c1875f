"""One round of bench/overlap.ts in numpy: the same rows, in blocks of the same size. Prints what it measured as JSON."""

import json
import resource
import sys
import time

import numpy as np

work = json.loads(sys.argv[1])
folder, images, identities, columns = work["folder"], work["images"], work["identities"], work["columns"]
record = np.dtype([("position", "<u4"), ("values", "<f4", (columns,)), ("check", "V8")])
at_once = 1 << 13
seconds = {}


def blocks(name):
    """Read, not mapped: mapped pages would count as memory of the process."""
    with open(f"{folder}/{name}", "rb") as source:
        while True:
            block = np.fromfile(source, record, at_once)
            if len(block) == 0:
                return
            yield block


def identity_of(positions):
    return positions.astype(np.int64) * identities // images


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


start = time.perf_counter()
centres = np.zeros((identities, columns), np.float32)
for block in blocks("rows"):
    of = identity_of(block["position"])
    firsts = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
    centres[of[firsts]] += np.add.reduceat(block["values"], firsts, axis=0)
centres = unit(centres)
seconds["centres"] = time.perf_counter() - start

start = time.perf_counter()
distances = np.empty(images, np.float32)
for block in blocks("rows"):
    own = centres[identity_of(block["position"])]
    distances[block["position"]] = np.einsum("ij,ij->i", block["values"], own)
seconds["distances"] = time.perf_counter() - start


def nearest(rows, others, size=2048):
    cosines = np.full(len(rows), -np.inf, np.float32)
    places = np.full(len(rows), -1, np.int32)
    for left in range(0, len(rows), size):
        one = rows[left : left + size]
        for right in range(0, len(others), size):
            scores = one @ others[right : right + size].T
            best = scores.argmax(1)
            value = scores[np.arange(len(one)), best]
            better = value > cosines[left : left + size]
            cosines[left : left + size][better] = value[better]
            places[left : left + size][better] = best[better] + right
    return places, cosines.astype(np.float64)


start = time.perf_counter()
tests = np.concatenate([block["values"] for block in blocks("excluded")])
by_images = nearest(centres, tests)
seconds["excluded images"] = time.perf_counter() - start

start = time.perf_counter()
half = identities // 2
by_identities = nearest(centres[half:], centres[:half])
seconds["other identities"] = time.perf_counter() - start

for name, values in {
    "distances": distances,
    "excluded-nearest": by_images[0],
    "excluded-cosines": by_images[1],
    "identities-nearest": by_identities[0],
    "identities-cosines": by_identities[1],
}.items():
    values.tofile(f"{folder}/theirs-{name}")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "peakMemoryBytes": peak, "with": f"numpy {np.__version__}"}))
