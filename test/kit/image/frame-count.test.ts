import sharp from 'sharp';
import { expect, it } from 'vitest';
import { frameCount } from '../../../src/kit/image/frame-count.ts';
import { encodeJpeg, encodePng } from '../../../src/kit/image/image.ts';
import { paint } from '../dataset/tiny-faces.ts';

/** Three images of 16 x 16 as one film. */
async function film(format: 'gif' | 'webp'): Promise<Uint8Array> {
  const frames = [1, 2, 3].map((seed) => paint(seed));
  const data = Buffer.concat(frames.map((frame) => frame.data));
  return sharp(data, { raw: { width: 16, height: 48, channels: 3, pageHeight: 16 } })
    [format]()
    .toBuffer();
}

it.each(['gif', 'webp'] as const)('counts the images of an animated %s, as sharp does', async (format) => {
  const bytes = await film(format);
  expect((await sharp(bytes).metadata()).pages).toBe(3);
  expect(frameCount(bytes)).toBe(3);
});

it('counts one image where there is one, and in data that are cut anywhere', async () => {
  const image = paint(1);
  const gif = await sharp(image.data, { raw: { ...image, channels: 3 } })
    .gif()
    .toBuffer();
  const whole = [await encodePng(image), encodeJpeg(image), gif];
  expect(whole.map(frameCount)).toEqual([1, 1, 1]);
  const cut = await film('gif');
  for (let end = 0; end < cut.length; end += 1) expect(frameCount(cut.subarray(0, end))).toBeLessThanOrEqual(3);
  const png = await encodePng(image);
  for (let end = 0; end < png.length; end += 1) expect(frameCount(png.subarray(0, end))).toBe(1);
});

it('reads the number of frames of an animated PNG from its chunk', async () => {
  const png = Buffer.from(await encodePng(paint(1)));
  const control = Buffer.alloc(20);
  control.writeUInt32BE(8, 0);
  control.write('acTL', 4, 'latin1');
  control.writeUInt32BE(5, 8);
  // After the signature and the header chunk, 8 + 25 bytes.
  expect(frameCount(Buffer.concat([png.subarray(0, 33), control, png.subarray(33)]))).toBe(5);
});
