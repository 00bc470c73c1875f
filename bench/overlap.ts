import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Random } from '../src/core/random.ts';
import { RowFile } from '../src/kit/face/features/row-file.ts';
import { littleEndianFloats } from '../src/kit/codec/little-endian-floats.ts';

/**
 * What remove-overlap and clean-noise compute beside the network, at the size of MS1M, beside numpy: centres of 85,742 identities of 3.85 million rows,
 * the cosine of each row to its centre, each centre with the 7,701 images of LFW, and half of the identities with the other half.
 * Rows are random. They take 8 GB, which are kept in `--folder` for the next time. Both sides in turns.
 * `npm run --silent build && node dist/bench/overlap.js --python <with numpy>`
 */
const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    folder: { type: 'string', default: join(tmpdir(), 'faceflow-bench-overlap') },
    images: { type: 'string', default: '3850178' },
    identities: { type: 'string', default: '85742' },
    rounds: { type: 'string', default: '2' },
    threads: { type: 'string', default: '2' },
  },
});

export interface OverlapWork {
  readonly folder: string;
  readonly images: number;
  readonly identities: number;
  readonly excluded: number;
  readonly columns: number;
  readonly threads: number;
}

interface Measured {
  readonly seconds: Readonly<Record<string, number>>;
  readonly peakMemoryBytes: number;
  readonly with: string;
}

const work: OverlapWork = {
  ...{ folder: values.folder, images: Number(values.images), identities: Number(values.identities) },
  ...{ excluded: 7701, columns: 512, threads: Number(values.threads) },
};
const here = fileURLToPath(new URL('.', import.meta.url));
const repository = fileURLToPath(new URL('../../', import.meta.url));

/** Rows of length 1, as the stages keep them. */
function writeRows(name: string, count: number, seed: number): void {
  const path = join(work.folder, name);
  const known = existsSync(path) ? new RowFile(path, work.columns) : undefined;
  known?.close();
  if (known?.count === count) return;
  const random = new Random(seed);
  const file = new RowFile(path, work.columns);
  const values = new Float32Array(work.columns);
  for (let position = file.count; position < count; position += 1) {
    let squares = 0;
    for (let column = 0; column < values.length; column += 1) {
      const value = random.next() / 2 ** 31 - 1;
      values[column] = value;
      squares += value * value;
    }
    const norm = Math.sqrt(squares);
    for (let column = 0; column < values.length; column += 1) values[column] = (values[column] ?? 0) / norm;
    file.add({ position, values });
  }
  file.close();
}

function run(command: string, args: readonly string[]): Measured {
  const env = { ...process.env, OMP_NUM_THREADS: values.threads, OPENBLAS_NUM_THREADS: values.threads };
  const output = execFileSync(command, [...args, JSON.stringify(work)], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output) as Measured;
}

function show(name: string, { seconds, peakMemoryBytes, ...measured }: Measured): void {
  const phases = Object.entries(seconds).map(([phase, time]) => `${phase} ${time.toFixed(1)} s`);
  const total = Object.values(seconds).reduce((sum, time) => sum + time, 0);
  console.log(
    `${name.padEnd(9)} ${total.toFixed(1)} s: ${phases.join(', ')}; ${(peakMemoryBytes / 2 ** 20).toFixed(0)} MiB (${measured.with})`,
  );
}

/** The largest difference of two results, and where nearest rows differ. */
function compareResults(): void {
  const bytesOf = (side: string, name: string): Uint8Array => readFileSync(join(work.folder, `${side}-${name}`));
  for (const kind of ['excluded', 'identities']) {
    const [one, other] = ['ours', 'theirs'].map(
      (side) => new Int32Array(Uint8Array.from(bytesOf(side, `${kind}-nearest`)).buffer),
    );
    const different = one?.filter((row, at) => row !== other?.[at]).length ?? NaN;
    console.log(`${kind}: another nearest row for ${different} of ${one?.length ?? NaN}`);
  }
  const [one, other] = ['ours', 'theirs'].map((side) => littleEndianFloats(bytesOf(side, 'distances')));
  const difference = one?.reduce((most, value, at) => Math.max(most, Math.abs(value - (other?.[at] ?? NaN))), 0) ?? NaN;
  console.log(`distances: at most ${difference.toExponential(1)} apart`);
}

mkdirSync(work.folder, { recursive: true });
writeRows('rows', work.images, 1);
writeRows('excluded', work.excluded, 2);
console.log(`${cpus()[0]?.model ?? 'unknown'}, ${values.threads} threads, Node ${process.version}`);
console.log(
  `${work.images} rows of ${work.columns} numbers of ${work.identities} identities, ${work.excluded} excluded images`,
);
for (let round = 0; round < Number(values.rounds); round += 1) {
  show('faceflow', run(process.execPath, [join(here, 'overlap-worker.js')]));
  show('numpy', run(values.python, [join(repository, 'bench', 'peers', 'overlap.py')]));
}
compareResults();
