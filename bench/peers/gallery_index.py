"""Persons most like a face by faiss's HNSW: the peer of bench/gallery-index.ts, with the same parameters and on the same vectors.

The vectors are read from the file of galleries. The line of the input is a list of vectors to look for; 64 are taken of each, and the first five
persons among them, as ours does. Answers one line.

    python gallery_index.py <galleries.db> <rows>
"""

import json
import os
import resource
import sqlite3
import sys
import time

import faiss
import numpy as np

threads = os.cpu_count()
faiss.omp_set_num_threads(threads)
rows = sqlite3.connect(sys.argv[1]).execute('select person, vector from face order by id limit ?', (int(sys.argv[2]),))
index = faiss.IndexHNSWFlat(512, 16, faiss.METRIC_INNER_PRODUCT)
index.hnsw.efConstruction = 64
index.hnsw.efSearch = 256
persons = []
start, cpu, seconds, used = None, None, 0.0, 0.0
while some := rows.fetchmany(65536):
    vectors = np.frombuffer(b''.join(vector for _, vector in some), 'float32').reshape(-1, 512)
    persons += [person for person, _ in some]
    start, cpu = time.perf_counter(), time.process_time()
    index.add(vectors)
    seconds += time.perf_counter() - start
    used += time.process_time() - cpu

queries = json.loads(sys.stdin.readline())
answer = {'ms': [], 'persons': []}
for number, query in enumerate(queries[:5] + queries):
    vector = np.array([query], 'float32')
    start = time.perf_counter()
    _, ids = index.search(vector, 64)
    found = list(dict.fromkeys(persons[row] for row in ids[0] if row >= 0))[:5]
    if number >= 5:
        answer['ms'].append(1000 * (time.perf_counter() - start))
        answer['persons'].append(found)
answer |= {
    'seconds': seconds,
    'cpuSeconds': used,
    'resident': 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    'versions': f'faiss {faiss.__version__}, float32, {threads} threads',
}
print(json.dumps(answer), flush=True)
