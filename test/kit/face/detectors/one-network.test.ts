import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DetectedFace, Detector, DetectorResources } from '../../../../src/kit/face/detectors/detector.ts';
import { type DetectorChoice, openDetector } from '../../../../src/kit/face/detectors/index.ts';
import { inferenceEngine, trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { printedFailure as printedFailures } from '../../dataset/tiny-faces.ts';
import { detectorSuite } from './detector-suite.ts';
import { blocks, type SyntheticMap, type SyntheticNetwork, writeSynthetic } from './synthetic-onnx.ts';

const folder = mkdtempSync(join(tmpdir(), 'faceflow-detectors-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const engine = inferenceEngine({ choice: 'onnxruntime', override: undefined, stage: 'test' }).identity;
const plain = { scale: 1 / 255, offset: 0 };
const ten = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

/** The same in every cell. */
function everywhere(name: string, stride: number, bias: readonly number[]): SyntheticMap {
  return { name, stride, bias, share: bias.map(() => 0) };
}

/** Faces of 20 x 40 pixels, their points at tenths of the box: 0.1, 0.2 from the corner, 0.3, 0.4 and so on (y first). */
const centerface: SyntheticNetwork = {
  maps: [
    { name: '537', stride: 4, share: [0.9], bias: [0] },
    everywhere('538', 4, [Math.log(10), Math.log(5)]),
    everywhere('539', 4, [0.25, -0.5]),
    everywhere(
      '540',
      4,
      ten.map((each) => each / 10),
    ),
  ],
  brightness: plain,
  input: [10, 3, 32, 32],
};

/** Two anchors in a cell: the first as bright as the block, the second never; three strides. */
const scrfd: SyntheticNetwork = {
  maps: [8, 16, 32]
    .flatMap((stride): SyntheticMap[] => [
      { name: `score_${stride}`, stride, share: [0.8, 0], bias: [0, 0.1], columns: 1, axes: 2 },
    ])
    .concat(
      [8, 16, 32].map((stride) => ({
        ...everywhere(`bbox_${stride}`, stride, [1, 2, 3, 4, 0, 0, 0, 0]),
        columns: 4,
        axes: 2,
      })),
      [8, 16, 32].map((stride) => ({
        ...everywhere(`kps_${stride}`, stride, [...ten.map((each) => each / 4), ...zeros(10)]),
        columns: 10,
        axes: 2,
      })),
    ),
  // (v - 127.5) / 128 becomes 0..1.
  brightness: { scale: 128 / 255, offset: 0.5 },
  input: [1, 3, '?', '?'],
};

const levels = [8, 16, 32];
const retinaface: SyntheticNetwork = {
  maps: levels.flatMap((stride): SyntheticMap[] => [
    { ...everywhere(`loc_${stride}`, stride, [1, -1, Math.log(2) * 5, 0, 0, 0, 0, 0]), columns: 4 },
    { name: `conf_${stride}`, stride, share: [0, 0.7, 0, 0], bias: [0, 0, 0, 0.2], columns: 2 },
    { ...everywhere(`land_${stride}`, stride, [...ten, ...zeros(10)]), columns: 10 },
  ]),
  joined: {
    loc: levels.map((stride) => `loc_${stride}`),
    conf: levels.map((stride) => `conf_${stride}`),
    landms: levels.map((stride) => `land_${stride}`),
  },
  // Of the means of red, green and blue.
  brightness: { scale: 1 / 255, offset: (123 + 117 + 104) / 3 / 255 },
  input: [1, 3, 640, 640],
};

function yunet(options: Partial<SyntheticNetwork> = {}): SyntheticNetwork {
  return {
    maps: levels.flatMap((stride): SyntheticMap[] => [
      { name: `cls_${stride}`, stride, share: [0.9], bias: [0], columns: 1 },
      { ...everywhere(`obj_${stride}`, stride, [1.5]), columns: 1 },
      { ...everywhere(`bbox_${stride}`, stride, [0.5, 0.25, Math.log(2), Math.log(3)]), columns: 4 },
      {
        ...everywhere(
          `kps_${stride}`,
          stride,
          ten.map((each) => each / 8),
        ),
        columns: 10,
      },
    ]),
    brightness: plain,
    input: [1, 3, 64, 64],
    ...options,
  };
}

function open(choice: DetectorChoice, network: SyntheticNetwork): Promise<Detector> {
  const weights = writeSynthetic(join(folder, `${choice.name}-${Math.random()}.onnx`), network);
  return openDetector(choice, { engine, threads: 1, weights });
}

const choices = {
  centerface: { name: 'centerface', threshold: 0.5, overlap: 0.3, longestSide: 1920, fullFrame: false },
  scrfd: { name: 'scrfd', sizes: [128], threshold: 0.5, overlap: 0.4, fullFrame: false },
  retinaface: { name: 'retinaface', size: 128, threshold: 0.5, overlap: 0.4, fullFrame: false },
  yunet: { name: 'yunet', threshold: 0.6, overlap: 0.3, top: 5000, longestSide: 1920, fullFrame: false },
} as const satisfies Partial<Record<DetectorChoice['name'], DetectorChoice>>;

const images = [
  blocks({ width: 96, height: 64 }, [{ left: 32, top: 32, side: 32 }]),
  blocks({ width: 70, height: 110 }, []),
];
detectorSuite('centerface', () => open(choices.centerface, centerface), images);
detectorSuite('scrfd', () => open(choices.scrfd, scrfd), images);
detectorSuite('retinaface', () => open(choices.retinaface, retinaface), images);
detectorSuite('yunet', () => open(choices.yunet, yunet()), images);

function expectFace(face: DetectedFace | undefined, wanted: { score: number; box: number[]; points: number[] }): void {
  const { box, score = NaN, points = [] } = face ?? {};
  const found = [score, box?.left, box?.top, box?.right, box?.bottom, ...points.flat()];
  const expected = [wanted.score, ...wanted.box, ...wanted.points];
  expect(found).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 4);
}

describe('the outputs of a detector of one network mean what its source says', () => {
  it('centerface: centres of cells with offsets, sizes as logarithms, points from the corner of the clipped box', async () => {
    const detector = await open(choices.centerface, centerface);
    const [[face, ...others] = [], [clipped] = []] = await detector.detect([
      blocks({ width: 96, height: 64 }, [{ left: 40, top: 24, side: 4 }]),
      blocks({ width: 96, height: 64 }, [{ left: 0, top: 0, side: 4 }]),
    ]);
    // The cell (10, 6) has its centre at (10 - 0.5 + 0.5) * 4 and (6 + 0.25 + 0.5) * 4.
    const points = [0, 1, 2, 3, 4].flatMap((each) => [30 + 20 * ((2 * each + 1) / 10), 7 + 40 * ((2 * each) / 10)]);
    expectFace(face, { score: 0.9, box: [30, 7, 50, 47], points });
    expect(others).toEqual([]);
    expect(clipped?.box).toMatchObject({ left: 0, top: 0 });
    expect(clipped?.points?.[0]?.[0]).toBeCloseTo(2);
    await detector.dispose();
  });

  it('centerface: an image of odd sides is stretched, and its faces are in its own pixels', async () => {
    const detector = await open(choices.centerface, centerface);
    const [[face] = []] = await detector.detect([blocks({ width: 48, height: 60 }, [{ left: 20, top: 20, side: 8 }])]);
    expect(face?.box.right ?? 0).toBeLessThanOrEqual(48);
    // 48 x 60 is stretched to 64 x 64.
    expect((face?.box.right ?? 0) - (face?.box.left ?? 0)).toBeCloseTo((20 * 48) / 64, 3);
    expect((face?.box.bottom ?? 0) - (face?.box.top ?? 0)).toBeCloseTo((40 * 60) / 64, 3);
    await detector.dispose();
  });

  it('scrfd: distances from corners of cells, two anchors each, merged over strides and sizes', async () => {
    const detector = await open(choices.scrfd, scrfd);
    const [[face] = []] = await detector.detect([
      blocks({ width: 128, height: 128 }, [{ left: 40, top: 24, side: 8 }]),
    ]);
    const points = [0, 1, 2, 3, 4].flatMap((each) => [40 + (2 * each * 8) / 4, 24 + ((2 * each + 1) * 8) / 4]);
    expectFace(face, { score: 0.8, box: [40 - 8, 24 - 16, 40 + 24, 24 + 32], points });
    const twice = await open({ ...choices.scrfd, sizes: [128, 256] }, scrfd);
    // Twice as large in an image of 64: cell (5, 3) of the first is at (20, 12) of the image.
    const [[half] = []] = await twice.detect([blocks({ width: 64, height: 64 }, [{ left: 20, top: 12, side: 4 }])]);
    expect(half?.box.left).toBeCloseTo(16);
    await Promise.all([detector.dispose(), twice.dispose()]);
  });

  it('retinaface: anchors of two sides in each cell, moved by a tenth of their side', async () => {
    const detector = await open(choices.retinaface, retinaface);
    const [[face] = []] = await detector.detect([blocks({ width: 128, height: 64 }, [{ left: 40, top: 24, side: 8 }])]);
    // The anchor of 16 at (44, 28): centre moved by (1.6, -1.6), twice as wide.
    const points = [0, 1, 2, 3, 4].flatMap((each) => [44 + 2 * each * 1.6, 28 + (2 * each + 1) * 1.6]);
    expectFace(face, { score: 0.7, box: [45.6 - 16, 26.4 - 8, 45.6 + 16, 26.4 + 8], points });
    await detector.dispose();
  });

  it('yunet: the root of class times presence, centres within cells, sides as logarithms', async () => {
    const detector = await open(choices.yunet, yunet());
    const [[face] = []] = await detector.detect([blocks({ width: 90, height: 60 }, [{ left: 40, top: 24, side: 8 }])]);
    const points = [0, 1, 2, 3, 4].flatMap((each) => [40 + 2 * each, 24 + 2 * each + 1]);
    expectFace(face, { score: Math.sqrt(0.9), box: [44 - 8, 26 - 12, 44 + 8, 26 + 12], points });
    await detector.dispose();
  });

  it('a network that computes one size only is shown the whole image, resized into it, an image at a time', async () => {
    const detector = await open(choices.yunet, yunet({ fixedRows: true }));
    const wide = blocks({ width: 128, height: 64 }, [{ left: 80, top: 48, side: 16 }]);
    const [[face] = [], other] = await detector.detect([wide, wide]);
    // Half as large, the block is the cell (5, 3).
    expect(face?.box.left).toBeCloseTo(2 * (44 - 8), 3);
    expect(face?.box.bottom).toBeCloseTo(2 * (26 + 12), 3);
    expect(other?.[0]).toEqual(face);
    await detector.dispose();
  });
});

describe('what cannot be a detector is refused by one failure', () => {
  const printed = async (name: keyof typeof choices, resources: Partial<DetectorResources>): Promise<string> => {
    const text = await printedFailures(async () => {
      const detector = await openDetector(choices[name], { engine, threads: 1, ...resources });
      await detector.detect(images);
    });
    return text.replaceAll(folder, '<folder>');
  };

  it('a file that is no ONNX model', async () => {
    const text = join(folder, 'text.onnx');
    writeFileSync(text, 'no model');
    expect(await printed('centerface', { weights: text })).toMatchInlineSnapshot(`
      "<folder>/text.onnx: not-this-detector: the file is not centerface: expected an ONNX model, found a file that begins with 6e6f206d6f64656c
        The name of the detector tells what the outputs of its file mean; flow inspect shows what a file has."
    `);
  });

  it('the file of another detector', async () => {
    const centre = writeSynthetic(join(folder, 'centre.onnx'), centerface);
    const other = writeSynthetic(join(folder, 'other.onnx'), yunet());
    const texts = [
      await printed('scrfd', { weights: centre }),
      await printed('retinaface', { weights: centre }),
      await printed('yunet', { weights: centre }),
      await printed('centerface', { weights: other }),
    ];
    expect(texts.join('\n')).toMatchInlineSnapshot(`
      "<folder>/centre.onnx: not-this-detector: the file is not scrfd: expected 6, 9, 10 or 15 outputs, found 4
        The name of the detector tells what the outputs of its file mean; flow inspect shows what a file has.
      <folder>/centre.onnx: not-this-detector: the file is not retinaface: expected outputs of 4, 2 and 10 numbers for each of 504 anchors, found 537 of 24 x 32, 538 of 48 x 32, 539 of 48 x 32, 540 of 240 x 32
        The name of the detector tells what the outputs of its file mean; flow inspect shows what a file has.
      <folder>/centre.onnx: not-this-detector: the file is not yunet: expected an output bbox_8 of 96 x 4 numbers, found 537, 538, 539, 540
        The name of the detector tells what the outputs of its file mean; flow inspect shows what a file has.
      <folder>/other.onnx: not-this-detector: the file is not centerface: expected outputs of 1, 2, 2 and 10 channels at a quarter of the size: heat, scale, offset, points, found outputs of 0.25, 0.25, 1.00, 2.50, 0.06, 0.06, 0.25, 0.63, 0.02, 0.02, 0.06, 0.16 channels
        The name of the detector tells what the outputs of its file mean; flow inspect shows what a file has."
    `);
  });

  it('a file that takes no images', async () => {
    const weights = writeSynthetic(join(folder, 'rows.onnx'), { ...centerface, input: [1, 512] });
    expect(await printed('centerface', { weights })).toContain('<folder>/rows.onnx: ');
  });

  it('no file at all, and another engine', async () => {
    const weights = writeSynthetic(join(folder, 'scrfd.onnx'), scrfd);
    const wasm = trainingEngine('wasm').identity;
    const texts = [await printed('scrfd', {}), await printed('scrfd', { weights, engine: wasm })];
    expect(texts.join('\n')).toMatchInlineSnapshot(`
      "no-detector-weights: the detector scrfd needs its weights, an ONNX file, and none were given
        mtcnn is the detector whose weights come with faceflow.
      detector-needs-onnxruntime: the detector scrfd is an ONNX file, which the engine onnxruntime runs, not wasm
        Choose engine: onnxruntime, or the detector mtcnn, which every engine computes."
    `);
  });
});
