import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { blurImage } from '../../src/kit/image/blur.ts';
import { interpolations, resizeImage } from '../../src/kit/image/resize.ts';
import type { RgbImage } from '../../src/kit/image/rgb-image.ts';
import { preparePeer, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer();

/** Colours that change smoothly, and noise on them. */
function drawn(width: number, height: number): RgbImage {
  const random = new Random(width * 1000 + height);
  const data = Uint8Array.from({ length: width * height * 3 }, (_, index) => {
    const [x, y] = [Math.floor(index / 3) % width, Math.floor(index / (3 * width))];
    return Math.min(255, ((3 * x + 2 * y) % 190) + random.integer(60));
  });
  return { width, height, data };
}

/** Reads raw images by their sizes and prints what OpenCV makes of them. */
const script = `
import cv2, sys, json, numpy as np
flags = dict(nearest=cv2.INTER_NEAREST, linear=cv2.INTER_LINEAR, area=cv2.INTER_AREA, cubic=cv2.INTER_CUBIC, lanczos4=cv2.INTER_LANCZOS4)
for call in json.load(open(sys.argv[1])):
    image = np.array(call['data'], np.uint8).reshape(call['height'], call['width'], 3)
    if 'window' in call:
        deviation = 0.3 * ((call['window'] - 1) * 0.5 - 1) + 0.8
        result = cv2.GaussianBlur(image, (call['window'], call['window']), deviation)
    else: result = cv2.resize(image, tuple(call['size']), interpolation=flags[call['interpolation']])
    print(result.tobytes().hex())
`;

function largestDifference(left: Uint8Array, right: Uint8Array): number {
  if (left.length !== right.length) return Infinity;
  return left.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (right[index] ?? 0))), 0);
}

function ofOpenCv(calls: readonly object[]): Buffer[] {
  const path = join(folder, 'calls.json');
  writeFileSync(path, JSON.stringify(calls));
  const lines = runPython(python, script, [path]).trim().split('\n');
  return lines.map((line) => Buffer.from(line, 'hex'));
}

describe.skipIf(missing !== undefined)(`images made smaller, larger and blurred beside OpenCV${note}`, () => {
  it('differ by one level at most, by every interpolation', () => {
    const sizes = [
      [112, 112, 56, 56],
      [112, 112, 22, 22],
      [112, 112, 89, 89],
      [112, 112, 111, 111],
      [22, 22, 112, 112],
      [89, 89, 112, 112],
      [40, 30, 7, 19],
      [5, 4, 33, 21],
      [112, 96, 112, 96],
    ] as const;
    const calls = sizes.flatMap(([width, height, toWidth, toHeight]) =>
      interpolations.map((interpolation) => ({
        image: drawn(width, height),
        size: [toWidth, toHeight] as const,
        interpolation,
      })),
    );
    const theirs = ofOpenCv(calls.map(({ image, ...call }) => ({ ...image, ...call, data: [...image.data] })));
    for (const [index, { image, size, interpolation }] of calls.entries()) {
      const ours = resizeImage(image, { width: size[0], height: size[1] }, interpolation);
      const what = `${interpolation} ${image.width} x ${image.height} to ${size.join(' x ')}`;
      expect([what, largestDifference(ours.data, theirs[index] ?? Buffer.alloc(0)) <= 1]).toEqual([what, true]);
    }
  });

  it('differ by one level at most where they are blurred', () => {
    const calls = [drawn(112, 112), drawn(30, 17), drawn(4, 3)].flatMap((image) =>
      ([3, 5] as const).map((window) => ({ image, window })),
    );
    const theirs = ofOpenCv(calls.map(({ image, window }) => ({ ...image, data: [...image.data], window })));
    for (const [index, { image, window }] of calls.entries()) {
      expect(largestDifference(blurImage(image, window).data, theirs[index] ?? Buffer.alloc(0))).toBeLessThanOrEqual(1);
    }
  });
});
