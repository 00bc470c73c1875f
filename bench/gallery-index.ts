import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { packageFolder } from '../src/core/package-folder.ts';
import { Galleries } from '../src/service/galleries.ts';
import type { IndexKind } from '../src/service/gallery-index.ts';
import { DrawnGallery, writeGallery } from './gallery/drawn-gallery.ts';

/**
 * Galleries of a million vectors of drawn persons, with the exact and with the approximate index, on one file: seconds until they are open, memory, milliseconds of
 * identifying one face (vectors are read from the file), and how many of the persons of the exact answer the approximate one has. Beside it faiss's HNSW with the
 * same parameters. Half of the looked-for faces are of persons of the gallery, half of others.
 * `npm run --silent build && node dist/bench/gallery-index.js [--rows 1000000] [--file kept.db] [--no-peer]`; faiss: as bench/similarity.ts has it.
 */
const { values } = parseArgs({
  allowNegative: true,
  options: {
    rows: { type: 'string', default: '1000000' },
    searches: { type: 'string', default: '200' },
    /** Of the space in which the directions of persons lie: 512 is the hardest for a graph; networks of faces leave some tens (Gong and others, CVPR 2019). */
    dimensions: { type: 'string', default: '32' },
    contract: { type: 'string', default: 'drawn' },
    /** Written where it is not there, and kept, with its index. */
    file: { type: 'string' },
    peer: { type: 'boolean', default: true },
    python: { type: 'string', default: join(homedir(), '.cache/faceflow/peers-faiss/bin/python') },
  },
});
const columns = 512;
const count = 5;
const rows = Number(values.rows);
const dimensions = Number(values.dimensions);
const searches = Number(values.searches);
const folder = mkdtempSync(join(tmpdir(), 'faceflow-gallery-'));
const file = values.file ?? join(folder, 'galleries.db');
const { contract } = values;
const seconds = (since: number): number => (performance.now() - since) / 1000;
const cpuSeconds = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;

const start = performance.now();
if (!existsSync(file)) {
  await writeGallery({ file, contract, rows, columns, dimensions });
  console.log(`wrote ${rows} x ${columns}, ${mebibytes(statSync(file).size)}, in ${seconds(start).toFixed(1)} s`);
}
const drawn = new DrawnGallery(rows, columns, dimensions);
const queries = Array.from({ length: searches }, (_, number) =>
  number % 2 === 0 ? drawn.vector(rows + 48_271 * number) : drawn.stranger(rows + number),
);

interface Measured {
  readonly ms: readonly number[];
  readonly persons: readonly (readonly string[])[];
}

async function measure(kind: IndexKind): Promise<Measured> {
  const before = { time: performance.now(), cpu: cpuSeconds(), memory: process.memoryUsage().rss };
  const { galleries, started } = await Galleries.open(file, { contract, embeddingSize: columns }, { kind });
  const [opened, cpu] = [seconds(before.time), cpuSeconds() - before.cpu];
  const resident = process.memoryUsage().rss - before.memory;
  const [ms, persons]: [number[], string[][]] = [[], []];
  for (const query of queries.slice(0, 5)) await galleries.identify('all', query, count);
  for (const query of queries) {
    const begun = performance.now();
    const found = await galleries.identify('all', query, count);
    ms.push(performance.now() - begun);
    persons.push(found.map(({ name }) => name));
  }
  const closing = performance.now();
  await galleries.close();
  console.log(
    `${kind.padEnd(12)} open in ${opened.toFixed(1)} s (${cpu.toFixed(1)} s of processors; ${started.read} read, ${started.added} added), ` +
      `${mebibytes(resident)} more resident, ${times(ms)}, closed in ${seconds(closing).toFixed(1)} s`,
  );
  return { ms, persons };
}

console.log(
  `${cpus()[0]?.model ?? ''}, ${cpus().length} processors, Node ${process.version}, ${rows} x ${columns}, persons in ${dimensions} dimensions`,
);
const exact = await measure('exact');
const wanted = exact.persons;
let found = await measure('approximate');
report('approximate', found.persons);
// As it was saved.
found = await measure('approximate');
report('approximate', found.persons);
if (values.peer) await peer();
rmSync(folder, { recursive: true, force: true });

/** Of persons that are in the gallery the first, of all looked-for faces the five. */
function report(name: string, persons: readonly (readonly string[])[]): void {
  const known = wanted.flatMap((_, number) => (number % 2 === 0 ? [number] : []));
  const first = known.filter((number) => persons[number]?.[0] === wanted[number]?.[0]).length;
  const recall = (numbers: readonly number[]): string => {
    const both = numbers.map(
      (number) => wanted[number]?.filter((person) => persons[number]?.includes(person)).length ?? 0,
    );
    return (both.reduce((sum, each) => sum + each, 0) / (count * numbers.length)).toFixed(3);
  };
  const others = wanted.flatMap((_, number) => (number % 2 === 0 ? [] : [number]));
  console.log(
    `${name.padEnd(12)} first person as exact ${first} of ${known.length}; recall@${count} ${recall(known)} of persons of the gallery, ${recall(others)} of others`,
  );
}

async function peer(): Promise<void> {
  const script = join(packageFolder(), 'bench/peers/gallery_index.py');
  const child = spawn(values.python, [script, file, String(rows)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(`${JSON.stringify(queries.map((query) => Array.from(query)))}\n`);
  const { value } = (await lines.next()) as { value: string };
  const answer = JSON.parse(value) as Measured &
    Readonly<Record<'seconds' | 'cpuSeconds' | 'resident', number>> & { versions: string };
  child.stdin.end();
  console.log(
    `faiss HNSW   (${answer.versions}) made in ${answer.seconds.toFixed(1)} s (${answer.cpuSeconds.toFixed(1)} s of processors), ${mebibytes(answer.resident)} resident, ${times(answer.ms)}`,
  );
  report('faiss HNSW', answer.persons);
}

function times(ms: readonly number[]): string {
  const sorted = Float64Array.from(ms).sort();
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN).toFixed(2);
  return `one face: median ${at(0.5)} ms, 99 % ${at(0.99)} ms`;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
