import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import type { EngineIdentity } from '../src/core/engine-identity.ts';
import { Random } from '../src/core/random.ts';
import { compareAll } from '../src/kit/face/all-pairs/compare-all.ts';
import { compareGallery } from '../src/kit/face/megaface/compare-gallery.ts';
import { galleryFigures } from '../src/kit/face/megaface/gallery-figures.ts';
import { probeSet } from '../src/kit/face/megaface/probe-set.ts';
import { productColumns, productScores, stripRows } from '../src/kit/face/similarity/block-plan.ts';
import { openPairCounters } from '../src/kit/face/similarity/pair-counters.ts';
import { PersonRows } from '../src/kit/face/similarity/person-rows.ts';
import { openProducts, type Rows } from '../src/kit/face/similarity/products.ts';
import { vectorsInFile, type VectorSource } from '../src/kit/face/similarity/vector-source.ts';
import { inferenceEngine, parseEngineOverride } from '../src/kit/net/engines/choose-engine.ts';

/** One measurement of bench/similarity.ts, as a line of JSON. */
const [task = '', file = '', ...numbers] = process.argv.slice(2);
const [rows = 0, threads = 2] = numbers.map(Number);
const columns = 512;
const probeCount = 3530;
const people = 80;
const rates = [1e-3, 1e-4, 1e-5, 1e-6];
/** Seconds of products alone. */
const alone = 4;
const { signal } = new AbortController();

/** Vectors of length 1 in random directions, a file of float32. */
function write(): void {
  const random = new Random(1);
  const chunkRows = 4096;
  const descriptor = openSync(file, 'w');
  for (let start = 0; start < rows; start += chunkRows) {
    const count = Math.min(chunkRows, rows - start);
    const values = new Float32Array(count * columns);
    for (let row = 0; row < count; row += 1) {
      let squares = 0;
      for (let at = row * columns; at < (row + 1) * columns; at += 1) {
        const value = random.uniform() + random.uniform() - 1;
        values[at] = value;
        squares += value * value;
      }
      const length = Math.sqrt(squares);
      for (let at = row * columns; at < (row + 1) * columns; at += 1) values[at] = (values[at] ?? 0) / length;
    }
    writeSync(descriptor, values);
  }
  closeSync(descriptor);
}

async function main(): Promise<object> {
  if (task === 'write') {
    write();
    return {};
  }
  const override = parseEngineOverride(process.env['FLOW_ENGINE']);
  const { identity: engine } = inferenceEngine({ choice: 'auto', override, stage: 'bench' });
  if (task === 'products') return productsAlone(engine);
  const counters = await openPairCounters({ engine, threads, columns, pairs: rows ** 2 / 2 });
  const source = await vectorsInFile({ file, offset: 0, rows, columns });
  const measured = task === 'gallery' ? await gallery(source) : await allPairs(source);
  await source.close();
  await counters.close();
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  return { ...measured, engine: counters.computesWith, peakMemoryBytes };

  /** Probes are the first rows, distractors the others. */
  async function gallery(all: VectorSource): Promise<object> {
    const values = (await all.read(0, probeCount)).slice();
    // Images of one person: a mixture with the first of them.
    for (let probe = people; probe < probeCount; probe += 1) blend(values, probe, probe % people);
    const ids = Array.from({ length: probeCount }, (_, probe) => String(probe % people));
    const start = performance.now();
    const probes = probeSet({ name: 'probes', values, columns, ids });
    const distractors = repeated(all);
    const onProgress = (): void => undefined;
    const size = distractors.rows;
    const result = await compareGallery({ probes, distractors, size, rates, counters, seed: 1, signal, onProgress });
    const { identification } = galleryFigures(probes, result, { draws: 1000, seed: 1 });
    return {
      seconds: (performance.now() - start) / 1000,
      passes: result.passes,
      ruledOut: result.ruledOut / (result.passes * probeCount * size),
      rank1: identification[0]?.value,
    };
  }

  async function allPairs(all: VectorSource): Promise<object> {
    const start = performance.now();
    const result = await compareAll({
      ...{ source: all, counters, rates, draws: 1000, seed: 1, signal },
      people: new PersonRows(Array.from({ length: rows }, (_, row) => row >> 2)),
      onProgress: () => undefined,
    });
    const seconds = (performance.now() - start) / 1000;
    const pairs = (rows * (rows - 1)) / 2;
    const ruledOut = result.ruledOut / (result.passes * pairs);
    return { seconds, pairsPerSecond: pairs / seconds, passes: result.passes, ruledOut };
  }
}

/** The rows of a file after the probes; if more are asked for than it has, they begin again. */
function repeated(all: VectorSource): VectorSource {
  const own = Math.min(rows, statSync(file).size / (4 * columns)) - probeCount;
  const read: VectorSource['read'] = async (first, count, target = new Float32Array(count * columns)) => {
    const place = first % own;
    const before = Math.min(count, own - place);
    await all.read(probeCount + place, before, target.subarray(0, before * columns));
    if (before < count) await read(first + before, count - before, target.subarray(before * columns));
    return target;
  };
  return { ...all, rows: rows - probeCount, read };
}

/** Products of one thread and nothing else, for a few seconds; as many processes are started as there are threads. */
async function productsAlone(engine: EngineIdentity): Promise<object> {
  const products = await openProducts({ engine, threads: 1, columns });
  const random = new Random(2);
  const drawn = (count: number): Rows => {
    return { count, values: Float32Array.from({ length: count * columns }, () => random.uniform() - 0.5) };
  };
  const [left, right] = [drawn(stripRows), drawn(productColumns)];
  const target = new Float32Array(productScores);
  const prepared = await products.prepare(right);
  await prepared.multiply(left, target);
  const start = performance.now();
  let pairs = 0;
  while (performance.now() - start < 1000 * alone) {
    await prepared.multiply(left, target);
    pairs += productScores;
  }
  const seconds = (performance.now() - start) / 1000;
  await prepared.dispose();
  return { seconds, pairsPerSecond: pairs / seconds };
}

function blend(values: Float32Array, row: number, other: number): void {
  let squares = 0;
  for (let column = 0; column < columns; column += 1) {
    const value = (values[row * columns + column] ?? 0) + (values[other * columns + column] ?? 0);
    values[row * columns + column] = value;
    squares += value * value;
  }
  const length = Math.sqrt(squares);
  for (let at = row * columns; at < (row + 1) * columns; at += 1) values[at] = (values[at] ?? 0) / length;
}

console.log(JSON.stringify(await main()));
