import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FailureError } from '../src/core/failure.ts';
import { loadDetector } from '../src/embedding/detector.ts';
import { type Embedder, loadEmbedder } from '../src/embedding/embedder.ts';
import { cutFace } from '../src/embedding/face-template.ts';
import { type CutFace, readFaces } from '../src/embedding/read-faces.ts';
import { decodeImage } from '../src/embedding/decode-image.ts';
import type { FaceImage } from '../src/kit/codec/lists/face-pair.ts';
import { pairProtocol } from '../src/kit/codec/lists/pair-protocol.ts';
import { decodeFile } from '../src/kit/codec/read-file.ts';
import { type FaceTemplate, pointsIn } from '../src/kit/face/align-face.ts';
import { areaUnderCurve } from '../src/kit/face/area-under-curve.ts';
import { foldAccuracy } from '../src/kit/face/fold-accuracy.ts';
import type { FacePoints } from '../src/kit/face/detectors/detector.ts';
import { setUncertainty } from '../src/kit/face/uncertainty/set-uncertainty.ts';
import { tarAtFar } from '../src/kit/face/tar-at-far.ts';

/**
 * How well the library tells people apart on LFW, through the very calls that its users make, and the record that verdicts take their
 * threshold from. Images of 112 x 112 are aligned already, and cut again for networks of another template.
 * `node dist/bench/embedding-record.js --images lfw/deepfunneled-250 --pairs lfw/pairs.txt [--folds 1] [--model FILE] [--to record.json]`
 */
const { values } = parseArgs({
  options: {
    images: { type: 'string' },
    pairs: { type: 'string' },
    folds: { type: 'string', default: '10' },
    model: { type: 'string' },
    threads: { type: 'string', default: '2' },
    to: { type: 'string' },
  },
});

function given(name: 'images' | 'pairs'): string {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is needed`);
  return resolve(value);
}

const folder = given('images');
const folds = Number(values.folds);
const threads = Number(values.threads);
const pairs = decodeFile(pairProtocol, given('pairs')).pairs.filter(({ fold }) => fold <= folds);
const embedder = await loadEmbedder({ model: values.model === undefined ? undefined : resolve(values.model), threads });
const detector = await loadDetector({ threads });
const template: FaceTemplate = embedder.size.width === 150 ? 'dlib' : 'arcface';
const counts = { aligned: 0, detected: 0, undetected: 0 };

const vectors = new Map<string, Float32Array>();
const names = [...new Set(pairs.flatMap(({ left, right }) => [nameOf(left), nameOf(right)]))];
for (let start = 0; start < names.length; start += 16) {
  const some = names.slice(start, start + 16);
  const crops = await Promise.all(some.map((name) => cropOf(name, embedder)));
  const embedded = await embedder.embed(crops.map(({ crop }) => crop));
  for (const [index, name] of some.entries()) vectors.set(name, embedded[index] ?? new Float32Array());
  if (start % 800 === 0) console.error(`${start} of ${names.length} images`);
}
report();
await Promise.all([detector.dispose(), embedder.dispose()]);

function nameOf({ name, number }: FaceImage): string {
  return `${name}/${name}_${String(number).padStart(4, '0')}.jpg`;
}

async function cropOf(name: string, { size }: Embedder): Promise<Pick<CutFace, 'crop'>> {
  const bytes = readFileSync(join(folder, name));
  const image = await decodeImage(bytes, { name });
  if (image.width === 112 && image.height === 112) {
    counts.aligned += 1;
    const crop = cutFace(image, { points: pointsIn(image, 'arcface') as FacePoints }, { size, template });
    return { crop };
  }
  try {
    const [face] = await readFaces(bytes, { detector, embedder }, { choice: 'central', name });
    if (face === undefined) throw new Error('a face was expected');
    counts.detected += 1;
    return face;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    counts.undetected += 1;
    // LFW's own frame: the face is in the middle, as the crop of align_lfw.py takes it.
    const side = Math.min(image.width, image.height);
    const points = pointsIn({ width: side / 2, height: side / 2 }, 'arcface').map(
      ([x, y]) => [x + side / 4, y + side / 4] as const,
    );
    return { crop: cutFace(image, { points: points as never }, { size, template }) };
  }
}

function report(): void {
  const distances = Float64Array.from(pairs, ({ left, right }) => {
    const [one = [], other = []] = [left, right].map((image) => vectors.get(nameOf(image)));
    return Array.from(one).reduce((sum, value, column) => sum + (value - (other[column] ?? 0)) ** 2, 0);
  });
  const same = pairs.map((pair) => pair.same);
  const scored = { distances, same };
  const accuracy = foldAccuracy(scored, folds);
  const images = pairs.flatMap(({ left, right }) => [nameOf(left), nameOf(right)]);
  const rates = [0.1, 0.01, 0.001];
  const uncertainty = setUncertainty({ pairs: scored, images, folds, rates, draws: 1000, seed: 1 });
  const { interval } = uncertainty.accuracy;
  const facts = { model: basename(embedder.model), contract: embedder.contract(detector), ...counts };
  console.log(JSON.stringify(facts));
  console.log(
    `accuracy ${accuracy.accuracy} ± ${accuracy.deviation} [${interval?.low ?? ''}, ${interval?.high ?? ''}] of ${pairs.length} pairs`,
  );
  if (values.to === undefined) return;
  const result = {
    ...{
      model: basename(embedder.model),
      set: basename(folder),
      pairs: pairs.length,
      samePairs: same.filter(Boolean).length,
    },
    ...{ embeddingSize: embedder.embeddingSize, ...accuracy, areaUnderCurve: areaUnderCurve(scored) },
    ...{ tarAtFar: tarAtFar(scored, folds, rates), uncertainty, same },
    distances: Array.from(distances, (distance) => Number(distance.toFixed(6))),
  };
  writeFileSync(values.to, `${JSON.stringify({ version: 2, results: [result] })}\n`);
}
