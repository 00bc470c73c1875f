import { expect, it } from 'vitest';
import { laplacianVariance } from '../../../src/kit/face/blur.ts';

function grey(rows: readonly (readonly number[])[]) {
  const values = rows.flat();
  return { width: rows[0]?.length ?? 0, height: rows.length, data: Uint8Array.from(values.flatMap((v) => [v, v, v])) };
}

it('is the variance of neighbours minus four times the pixel, mirrored at the border', () => {
  const image = grey([
    [0, 0, 0],
    [0, 10, 0],
    [0, 0, 0],
  ]);
  // Beside the bright pixel each edge sees it twice: by itself and mirrored. Laplacian: 0 20 0 / 20 -40 20 / 0 20 0.
  const mean = 40 / 9;
  expect(laplacianVariance(image)).toBeCloseTo((4 * 400 + 1600) / 9 - mean * mean, 9);
});

it('is 0 for an image of one colour, and of one pixel', () => {
  expect(
    laplacianVariance(
      grey([
        [7, 7],
        [7, 7],
      ]),
    ),
  ).toBe(0);
  expect(laplacianVariance(grey([[7]]))).toBe(0);
});

it('weighs colours as OpenCV does: 76, 150 and 29 of 255', () => {
  const [red, green, blue] = [0, 1, 2].map((channel) => {
    const data = new Uint8Array(6);
    data[channel] = 255;
    // Two pixels, one black: each sees the other twice, so the Laplacian is -2 v and 2 v.
    return Math.sqrt(laplacianVariance({ width: 2, height: 1, data })) / 2;
  });
  expect([red, green, blue]).toEqual([76, 150, 29]);
});
