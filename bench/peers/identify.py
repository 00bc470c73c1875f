"""The five nearest of many vectors by faiss's flat index, one search after the other: the peer of bench/identify.ts.

The file holds rows of 512 float32. Each line of the input is a list of vectors to look for; each is answered by a line with the
milliseconds of each search and the numbers of the rows found.

    python identify.py <file> <rows> <threads>
"""

import json
import os
import sys
import time

path, rows, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.environ['OMP_NUM_THREADS'] = str(threads)

import faiss
import numpy as np

faiss.omp_set_num_threads(threads)
index = faiss.IndexFlatIP(512)
with open(path, 'rb') as file:
    left = rows
    while left > 0:
        some = np.fromfile(file, '<f4', count=min(left, 65536) * 512).reshape(-1, 512)
        index.add(some)
        left -= len(some)

for line in sys.stdin:
    answer = {'ms': [], 'ids': []}
    for query in json.loads(line):
        vector = np.array([query], 'float32')
        start = time.perf_counter()
        _, ids = index.search(vector, 5)
        answer['ms'].append(1000 * (time.perf_counter() - start))
        answer['ids'].append(ids[0].tolist())
    print(json.dumps(answer), flush=True)
