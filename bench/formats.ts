import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, homedir, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { humanBytes } from '../src/base/human.ts';

/**
 * Packing, aligning, reading and opening, in turns with MXNet 1.9.1 and OpenCV on the same pictures and cores.
 * `npm run --silent build && node dist/bench/formats.js [--data ../shared/data] [--python <python with mxnet and cv2>]`
 */
const repository = fileURLToPath(new URL('../../', import.meta.url));
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: join(repository, '../shared/data') },
    python: { type: 'string', default: join(homedir(), '.cache/faceflow/peers/bin/python') },
    rounds: { type: 'string', default: '3' },
  },
});
const scratch = mkdtempSync(join(tmpdir(), 'flow-formats-'));
const aligned = join(values.data, 'lfw/aligned-112');
const photographs = join(values.data, 'lfw/deepfunneled-250');
const ours = join(scratch, 'ours');
const theirs = join(scratch, 'theirs');

interface Measured {
  readonly value: number;
  /** User and system, all threads, without the start of the process. */
  readonly cpuSeconds: number;
  readonly peakMemoryBytes: number;
}

function here(job: string, input: string, output: string): Measured {
  const worker = fileURLToPath(new URL('./formats-worker.js', import.meta.url));
  return parse(execFileSync(process.execPath, [worker, job, input, output], { encoding: 'utf8' }));
}

function there(job: string, input: string, output: string): Measured {
  const script = join(repository, 'bench/peers/formats.py');
  return parse(
    execFileSync(values.python, [script, job, input, output], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
}

function parse(text: string): Measured {
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Measured;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

/** Copies of the aligned pictures that are packed: with one, half of our time would be the compiler's. */
const copies = 5;

/** The aligned pictures several times, each time under other names. */
function multiply(folder: string): void {
  for (const name of readdirSync(aligned)) {
    for (let copy = 1; copy <= copies; copy += 1) {
      cpSync(join(aligned, name), join(folder, `${name}_${String(copy)}`), { recursive: true });
    }
  }
}

/** Reads every picture, so that neither side waits for the disk. */
function warmUp(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) readFileSync(join(entry.parentPath, entry.name));
  }
}

/** Runs both sides in turns and prints their medians. */
function compare(title: string, mine: () => Measured, other: () => Measured, leastRatio: number): boolean {
  const rounds = Array.from({ length: Number(values.rounds) }, () => ({ mine: mine(), other: other() }));
  const [left, right] = [
    median(rounds.map((round) => round.mine.value)),
    median(rounds.map((round) => round.other.value)),
  ];
  const memory = humanBytes(Math.max(...rounds.map((round) => round.mine.peakMemoryBytes)));
  const ratio = left / right;
  console.log(
    `${title.padEnd(46)} ${left.toFixed(0).padStart(6)} images/s, theirs ${right.toFixed(0).padStart(6)}, ratio ${ratio.toFixed(2)} (at least ${leastRatio}), ${memory}`,
  );
  const each = rounds.map(({ mine, other }) => `${mine.value.toFixed(0)}:${other.value.toFixed(0)}`).join(' ');
  const cpu = [rounds.map((round) => round.mine.cpuSeconds), rounds.map((round) => round.other.cpuSeconds)].map(median);
  console.log(`  rounds ${each}; CPU ${cpu.map((seconds) => seconds.toFixed(2)).join(' s, theirs ')} s`);
  return ratio >= leastRatio;
}

console.log(
  `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}, load ${loadavg()[0]?.toFixed(1) ?? '?'}`,
);
const multiplied = join(scratch, 'multiplied');
multiply(multiplied);
warmUp(multiplied);
warmUp(aligned);
warmUp(photographs);
const results = [
  compare(
    'pack as stored (MXNet writer)',
    () => here('pack', aligned, ours),
    () => there('pack', aligned, theirs),
    1,
  ),
  compare(
    `pack as stored, ${copies} times as many`,
    () => here('pack', multiplied, ours),
    () => there('pack', multiplied, theirs),
    1,
  ),
  compare(
    'align, two threads (OpenCV, one)',
    () => here('align', photographs, join(scratch, 'faces')),
    () => there('align', photographs, theirs),
    1.5,
  ),
];
// MXNet's iterator cannot read index records, so it gets its own file, of the same pictures.
cpSync(join(theirs, 'theirs.rec'), join(theirs, 'images.rec'));
cpSync(join(theirs, 'theirs.idx'), join(theirs, 'images.idx'));
results.push(
  compare(
    'read, two threads, float32 (MXNet C++, two)',
    () => here('read', join(ours, 'dataset'), ''),
    () => there('read', theirs, ''),
    1,
  ),
);

const many = join(scratch, 'many');
here('grow', '', many);
const opened = here('open', many, '');
console.log(
  `open 5,000,000 records: ${opened.value.toFixed(2)} s (at most 3), ${humanBytes(opened.peakMemoryBytes)} (at most 500 MB)`,
);
results.push(opened.value <= 3 && opened.peakMemoryBytes <= 500e6);
console.log(`${readdirSync(aligned).length} identities packed; peak memory is of our process`);
rmSync(scratch, { recursive: true, force: true });
process.exitCode = results.every(Boolean) ? 0 : 1;
