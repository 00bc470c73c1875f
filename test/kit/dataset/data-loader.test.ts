import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { DatasetWriter } from '../../../src/kit/dataset/dataset-writer.ts';
import { decodeImage, encodeJpeg } from '../../../src/kit/image/image.ts';
import { PackedDataset } from '../../../src/kit/dataset/packed-dataset.ts';
import { openDataLoader, type DataLoaderOptions } from '../../../src/kit/dataset/data-loader.ts';
import { failuresOf, jpeg, paint, temporaryFolder } from './tiny-faces.ts';

const count = 11;

/** Eleven images, each of its own identity, so that a label says which image it is. */
function pack(): string {
  const folder = temporaryFolder();
  const writer = new DatasetWriter(folder);
  for (let label = 0; label < count; label += 1) writer.add(label, true, jpeg(label));
  writer.finish({ height: 16, width: 16 });
  return folder;
}

interface Copy {
  readonly step: number;
  readonly images: Buffer;
  readonly labels: readonly number[];
}

async function read(options: DataLoaderOptions, batches: number): Promise<Copy[]> {
  const reader = await openDataLoader(options);
  const copies: Copy[] = [];
  try {
    for (let index = 0; index < batches; index += 1) {
      const { step, images, labels } = await reader.next();
      copies.push({ step, images: Buffer.from(images), labels: [...labels] });
    }
  } finally {
    await reader.close();
  }
  return copies;
}

