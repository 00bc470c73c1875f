import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { mpiHere, rankWorker } from './mpi-here.ts';

/**
 * What a classifier of a million identities takes, shared by ranks of which each draws a part of the classes: peak memory of all ranks
 * together, and seconds per step. `npm run --silent build && node dist/bench/large-classifier.js`
 */
const { values } = parseArgs({
  options: {
    ranks: { type: 'string', default: '2' },
    classes: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '0.1' },
    steps: { type: 'string', default: '3' },
    batch: { type: 'string', default: '16' },
  },
});
const limitBytes = 8e9;
const mpi = mpiHere();
const [program, ...options] = mpi.launcher;
const args = ['--library', mpi.library, '--loss', 'arcface', '--network', 'y1', '--embedding', '512', '--threads', '1'];
const size = ['--classes', values.classes, '--rate', values.rate, '--steps', values.steps, '--batch', values.batch];
const command = [...options, '-n', values.ranks, process.execPath, rankWorker, ...args, ...size, '--warmup', '0'];
const output = execFileSync(program, command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const measured = JSON.parse(output.trim().split('\n').at(-1) ?? '') as {
  readonly peakMemoryBytes: readonly number[];
  readonly seconds: readonly number[];
  readonly losses: readonly number[];
};
const together = measured.peakMemoryBytes.reduce((sum, bytes) => sum + bytes, 0);
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
console.log(`${values.classes} classes x 512, rate ${values.rate}, ${values.ranks} ranks, batch ${values.batch}`);
console.log(
  `peak memory of the ranks ${measured.peakMemoryBytes.map(gigabytes).join(' and ')}, together ${gigabytes(together)}`,
);
console.log(`seconds of the steps ${measured.seconds.map((each) => each.toFixed(1)).join(', ')}`);
console.log(`losses ${measured.losses.map((each) => each.toFixed(3)).join(', ')}`);
if (together > limitBytes) {
  console.error(`more than ${gigabytes(limitBytes)}`);
  process.exitCode = 1;
}
