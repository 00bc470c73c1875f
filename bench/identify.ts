import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { cpus, homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packageFolder } from '../src/core/package-folder.ts';
import { type FoundVector, type VectorOwner, VectorSearch } from '../src/kit/face/search/vector-search.ts';
import { exactScore } from '../src/kit/face/similarity/exact-score.ts';

/**
 * The five nearest of a million vectors of 512 numbers, one search after the other, in turns with faiss's flat index on the same cores.
 * Half of the vectors that are looked for are in random directions, half are near one that is there. Vectors themselves are read from their file, as
 * galleries read them from theirs. `npm run --silent build && node dist/bench/identify.js`; faiss: as bench/similarity.ts has it.
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    searches: { type: 'string', default: '20' },
    /** Vectors that `similarity-worker.js write` has written; unless given they are written anew and removed. */
    file: { type: 'string' },
    python: { type: 'string', default: join(homedir(), '.cache/faceflow/peers-faiss/bin/python') },
  },
});
const columns = 512;
const count = 5;
/** Milliseconds that a search may take, and the most of faiss's time. */
const [mostMs, mostOfFaiss] = [50, 1];
const rows = Number(values.rows);
const searches = Number(values.searches);
const folder = mkdtempSync(join(tmpdir(), 'faceflow-identify-'));
const file = values.file ?? join(folder, 'vectors.bin');

/** The last rows of the file are what is looked for. */
const written = rows + searches;
if (values.file === undefined) {
  const worker = fileURLToPath(new URL('similarity-worker.js', import.meta.url));
  execFileSync(process.execPath, [worker, 'write', file, String(written)]);
}
const descriptor = openSync(file, 'r');

function vectorAt(row: number): Float32Array {
  const vector = new Float32Array(columns);
  readSync(descriptor, new Uint8Array(vector.buffer), 0, 4 * columns, 4 * columns * row);
  return vector;
}

const queries = Array.from({ length: searches }, (_, number) => {
  const vector = vectorAt(rows + number);
  if (number % 2 === 0) return vector;
  const near = vectorAt((number * 48_271) % rows);
  const sum = vector.map((value, column) => value + (near[column] ?? 0));
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
});

const start = performance.now();
const search = new VectorSearch({ columns, threads: Number(values.threads) });
const atATime = 4096;
for (let first = 0; first < rows; first += atATime) {
  const some = new Float32Array(Math.min(atATime, rows - first) * columns);
  readSync(descriptor, new Uint8Array(some.buffer), 0, some.byteLength, 4 * columns * first);
  await search.add(
    Array.from({ length: some.length / columns }, (_, row) => {
      return { id: first + row, group: 1, vector: some.subarray(row * columns, (row + 1) * columns) };
    }),
  );
}
const opened = (performance.now() - start) / 1000;

interface Timed {
  readonly ms: readonly number[];
  readonly ids: readonly (readonly number[])[];
}

let reads = 0;
function read(ids: readonly number[]): VectorOwner[] {
  reads += ids.length;
  return ids.map((id) => ({ id, owner: String(id), vector: vectorAt(id) }));
}

async function own(): Promise<Timed> {
  const [ms, ids]: [number[], (readonly number[])[]] = [[], []];
  for (const query of queries) {
    const begun = performance.now();
    const found = await search.nearest({ query, group: 1, count, read });
    ms.push(performance.now() - begun);
    ids.push(found.map(({ id }: FoundVector) => id));
  }
  return { ms, ids };
}

const peer = spawn(
  values.python,
  [join(packageFolder(), 'bench/peers/identify.py'), file, String(rows), values.threads],
  { stdio: ['pipe', 'pipe', 'inherit'] },
);
const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();

async function faiss(): Promise<Timed> {
  peer.stdin.write(`${JSON.stringify(queries.map((query) => Array.from(query)))}\n`);
  const { value } = (await lines.next()) as { value: string };
  return JSON.parse(value) as Timed;
}

/** By comparing all vectors as `exactScore` does. */
function exactIds(query: Float32Array): number[] {
  const scores = Array.from({ length: rows }, (_, id) => id).map((id) => {
    return { id, score: exactScore({ values: query, at: 0 }, { values: vectorAt(id), at: 0 }, columns) };
  });
  return scores
    .sort((a, b) => b.score - a.score || a.id - b.id)
    .slice(0, count)
    .map(({ id }) => id);
}

const all = { own: [] as number[], faiss: [] as number[] };
let last = { own: await own(), faiss: await faiss() };
reads = 0;
for (let round = 0; round < Number(values.rounds); round += 1) {
  last = { own: await own(), faiss: await faiss() };
  all.own.push(...last.own.ms);
  all.faiss.push(...last.faiss.ms);
}
peer.stdin.end();
const equal = [0, 1].every(
  (number) => String(exactIds(queries[number] ?? new Float32Array(columns))) === String(last.own.ids[number]),
);
const likeFaiss = last.own.ids.filter((ids, number) => String(ids) === String(last.faiss.ids[number])).length;
const resident = process.memoryUsage().rss;
await search.close();
closeSync(descriptor);
rmSync(folder, { recursive: true, force: true });

const quantile = (ms: readonly number[], share: number): number =>
  Float64Array.from(ms).sort()[Math.min(ms.length - 1, Math.floor(share * ms.length))] ?? NaN;
console.log(
  `${cpus()[0]?.model ?? ''}, ${values.threads} threads, Node ${process.version}, ${values.rounds} rounds in turns`,
);
for (const [name, ms] of Object.entries(all)) {
  console.log(
    `${name.padEnd(6)} ${rows} x ${columns}, the ${count} nearest: median ${quantile(ms, 0.5).toFixed(1)} ms, 90 % ${quantile(ms, 0.9).toFixed(1)}, least ${quantile(ms, 0).toFixed(1)}`,
  );
}
const ratio = quantile(all.own, 0.5) / quantile(all.faiss, 0.5);
console.log(
  `of faiss's time ${ratio.toFixed(2)} (at most ${mostOfFaiss}); ${(reads / all.own.length).toFixed(0)} vectors read for a search; opened in ${opened.toFixed(1)} s; ` +
    `${(resident / 2 ** 20).toFixed(0)} MiB; equal to comparing all: ${String(equal)}; ${likeFaiss} of ${searches} as faiss`,
);
if (!equal || ratio > mostOfFaiss || quantile(all.own, 0.5) > mostMs) process.exitCode = 1;
