import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../src/core/random.ts';
import { extractFeatures } from '../src/kit/face/features/extract-features.ts';
import { namedImages } from '../src/kit/face/features/named-images.ts';
import { encodeJpeg } from '../src/kit/image/image.ts';
import { backbones, buildNetwork, chooseNetwork } from '../src/kit/net/backbones/index.ts';
import { inferenceEngine } from '../src/kit/net/engines/choose-engine.ts';
import { inferShapes } from '../src/kit/net/graph/infer-shapes.ts';
import { initialValues } from '../src/kit/net/model/initialize.ts';
import { writeModel } from '../src/kit/net/model/model-folder.ts';

/*
 * One side of bench/features.ts in a process of its own: features of a folder of JPEG images, with all that the stage does, and one
 * line of JSON. The rate is that of images the network sees, two for each image of the folder, between the first report and the
 * last: what starting takes is not in it.
 */
const [name = 'y1', batch = '32', count = '640', threads = '2'] = process.argv.slice(2);
const side = 112;

const options = name === 'r50' ? chooseNetwork('r50') : chooseNetwork('y1', { embeddingSize: 128 });
const folder = mkdtempSync(join(tmpdir(), 'flow-bench-'));
try {
  const graph = buildNetwork(options, { height: side, width: side });
  const { weights } = backbones[options.name];
  const parameters = inferShapes(graph).parameters.map((parameter) => initialValues(parameter, weights, 1));
  writeModel(join(folder, 'model'), { graph, parameters, origin: {} });
  const bytes = writeImages(join(folder, 'images', 'all'), Number(count));
  const reports: { readonly done: number; readonly at: number }[] = [];
  const images = namedImages({ images: join(folder, 'images') });
  const { identity } = inferenceEngine({ choice: 'onnxruntime', override: undefined, stage: 'bench' });
  await extractFeatures({
    ...{ models: [join(folder, 'model')], engine: identity, threads: Number(threads), batch: Number(batch) },
    ...{
      unreadable: 'fail',
      layout: 'matrix',
      suffix: () => '',
      scratch: folder,
      signal: new AbortController().signal,
    },
    sets: [{ name: 'all', images, folder: join(folder, 'features') }],
    emit: (event) => {
      if (event.type === 'progress') reports.push({ done: event.done, at: performance.now() });
    },
  });
  const spans = reports.slice(2).map(({ done, at }, index) => {
    const before = reports[index + 1] ?? { done, at };
    return (2 * (done - before.done)) / ((at - before.at) / 1000);
  });
  const sorted = spans.sort((a, b) => a - b);
  const imagesPerSecond = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  const fastest = sorted.at(-1) ?? NaN;
  process.stdout.write(`${JSON.stringify({ imagesPerSecond, fastest, peakMemoryBytes, bytesPerImage: bytes })}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

/** Smooth shapes with some noise, about as large as aligned faces are. Returns the mean size of a file. */
function writeImages(target: string, howMany: number): number {
  mkdirSync(target, { recursive: true });
  const random = new Random(1);
  let total = 0;
  for (let index = 0; index < howMany; index += 1) {
    const [fx, fy] = [random.uniform(0.02, 0.3), random.uniform(0.02, 0.3)];
    const data = Uint8Array.from({ length: side * side * 3 }, (_, at) => {
      const [x, y] = [Math.floor(at / 3) % side, Math.floor(at / 3 / side)];
      return 128 + 80 * Math.sin(fx * x + index) * Math.cos(fy * y) + random.uniform(-14, 14);
    });
    const jpeg = encodeJpeg({ data, width: side, height: side });
    total += jpeg.length;
    writeFileSync(join(target, `${String(index).padStart(6, '0')}.jpg`), jpeg);
  }
  return Math.round(total / howMany);
}
