import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageFolder } from '../src/core/package-folder.ts';
import { Random } from '../src/core/random.ts';
import { FeatureWriter } from '../src/kit/face/features/feature-writer.ts';

/**
 * The stage megaface as a run has it, from folders of features with names to the result: 3,530 probes among 1, 4 and 10 million
 * distractors, its seconds, processor time and memory. `npm run --silent build && node dist/bench/distractors.js --folder <on a disk with 25 GB>`
 */
const { values } = parseArgs({
  options: {
    distractors: { type: 'string', multiple: true, default: ['1000000', '4000000', '10000000'] },
    folder: { type: 'string', default: tmpdir() },
  },
});
const columns = 512;
const probeCount = 3530;
const people = 80;
const mostBytes = 2 ** 30;
/** Rows that are drawn; those that follow are these with their columns moved on by one for each time. */
const drawnRows = 65_536;
const facts = { models: ['drawn'], engine: { name: 'cpu', version: '0' }, contract: 'ab'.repeat(32) } as const;

function drawn(rows: number, seed: number): Float32Array {
  const random = new Random(seed);
  const drawnValues = Float32Array.from({ length: rows * columns }, () => random.uniform() + random.uniform() - 1);
  for (let row = 0; row < rows; row += 1) toLengthOne(drawnValues.subarray(row * columns, (row + 1) * columns));
  return drawnValues;
}

function toLengthOne(row: Float32Array): void {
  const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
  for (const [column, value] of row.entries()) row[column] = value / length;
}

/** Images of one person are mixtures with the first of them. */
function writeProbes(folder: string): void {
  const rows = drawn(probeCount, 1);
  const writer = new FeatureWriter({ folder, columns, layout: 'matrix', suffix: '' });
  for (let probe = 0; probe < probeCount; probe += 1) {
    const row = rows.slice(probe * columns, (probe + 1) * columns);
    const first = rows.subarray((probe % people) * columns);
    if (probe >= people) for (const [column, value] of row.entries()) row[column] = value + (first[column] ?? 0);
    toLengthOne(row);
    writer.add(`person_${probe % people}/person_${probe % people}_${probe}.png`, row);
  }
  writer.finish(facts);
}

function writeDistractors(folder: string, count: number): void {
  const rows = drawn(drawnRows, 2);
  const writer = new FeatureWriter({ folder, columns, layout: 'matrix', suffix: '' });
  for (let number = 0; number < count; number += 1) {
    const start = (number % drawnRows) * columns;
    const moved = Math.floor(number / drawnRows) % columns;
    const row = new Float32Array(columns);
    row.set(rows.subarray(start + moved, start + columns));
    row.set(rows.subarray(start, start + moved), columns - moved);
    writer.add(`${String(number % 1000).padStart(3, '0')}/${10_000_000 + (number >> 3)}@N00/${number}_0.jpg`, row);
  }
  writer.finish(facts);
}

interface AttemptEnded {
  readonly type: string;
  readonly peakMemoryBytes?: number;
  readonly usage?: { readonly cpuMs: number };
  readonly durationMs?: number;
}

/** Of a real run: what the attempt of the stage took. */
function measure(folder: string, count: number): AttemptEnded | undefined {
  const experiment = `name: distractors
stages:
  evaluate:
    uses: megaface
    with: { probes: ./probes, distractors: ./distractors, sizes: [${count}] }
`;
  writeFileSync(join(folder, 'distractors.yaml'), experiment);
  const command = [join(packageFolder(), 'bin/flow.js'), 'run', 'distractors.yaml', '--json'];
  const { stdout, status } = spawnSync(process.execPath, command, {
    ...{ cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  if (status !== 0) throw new Error(`the run has ended with ${status ?? 'a signal'}`);
  const events = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as AttemptEnded]));
  return events.findLast(({ type }) => type === 'attempt-ended');
}

console.log(`${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`);
for (const count of values.distractors.map(Number)) {
  const folder = mkdtempSync(join(values.folder, 'faceflow-distractors-'));
  try {
    writeProbes(join(folder, 'probes'));
    writeDistractors(join(folder, 'distractors'), count);
    const { durationMs = NaN, usage, peakMemoryBytes } = measure(folder, count) ?? {};
    const cpuSeconds = (usage?.cpuMs ?? NaN) / 1000;
    const bytes = peakMemoryBytes ?? Infinity;
    console.log(
      `${probeCount} x ${count} x ${columns}: ${(durationMs / 1000).toFixed(1)} s, processor time ${cpuSeconds.toFixed(1)} s ` +
        `(${((1e6 * cpuSeconds) / count).toFixed(1)} s a million), ${(bytes / 2 ** 20).toFixed(0)} MiB`,
    );
    if (bytes > mostBytes) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
