import { expect, it } from 'vitest';
import { mirrorPixels } from '../../../src/kit/face/decode-batch.ts';

it('reverses the pixels of every row and keeps their channels in order', () => {
  const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19);
  mirrorPixels(pixels, 3);
  expect([...pixels]).toEqual([7, 8, 9, 4, 5, 6, 1, 2, 3, 17, 18, 19, 14, 15, 16, 11, 12, 13]);
  mirrorPixels(pixels, 3);
  expect([...pixels].slice(0, 3)).toEqual([1, 2, 3]);
});
