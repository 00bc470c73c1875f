import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DetectedFace, Detector } from '../../src/kit/face/detectors/detector.ts';
import { openDetector } from '../../src/kit/face/detectors/index.ts';
import type { MtcnnOptions } from '../../src/kit/face/detectors/mtcnn.ts';
import type { RgbImage } from '../../src/kit/image/rgb-image.ts';
import { resizeBilinear } from '../../src/kit/face/resize-bilinear.ts';
import { inferenceEngine } from '../../src/kit/net/engines/choose-engine.ts';
import { prepareDemoImages } from './demo-images.ts';

/*
 * What the two implementations of the 2018 system found, run with MXNet and TensorFlow, the authors' weights and OpenCV 3.4.18 (specification,
 * evaluation 1.6 and 1.7). The weights of the product, but det4, which it does not have.
 */
const demo = prepareDemoImages();
const folder = '../shared/data/mtcnn';
const missing = demo.missing ?? (existsSync(folder) ? undefined : `${folder} is not there`);
const note = missing === undefined ? '' : ` (skipped: ${missing})`;

/** Our boxes and points are the same to the last digit given; OpenCV of another day may differ by a pixel. */
const tolerance = 0.02;

const plain: MtcnnOptions = {
  ...{ arithmetic: 'mxnet', minimumSize: 100, factor: 0.709, thresholds: [], singleProposal: 'mirrored' },
  ...{ refinePoints: false, crops: 'rnet-onet', greyImages: 'tinted', fullFrame: false },
};

function open(options: Partial<MtcnnOptions> = {}): Promise<Detector> {
  const { identity: engine } = inferenceEngine({ choice: 'onnxruntime', override: undefined, stage: 'test' });
  return openDetector(
    { name: 'mtcnn', ...plain, ...options },
    { engine, threads: 2, ...(options.refinePoints === true ? { weights: folder } : {}) },
  );
}

interface Wanted {
  readonly box?: readonly number[];
  readonly score?: number;
  readonly x?: readonly number[];
  readonly y?: readonly number[];
}

function expectFace(face: DetectedFace | undefined, { box = [], score, x = [], y = [] }: Wanted): void {
  const near = (found: number | undefined, wanted: number, within: number): void => {
    expect(Math.abs((found ?? NaN) - wanted), `${String(found)}, wanted ${wanted}`).toBeLessThan(within);
  };
  const { left, top, right, bottom } = face?.box ?? {};
  for (const [index, wanted] of box.entries()) near([left, top, right, bottom][index], wanted, tolerance);
  if (score !== undefined) near(face?.score, score, 6e-4);
  for (const [index, wanted] of x.entries()) near(face?.points?.[index]?.[0], wanted, tolerance);
  for (const [index, wanted] of y.entries()) near(face?.points?.[index]?.[1], wanted, tolerance);
}

/** v(c, y, x) = (37 c + 11 y + 5 x) mod 256, c counted from blue. */
function ramp(side: number): RgbImage {
  const data = Uint8Array.from({ length: side * side * 3 }, (_, index) => {
    const pixel = Math.floor(index / 3);
    return (37 * (2 - (index % 3)) + 11 * Math.floor(pixel / side) + 5 * (pixel % side)) % 256;
  });
  return { width: side, height: side, data };
}

function part(image: RgbImage, { left, top, side }: { left: number; top: number; side: number }): RgbImage {
  const rows = Array.from({ length: side }, (_, row) => {
    const start = ((top + row) * image.width + left) * 3;
    return image.data.subarray(start, start + side * 3);
  });
  return { width: side, height: side, data: Uint8Array.from(Buffer.concat(rows)) };
}

