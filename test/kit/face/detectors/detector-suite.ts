import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.ts';
import type { DetectedFace, Detector } from '../../../../src/kit/face/detectors/detector.ts';
import type { RgbImage } from '../../../../src/kit/image/rgb-image.ts';

/** An image of drawn values. */
export function drawnImage(width: number, height: number, seed: number): RgbImage {
  const random = new Random(seed);
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)) };
}

/** Faces as numbers, for comparisons. */
export function numbersOf(faces: readonly DetectedFace[]): number[] {
  return faces.flatMap(({ box, score, points = [] }) => [
    ...Object.values<number>({ ...box }),
    score,
    ...points.flat(),
  ]);
}

/** Equal but for the last bits of 32-bit floats: a matrix product of one row takes another order of additions. */
export function expectNear(found: readonly DetectedFace[] = [], wanted: readonly DetectedFace[] = []): void {
  const [ours, theirs] = [numbersOf(found), numbersOf(wanted)];
  expect(ours).toHaveLength(theirs.length);
  for (const [index, value] of theirs.entries()) expect(ours[index]).toBeCloseTo(value, 3);
}

/** What every detector has to do. `images` differ in size; it finds a face in at least one of them. */
export function detectorSuite(name: string, open: () => Promise<Detector>, images: readonly RgbImage[]): void {
  describe(`${name}: a detector`, () => {
    let detector: Detector;
    beforeAll(async () => {
      detector = await open();
    });
    afterAll(() => detector.dispose());

    it('finds faces, in descending order, each with edges, a score and five points or none', async () => {
      const faces = await detector.detect(images);
      expect(faces).toHaveLength(images.length);
      expect(faces.flat().length).toBeGreaterThan(0);
      for (const found of faces) {
        const scores = found.map(({ score }) => score);
        expect(scores).toEqual([...scores].sort((a, b) => b - a));
        for (const { box, score, points = [] } of found) {
          expect(score).toBeGreaterThan(0);
          expect(score).toBeLessThanOrEqual(1);
          expect(box.right).toBeGreaterThan(box.left);
          expect(box.bottom).toBeGreaterThan(box.top);
          expect([0, 5]).toContain(points.length);
        }
      }
    });

    it('finds in an image what it finds in it alone, and again the same', async () => {
      const together = await detector.detect([...images, ...images]);
      for (const [index, image] of images.entries()) {
        const [alone = []] = await detector.detect([image]);
        expectNear(alone, together[index]);
        expectNear(together[index + images.length], together[index]);
        expect(await detector.detect([image])).toEqual([alone]);
      }
    });

    it('looks for faces of another size where it is told to', async () => {
      const sizes = images.map(({ width, height }) => 4 * Math.max(width, height));
      expect(await detector.detect(images, { minimumSizes: sizes })).toEqual(images.map(() => []));
    });

    it('leaves the images as they are', async () => {
      const before = images.map(({ data }) => data.slice());
      await detector.detect(images);
      expect(images.map(({ data }) => data)).toEqual(before);
    });

    it('finds nothing in no image, and nothing in one of a single pixel or none', async () => {
      expect(await detector.detect([])).toEqual([]);
      const nothing = { width: 0, height: 0, data: new Uint8Array(0) };
      expect(await detector.detect([drawnImage(1, 1, 1), nothing, { ...nothing, width: 9 }])).toEqual([[], [], []]);
    });

    it('does not begin when it has been stopped', async () => {
      const signal = AbortSignal.abort(new Error('stopped'));
      await expect(detector.detect(images, { signal })).rejects.toThrow('stopped');
    });

    it('names what it computes with, and all that its answers depend on', () => {
      expect(detector.computesWith).toMatch(/\d/);
      const { options, weights } = detector.identity;
      expect(Object.keys(options).length).toBeGreaterThan(0);
      expect(Object.values(weights).join()).toMatch(/^[0-9a-f]{64}(,[0-9a-f]{64})*$/);
    });
  });
}
