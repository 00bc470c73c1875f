import { describe, expect, it } from 'vitest';
import type { DetectedFace, DetectionSettings, Detector } from '../../../../src/kit/face/detectors/detector.ts';
import { withFullFrames } from '../../../../src/kit/face/detectors/full-frame.ts';
import type { RgbImage } from '../../../../src/kit/image/rgb-image.ts';
import { blocks } from './synthetic-onnx.ts';

/** Finds the white square of an image, if there is black on all sides of it, and remembers what it was shown. */
function squareFinder(): Detector & { readonly shown: RgbImage[]; readonly settings: DetectionSettings[] } {
  const shown: RgbImage[] = [];
  const settings: DetectionSettings[] = [];
  return {
    ...{ shown, settings, identity: { name: 'square', options: {}, weights: {} }, computesWith: 'test 1' },
    detect(images, given = {}) {
      shown.push(...images);
      settings.push(given);
      return Promise.resolve(images.map((image) => squareIn(image)));
    },
    dispose: () => Promise.resolve(),
  };
}

function squareIn({ width, height, data }: RgbImage): DetectedFace[] {
  const white = Array.from({ length: width * height }, (_, at) => at).filter((at) => (data[3 * at] ?? 0) > 200);
  const xs = white.map((at) => at % width);
  const ys = white.map((at) => Math.floor(at / width));
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [right, bottom] = [Math.max(...xs) + 1, Math.max(...ys) + 1];
  if (white.length === 0 || left === 0 || top === 0 || right === width || bottom === height) return [];
  const points = [
    [left, top],
    [right, top],
    [left, bottom],
    [right, bottom],
    [left, top],
  ] as const;
  return [{ box: { left, top, right, bottom }, score: 0.9, points }];
}

describe('a detector that looks at full frames', () => {
  it('finds what fills the frame in the second look, at its place in the image', async () => {
    const finder = squareFinder();
    const image = blocks({ width: 300, height: 200 }, [{ left: 0, top: 0, side: 200 }]);
    expect(await finder.detect([image])).toEqual([[]]);
    const [[face, ...others] = []] = await withFullFrames(finder).detect([image]);
    expect(others).toEqual([]);
    const { left = NaN, top = NaN, right = NaN, bottom = NaN } = face?.box ?? {};
    // A pixel of the small image is two or three of this one.
    for (const [found, wanted] of [
      [left, 0],
      [top, 0],
      [right, 200],
      [bottom, 200],
    ] as const) {
      expect(Math.abs(found - wanted)).toBeLessThan(3);
    }
    expect(face?.points?.[3]).toEqual([right, bottom]);
  });

  it('keeps a face that both looks find as the first has it, and looks for large ones only the second time', async () => {
    const finder = squareFinder();
    const image = blocks({ width: 240, height: 240 }, [{ left: 60, top: 60, side: 120 }]);
    const [faces] = await withFullFrames(finder).detect([image], { minimumSizes: [30] });
    expect(faces).toEqual(squareIn(image));
    expect(finder.settings.map(({ minimumSizes }) => minimumSizes)).toEqual([
      [30],
      [(60 * (finder.shown[1]?.width ?? 0)) / 480],
    ]);
  });

  it('finds nothing in an image without pixels', async () => {
    const empty = { width: 0, height: 0, data: new Uint8Array(0) };
    expect(await withFullFrames(squareFinder()).detect([empty])).toEqual([[]]);
  });
});
