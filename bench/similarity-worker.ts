import { closeSync, openSync, writeSync } from 'node:fs';
import { Random } from '../src/core/random.ts';
import { compareAll } from '../src/kit/face/all-pairs/compare-all.ts';
import { PersonRows } from '../src/kit/face/all-pairs/person-rows.ts';
import { compareGallery } from '../src/kit/face/megaface/compare-gallery.ts';
import { galleryFigures } from '../src/kit/face/megaface/gallery-figures.ts';
import { probeSet } from '../src/kit/face/megaface/probe-set.ts';
import { planBlocks } from '../src/kit/face/similarity/block-plan.ts';
import { openProducts } from '../src/kit/face/similarity/products.ts';
import { ScoreScan } from '../src/kit/face/similarity/score-scan.ts';
import { vectorsInFile, type VectorSource } from '../src/kit/face/similarity/vector-source.ts';
import { visitScores } from '../src/kit/face/similarity/visit-scores.ts';
import { inferenceEngine, parseEngineOverride } from '../src/kit/net/engines/choose-engine.ts';

/** One measurement of bench/similarity.ts, as a line of JSON. */
const [task = '', file = '', ...numbers] = process.argv.slice(2);
const [rows = 0, threads = 2] = numbers.map(Number);
const columns = 512;
const probeCount = 3530;
const people = 80;
const rates = [1e-3, 1e-4, 1e-5, 1e-6];
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
  const products = await openProducts({ engine, threads, columns });
  const source = await vectorsInFile({ file, offset: 0, rows, columns });
  const measured = task === 'gallery' ? await gallery(source) : await allPairs(source);
  await source.close();
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  return { ...measured, engine: products.computesWith, peakMemoryBytes };

  /** Probes are the first rows, distractors the others. */
  async function gallery(all: VectorSource): Promise<object> {
    const values = (await all.read(0, probeCount)).slice();
    // Images of one person: a mixture with the first of them.
    for (let probe = people; probe < probeCount; probe += 1) blend(values, probe, probe % people);
    const ids = Array.from({ length: probeCount }, (_, probe) => String(probe % people));
    const start = performance.now();
    const probes = probeSet({ name: 'probes', values, columns, ids });
    const distractors: VectorSource = {
      ...all,
      rows: rows - probeCount,
      read: (first, count) => all.read(first + probeCount, count),
    };
    const onProgress = (): void => undefined;
    const size = distractors.rows;
    const result = await compareGallery({ probes, distractors, size, rates, products, seed: 1, signal, onProgress });
    const { identification } = galleryFigures(probes, result, { draws: 1000, seed: 1 });
    return { seconds: (performance.now() - start) / 1000, passes: result.passes, rank1: identification[0]?.value };
  }

  /** In turns with products alone, of which there are as many as take a tenth of the time. */
  async function allPairs(all: VectorSource): Promise<object> {
    const plan = planBlocks(rows, undefined);
    const some = Math.max(8, Math.floor(plan.count / 20));
    const scan = new ScoreScan();
    const alone = async (first: number): Promise<number> => {
      const start = performance.now();
      let pairs = 0;
      await visitScores({
        ...{
          products,
          left: all,
          target: scan.target,
          signal,
          only: (block) => block >= first && block < first + some,
        },
        visit({ left, right }) {
          pairs += left.count * right.count;
        },
      });
      return pairs / ((performance.now() - start) / 1000);
    };
    const before = await alone(0);
    const start = performance.now();
    const result = await compareAll({
      ...{ source: all, products, scan, rates, draws: 1000, seed: 1, signal },
      people: new PersonRows(Array.from({ length: rows }, (_, row) => row >> 2)),
      onProgress: () => undefined,
    });
    const seconds = (performance.now() - start) / 1000;
    const after = await alone(plan.count - some);
    const pairsPerSecond = (rows * (rows - 1)) / 2 / seconds;
    return { seconds, pairsPerSecond, alone: [before, after], passes: result.passes };
  }
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