describe('the data loader', () => {
  it('delivers every image once per epoch but for the incomplete last batch, in another order each time', async () => {
    const batches = await read({ folders: [pack()], batch: 3, seed: 1, mirror: false }, 6);
    const epochs = [batches.slice(0, 3), batches.slice(3)].map((epoch) => epoch.flatMap(({ labels }) => labels));
    for (const labels of epochs) expect(new Set(labels).size).toBe(9);
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(batches.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('delivers the pixels of the image that the label belongs to', async () => {
    const [batch] = await read({ folders: [pack()], batch: 4, seed: 2, mirror: false }, 1);
    for (const [position, label] of (batch?.labels ?? []).entries()) {
      const pixels = batch?.images.subarray(position * 768, (position + 1) * 768);
      expect(pixels?.equals(Buffer.from((await decodeImage(jpeg(label), 'x')).data))).toBe(true);
    }
  });

  it('delivers the same whatever the number of threads', async () => {
    const folder = pack();
    const options = { folders: [folder], batch: 2, seed: 3, mirror: true };
    const expected = await read(options, 12);
    for (const threads of [1, 3]) expect(await read({ ...options, threads }, 12)).toEqual(expected);
  });

  it('goes on at any step as if it had never stopped', async () => {
    const options = { folders: [pack()], batch: 2, seed: 4, mirror: true };
    const whole = await read(options, 13);
    for (const startStep of [1, 4, 5, 11]) {
      expect(await read({ ...options, startStep, threads: 1 }, 2)).toEqual(whole.slice(startStep, startStep + 2));
    }
  });

  it('delivers other batches for another seed', async () => {
    const folder = pack();
    const [one] = await read({ folders: [folder], batch: 8, seed: 1, mirror: false }, 1);
    const [other] = await read({ folders: [folder], batch: 8, seed: 2, mirror: false }, 1);
    expect(one?.labels).not.toEqual(other?.labels);
  });

  it('mirrors about half of the images, left to right and exactly', async () => {
    const folder = pack();
    const plain = await read({ folders: [folder], batch: 11, seed: 5, mirror: false }, 20);
    const mirrored = await read({ folders: [folder], batch: 11, seed: 5, mirror: true }, 20);
    let flips = 0;
    for (const [step, { images, labels }] of plain.entries()) {
      for (const position of labels.keys()) {
        const before = images.subarray(position * 768, (position + 1) * 768);
        const after = mirrored[step]?.images.subarray(position * 768, (position + 1) * 768) ?? Buffer.alloc(0);
        if (before.equals(after)) continue;
        flips += 1;
        expect(after.equals(flop(before))).toBe(true);
      }
    }
    expect(flips).toBeGreaterThan(80);
    expect(flips).toBeLessThan(140);
  });

  it('reads images of other formats too', async () => {
    const folder = temporaryFolder();
    const writer = new DatasetWriter(folder);
    const { data, width, height } = paint(9);
    writer.add(
      0,
      true,
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer(),
    );
    writer.finish({ height, width });
    const [batch] = await read({ folders: [folder], batch: 1, seed: 1, mirror: false, threads: 1 }, 1);
    expect(batch?.images.equals(Buffer.from(data))).toBe(true);
  });

  it('delivers the bytes of the decoder that verification uses, and of the library, for every kind of JPEG', async () => {
    const { data, width, height } = paint(3, 48, 32);
    const raw = (): Sharp => sharp(data, { raw: { width, height, channels: 3 } });
    const images = [
      await raw().jpeg().toBuffer(),
      await raw().jpeg({ chromaSubsampling: '4:4:4', quality: 30 }).toBuffer(),
      await raw().jpeg({ progressive: true }).toBuffer(),
      await raw().toColourspace('b-w').jpeg().toBuffer(),
      await raw().withMetadata({ orientation: 3 }).jpeg().toBuffer(),
      readFileSync('test/kit/codec/golden/opencv-restart.jpg'),
    ];
    const folder = temporaryFolder();
    const writer = new DatasetWriter(folder);
    for (const [label, image] of images.entries()) writer.add(label, true, image);
    writer.finish({ height, width });
    const [batch] = await read({ folders: [folder], batch: images.length, seed: 1, mirror: false, threads: 1 }, 1);
    const bytes = width * height * 3;
    for (const [position, label] of (batch?.labels ?? []).entries()) {
      const image = images[label] ?? Buffer.alloc(0);
      const pixels = batch?.images.subarray(position * bytes, (position + 1) * bytes);
      expect(pixels?.equals(Buffer.from((await decodeImage(image, 'x')).data)), `image ${label}`).toBe(true);
      const library = await sharp(image).toColourspace('srgb').raw().toBuffer();
      expect(pixels?.equals(library), `image ${label}`).toBe(true);
    }
    expect(batch?.labels).toHaveLength(images.length);
  });

  it('refuses an image whose data are damaged within, which libjpeg only warns of', async () => {
    const whole = Buffer.from(encodeJpeg(paint(3, 64), 100));
    const damaged = Buffer.concat([whole.subarray(0, -400), whole.subarray(-2)]);
    const folder = temporaryFolder();
    const writer = new DatasetWriter(folder);
    for (const image of [whole, damaged, whole]) writer.add(0, true, image);
    writer.finish({ height: 64, width: 64 });
    const [failure] = await failuresOf(() =>
      read({ folders: [folder], batch: 3, seed: 1, mirror: false, threads: 1 }, 1),
    );
    expect(failure?.code).toBe('undecodable-image');
    expect(failure?.message).toMatch(/^image 2 cannot be decoded: /);
  });

  it.each([0, 2])('names file and offset of an image that cannot be decoded (%i threads)', async (threads) => {
    const folder = pack();
    const path = join(folder, 'train.rec');
    const bytes = readFileSync(path);
    const set = new PackedDataset(folder);
    const offset = set.offsetOfImage(6);
    set.close();
    bytes.fill(0, offset + 40, offset + 60);
    writeFileSync(path, bytes);
    const [failure] = await failuresOf(() =>
      read({ folders: [folder], batch: 11, seed: 1, mirror: false, threads }, 1),
    );
    expect(failure?.code).toBe('undecodable-image');
    expect(failure?.message).toContain(`image 7 cannot be decoded`);
    expect(failure?.at).toEqual({ file: path, offset });
  });

  it('names file and offset where the .rec file was cut', async () => {
    const folder = pack();
    const path = join(folder, 'train.rec');
    const set = new PackedDataset(folder);
    const offset = set.offsetOfImage(10);
    set.close();
    truncateSync(path, offset + 100);
    const [failure] = await failuresOf(() =>
      read({ folders: [folder], batch: 11, seed: 1, mirror: false, threads: 1 }, 1),
    );
    expect(failure).toMatchObject({ code: 'truncated-file', at: { file: path } });
  });

  it('refuses labels and sizes that the property file denies', async () => {
    for (const [property, code] of [
      ['11,16,24', 'damaged-property'],
      ['11,8,16', 'damaged-property'],
    ] as const) {
      const folder = pack();
      writeFileSync(join(folder, 'property'), property);
      const [failure] = await failuresOf(() => read({ folders: [folder], batch: 2, seed: 1, mirror: false }, 1));
      expect(failure?.code).toBe(code);
    }
    const folder = temporaryFolder();
    const writer = new DatasetWriter(folder);
    writer.add(5, true, jpeg(1));
    writer.finish({ height: 16, width: 16 });
    const [failure] = await failuresOf(() => read({ folders: [folder], batch: 1, seed: 1, mirror: false }, 1));
    expect(failure?.message).toContain('image 1 has label 5');
    expect(failure?.code).toBe('label-out-of-range');
  });

  it('refuses a set that is smaller than one batch', async () => {
    const folder = pack();
    const [failure] = await failuresOf(() => openDataLoader({ folders: [folder], batch: 12, seed: 1, mirror: false }));
    expect(failure?.message).toBe('the set holds 11 images, fewer than one batch of 12');
  });
});

function flop(pixels: Buffer): Buffer {
  const flipped = Buffer.alloc(pixels.length);
  for (let row = 0; row < 16; row += 1) {
    for (let column = 0; column < 16; column += 1) {
      pixels.copy(flipped, (row * 16 + 15 - column) * 3, (row * 16 + column) * 3, (row * 16 + column) * 3 + 3);
    }
  }
  return flipped;
}
