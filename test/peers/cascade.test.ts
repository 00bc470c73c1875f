import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FaceBox } from '../../src/kit/face/detectors/detector.ts';
import { alignmentTemplate } from '../../src/kit/face/align-face.ts';
import { encodePng, type RgbImage } from '../../src/kit/image/image.ts';
import { installedOnnxruntime } from '../../src/kit/net/engines/choose-engine.ts';
import { alignFaces } from '../stages/align-faces.ts';
import { temporaryFolder } from '../kit/dataset/tiny-faces.ts';
import { prepareDemoImages } from './demo-images.ts';

/*
 * The five steps of align_megaface.py and align_facescrub.py on a real photograph: sample1 of the demo images, in which the
 * specification has the box and the points of a face.
 */
const demo = prepareDemoImages();
const onnxruntime = installedOnnxruntime();
const missing = onnxruntime.installed ? demo.missing : onnxruntime.reason;
const note = missing === undefined ? '' : ` (skipped: ${missing})`;

const whole: FaceBox = { left: 412, top: 356, right: 592, bottom: 591 };
const eyesAndNose = [
  [438.1, 458.6],
  [515.92, 457.51],
  [464.42, 512.39],
] as const;
/** A piece of the photograph of which the face takes more than a quarter of the height. */
const piece = { left: 300, top: 250, right: 720, bottom: 670 };
/** Of sky and wall. */
const nothing = { left: 40, top: 40, right: 90, bottom: 110 };

function part(image: RgbImage, { left, top, right, bottom }: FaceBox): RgbImage {
  const [width, height] = [right - left, bottom - top];
  const rows = Array.from({ length: height }, (_, row) => {
    const start = ((top + row) * image.width + left) * 3;
    return image.data.subarray(start, start + width * 3);
  });
  return { width, height, data: Uint8Array.from(Buffer.concat(rows)) };
}

function boxFacts({ left, top, right, bottom }: FaceBox): object {
  return { x: left, y: top, width: right - left, height: bottom - top };
}

describe.skipIf(missing !== undefined)(`the cascade of FaceScrub and MegaFace on a photograph${note}`, () => {
  let photograph: Uint8Array;
  let cut: Uint8Array;
  /** With so much below it that the face is smaller than what is looked for in the whole. */
  let tall: Uint8Array;
  beforeAll(async () => {
    const [first] = await demo.load();
    if (first === undefined) throw new Error('no demo image');
    photograph = await encodePng(first);
    const data = new Uint8Array(first.width * 3 * 4000);
    data.set(first.data);
    tall = await encodePng({ width: first.width, height: 4000, data });
    cut = await encodePng(part(first, piece));
  });

  const inPiece = {
    left: whole.left - piece.left,
    top: whole.top - piece.top,
    right: whole.right - piece.left,
    bottom: whole.bottom - piece.top,
  };

  it('MegaFace: each image ends in the step that its description leads to, and the counters add up', async () => {
    const images = temporaryFolder();
    const put = (name: string, content: Uint8Array | string): void => {
      mkdirSync(dirname(join(images, name)), { recursive: true });
      writeFileSync(join(images, name), content);
    };
    const [left, right, nose] = eyesAndNose.map(([x, y]) => ({ x, y }));
    const landmarks = { 1: left, 0: right, 2: nose };
    const described = {
      '001/ada@N1/0_turned.png': { bounding_box: boxFacts(whole), landmarks },
      '001/ada@N1/1_overlapping.png': { bounding_box: boxFacts(inPiece) },
      '001/ada@N1/2_forced.png': { bounding_box: boxFacts(whole) },
      '002/bob@N2/3_box.png': { bounding_box: boxFacts(nothing) },
    };
    for (const [name, facts] of Object.entries(described)) {
      put(name, name.includes('overlapping') ? cut : name.includes('forced') ? tall : photograph);
      put(`${name}.json`, JSON.stringify(facts));
    }
    put('002/bob@N2/4_middle.png', photograph);
    const { records, figures, list } = await alignFaces({ images, params: { preset: 'align_megaface' } });
    expect(records.map(({ step, crop, outcome }) => [step, crop, outcome])).toEqual([
      ['turned', undefined, 'aligned'],
      ['overlapping', undefined, 'aligned'],
      ['forced', undefined, 'aligned'],
      ['none', 'known-box', 'cropped'],
      ['none', 'middle', 'cropped'],
    ]);
    expect(figures).toMatchObject({
      ...{ images: 5, 'found: turned': 1, 'found: overlapping': 1, 'found: forced': 1 },
      ...{ 'cropped: known-box': 1, 'cropped: middle': 1, cropped: 2, identities: 2 },
    });
    expect(list.map((line) => line.split('\t').slice(1))).toEqual([
      ...['0_turned', '1_overlapping', '2_forced'].map((name) => [`001/ada@N1/${name}.jpg`, '0']),
      ...['3_box', '4_middle'].map((name) => [`002/bob@N2/${name}.jpg`, '1']),
    ]);
    // Turned, and found there: near the points of the specification in the photograph itself.
    expect(records[0]?.points?.[2]?.[0]).toBeCloseTo(462, -1);
    // Forced: the very figures of the specification.
    expect(records[2]?.score).toBeCloseTo(0.993, 3);
    expect(Math.abs((records[2]?.points?.[2]?.[0] ?? 0) - 463.34)).toBeLessThan(0.1);
  });

  it('FaceScrub: by the boxes of its tables, with names without blanks, and nothing by three points', async () => {
    const images = temporaryFolder();
    const folder = join(images, 'facescrub', 'Ada Lo');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'Ada Lo_7.png'), cut);
    writeFileSync(join(folder, 'Ada Lo_8.png'), tall);
    const row = (id: number, { left, top, right, bottom }: FaceBox): string =>
      `Ada Lo\t1\t${id}\thttp://a\t${left},${top},${right},${bottom}\t0\n`;
    const title = 'name\timage_id\tface_id\turl\tbbox\tsha256\n';
    writeFileSync(join(images, 'facescrub_actors.txt'), title);
    writeFileSync(join(images, 'facescrub_actresses.txt'), title + row(7, inPiece) + row(8, whole));
    const { records, figures, list } = await alignFaces({ images, params: { preset: 'align_facescrub' } });
    expect(records.map(({ step }) => step)).toEqual(['overlapping', 'forced']);
    expect(figures['found: turned']).toBeUndefined();
    expect(list).toEqual(['1\tAda_Lo/Ada_Lo_7.png\t0', '1\tAda_Lo/Ada_Lo_8.png\t0']);
  });

  it('the three points are brought to the places of the specification in an image of 224 pixels', () => {
    const target = alignmentTemplate.slice(0, 3).map(([x, y]) => [1.5 * x + 28, 1.5 * y + 28] as const);
    const wanted = [
      [85.4419, 105.54445],
      [138.2977, 105.2521],
      [112.0378, 135.6049],
    ];
    for (const [index, point] of target.entries()) {
      expect(point[0]).toBeCloseTo(wanted[index]?.[0] ?? NaN, 4);
      expect(point[1]).toBeCloseTo(wanted[index]?.[1] ?? NaN, 4);
    }
  });
});
