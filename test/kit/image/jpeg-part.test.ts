import { createRequire } from 'node:module';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as JpegTurbo from '@julusian/jpeg-turbo';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import { decodeImage } from '../../../src/kit/image/image.ts';
import { decodeJpegPart } from '../../../src/kit/image/jpeg-part.ts';
import type { ImageArea } from '../../../src/kit/image/rgb-image.ts';

const turbo = createRequire(import.meta.url)('@julusian/jpeg-turbo') as typeof JpegTurbo;

/** Noise over a gradient: coefficients of all sizes. */
function noise(random: Random, width: number, height: number): Buffer {
  const strength = random.integer(256);
  return Buffer.from(
    Uint8Array.from(
      { length: width * height * 3 },
      (_, index) => Math.min(255, ((index * 7) / width) % 200) + (random.integer(256) * strength) / 256,
    ),
  );
}

/** Compares with libjpeg's own pixels, inside of the area. */
async function expectEqual(bytes: Uint8Array, area: ImageArea, what: string): Promise<void> {
  const part = decodeJpegPart(bytes, area);
  if (part === undefined) throw new Error(`${what} was not decoded`);
  const { data, width, height } = await decodeImage(bytes, what);
  expect([part.width, part.height]).toEqual([width, height]);
  const [left, right] = [Math.max(0, area.left), Math.min(width, area.right)];
  for (let y = Math.max(0, area.top); y < Math.min(height, area.bottom); y += 1) {
    const [from, to] = [(y * width + left) * 3, (y * width + right) * 3];
    const same = Buffer.from(part.data.subarray(from, to)).equals(Buffer.from(data.subarray(from, to)));
    if (!same) throw new Error(`${what} differs in row ${String(y)}`);
  }
}

const everywhere = { left: 0, top: 0, right: Infinity, bottom: Infinity };

describe('decoding a part of a JPEG', () => {
  it('has the pixels of libjpeg, for any size, area, quality and sampling', async () => {
    const random = new Random(5);
    const samplings = [turbo.SAMP_420, turbo.SAMP_422, turbo.SAMP_444];
    for (let trial = 0; trial < 150; trial += 1) {
      const [width, height] = [6 + random.integer(90), 1 + random.integer(90)];
      const subsampling = samplings[trial % 3] ?? turbo.SAMP_420;
      const options = { format: turbo.FORMAT_RGB, width, height, subsampling, quality: 1 + random.integer(100) };
      const bytes = turbo.compressSync(noise(random, width, height), options);
      const [left, top] = [random.integer(width), random.integer(height)];
      const area = { left, top, right: left + 1 + random.integer(width), bottom: top + 1 + random.integer(height) };
      const what = `trial ${String(trial)}, ${String(width)} x ${String(height)}`;
      await expectEqual(bytes, area, what);
      await expectEqual(bytes, everywhere, what);
    }
  });

  it('leaves every other kind, and damage, to the library', async () => {
    const raw = sharp(noise(new Random(1), 40, 30), { raw: { width: 40, height: 30, channels: 3 } });
    const others = [
      await raw.clone().jpeg({ progressive: true }).toBuffer(),
      await raw.clone().toColourspace('b-w').jpeg().toBuffer(),
      await raw.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      await raw.clone().toColourspace('cmyk').jpeg().toBuffer(),
      await raw.clone().png().toBuffer(),
    ];
    expect(others.map((bytes) => decodeJpegPart(bytes, everywhere) === undefined)).toEqual(others.map(() => true));
    const plain = await raw.clone().jpeg().toBuffer();
    expect(decodeJpegPart(plain, everywhere)).toBeDefined();
    expect(decodeJpegPart(plain.subarray(0, plain.length - 300), everywhere)).toBeUndefined();
    const random = new Random(2);
    for (let trial = 0; trial < 3000; trial += 1) {
      const damaged = Buffer.from(plain.subarray(0, trial % 2 === 0 ? plain.length : random.integer(plain.length)));
      if (damaged.length > 0) damaged[random.integer(damaged.length)] = random.integer(256);
      decodeJpegPart(damaged, everywhere);
    }
  });

  const faces = '../shared/data/lfw/deepfunneled-250';
  it.skipIf(!existsSync(faces))(
    'has the pixels of libjpeg on 200 real photographs (needs ../shared/data)',
    async () => {
      const files = readdirSync(faces).flatMap((name) =>
        readdirSync(join(faces, name)).map((file) => join(faces, name, file)),
      );
      for (let index = 0; index < files.length; index += Math.ceil(files.length / 200)) {
        const path = files[index] ?? '';
        await expectEqual(readFileSync(path), { left: 57, top: 51, right: 191, bottom: 187 }, path);
      }
    },
  );
});
