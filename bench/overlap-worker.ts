import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RowFile } from '../src/kit/face/features/row-file.ts';
import { IdentityCentres } from '../src/kit/face/identity-centres.ts';
import { nearestRows } from '../src/kit/face/nearest-rows.ts';
import { exactScore } from '../src/kit/face/similarity/exact-score.ts';
import { openProducts } from '../src/kit/face/similarity/products.ts';
import { chosenVectors, vectorsInMemory, type VectorSource } from '../src/kit/face/similarity/vector-source.ts';
import { inferenceEngine } from '../src/kit/net/engines/choose-engine.ts';
import type { OverlapWork } from './overlap.ts';

/** One round of bench/overlap.ts on our side, in a process of its own, so that its memory is its own. Prints what it measured as JSON. */
const work = JSON.parse(process.argv[2] ?? '') as OverlapWork;
const { folder, images, identities, excluded, columns, threads } = work;
const identityOf = (image: number): number => Math.floor((image * identities) / images);
const seconds: Record<string, number> = {};

async function timed<Value>(phase: string, action: () => Value | Promise<Value>): Promise<Value> {
  const start = performance.now();
  const value = await action();
  seconds[phase] = (performance.now() - start) / 1000;
  return value;
}

const file = new RowFile(join(folder, 'rows'), columns);
const tests = new RowFile(join(folder, 'excluded'), columns);
const centres = new IdentityCentres(columns);
await timed('centres', () => {
  for (const { position, values } of file.rows()) centres.add(identityOf(position), values);
  centres.normalize();
});
const distances = new Float32Array(images);
await timed('distances', () => {
  for (const { position, values } of file.rows()) {
    const centre = centres.centre(identityOf(position));
    distances[position] = exactScore({ values, at: 0 }, { values: centre, at: 0 }, columns);
  }
});
const products = await openProducts({
  engine: inferenceEngine({ choice: 'auto', override: undefined, stage: 'overlap' }).identity,
  threads,
  columns,
});
const { signal } = new AbortController();
const nearest = (rows: VectorSource, others: VectorSource) => nearestRows({ products, rows, others, signal });
const byImages = await timed('excluded images', () => {
  const values = new Float32Array(excluded * columns);
  for (const row of tests.rows()) values.set(row.values, row.position * columns);
  return nearest(centres.vectors(), vectorsInMemory(values, columns));
});
const half = Math.floor(identities / 2);
const byIdentities = await timed('other identities', () => {
  const part = (first: number, end: number): VectorSource => {
    return chosenVectors(
      centres.vectors(),
      Int32Array.from({ length: end - first }, (_, at) => first + at),
    );
  };
  return nearest(part(half, identities), part(0, half));
});
await products.dispose();
for (const [name, values] of Object.entries({
  distances,
  'excluded-nearest': byImages.nearest,
  'excluded-cosines': byImages.cosines,
  'identities-nearest': byIdentities.nearest,
  'identities-cosines': byIdentities.cosines,
})) {
  writeFileSync(join(folder, `ours-${name}`), new Uint8Array(values.buffer));
}
console.log(
  JSON.stringify({ seconds, peakMemoryBytes: process.resourceUsage().maxRSS * 1024, with: products.computesWith }),
);