describe.skipIf(missing !== undefined)(`MTCNN on photographs${note}`, () => {
  let images: RgbImage[] = [];
  beforeAll(async () => {
    images = await demo.load();
  });

  it('finds what the deployment on MXNet found', async () => {
    const detector = await open();
    const faces = await detector.detect(images);
    expect(faces.map(({ length }) => length)).toEqual([3, 2, 3, 4, 5, 4]);
    const [first, second, third] = faces[0] ?? [];
    expectFace(first, {
      box: [412.083, 355.839, 591.574, 591.015],
      x: [441.23, 517.6, 464.42, 440.85, 523.31],
      y: [459.15, 461.42, 512.39, 540.51, 540.37],
    });
    expectFace(second, {
      box: [833.211, 421.868, 1030.708, 658.836],
      x: [872.14, 945.0, 914.24, 912.01, 983.29],
      y: [551.57, 512.88, 582.75, 619.68, 582.31],
    });
    expectFace(third, { box: [1473.822, 204.783, 1676.901, 425.845] });
    await detector.dispose();
  });

  it('moves points by LNet as the deployment did', async () => {
    const detector = await open({ refinePoints: true });
    const [[face] = []] = await detector.detect(images.slice(0, 1));
    expectFace(face, { x: [441, 515, 461, 440, 524], y: [453, 458, 511, 535, 540] });
    await detector.dispose();
  });

  it('finds what the preparation of data on TensorFlow found, of known boxes too', async () => {
    const detector = await open({ arithmetic: 'tensorflow' });
    const [first = [], second = []] = await detector.detect(images.slice(0, 2));
    expect(first).toHaveLength(3);
    expectFace(first[0], { box: [831.602, 426.639, 1033.516, 662.468] });
    expectFace(first[1], {
      box: [416.214, 355.332, 592.117, 592.175],
      x: [438.1, 515.92, 462.91, 441.83, 521.28],
      y: [458.6, 457.51, 513.38, 543.18, 540.21],
    });
    expectFace(first[2], { box: [1478.487, 211.713, 1682.256, 445.026] });
    expect(second).toHaveLength(2);
    expectFace(second[1], { score: 0.848 });
    const boxed = images.slice(0, 1).map((image) => ({ image, box: { left: 412, top: 356, right: 592, bottom: 591 } }));
    const [forced] = (await detector.refineBoxes?.(boxed)) ?? [];
    expectFace(forced, {
      box: [411.421, 357.445, 590.213, 602.154],
      score: 0.993,
      x: [438.79, 520.31, 463.34, 440.61, 527.07],
      y: [459.51, 456.48, 514.29, 544.67, 540.59],
    });
    await detector.dispose();
  });

  it.each([
    {
      crops: 'rnet-onet',
      ...{ box: [-12.9917, -2.1768, 97.63, 142.2041], score: 0.0017 },
      ...{ x: [32.4854, 64.729, 56.9402, 37.3152, 62.7088], y: [45.0932, 35.2715, 71.3825, 98.3831, 90.6751] },
      refined: { x: [32, 63, 57, 37, 63], y: [45, 30, 71, 98, 91] },
    },
    {
      crops: 'onet',
      ...{ box: [-14.1542, -6.8545, 129.0758, 152.9168], score: 0.0001 },
      ...{ x: [39.7174, 77.0193, 66.5746, 49.8594, 82.0031], y: [38.9996, 29.1814, 61.698, 93.4747, 84.5017] },
      refined: { x: [40, 72, 67, 50, 82], y: [39, 19, 62, 93, 85] },
    },
  ] as const)('refines a crop that has no face: $crops', async ({ crops, refined, ...wanted }) => {
    const thresholds = [0, 0, 0];
    const [detector, refining] = [
      await open({ crops, thresholds }),
      await open({ crops, thresholds, refinePoints: true }),
    ];
    expectFace((await detector.refineCrops?.([ramp(112)]))?.[0], wanted);
    expectFace((await refining.refineCrops?.([ramp(112)]))?.[0], refined);
    await Promise.all([detector.dispose(), refining.dispose()]);
  });

  it.each([
    {
      crops: 'rnet-onet',
      ...{ box: [17.033, 7.007, 91.166, 109.801], score: 0.984 },
      ...{ x: [29.21, 62.23, 37.56, 30.33, 65.9], y: [50.25, 49.22, 73.04, 86.08, 84.64] },
      refined: { x: [29, 61, 37, 29, 65], y: [47, 49, 72, 83, 85] },
    },
    { crops: 'onet', score: 0.998, refined: { x: [28, 61, 38, 29, 65], y: [47, 49, 71, 83, 85] } },
  ] as const)('refines a crop around a face: $crops', async ({ crops, refined, ...wanted }) => {
    const thresholds = [0, 0, 0.2];
    const [detector, refining] = [
      await open({ crops, thresholds }),
      await open({ crops, thresholds, refinePoints: true }),
    ];
    const crop = images.slice(0, 1).map((image) => {
      return resizeBilinear(part(image, { left: 374, top: 345, side: 256 }), { width: 112, height: 112 });
    });
    expectFace((await detector.refineCrops?.(crop))?.[0], wanted);
    expectFace((await refining.refineCrops?.(crop))?.[0], refined);
    await Promise.all([detector.dispose(), refining.dispose()]);
  });
});
