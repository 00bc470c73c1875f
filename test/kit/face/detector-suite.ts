import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import type { RgbImage } from '../../../src/kit/image/rgb-image.ts';
import type { Detector } from '../../../src/kit/net/sessions/inference-session.ts';

/** An image of drawn values. */
export function drawnImage(width: number, height: number, seed: number): RgbImage {
  const random = new Random(seed);
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)) };
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
        for (const { box, score, points } of found) {
          expect(score).toBeGreaterThan(0);
          expect(score).toBeLessThanOrEqual(1);
          expect(box.right).toBeGreaterThan(box.left);
          expect(box.bottom).toBeGreaterThan(box.top);
          expect([0, 5]).toContain(points.length);
        }
      }
    });

    it('finds in an image what it finds in it alone, and again the same', async () => {
      const together = await detector.detect(images);
      for (const [index, image] of images.entries()) {
        expect(await detector.detect([image])).toEqual([together[index]]);
      }
    });

    it('leaves the images as they are', async () => {
      const before = images.map(({ data }) => data.slice());
      await detector.detect(images);
      expect(images.map(({ data }) => data)).toEqual(before);
    });

    it('finds nothing in no image, and nothing in one of a single pixel', async () => {
      expect(await detector.detect([])).toEqual([]);
      expect(await detector.detect([drawnImage(1, 1, 1)])).toEqual([[]]);
    });

    it('does not begin when it has been stopped', async () => {
      await expect(detector.detect(images, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
    });

    it('names what it computes with', () => {
      expect(detector.computesWith).toMatch(/\d/);
    });
  });
}
