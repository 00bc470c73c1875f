import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, homedir, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { humanBytes } from '../src/core/human.ts';

/**
 * Packing, aligning, reading and opening, in turns with MXNet 1.9.1 and OpenCV on the same images and cores.
 * `npm run --silent build && node dist/bench/formats.js [--data ../shared/data] [--python <python with mxnet and cv2>] [--scratch DIR]`
 *
 * Both sides list the folder, read every image from the page cache and write one .rec and one .idx; the clock of each runs
 * from the list to the closed files and leaves out the start of its process and its imports. faceflow also walks the structure
 * of every image, writes identity records, property and dataset.json, and forces its files to the disk, which MXNet's writer
 * does not: so one row has the peer call fsync too, and a scratch folder in memory (/dev/shm) takes the disk out of the others.
 * Aligning: OpenCV decodes whole images and warps them by a fixed matrix, without a list; faceflow parses a list, solves for
 * the matrix from five points, and writes the set.
 */
const repository = fileURLToPath(new URL('../../', import.meta.url));
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: join(repository, '../shared/data') },
    python: { type: 'string', default: join(homedir(), '.cache/faceflow/peers/bin/python') },
    rounds: { type: 'string', default: '3' },
    scratch: { type: 'string', default: tmpdir() },
  },
});
const scratch = mkdtempSync(join(values.scratch, 'flow-formats-'));
const aligned = join(scratch, 'aligned');
const photographs = join(scratch, 'photographs');
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

/** The aligned images in a folder of their own, and each of them under more names: `copies` in all. */
function multiply(folder: string, copies: number): void {
  for (const identity of readdirSync(aligned)) {
    mkdirSync(join(folder, identity), { recursive: true });
    for (const image of readdirSync(join(aligned, identity))) {
      const first = join(folder, identity, image);
      copyFileSync(join(aligned, identity, image), first);
      for (let copy = 1; copy < copies; copy += 1) linkSync(first, first.replace(/\.jpg$/, `_${String(copy)}.jpg`));
    }
  }
}

/** Reads every image, so that neither side waits for the disk. */
function warmUp(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) readFileSync(join(entry.parentPath, entry.name));
  }
}

interface Sides {
  readonly mine: () => Measured;
  readonly other: () => Measured;
}

/** Runs both sides in turns, reads their input before each, and prints their medians. */
function compare(title: string, input: string, sides: Sides, leastRatio: number): boolean {
  const rounds = Array.from({ length: Number(values.rounds) }, () => {
    warmUp(input);
    const mine = sides.mine();
    warmUp(input);
    return { mine, other: sides.other() };
  });
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
cpSync(join(values.data, 'lfw/aligned-112'), aligned, { recursive: true });
cpSync(join(values.data, 'lfw/deepfunneled-250'), photographs, { recursive: true });
const tenfold = join(scratch, 'tenfold');
multiply(tenfold, 10);
const onDisk = mkdtempSync(join(tmpdir(), 'flow-formats-'));
const results = [
  compare(
    'pack 7,701 as stored (MXNet writer)',
    aligned,
    { mine: () => here('pack', aligned, ours), other: () => there('pack', aligned, theirs) },
    1,
  ),
  compare(
    'pack 77,010 as stored',
    tenfold,
    {
      mine: () => here('pack', tenfold, join(scratch, 'tenfold-ours')),
      other: () => there('pack', tenfold, join(scratch, 'tenfold-theirs')),
    },
    1,
  ),
  compare(
    'pack 77,010 to the disk, both with fsync',
    tenfold,
    { mine: () => here('pack', tenfold, onDisk), other: () => there('pack-synced', tenfold, onDisk) },
    1,
  ),
  compare(
    'align 6,539, two threads (OpenCV, one)',
    photographs,
    {
      mine: () => here('align', photographs, join(scratch, 'faces')),
      other: () => there('align', photographs, theirs),
    },
    1.5,
  ),
];
results.push(
  compare(
    'decode in memory, one thread (OpenCV, one)',
    aligned,
    { mine: () => here('decode', aligned, ''), other: () => there('decode', aligned, '') },
    1,
  ),
);
rmSync(onDisk, { recursive: true });
// MXNet's iterator cannot read index records, so it gets its own file, of the same images.
cpSync(join(theirs, 'theirs.rec'), join(theirs, 'images.rec'));
cpSync(join(theirs, 'theirs.idx'), join(theirs, 'images.idx'));
results.push(
  compare(
    'read, two threads, float32 (MXNet C++, two)',
    join(ours, 'dataset'),
    { mine: () => here('read', join(ours, 'dataset'), ''), other: () => there('read', theirs, '') },
    2,
  ),
);

const hundredfold = join(scratch, 'hundredfold');
multiply(hundredfold, 100);
const memory = [aligned, tenfold, hundredfold].map((folder) => here('pack', folder, ours).peakMemoryBytes);
console.log(
  `peak memory of packing 7,701, 77,010 and 770,100 images: ${memory.map(humanBytes).join(', ')} (the last at most twice the first)`,
);
results.push((memory[2] ?? NaN) <= 2 * (memory[0] ?? NaN));

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
