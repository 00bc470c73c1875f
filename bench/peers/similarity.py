"""Probes among distractors by faiss's flat index or by numpy: the peer of bench/similarity.ts.

The file holds rows of 512 float32, the first 3,530 of them the probes. faiss finds the closest distractor of each probe, the least
that it can be asked for; numpy computes the scores by blocks and counts for each probe those above a threshold.
Prints one line of JSON: seconds of the search (reading the file is not in it), peak memory.

    python similarity.py faiss|numpy <file> <rows> <threads>
"""

import json
import os
import resource
import sys
import time

program, path, rows, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.environ['OMP_NUM_THREADS'] = os.environ['OPENBLAS_NUM_THREADS'] = str(threads)

import numpy as np

vectors = np.fromfile(path, '<f4', count=rows * 512).reshape(rows, 512)
probes, distractors = vectors[:3530], vectors[3530:]
if program == 'faiss':
    import faiss

    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatIP(512)
    index.add(distractors)
    start = time.perf_counter()
    index.search(probes, 1)
else:
    start = time.perf_counter()
    closer = np.zeros(len(probes), int)
    for first in range(0, len(distractors), 4096):
        closer += (probes @ distractors[first : first + 4096].T > 0.2).sum(axis=1)
seconds = time.perf_counter() - start
print(json.dumps({'seconds': seconds, 'peakMemoryBytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
