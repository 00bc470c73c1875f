import { createRequire } from 'node:module';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as JpegTurbo from '@julusian/jpeg-turbo';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import { JpegDecoder } from '../../../src/kit/image/jpeg-decoder.ts';
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

/** One for all tests: what one image leaves behind must not show in the next. */
const decoder = new JpegDecoder();

/** Compares with libjpeg's own pixels, inside of the area. */
async function expectEqual(bytes: Uint8Array, area: ImageArea | undefined, what: string): Promise<void> {
  const image = decoder.decode(bytes, { area });
  if (image === undefined) throw new Error(`${what} was not decoded`);
  const { data, info } = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  expect([image.width, image.height]).toEqual([width, height]);
  const { left, top, right, bottom } = area ?? { left: 0, top: 0, right: width, bottom: height };
  for (let y = Math.max(0, top); y < Math.min(height, bottom); y += 1) {
    const [from, to] = [(y * width + Math.max(0, left)) * 3, (y * width + Math.min(width, right)) * 3];
    const same = Buffer.from(image.data.subarray(from, to)).equals(data.subarray(from, to));
    if (!same) throw new Error(`${what} differs in row ${String(y)}`);
  }
}

const raw = () => sharp(noise(new Random(1), 40, 30), { raw: { width: 40, height: 30, channels: 3 } });

describe('decoding the common kind of JPEG', () => {
  it('has the pixels of libjpeg, for any size, area, quality and sampling', async () => {
    const random = new Random(5);
    const samplings = [turbo.SAMP_420, turbo.SAMP_422, turbo.SAMP_444];
    for (let trial = 0; trial < 300; trial += 1) {
      const [width, height] = [6 + random.integer(90), 1 + random.integer(90)];
      const subsampling = samplings[trial % 3] ?? turbo.SAMP_420;
      const options = { format: turbo.FORMAT_RGB, width, height, subsampling, quality: 1 + random.integer(100) };
      const bytes = turbo.compressSync(noise(random, width, height), options);
      const [left, top] = [random.integer(width), random.integer(height)];
      const area = { left, top, right: left + 1 + random.integer(width), bottom: top + 1 + random.integer(height) };
      const what = `trial ${String(trial)}, ${String(width)} x ${String(height)}`;
      await expectEqual(bytes, area, what);
      await expectEqual(bytes, undefined, what);
    }
  });

  it('has the pixels of libjpeg where the tables were made for the image', async () => {
    for (let quality = 1; quality <= 100; quality += 9) {
      await expectEqual(
        await raw().jpeg({ quality, optimiseCoding: true }).toBuffer(),
        undefined,
        `quality ${quality}`,
      );
    }
  });

  it('leaves every other kind, and damage, to the library', async () => {
    const others = [
      await raw().jpeg({ progressive: true }).toBuffer(),
      await raw().toColourspace('b-w').jpeg().toBuffer(),
      await raw().toColourspace('cmyk').jpeg().toBuffer(),
      await raw().resize(5, 5).jpeg().toBuffer(),
      await raw().png().toBuffer(),
      readFileSync('test/kit/codec/golden/opencv-restart.jpg'),
      Buffer.alloc(0),
    ];
    expect(others.map((bytes) => decoder.decode(bytes))).toEqual(others.map(() => undefined));
    const turned = await raw().withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(decoder.decode(turned, { upright: true })).toBeUndefined();
    await expectEqual(turned, undefined, 'an orientation that is of no interest');
    const plain = await raw().jpeg().toBuffer();
    expect(decoder.decode(plain.subarray(0, plain.length - 300))).toBeUndefined();
    // Data that end early, with the end marker in place; and data that go on behind the last block.
    expect(decoder.decode(Buffer.concat([plain.subarray(0, -200), Uint8Array.of(0xff, 0xd9)]))).toBeUndefined();
    const longer = Buffer.concat([plain.subarray(0, -2), Buffer.alloc(8, 0x55), Uint8Array.of(0xff, 0xd9)]);
    expect(decoder.decode(longer)).toBeUndefined();
  });

  it('survives any damage, and decodes the next image as if nothing had been', async () => {
    const plain = await raw().jpeg().toBuffer();
    const random = new Random(2);
    for (let trial = 0; trial < 3000; trial += 1) {
      const damaged = Buffer.from(plain.subarray(0, trial % 2 === 0 ? plain.length : random.integer(plain.length)));
      if (damaged.length > 0) damaged[random.integer(damaged.length)] = random.integer(256);
      decoder.decode(damaged);
      if (trial % 100 === 0) await expectEqual(plain, undefined, `after damage ${String(trial)}`);
    }
  });

  it('gives the memory of a huge image back', async () => {
    const side = 4600;
    const huge = sharp({ create: { width: side, height: side, channels: 3, background: '#123456' } });
    const bytes = await huge.jpeg().toBuffer();
    const image = decoder.decode(bytes);
    expect([image?.width, image?.height]).toEqual([side, side]);
    expect(image?.data.buffer.byteLength).toBeGreaterThan(1 << 26);
    const small = decoder.decode(await raw().jpeg().toBuffer());
    expect(small?.data.buffer.byteLength).toBeLessThan(1 << 20);
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
