import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { trainingEngine } from '../src/kit/net/engines/choose-engine.ts';
import { workerEnvironment } from '../src/kit/net/engines/engine-environment.ts';
import { mpiHere, rankWorker } from './mpi-here.ts';

/**
 * What sharing a training costs: two ranks of one thread against one process of two threads, the same batch, in turns on the same cores.
 * `npm run --silent build && node dist/bench/ranks.js`
 */
const { values } = parseArgs({
  options: {
    network: { type: 'string', default: 'y1' },
    batch: { type: 'string', default: '32' },
    classes: { type: 'string', default: '1000' },
    steps: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
  },
});
const greatestOverhead = 0.15;
const mpi = mpiHere();
const { network, batch, classes, steps } = values;
const what = ['--network', network, '--batch', batch, '--classes', classes, '--steps', steps];
const [program, ...options] = mpi.launcher;
const shared = [
  ...options,
  '-n',
  '2',
  process.execPath,
  rankWorker,
  ...what,
  '--library',
  mpi.library,
  '--threads',
  '1',
];
const kinds = {
  'one process, two threads': { command: process.execPath, args: [rankWorker, ...what, '--threads', '2'], threads: 2 },
  'two ranks, one thread each': { command: program, args: shared, threads: 1 },
  'two ranks, statistics of the whole batch': { command: program, args: [...shared, '--synchronized'], threads: 1 },
} as const;

/** Images per second of a run: the median of its steps. */
function run({ command, args, threads }: (typeof kinds)[keyof typeof kinds]): number {
  const env = { ...process.env, ...workerEnvironment(trainingEngine().identity, threads) };
  const output = execFileSync(command, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] });
  const { seconds } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as { readonly seconds: readonly number[] };
  const sorted = seconds.toSorted((one, other) => one - other);
  return Number(batch) / (sorted[Math.floor(sorted.length / 2)] ?? NaN);
}

const best = new Map<string, number>();
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const [name, kind] of Object.entries(kinds)) best.set(name, Math.max(best.get(name) ?? 0, run(kind)));
}
for (const [name, speed] of best) console.log(`${name.padEnd(42)} ${speed.toFixed(1)} images/s`);
const [one = NaN, ...shares] = best.values();
for (const [index, speed] of shares.entries()) {
  const overhead = one / speed - 1;
  const name = Object.keys(kinds)[index + 1] ?? '';
  console.log(`${name}: overhead ${(100 * overhead).toFixed(1)} %, at most ${100 * greatestOverhead} %`);
  if (overhead > greatestOverhead) process.exitCode = 1;
}
