import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { packageFolder } from '../src/core/package-folder.ts';
import { loadDetector, type Face } from '../src/embedding/detector.ts';
import { decodeImage } from '../src/embedding/decode-image.ts';
import { loadEmbedder } from '../src/embedding/embedder.ts';

/**
 * From decoded photographs with known points to vectors, beside insightface's package of PyPI with the same ONNX file on the same cores, in
 * turns: `ArcFaceONNX.get` for each face, as its `FaceAnalysis.get` does, and its `get_feat` with all crops at once, which its own path
 * never does; and beside deepface's, whose peer (bench/peers/deepface_embedding.py) tells its two ways. `npm run --silent build && node dist/bench/embedding.js --images lfw/deepfunneled-250 --model FILE`; insightface: pip install
 * insightface==0.7.3 onnxruntime opencv-python-headless deepface==0.0.103 onnx werkzeug flask into ~/.cache/faceflow/peers-insightface, or --python.
 */
const { values } = parseArgs({
  options: {
    images: { type: 'string' },
    model: { type: 'string' },
    count: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string', default: join(homedir(), '.cache/faceflow/peers-insightface/bin/python') },
  },
});
if (values.images === undefined || values.model === undefined) throw new Error('--images and --model are needed');
/** Of the speed of the path of insightface, and of deepface. */
const leastSpeed = 3;
const threads = availableParallelism();
const folder = mkdtempSync(join(tmpdir(), 'faceflow-embedding-'));
const command = join(packageFolder(), 'bin/flow.js');
// With all its layers, as MXNet's own exporter writes it and insightface's files are.
const model = join(folder, 'model.onnx');
execFileSync(process.execPath, [command, 'convert', resolve(values.model), model], { stdio: 'ignore' });

const detector = await loadDetector({ threads });
const embedder = await loadEmbedder({ model, threads, mirrored: false });
const images = values.images;
const paths = readdirSync(images, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.jpg'))
  .sort()
  .slice(0, Number(values.count))
  .map((name) => resolve(images, name));
const photographs = await Promise.all(paths.map((path) => decodeImage(readFileSync(path), { name: path })));
const found = await detector.detect(photographs);
await detector.dispose();
const faces = found.map(([face]): Face => {
  if (face === undefined) throw new Error('an image shows no face');
  return face;
});

function faceOf(index: number): Face {
  const face = faces[index];
  if (face === undefined) throw new Error('each image has a face');
  return face;
}

interface Peer<Answer> {
  /** One measurement. */
  readonly measure: () => Promise<Answer>;
  readonly end: () => void;
}

function startPeer<Answer>(script: string, ...more: readonly string[]): Peer<Answer> {
  const child = spawn(values.python, [join(packageFolder(), 'bench/peers', script), model, ...more], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(`${JSON.stringify({ paths, points: faces.map(({ points }) => points) })}\n`);
  return {
    async measure() {
      child.stdin.write('go\n');
      const next = await lines.next();
      if (next.done === true) throw new Error(`${script} ended before it had measured: what it printed is above`);
      return JSON.parse(next.value) as Answer;
    },
    end: () => child.stdin.end(),
  };
}

type Vectors = readonly (readonly number[])[];

const insightface = startPeer<{
  readonly single: number;
  readonly together: number;
  readonly versions: string;
  readonly vectors: Vectors;
}>('embedding.py');
const deepface = startPeer<{
  readonly speeds: Readonly<Record<'Buffalo_L' | 'ArcFace', number>>;
  readonly versions: string;
  readonly vectors: Readonly<Record<string, Vectors>>;
}>('deepface_embedding.py', join(folder, 'deepface'));

async function own(): Promise<{
  readonly together: number;
  readonly single: number;
  readonly vectors: readonly Float32Array[];
}> {
  const start = performance.now();
  // Each is cut out while threads compute those before it.
  const calls = photographs.map((image, index) => embedder.embed([embedder.align(image, faceOf(index))]));
  const vectors = (await Promise.all(calls)).flat();
  const middle = performance.now();
  for (const [index, image] of photographs.entries()) await embedder.embed([embedder.align(image, faceOf(index))]);
  const end = performance.now();
  return {
    vectors,
    together: (1000 * faces.length) / (middle - start),
    single: (1000 * faces.length) / (end - middle),
  };
}

await own();
let theirs = await insightface.measure();
let others = await deepface.measure();
const speeds: Record<string, number[]> = {};
let least = 1;
for (let round = 0; round < Number(values.rounds); round += 1) {
  const ours = await own();
  theirs = await insightface.measure();
  others = await deepface.measure();
  const measured = {
    'faceflow embed': ours.together,
    'faceflow embed, one call for each face': ours.single,
    'insightface get': theirs.single,
    'insightface get_feat, all at once': theirs.together,
    'deepface Buffalo_L, a list': others.speeds.Buffalo_L,
    'deepface ArcFace (onnx), all at once': others.speeds.ArcFace,
  };
  for (const [name, speed] of Object.entries(measured)) (speeds[name] ??= []).push(speed);
  for (const [index, vector] of ours.vectors.entries()) {
    for (const vectors of [theirs.vectors, ...Object.values(others.vectors)]) {
      least = Math.min(
        least,
        vector.reduce((sum, value, column) => sum + value * (vectors[index]?.[column] ?? 0), 0),
      );
    }
  }
}
insightface.end();
deepface.end();
await embedder.dispose();
rmSync(folder, { recursive: true, force: true });
console.log(
  `${cpus()[0]?.model ?? ''}, ${threads} threads, Node ${process.version}, ${embedder.computesWith}; ${theirs.versions}; ${others.versions}; ${faces.length} faces, ${values.rounds} rounds in turns`,
);
const median = (name: string): number =>
  (speeds[name] ?? []).toSorted((a, b) => a - b)[Math.floor(Number(values.rounds) / 2)] ?? NaN;
for (const name of Object.keys(speeds)) {
  console.log(
    `${name.padEnd(40)} ${median(name).toFixed(1)} faces/s (${(speeds[name] ?? []).map((each) => each.toFixed(1)).join(', ')})`,
  );
}
const ratioTo = (name: string): number => median('faceflow embed') / median(name);
// Of deepface's two ways the quicker one.
const ofDeepface = Math.min(ratioTo('deepface Buffalo_L, a list'), ratioTo('deepface ArcFace (onnx), all at once'));
const ofInsightface = ratioTo('insightface get');
console.log(
  `${ofInsightface.toFixed(2)} times the speed of insightface's path, ${ofDeepface.toFixed(2)} times that of deepface's quicker one (at least ${leastSpeed} of one of them); ` +
    `similarity of the vectors at least ${least.toFixed(5)}`,
);
if (Math.max(ofInsightface, ofDeepface) < leastSpeed) process.exitCode = 1;
