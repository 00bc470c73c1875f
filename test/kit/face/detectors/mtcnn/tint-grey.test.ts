import { expect, it } from 'vitest';
import sharp from 'sharp';
import { isGrey, tintedIfGrey } from '../../../../../src/kit/face/detectors/mtcnn/tint-grey.ts';
import { decodeImage } from '../../../../../src/kit/image/image.ts';
import { drawnImage } from '../detector-suite.ts';
import { paint } from '../../../dataset/tiny-faces.ts';

/** The grey of an image in three channels. */
function greyOf(width: number, height: number) {
  const drawn = drawnImage(width, height, 3);
  return { ...drawn, data: drawn.data.map((_, at) => drawn.data[at - (at % 3)] ?? 0) };
}

it('gives a grey image the colours of skin, light as light as it was, and leaves it itself as it is', () => {
  const image = { width: 2, height: 1, data: Uint8Array.from([0, 0, 0, 100, 100, 100]) };
  expect([...tintedIfGrey(image).data]).toEqual([0, 0, 0, 129, 93, 79]);
  expect([...image.data]).toEqual([0, 0, 0, 100, 100, 100]);
  expect(tintedIfGrey({ width: 1, height: 1, data: Uint8Array.from([250, 250, 250]) }).data[0]).toBe(255);
});

it('leaves an image in colour as it is', () => {
  const image = paint(1, 60);
  expect(isGrey(image)).toBe(false);
  expect(tintedIfGrey(image)).toBe(image);
});

it('takes an image for grey though it was stored as a JPEG in colour, or has a spot of colour', async () => {
  const grey = greyOf(64, 48);
  const raw = { width: 64, height: 48, channels: 3 } as const;
  const stored = await sharp(grey.data, { raw }).jpeg({ quality: 60 }).toBuffer();
  expect(isGrey(await decodeImage(stored, 'grey.jpg'))).toBe(true);
  const stamped = { ...grey, data: grey.data.slice() };
  stamped.data.set([255, 0, 0], 300);
  expect(isGrey(stamped)).toBe(true);
});

it('takes an image without pixels as it is', () => {
  const nothing = { width: 0, height: 0, data: new Uint8Array(0) };
  expect(tintedIfGrey(nothing).data).toHaveLength(0);
});
