import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { packageFolder } from '../src/core/package-folder.ts';

/**
 * Probes among distractors beside faiss's flat index and numpy, in turns on the same cores, and all pairs of one set beside matrix
 * products of as many threads alone. `npm run --silent build && node dist/bench/similarity.js`; faiss: pip install faiss-cpu==1.15.1 numpy==1.26.4 into
 * ~/.cache/faceflow/peers-faiss, or --python.
 */
const { values } = parseArgs({
  options: {
    distractors: { type: 'string', default: '1000000' },
    images: { type: 'string', default: '100000' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '1' },
    /** Vectors that `similarity-worker.js write` has written; unless given they are written anew and removed. */
    file: { type: 'string' },
    python: { type: 'string', default: join(homedir(), '.cache/faceflow/peers-faiss/bin/python') },
    only: { type: 'string', multiple: true, default: ['gallery', 'faiss', 'numpy', 'all-pairs'] },
  },
});
const probes = 3530;
const columns = 512;
/** MFR's largest set. */
const mfrImages = 1_624_305;
/** The least share of the speed of the products, and the most of faiss's time. */
const [leastShare, mostOfFaiss, mostBytes] = [0.8, 1, 2 ** 30];

interface Measured {
  readonly seconds: number;
  readonly peakMemoryBytes: number;
  readonly engine?: string;
  readonly passes?: number;
  /** Share of the pairs that int8 has ruled out. */
  readonly ruledOut?: number;
  readonly pairsPerSecond?: number;
}

function run(program: string, args: readonly (string | number)[]): Measured {
  const printed = execFileSync(program, args.map(String), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(printed) as Measured;
}

const execute = promisify(execFile);
const worker = fileURLToPath(new URL('similarity-worker.js', import.meta.url));
const peer = join(packageFolder(), 'bench/peers/similarity.py');
const { threads, python } = values;
const rows = probes + Number(values.distractors);
const images = Number(values.images);
const folder = mkdtempSync(join(tmpdir(), 'faceflow-similarity-'));
const file = values.file ?? join(folder, 'vectors.bin');

const sides: Readonly<Record<string, () => Measured>> = {
  gallery: () => run(process.execPath, [worker, 'gallery', file, rows, threads]),
  faiss: () => run(python, [peer, 'faiss', file, rows, threads]),
  numpy: () => run(python, [peer, 'numpy', file, rows, threads]),
};

try {
  console.log(
    `${cpus()[0]?.model ?? 'unknown'}, ${threads} threads, Node ${process.version}, ${values.rounds} rounds in turns`,
  );
  if (values.file === undefined) run(process.execPath, [worker, 'write', file, Math.max(rows, images)]);
  compareGalleries();
  if (values.only.includes('all-pairs')) await compareAllPairs();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function compareGalleries(): void {
  const names = Object.keys(sides).filter((name) => values.only.includes(name));
  const rounds = Array.from({ length: Number(values.rounds) }, () => names.map((name) => sides[name]?.()));
  const fastest = new Map<string, number>();
  for (const [place, name] of names.entries()) {
    const measured = rounds.flatMap((round) => round[place] ?? []);
    const seconds = Math.min(...measured.map((each) => each.seconds));
    fastest.set(name, seconds);
    const peak = Math.max(...measured.map((each) => each.peakMemoryBytes));
    const speed = (2 * probes * (rows - probes) * columns) / seconds / 1e9;
    const [{ engine = '', passes, ruledOut = 0 } = {}] = measured;
    const notes = `${engine}${passes === undefined ? '' : `, ${passes} pass, ${shareOf(ruledOut)} ruled out in int8`}`;
    console.log(
      `${name.padEnd(9)} ${probes} x ${rows - probes} x ${columns}: ${seconds.toFixed(2)} s, ${speed.toFixed(0)} GFLOPS, ${(peak / 2 ** 20).toFixed(0)} MiB ${notes}`,
    );
    if (name === 'gallery' && peak > mostBytes) process.exitCode = 1;
  }
  const ratio = (fastest.get('gallery') ?? NaN) / (fastest.get('faiss') ?? NaN);
  if (Number.isNaN(ratio)) return;
  console.log(`of faiss's time ${ratio.toFixed(2)} (at most ${mostOfFaiss})`);
  if (ratio > mostOfFaiss) process.exitCode = 1;
}

function shareOf(ruledOut: number): string {
  return `${(100 * ruledOut).toFixed(2)} %`;
}

/** Products of all threads at once and nothing else: pairs a second. */
async function productsAlone(): Promise<number> {
  const speeds = await Promise.all(
    Array.from({ length: Number(threads) }, async () => {
      const { stdout } = await execute(process.execPath, [worker, 'products', file, '0', threads]);
      return (JSON.parse(stdout) as Measured).pairsPerSecond ?? NaN;
    }),
  );
  return speeds.reduce((sum, speed) => sum + speed, 0);
}

async function compareAllPairs(): Promise<void> {
  const before = await productsAlone();
  const {
    seconds,
    peakMemoryBytes,
    pairsPerSecond = NaN,
    passes = NaN,
    ruledOut = 0,
  } = run(process.execPath, [...[worker, 'all-pairs', file, images, threads]]);
  const after = await productsAlone();
  const share = (2 * pairsPerSecond) / (before + after);
  const hours = (mfrImages * (mfrImages - 1)) / 2 / pairsPerSecond / 3600;
  const millions = (pairs: number): string => (pairs / 1e6).toFixed(0);
  console.log(
    `all-pairs ${images} x ${columns}: ${seconds.toFixed(1)} s in ${passes} pass, ${shareOf(ruledOut)} ruled out in int8, ${millions(pairsPerSecond)} million pairs/s, ` +
      `${(peakMemoryBytes / 2 ** 20).toFixed(0)} MiB; products alone in float32 before and after: ${millions(before)}, ${millions(after)}`,
  );
  console.log(
    `share ${share.toFixed(3)} (at least ${leastShare}); ${mfrImages} images would take ${hours.toFixed(1)} hours`,
  );
  if (share < leastShare) process.exitCode = 1;
}
