import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { decodeImage } from '../../src/kit/image/image.ts';
import { preparePeer, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer();

/** Deep and grey images, which OpenCV writes itself. */
const writeWithOpenCv = `
import cv2, sys, numpy as np
random = np.random.RandomState(5)
deep = random.randint(0, 65536, (40, 56, 3)).astype(np.uint16)
for ending in ['png', 'tif', 'ppm']: cv2.imwrite(f'{sys.argv[1]}/colour-16.{ending}', deep)
for ending in ['png', 'tif', 'pgm']: cv2.imwrite(f'{sys.argv[1]}/grey-16.{ending}', deep[:, :, 0])
for ending in ['png', 'tif', 'pgm', 'jpg', 'bmp']: cv2.imwrite(f'{sys.argv[1]}/grey.{ending}', (deep[:, :, 0] >> 8).astype(np.uint8))
`;

const readWithOpenCv = `
import cv2, sys
for name in sys.argv[2:]:
    image = cv2.imread(sys.argv[1] + '/' + name)
    print(name, *image.shape[:2][::-1], image[:, :, ::-1].tobytes().hex())
`;

/** Smooth colours with some noise, wider than high, so that a turn shows. */
function image(): Sharp {
  const random = new Random(7);
  const [width, height] = [56, 40];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, index) => {
    const [x, y] = [Math.floor(index / 3) % width, Math.floor(index / (3 * width))];
    return [4 * x, 6 * y, 2 * (x + y)][index % 3] ?? 0;
  }).map((value) => Math.min(255, value + random.integer(20)));
  return sharp(data, { raw: { width, height, channels: 3 } });
}

async function writeImages(): Promise<void> {
  const written: Record<string, Sharp> = {
    'cmyk.jpg': image().toColourspace('cmyk').jpeg(),
    'full-chroma.jpg': image().jpeg({ chromaSubsampling: '4:4:4' }),
    'progressive.jpg': image().jpeg({ progressive: true }),
    'palette.png': image().png({ palette: true, colours: 16 }),
    'opacity.png': image().ensureAlpha(0.3).png(),
    'lossless.webp': image().webp({ lossless: true }),
    'colour.tiff': image().tiff({ compression: 'lzw' }),
  };
  for (let orientation = 1; orientation <= 8; orientation += 1) {
    written[`turned-${String(orientation)}.jpg`] = image().jpeg({ quality: 90 }).withMetadata({ orientation });
  }
  for (const [name, image] of Object.entries(written)) writeFileSync(join(folder, name), await image.toBuffer());
}

function largestDifference(left: Uint8Array, right: Uint8Array): number {
  if (left.length !== right.length) return Infinity;
  return left.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (right[index] ?? 0))), 0);
}

describe.skipIf(missing !== undefined)(`photographs beside OpenCV${note}`, () => {
  beforeAll(async () => {
    await writeImages();
    runPython(python, writeWithOpenCv, [folder]);
  });

  it('have its pixels: deep, grey, for printing, with opacity, of a palette, and in every orientation', async () => {
    const names = readdirSync(folder).sort();
    expect(names).toHaveLength(26);
    const lines = runPython(python, readWithOpenCv, [folder, ...names])
      .trim()
      .split('\n');
    for (const line of lines) {
      const [name = '', width, height, hex = ''] = line.split(' ');
      const image = await decodeImage(readFileSync(join(folder, name)), name, { upright: true });
      expect([name, image.width, image.height]).toEqual([name, Number(width), Number(height)]);
      // OpenCV leaves a deep TIFF in colours, and no other deep image, to libtiff, which rounds where the others cut.
      const most = name === 'colour-16.tif' ? 1 : 0;
      expect(largestDifference(image.data, Buffer.from(hex, 'hex')), `levels off in ${name}`).toBeLessThanOrEqual(most);
    }
    expect(lines).toHaveLength(names.length);
  });
});
