import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { resizeArea, resizeAreaToFloats } from '../../src/kit/face/resize-area.ts';
import { resizeBilinear, resizeBilinearToFloats } from '../../src/kit/face/resize-bilinear.ts';
import type { RgbImage } from '../../src/kit/image/rgb-image.ts';
import { preparePeer, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer();

const resizeWithOpenCv = `
import cv2, json, sys, numpy as np
folder, kind, how = sys.argv[1:]
# Without Intel's IPP, which rounds floats in another order; bytes are the same either way.
if kind != 'uint8': cv2.setUseOptimized(False)
out = []
for case in json.load(open(folder + '/cases.json')):
    image = np.fromfile(folder + '/pixels', np.uint8)[: case['h'] * case['w'] * 3].reshape(case['h'], case['w'], 3)
    out.append(cv2.resize(image.astype(kind), (case['tw'], case['th']), interpolation=getattr(cv2, how)).tobytes())
open(folder + '/resized', 'wb').write(b''.join(out))
`;

interface Case {
  readonly w: number;
  readonly h: number;
  readonly tw: number;
  readonly th: number;
}

/** Random sizes, with whole factors and equal sides among them. */
function drawnCases(random: Random): Case[] {
  const side = (): number => 1 + random.integer(130);
  const drawn = Array.from({ length: 400 }, () => ({ w: side(), h: side(), tw: side(), th: side() }));
  const whole = Array.from({ length: 60 }, () => {
    const [tw, th] = [1 + random.integer(30), 1 + random.integer(30)];
    return { tw, th, w: tw * (1 + random.integer(4)), h: th * (1 + random.integer(4)) };
  });
  const halves = [8, 24, 48].map((side) => ({ tw: side, th: side, w: 2 * side, h: 2 * side }));
  const crops = [24, 48].flatMap((to) => [20, 24, 33, 47, 48, 96, 101, 129].map((w) => ({ w, h: w, tw: to, th: to })));
  return [...drawn, ...whole, ...halves, ...crops];
}

type Pixels = Uint8Array | Float32Array | Float64Array;

const ways: readonly {
  readonly name: string;
  readonly kind: string;
  readonly how: string;
  readonly resize: (image: RgbImage, size: { width: number; height: number }) => Pixels;
}[] = [
  { name: 'bilinear, bytes', kind: 'uint8', how: 'INTER_LINEAR', resize: (...args) => resizeBilinear(...args).data },
  { name: 'bilinear, 32-bit floats', kind: 'float32', how: 'INTER_LINEAR', resize: resizeBilinearToFloats },
  { name: 'area, bytes', kind: 'uint8', how: 'INTER_AREA', resize: (...args) => resizeArea(...args).data },
  { name: 'area, 64-bit floats', kind: 'float64', how: 'INTER_AREA', resize: resizeAreaToFloats },
];

describe.skipIf(missing !== undefined)(`resizing beside OpenCV${note}`, () => {
  it.each(ways)('gives the same bits: $name', ({ kind, how, resize }) => {
    const random = new Random(12);
    const pixels = Uint8Array.from({ length: 130 * 130 * 3 }, () => random.integer(256));
    const cases = drawnCases(random);
    writeFileSync(join(folder, 'pixels'), pixels);
    writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
    runPython(python, resizeWithOpenCv, [folder, kind, how]);
    const theirs = readFileSync(join(folder, 'resized'));
    const differing: Case[] = [];
    let offset = 0;
    for (const each of cases) {
      const image = { width: each.w, height: each.h, data: pixels.subarray(0, each.w * each.h * 3) };
      const ours = resize(image, { width: each.tw, height: each.th });
      const bytes = Buffer.from(ours.buffer, ours.byteOffset, ours.byteLength);
      if (!bytes.equals(theirs.subarray(offset, offset + bytes.length))) differing.push(each);
      offset += bytes.length;
    }
    expect(offset).toBe(theirs.length);
    expect(differing).toEqual([]);
  });
});
