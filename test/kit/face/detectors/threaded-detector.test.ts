import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type DetectorChoice, openDetector } from '../../../../src/kit/face/detectors/index.ts';
import { openThreadedDetector } from '../../../../src/kit/face/detectors/threaded-detector.ts';
import { inferenceEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { failuresOf } from '../../dataset/tiny-faces.ts';
import { detectorSuite, drawnImage } from './detector-suite.ts';

const engine = inferenceEngine({ choice: 'onnxruntime', override: undefined, stage: 'test' }).identity;
const folder = mkdtempSync(join(tmpdir(), 'faceflow-threads-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
/** With thresholds so low that noise is taken for faces. */
const choice: DetectorChoice<'mtcnn'> = {
  ...{ name: 'mtcnn', arithmetic: 'mxnet', thresholds: [0.02, 0, 0], minimumSize: 20, factor: 0.709 },
  ...{ singleProposal: 'mirrored', refinePoints: false, crops: 'rnet-onet', greyImages: 'tinted', fullFrame: false },
};
const images = [drawnImage(64, 48, 1), drawnImage(37, 53, 2)];

detectorSuite('mtcnn in threads', () => openThreadedDetector(choice, { engine, threads: 3 }), images);

it('finds the same with any number of threads, down to the last bit, in crops and boxes too', async () => {
  const many = Array.from({ length: 21 }, (_, index) => drawnImage(40 + index, 44, index));
  const boxed = many.map((image) => ({ image, box: { left: 2, top: 3, right: 30, bottom: 33 } }));
  const found: unknown[] = [];
  for (const threads of [2, 3]) {
    const detector = await openThreadedDetector(choice, { engine, threads });
    expect(detector.computesWith).toContain(`${threads} images at a time`);
    const minimumSizes = many.map((_, index) => (index % 2 === 0 ? undefined : 24));
    found.push([
      await detector.detect(many, { minimumSizes }),
      await detector.refineCrops?.(many),
      await detector.refineBoxes?.(boxed),
    ]);
    await detector.dispose();
  }
  expect(found[1]).toEqual(found[0]);
  expect((found[0] as unknown[][]).map((each) => each.length)).toEqual([21, 21, 21]);
});

it('finds what a detector without threads finds in these images', async () => {
  const [plain, threaded] = await Promise.all([
    openDetector(choice, { engine, threads: 2 }),
    openThreadedDetector(choice, { engine, threads: 2 }),
  ]);
  // A part of a larger piece of memory.
  const [first = drawnImage(1, 1, 1)] = images;
  const piece = new Uint8Array(2 * first.data.length);
  piece.set(first.data, first.data.length);
  const part = { ...first, data: piece.subarray(first.data.length) };
  expect(await threaded.detect([part])).toEqual(await plain.detect([part]));
  await Promise.all([plain.dispose(), threaded.dispose()]);
});

it('fails as a detector without threads where the weights are not those of its networks', async () => {
  const weights = join(folder, 'empty');
  writeFileSync(weights, 'no weights');
  const open = (how: typeof openThreadedDetector) => failuresOf(() => how(choice, { engine, threads: 2, weights }));
  const failures = await open(openThreadedDetector);
  expect(failures).toEqual(await open(openDetector));
  expect(failures).toHaveLength(1);
});
